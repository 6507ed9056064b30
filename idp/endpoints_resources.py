"""The provider's own resources behind access tokens: userinfo, receipts of consent, one to try a token at."""

import json
import re
from dataclasses import replace
from uuid import uuid4

from flask import Blueprint, Response, request

from hub import callers, clock, web
from hub.access import Shown
from hub.callers import Program
from hub.problems import NotFound
from hub.web import route
from idp.consent import receipts
from idp.endpoints_answers import public, written
from idp.model.receipt import TYPE as RECEIPT_TYPE
from idp.provider import protected, userinfo
from idp.provider.programs import Answer

TOKEN = Program("the access token is the proof")
KNOWN_TO_ALL = Program("published for everybody")
NUMBER = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def add(bp: Blueprint) -> None:
    """Every one of them, and how they describe themselves."""
    _userinfo(bp)
    _resources(bp)
    _receipts(bp)


def _userinfo(bp: Blueprint) -> None:
    @route(bp, "/oidc/userinfo", gate=TOKEN, methods=("GET", "POST"))
    def info() -> Response:
        """OpenID Connect Core 5.3; the token in the header or in a form, never in the address (RFC 6750 2)."""
        return written(userinfo.answered(web.house(), _shown(), clock.now()))


def _resources(bp: Blueprint) -> None:
    @route(bp, protected.TEST_RESOURCE, gate=TOKEN, methods=("GET", "POST"))
    def test_resource() -> Response:
        """For clients that want to try their tokens; it answers with the number of the call (FAPI 1.0 Part 1, 6.2.1)."""
        house = web.house()
        response = written(protected.test_resource(house, callers.shown(house, request), request.args, clock.now()))
        given = request.headers.get("x-fapi-interaction-id", "")
        response.headers["x-fapi-interaction-id"] = given if NUMBER.fullmatch(given) else str(uuid4())
        return response

    @route(bp, "/.well-known/oauth-protected-resource/<path:path>", gate=KNOWN_TO_ALL)
    def resource(path: str) -> Response:
        """RFC 9728 3."""
        found = protected.described(web.house(), f"/{path}")
        if found is None:
            raise NotFound("There is nothing at this address")
        return public(json.dumps(found).encode())


def _receipts(bp: Blueprint) -> None:
    @route(bp, "/oidc/consent-receipt", gate=TOKEN)
    def receipt() -> Response:
        """The signed record of what the person agreed to; the token in the header, never in the address."""
        found = receipts.fetched(web.house(), callers.shown(web.house(), request), clock.now())
        if isinstance(found, Answer):
            return written(found)
        return web.file(found.encode(), f"application/{RECEIPT_TYPE}")

    @route(bp, "/oidc/consent-receipt/keys", gate=KNOWN_TO_ALL)
    def receipt_keys() -> Response:
        return public(json.dumps(receipts.keys(web.house())).encode())


def _shown() -> Shown:
    """What a request shows; where forms are posted, a token may stand in the form (RFC 6750 2.2), never in the address."""
    given = callers.shown(web.house(), request)
    if given.token or request.method != "POST" or "access_token" not in request.form:
        return given
    return replace(given, token=request.form["access_token"], scheme="bearer")
