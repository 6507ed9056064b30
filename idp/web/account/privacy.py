"""Privacy: lock, report misuse, take a copy, close, read in large letters."""

from flask import Blueprint, Response, request

from hub import web
from hub.callers import Session
from hub.web import route
from idp import locks
from idp.web import desk

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/privacy`, `/account/lock`."""

    @route(bp, "/account/privacy", gate=SIGNED_IN, endpoint="privacy")
    def page() -> Response:
        visit = desk.visit()
        return desk.show(visit, "account_privacy.html", done=request.args.get("done", ""))

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
