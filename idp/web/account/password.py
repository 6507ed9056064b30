"""Changing the password, for who knows the present one; setting the first one, for who came by a province or a passkey alone."""

from flask import Blueprint, Response, request

from hub.callers import Session
from hub.problems import TooMany
from hub.web import route
from idp.account import accounts
from idp.model.factor import Kind, NotOffered, PasswordWrong, WrongCredentials
from idp.model.person import AccountNameTaken, AccountNameWrong
from idp.web import desk, halfway
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/password`."""

    @route(bp, "/account/password", gate=SIGNED_IN, endpoint="password")
    def password_page() -> Response:
        visit = desk.visit()
        if _has_one(visit):
            return desk.show(visit, "password.html")
        return desk.show(visit, "password_first.html", account="") if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/password", gate=SIGNED_IN, methods=("POST",), endpoint="password_posted")
    def password_posted() -> Response:
        visit = desk.visit()
        if _has_one(visit):
            return _changed(visit)
        return _set(visit) if desk.is_recent(visit) else desk.again(visit)


def _changed(visit: Visit) -> Response:
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


def _set(visit: Visit) -> Response:
    assert visit.caller is not None
    account, new = request.form.get("account", ""), request.form.get("new", "")
    try:
        accounts.first_password(visit.house, visit.caller, account, new, now=visit.now)
    except (AccountNameWrong, AccountNameTaken, TooMany, NotOffered) as problem:
        return desk.refused(visit, "password_first.html", problem, "account", account=account)
    except PasswordWrong as problem:
        return desk.refused(visit, "password_first.html", problem, "new", account=account)
    return halfway.security("first")


def _has_one(visit: Visit) -> bool:
    return any(one.kind is Kind.password for one in accounts.factors_of(visit.house, visit.person))
