"""Privacy: lock, report misuse, read in large letters; the ways to the copy and to closing."""

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Session
from hub.i18n import language
from hub.problems import TooMany
from hub.web import route
from idp.account import locks, misuse
from idp.account.misuse import NothingSaid
from idp.store import leaving
from idp.web import desk

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/privacy`, `/account/lock`, `/account/report`, `/account/large-text`."""
    _lock(bp)
    _report(bp)

    @route(bp, "/account/privacy", gate=SIGNED_IN, endpoint="privacy")
    def page() -> Response:
        visit = desk.visit()
        with visit.house.database.read() as db:
            large, closing = leaving.large_text(db, visit.person), leaving.closing(db, visit.person)
        return desk.show(visit, "account_privacy.html", done=request.args.get("done", ""), large=large, closing=closing)

    @route(bp, "/account/large-text", gate=SIGNED_IN, methods=("POST",), endpoint="taste")
    def large_text() -> Response:
        visit, wanted = desk.visit(), request.form.get("large") == "yes"
        with visit.house.database.write() as db:
            leaving.keep_large_text(db, visit.person, wanted=wanted)
        response = web.see_other(url_for("idp.privacy", done="text"))
        web.keep_text(response, large=wanted)
        return response


def _lock(bp: Blueprint) -> None:
    @route(bp, "/account/lock", gate=SIGNED_IN, endpoint="lock")
    def lock_page() -> Response:
        return desk.show(desk.visit(), "account_lock.html")

    @route(bp, "/account/lock", gate=SIGNED_IN, methods=("POST",), endpoint="lock_posted")
    def lock() -> Response:
        """Locking asks for the session alone: whoever fears for his account is not kept waiting. Unlocking asks for all."""
        visit = desk.visit()
        locks.lock(visit.house, visit.person, by=f"person:{visit.person}", now=visit.now)
        response = web.page("idp/account_locked.html", visit=visit, errors={})
        web.sign_in_cookie(response, "idp", "")
        return response


def _report(bp: Blueprint) -> None:
    @route(bp, "/account/report", gate=SIGNED_IN, endpoint="report")
    def page() -> Response:
        return desk.show(desk.visit(), "account_report.html", number="", words="")

    @route(bp, "/account/report", gate=SIGNED_IN, methods=("POST",), endpoint="report_posted")
    def posted() -> Response:
        visit, words = desk.visit(), request.form.get("words", "")
        try:
            number = misuse.report(visit.house, visit.person, words, language(), now=visit.now)
        except (NothingSaid, TooMany) as problem:
            return desk.refused(visit, "account_report.html", problem, "words", number="", words=words[: misuse.WORDS])
        return desk.show(visit, "account_report.html", number=number, words="")
