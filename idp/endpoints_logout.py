"""The end of a login: the service's request, the person's answer, the page afterwards with what services are told."""

from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub import callers, clock, web
from hub.callers import Caller, Program, Public
from hub.problems import TooLarge
from hub.web import route
from hub.web.direct import LONGEST_QUERY
from idp.endpoints_authorization import LANGUAGES
from idp.model.logout import RECEIPT, Told
from idp.provider import logout, logout_receipts
from idp.upstream import ending
from idp.web import signed_out
from idp.web.desk import OFFICIAL

KNOWS_IT = Program("whoever knows the address may read it: it cannot be guessed, and names no person")


def add(bp: Blueprint) -> None:
    """`/oidc/logout`, the page after it, and the receipt at `/logout/receipt/<id>`."""

    @route(bp, "/oidc/logout", gate=Public())
    def end_session() -> Response:
        house, caller, now = web.house(), _signed_in(), clock.now()
        wanted = logout.asked(house, request.args, caller, now)
        if (lang := _language()) and "lang" not in request.args:
            return web.see_other(f"{house.settings.issuer_url}/oidc/logout?{urlencode([*request.args.items(), lang])}")
        if wanted.confirm:
            _allow_onward(wanted.onward)
            return web.page("idp/sign_out.html", client=wanted.client, params=request.args)
        return _signed_out(caller, wanted.onward)

    @route(bp, "/oidc/logout", gate=Program("changes nothing: sends the browser on to our GET"), methods=("POST",))
    def end_session_posted() -> Response:
        given = urlencode([*request.args.items(multi=True), *request.form.items(multi=True)])
        if len(given) > LONGEST_QUERY:
            raise TooLarge("At most %(count)s characters are accepted", count=LONGEST_QUERY)
        return web.see_other(f"{web.house().settings.issuer_url}/oidc/logout?{given}")

    @route(bp, "/oidc/logout/confirmed", gate=Public(), methods=("POST",))
    def end_session_confirmed() -> Response:
        caller = _signed_in()
        wanted = logout.asked(web.house(), request.form, caller, clock.now())
        return _signed_out(caller, wanted.onward)

    @route(bp, signed_out.PATH, gate=Public())
    def end_session_done() -> Response:
        return signed_out.page(web.house(), request.args.get("id", ""), clock.now())

    @route(bp, "/logout/receipt/<id>", gate=Public())
    def logout_receipt(id: str) -> Response:
        found, clients = logout_receipts.look(web.house(), id, clock.now())
        return web.page("idp/logout_receipt.html", receipt=found, clients=clients, id=id, local=_local)

    @route(bp, "/logout/receipt/<id>/signed", gate=KNOWS_IT)
    def logout_receipt_signed(id: str) -> Response:
        text = logout_receipts.signed(web.house(), id, clock.now())
        return web.file(text.encode(), f"application/{RECEIPT}", name="sign-out.jwt")


def _local(moment: datetime) -> str:
    """Seconds matter here: whoever signs out looks at once."""
    return f"{moment.astimezone(OFFICIAL):%Y-%m-%d %H:%M:%S} (UTC+8)"


def _signed_in() -> Caller | None:
    return callers.current(web.house(), request, "idp", clock.now())


def _signed_out(caller: Caller | None, onward: str | None) -> Response:
    house, now, told = web.house(), clock.now(), list[Told]()
    there = ending.there(house, caller, onward, now)
    if caller is not None and caller.sid is not None:
        with house.database.write() as db:
            told = logout.ended(db, now, sid=caller.sid, why="signed out")
    return signed_out.leave(house, told, now, onward=onward, there=there)


def _allow_onward(onward: str | None) -> None:
    """Browsers apply form-action to the redirect that answers a form, too."""
    if onward:
        web.loosen("form-action", "/".join(onward.split("/", 3)[:3]))


def _language() -> tuple[str, str] | None:
    """The language that the service asks for, unless this browser has chosen one here (RP-Initiated Logout 2)."""
    asked = request.args.get("ui_locales", "").lower().split()
    found = next((LANGUAGES[locale] for locale in asked if locale in LANGUAGES), None)
    return ("lang", found) if found and "lang" not in request.cookies else None
