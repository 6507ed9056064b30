"""Changing the password, for who knows the present one."""

from flask import Blueprint, Response, request

from hub.callers import Session
from hub.problems import TooMany
from hub.web import route
from idp.account import accounts
from idp.model.factor import PasswordWrong, WrongCredentials
from idp.web import desk, halfway

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/password`."""

    @route(bp, "/account/password", gate=SIGNED_IN, endpoint="password")
    def password_page() -> Response:
        return desk.show(desk.visit(), "password.html")

    @route(bp, "/account/password", gate=SIGNED_IN, methods=("POST",), endpoint="password_posted")
    def password_posted() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        old, new = request.form.get("old", ""), request.form.get("new", "")
        try:
            others = request.form.get("others") == "yes"
            accounts.change_password(visit.house, visit.caller, old, new, now=visit.now, others=others)
        except (WrongCredentials, TooMany) as problem:
            return desk.refused(visit, "password.html", problem, "old")
        except PasswordWrong as problem:
            return desk.refused(visit, "password.html", problem, "new")
        return halfway.security("password")
