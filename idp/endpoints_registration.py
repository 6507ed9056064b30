"""Where services register themselves and look after it (RFC 7591, RFC 7592): parse, call one verb, answer in its codes."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from hub import clock, limits, web
from hub.callers import Program
from hub.problems import NotFound, TooMany
from hub.web import route
from idp.model.flow import Refused
from idp.provider import logos, registration
from idp.provider.programs import NO_STORE
from idp.provider.registration import NotTheirs, Registered

BY_TOKEN = Program("an initial access token lets in; without one the registration waits for approval")
BY_ITS_OWN = Program("the registration access token is the proof")
PICTURE = Program("a picture that the pages of a sign-in show")
KEPT = 86_400  # seconds; its address changes with the picture
MOST_BYTES = 65_536  # of a registration; a full one has 4 000


def add(bp: Blueprint) -> None:
    """`/oidc/register` and what is below."""

    @route(bp, "/oidc/logos/<client_id>/<digest>", gate=PICTURE, endpoint="logo")
    def logo(client_id: str, digest: str) -> Response:
        found = logos.shown(web.house(), client_id, digest)
        if found is None:
            raise NotFound("There is no such picture")
        return web.file(found.data, found.media, seconds=KEPT)

    @route(bp, registration.PATH, gate=BY_TOKEN, methods=("POST",))
    def register() -> Response:
        net = limits.network(request.remote_addr or "")
        return _answered(201, lambda: registration.register(web.house(), _said(), _token(), net, clock.now()))

    @route(bp, f"{registration.PATH}/<client_id>", gate=BY_ITS_OWN)
    def registered(client_id: str) -> Response:
        return _answered(200, lambda: registration.read(web.house(), client_id, _token() or ""))

    @route(bp, f"{registration.PATH}/<client_id>", gate=BY_ITS_OWN, methods=("PUT",))
    def changed(client_id: str) -> Response:
        return _answered(200, lambda: registration.change(web.house(), client_id, _token() or "", _said(), clock.now()))

    @route(bp, f"{registration.PATH}/<client_id>", gate=BY_ITS_OWN, methods=("DELETE",))
    def removed(client_id: str) -> Response:
        return _answered(204, lambda: registration.remove(web.house(), client_id, _token() or "", clock.now()))


# -- inside


def _answered(status: int, verb: Callable[[], Registered | None]) -> Response:
    try:
        done = verb()
    except Refused as refusal:  # RFC 7591 3.2.2
        return _written(400, {"error": refusal.error, "error_description": refusal.description})
    except NotTheirs:  # RFC 6750 3; nothing tells whether there is such a service
        answer = _written(401, {"error": "invalid_token", "error_description": "The token is not good here"})
        answer.headers["WWW-Authenticate"] = 'Bearer realm="yinxin", error="invalid_token"'
        return answer
    except TooMany as refusal:
        answer = _written(429, {"error": "temporarily_unavailable", "error_description": refusal.detail})
        answer.headers["Retry-After"] = str(refusal.extras["retry_after"])
        return answer
    return _written(status, registration.answer(web.house(), done) if done else None)


def _said() -> dict[str, Any]:
    """The JSON object of the body. Raises Refused."""
    if request.content_length is None or request.content_length > MOST_BYTES:
        raise Refused("invalid_client_metadata", f"Send a JSON object of at most {MOST_BYTES} octets")
    try:
        said = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError) as error:
        raise Refused("invalid_client_metadata", "The body cannot be read as JSON") from error
    if not isinstance(said, dict):
        raise Refused("invalid_client_metadata", "The body is not a JSON object")
    return said


def _token() -> str | None:
    """The bearer token (RFC 6750 2.1); None if there is no Authorization header at all."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _written(status: int, body: dict[str, Any] | None) -> Response:
    written = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Response(written, status, NO_STORE, mimetype="application/json")
