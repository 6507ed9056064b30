"""Signing out at a province ends the login here, in each way that OpenID Connect knows; and what we publish for provinces."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from hub import clock, web
from hub.callers import Program, Public
from hub.problems import NotFound
from hub.web import route
from idp.model.upstream import AnswerNotTrusted
from idp.provider import logout
from idp.upstream import ending, jose
from idp.web.signed_out import ORIGIN

LONGEST_TOKEN = 20_000
ITS_OWN_PROOF = Program("the province's signature is the proof")
NAMES_IT = Program("whoever knows the name of a session at the province may end what came of it")


def add(bp: Blueprint) -> None:
    """Below `/upstream`: `jwks`, `signed-out`, `<id>/backchannel-logout`, `<id>/frontchannel-logout`."""

    @route(bp, "/upstream/jwks", gate=Program("published for everybody"), endpoint="upstream_jwks")
    def keys() -> Response:
        """By what provinces know that we are their client."""
        return web.file(jose.published(web.house()), "application/json", seconds=300)

    @route(bp, "/upstream/signed-out", gate=Public(), endpoint="upstream_signed_out")
    def signed_out() -> Response:
        """Back from the province after its session has ended too."""
        onward = ending.came_back(web.house(), request.args.get("state", ""))
        return web.see_other(onward) if onward else web.page("idp/signed_out.html", services=(), there=None, both=True)

    @route(bp, "/upstream/<id>/backchannel-logout", gate=ITS_OWN_PROOF, methods=("POST",), endpoint="upstream_logout")
    def told(id: str) -> Response:
        """A province ends a session (OpenID Connect Back-Channel Logout 2.7, 2.8)."""
        if (request.content_length or LONGEST_TOKEN + 1000) > LONGEST_TOKEN + 100:
            return web.answer({"error": "invalid_request"}, 400)
        try:
            ending.told(web.house(), id, request.form.get("logout_token", ""), clock.now())
        except (AnswerNotTrusted, NotFound):
            return web.answer({"error": "invalid_request"}, 400)
        return web.answer({}, 200)

    @route(bp, "/upstream/<id>/frontchannel-logout", gate=NAMES_IT, endpoint="upstream_framed_logout")
    def framed(id: str) -> Response:
        """A page of the province ends a session from a frame; ours frames the services that can only be told so."""
        house, now, said = web.house(), clock.now(), request.args
        try:
            upstream, told = ending.framed(house, id, said.get("iss", ""), said.get("sid", ""), now)
        except (AnswerNotTrusted, NotFound):
            return web.answer({"error": "invalid_request"}, 400)
        urls = [
            url for some in logout.frames(house, told, now).values() for url in some if ORIGIN.fullmatch(_origin(url))
        ]
        response = web.page("idp/upstream_framed.html", frames=urls)
        inside = " ".join(dict.fromkeys(map(_origin, urls))) or "'none'"
        policy = f"default-src 'none'; frame-src {inside}; frame-ancestors {upstream.origin}"
        response.headers["Content-Security-Policy"] = (
            policy  # which browsers obey before X-Frame-Options (CSP 3 6.4.2.2)
        )
        return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
