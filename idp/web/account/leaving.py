"""Taking one's data along, and going: the copy, and closing the account."""

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Session
from hub.i18n import _, language
from hub.problems import NotFound, TooMany
from hub.web import route
from idp.account import closing, export
from idp.model.closing import CannotClose
from idp.store import leaving, people
from idp.web import desk
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/copy…`, `/account/close…`."""
    _copy(bp)
    _close(bp)


def _copy(bp: Blueprint) -> None:
    @route(bp, "/account/copy", gate=SIGNED_IN, endpoint="copy")
    def page() -> Response:
        visit = desk.visit()
        return _copy_page(visit) if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/copy", gate=SIGNED_IN, methods=("POST",), endpoint="copy_posted")
    def ask() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.copy")
        try:
            export.ask(visit.house, visit.person, language(), now=visit.now)
        except TooMany as problem:
            return desk.refused(visit, "account_copy.html", problem, copy=None)
        return web.see_other(url_for("idp.copy"))

    @route(bp, "/account/copy.zip", gate=SIGNED_IN, endpoint="copy_file")
    def file() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.copy")
        found = export.fetch(visit.house, visit.person, now=visit.now)
        if found is None:
            raise NotFound("There is no copy, or its hour is over")
        return web.file(found, "application/zip", name=f"yinxin-{visit.now:%Y%m%d}.zip")


def _close(bp: Blueprint) -> None:
    @route(bp, "/account/close", gate=SIGNED_IN, endpoint="close")
    def page() -> Response:
        visit = desk.visit()
        return _close_page(visit) if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/close", gate=SIGNED_IN, methods=("POST",), endpoint="close_posted")
    def close() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.close")
        if request.form.get("sure") != "yes":
            return _close_page(visit, {"sure": _("Say that you want to close the account")})
        try:
            closing.close(visit.house, visit.person, knows=request.form.get("knows") == "yes", now=visit.now)
        except CannotClose as problem:
            return _close_page(visit, {"knows" if "knows" not in request.form else "": desk.said(problem)}, 409)
        return web.see_other(url_for("idp.close", done="asked"))

    @route(bp, "/account/close/cancel", gate=SIGNED_IN, methods=("POST",), endpoint="close_cancel")
    def cancel() -> Response:
        visit = desk.visit()
        closing.cancel(visit.house, visit.person, now=visit.now)
        return web.see_other(url_for("idp.close", done="kept"))


def _copy_page(visit: Visit) -> Response:
    with visit.house.database.read() as db:
        found = leaving.copy(db, visit.person, visit.now)
    return desk.show(visit, "account_copy.html", copy=found)


def _close_page(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    with visit.house.database.read() as db:
        person = people.person(db, visit.person)
        assert person is not None
        hindrances = closing.hindrances(visit.house, db, person, visit.now)
        asked = leaving.closing(db, visit.person)
    done = request.args.get("done", "")
    return desk.show(
        visit, "account_close.html", errors=errors, status=status, hindrances=hindrances, closing=asked, done=done
    )
