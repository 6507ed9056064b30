"""Making an account: a name of one's own choice and a password. The real name comes afterwards, once."""

from flask import Blueprint, Response, request

from hub import limits
from hub.callers import Public
from hub.problems import TooMany
from hub.web import route
from idp.account import accounts
from idp.login import password, throttle
from idp.login.sign_in import Passed
from idp.model.factor import PasswordWrong
from idp.model.person import AccountNameWrong, account_name
from idp.web import desk, halfway


def add(bp: Blueprint) -> None:
    """`/register`."""

    @route(bp, "/register", gate=Public())
    def register() -> Response:
        return desk.show(desk.visit(), "register.html", account="", least=password.ALONE)

    @route(bp, "/register", gate=Public(), methods=("POST",), endpoint="register_posted")
    def register_posted() -> Response:
        visit = desk.visit()
        account, chosen = request.form.get("account", ""), request.form.get("password", "")
        errors = checked(account, chosen, alone=True)
        if not errors:
            try:
                limits.check(visit.house.shared, throttle.REGISTRATIONS, desk.network())
                person = accounts.register(visit.house, account, chosen, now=visit.now)
            except AccountNameWrong as problem:
                errors["account"] = desk.said(problem)
            except TooMany as problem:
                errors[""] = desk.said(problem)
        if errors:
            return desk.show(visit, "register.html", errors=errors, account=account, least=password.ALONE)
        return halfway.passed(visit, Passed(person, ("pwd",)))


def checked(account: str, chosen: str, *, alone: bool) -> dict[str, str]:
    """What is wrong with account name and password, by field: both are said at once."""
    errors = {}
    try:
        account_name(account)
    except AccountNameWrong as problem:
        errors["account"] = desk.said(problem)
    try:
        password.accepted(chosen, alone=alone, context=(account.strip(),))
    except PasswordWrong as problem:
        errors["password"] = desk.said(problem)
    return errors
