"""Sessions: end one, or all of them everywhere."""

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Session
from hub.web import route
from idp import accounts, clients
from idp.web import desk

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/sessions/end`, `/account/sign-out-everywhere`."""

    @route(bp, "/account/sessions/end", gate=SIGNED_IN, methods=("POST",))
    def end_session() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        accounts.end_session(visit.house, visit.caller, request.form.get("session", ""), now=visit.now)
        return web.see_other(url_for("idp.account", _anchor="sessions"))

    @route(bp, "/account/sign-out-everywhere", gate=SIGNED_IN, methods=("POST",))
    def sign_out_everywhere() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        told = accounts.sign_out_everywhere(visit.house, visit.caller, now=visit.now)
        found = [clients.known(visit.house, one, visit.now) for one in dict.fromkeys(told)]
        response = web.page("idp/signed_out.html", services=[client for client in found if client])
        web.sign_in_cookie(response, "idp", "")
        return response
