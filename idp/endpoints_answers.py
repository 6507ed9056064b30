"""How the protocol's addresses answer: verbs give plain values, here they become HTTP."""

import json

from flask import Response

from hub.web import direct
from idp.provider import discovery
from idp.provider.programs import Answer

_ENCODER = json.JSONEncoder(ensure_ascii=False)  # made once: dumps makes one each time


def plain(answer: Answer) -> direct.Answer:
    """The answer of one of our verbs as bytes."""
    body = _ENCODER.encode(answer.body).encode() if answer.body else answer.text.encode()
    return direct.Answer(answer.status, body, answer.media, answer.headers)


def written(answer: Answer) -> Response:
    """The same as Flask wants it."""
    return direct.written(plain(answer))


def published(ready: bytes, seconds: int = discovery.DOCUMENT_SECONDS) -> direct.Answer:
    """Bytes that anybody may read and keep for a while, from any site's script too."""
    return direct.Answer(200, ready, headers=OPEN | {"Cache-Control": f"public, max-age={seconds}"})


OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def public(ready: bytes, seconds: int = discovery.DOCUMENT_SECONDS) -> Response:
    """The same as Flask wants it."""
    return direct.written(published(ready, seconds))
