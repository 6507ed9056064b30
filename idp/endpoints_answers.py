"""How the protocol's addresses answer: verbs give plain values, here they become HTTP."""

import json

from flask import Response

from idp.provider import discovery
from idp.provider.programs import Answer


def written(answer: Answer) -> Response:
    """The answer of one of our verbs, written out."""
    body = json.dumps(answer.body, ensure_ascii=False).encode() if answer.body else answer.text.encode()
    return Response(body, answer.status, answer.headers, mimetype=answer.media)


def public(ready: bytes, seconds: int = discovery.DOCUMENT_SECONDS) -> Response:
    """Bytes that anybody may read and keep for a while, from any site's script too."""
    response = Response(ready, mimetype="application/json")
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
