"""Services that know me: what each was told, and how I take it back."""

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Session
from hub.web import route
from idp import consents
from idp.web import desk

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/services/withdraw`."""

    @route(bp, "/account/services/withdraw", gate=SIGNED_IN, methods=("POST",))
    def withdraw() -> Response:
        visit = desk.visit()
        with visit.house.database.write() as db:
            consents.withdraw(
                db, visit.person, request.form.get("client", ""), by=f"person:{visit.person}", now=visit.now
            )
        return web.see_other(url_for("idp.account", _anchor="services"))
