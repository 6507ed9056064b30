"""Signing in: account name and password, or a passkey; then a second factor where the account has one."""

from typing import Any

from flask import Blueprint, Response, request

from hub import callers, web
from hub.callers import Public
from hub.house import House
from hub.problems import TooMany
from hub.steps import step
from hub.web import route
from idp.login import passkey, sign_in
from idp.login.sign_in import Passed
from idp.model.factor import Kind, SignInAgain, WrongCredentials
from idp.model.flow import Step
from idp.web import desk
from idp.web.desk import Visit


def add(bp: Blueprint) -> None:
    """`/login`, `/login/passkey`, `/login/second`."""
    _first_factor(bp)
    _second_factor(bp)


def _first_factor(bp: Blueprint) -> None:
    @route(bp, "/login", gate=Public())
    def login() -> Response:
        visit = desk.visit()
        if visit.caller is not None and not _must_sign_in(visit):
            return desk.onward(visit, visit.caller)
        step(visit.house, "login", "shown")
        return desk.show(visit, "login.html", **_form(visit))

    @route(bp, "/login", gate=Public(), methods=("POST",), endpoint="login_posted")
    def login_posted() -> Response:
        visit = desk.visit()
        account = request.form.get("account", "")
        typed = request.form.get("password", "")
        step(visit.house, "login", "tried")
        try:
            passed = sign_in.with_password(visit.house, account, typed, net=desk.network(), now=visit.now)
        except (WrongCredentials, TooMany) as problem:
            step(visit.house, "login", "wrong")
            return desk.refused(visit, "login.html", problem, "account", **_form(visit, account))
        return _passed(visit, passed)

    @route(bp, "/login/passkey", gate=Public(), methods=("POST",))
    def login_passkey() -> Response:
        visit = desk.visit()
        step(visit.house, "login", "tried")
        try:
            passed = sign_in.with_passkey(visit.house, request.form.get("answer", ""), now=visit.now)
        except (WrongCredentials, SignInAgain) as problem:
            step(visit.house, "login", "wrong")
            return desk.refused(visit, "login.html", problem, **_form(visit))
        return _enter(visit, passed)


def _second_factor(bp: Blueprint) -> None:
    @route(bp, "/login/second", gate=Public())
    def second() -> Response:
        visit = desk.visit()
        half = sign_in.half(visit.house, _half_cookie(visit), visit.now)
        step(visit.house, "login", "second-factor")
        return desk.show(visit, "second.html", **_second(visit, half))

    @route(bp, "/login/second", gate=Public(), methods=("POST",), endpoint="second_posted")
    def second_posted() -> Response:
        visit = desk.visit()
        half = sign_in.half(visit.house, _half_cookie(visit), visit.now)
        try:
            passed = _checked(visit, half)
        except (WrongCredentials, SignInAgain, TooMany) as problem:
            step(visit.house, "login", "wrong")
            field = "code" if "code" in request.form else ""
            return desk.refused(visit, "second.html", problem, field, **_second(visit, half))
        sign_in.end_half(visit.house, _half_cookie(visit))
        response = _enter(visit, passed)
        web.set_cookie(response, _half_name(visit.house), "")
        return response


def _checked(visit: Visit, half: Passed) -> Passed:
    if "code" in request.form:
        return sign_in.with_code(visit.house, half, request.form["code"], now=visit.now)
    return sign_in.with_second_passkey(visit.house, half, request.form.get("answer", ""), now=visit.now)


def _passed(visit: Visit, passed: Passed) -> Response:
    if not passed.due:
        return _enter(visit, passed)
    response = web.see_other(visit.to("idp.second"))
    half = sign_in.keep_half(visit.house, passed, visit.now)
    web.set_cookie(response, _half_name(visit.house), half, seconds=sign_in.HALF_SECONDS)
    return response


def _enter(visit: Visit, passed: Passed) -> Response:
    opened = sign_in.finish(visit.house, passed, device=desk.device(), now=visit.now, before=visit.caller)
    return desk.enter(visit, opened)


def _must_sign_in(visit: Visit) -> bool:
    """The service asks for a fresh sign-in, or a page of ours does before something delicate."""
    return Step.login in visit.waiting.steps if visit.waiting else "again" in request.args


def _form(visit: Visit, account: str = "") -> dict[str, Any]:
    possible = passkey.available(visit.house.settings)
    return {
        "account": account or (visit.waiting.asked.login_hint if visit.waiting else ""),
        "again": visit.caller is not None,
        "passkeys": possible,
        "options": passkey.options_to_sign_in(visit.house) if possible else "",
    }


def _second(visit: Visit, half: Passed) -> dict[str, Any]:
    passkeys = Kind.passkey in half.due and passkey.available(visit.house.settings)
    return {
        "with_code": Kind.totp in half.due,
        "passkeys": passkeys,
        "options": passkey.options_to_sign_in(visit.house) if passkeys else "",
    }


def _half_cookie(visit: Visit) -> str:
    return request.cookies.get(_half_name(visit.house), "")


def _half_name(house: House) -> str:
    return callers.cookie_name(house, "idp-half")
