"""Signing in: account name and password, or a passkey. What comes after stands in `idp.web.second`."""

from typing import Any

from flask import Blueprint, Response, request

from hub.callers import Public
from hub.problems import TooMany
from hub.steps import step
from hub.web import route
from idp.login import passkey, sign_in
from idp.model.factor import SignInAgain, WrongCredentials
from idp.model.flow import STRONGEST, FlowGone, Step
from idp.provider import authorize
from idp.upstream import configured
from idp.web import desk, halfway
from idp.web.desk import Visit
from idp.web.leave import leave


def add(bp: Blueprint) -> None:
    """`/login`, `/login/cancel`, `/login/passkey`."""

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
        device = desk.device_cookie(visit.house)
        try:
            passed = sign_in.with_password(
                visit.house, account, typed, net=desk.network(), now=visit.now, device=device
            )
        except (WrongCredentials, TooMany) as problem:
            step(visit.house, "login", "wrong")
            return desk.refused(visit, "login.html", problem, "account", **_form(visit, account))
        return halfway.passed(visit, passed)

    @route(bp, "/login/cancel", gate=Public(), methods=("POST",))
    def login_cancelled() -> Response:
        """The person does not want to sign in: the service is told access_denied (RFC 6749 4.1.2.1)."""
        visit = desk.visit()
        if visit.waiting is None:
            raise FlowGone("There is no open sign-in with this number")
        return leave(authorize.deny(visit.house, visit.flow, visit.browser, visit.now))

    @route(bp, "/login/passkey", gate=Public(), methods=("POST",))
    def login_passkey() -> Response:
        visit = desk.visit()
        step(visit.house, "login", "tried")
        try:
            passed = sign_in.with_passkey(visit.house, request.form.get("answer", ""), now=visit.now)
        except (WrongCredentials, SignInAgain) as problem:
            step(visit.house, "login", "wrong")
            return desk.refused(visit, "login.html", problem, **_form(visit))
        return halfway.passed(visit, passed)


def _must_sign_in(visit: Visit) -> bool:
    """The service asks for a fresh sign-in, or a page of ours does before something delicate."""
    return Step.login in visit.waiting.steps if visit.waiting else "again" in request.args


def _form(visit: Visit, account: str = "") -> dict[str, Any]:
    possible = passkey.available(visit.house.settings)
    return {
        "account": account or (visit.waiting.asked.login_hint if visit.waiting else ""),
        "again": visit.caller is not None,
        "strongest": visit.waiting is not None and visit.waiting.asked.level >= STRONGEST,
        "passkeys": possible,
        "options": passkey.options_to_sign_in(visit.house) if possible else "",
        "provinces": bool(configured.offered(visit.house, visit.now)),
    }
