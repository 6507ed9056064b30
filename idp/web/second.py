"""The second step of signing in: a passkey, a code from an app, by text message or from paper; and a password that must go."""

from typing import Any

from flask import Blueprint, Response, request

from hub import web
from hub.callers import Public
from hub.i18n import language
from hub.problems import TooMany
from hub.steps import step
from hub.web import route
from idp.account import accounts, contacts
from idp.account.contacts import Contact
from idp.login import passkey, password, second, sign_in
from idp.login.sign_in import Passed
from idp.model.factor import SECOND, Kind, PasswordWrong, SignInAgain, WrongCredentials
from idp.store import factors, people
from idp.web import desk, halfway
from idp.web.desk import Visit


def add(bp: Blueprint) -> None:
    """`/login/second`, `/login/sms`, `/login/recovery-code`, `/login/change`."""
    _app_or_passkey(bp)
    _sms(bp)
    _paper(bp)
    _change(bp)


def _app_or_passkey(bp: Blueprint) -> None:
    @route(bp, "/login/second", gate=Public(), endpoint="second")
    def page() -> Response:
        visit = desk.visit()
        half = halfway.half(visit)
        step(visit.house, "login", "second-factor")
        if not half.due:
            return web.see_other(visit.to("idp.login"))
        if not {Kind.totp, Kind.passkey} & set(half.due):
            return web.see_other(visit.to("idp.sms_code"))
        return desk.show(visit, "second.html", **_ways(visit, half))

    @route(bp, "/login/second", gate=Public(), methods=("POST",), endpoint="second_posted")
    def posted() -> Response:
        visit = desk.visit()
        half = halfway.half(visit)
        try:
            passed = _checked(visit, half)
        except (WrongCredentials, SignInAgain, TooMany) as problem:
            step(visit.house, "login", "wrong")
            field = "code" if "code" in request.form else ""
            return desk.refused(visit, "second.html", problem, field, **_ways(visit, half))
        return halfway.passed(visit, passed, over=True)


def _sms(bp: Blueprint) -> None:
    @route(bp, "/login/sms", gate=Public(), endpoint="sms_code")
    def page() -> Response:
        visit = desk.visit()
        half = halfway.half(visit)
        return desk.show(visit, "second_sms.html", **_ways(visit, half), **_phone(visit, half))

    @route(bp, "/login/sms/send", gate=Public(), methods=("POST",), endpoint="sms_send")
    def send() -> Response:
        visit = desk.visit()
        half = halfway.half(visit)
        try:
            second.send_code(visit.house, half, halfway.cookie(visit), language=language(), now=visit.now)
        except TooMany as problem:
            return desk.refused(visit, "second_sms.html", problem, **_ways(visit, half), **_phone(visit, half))
        return web.see_other(visit.to("idp.sms_code", sent=1))

    @route(bp, "/login/sms", gate=Public(), methods=("POST",), endpoint="sms_code_posted")
    def posted() -> Response:
        visit = desk.visit()
        half = halfway.half(visit)
        try:
            passed = second.with_sms(
                visit.house, half, halfway.cookie(visit), request.form.get("code", ""), **_from(visit)
            )
        except (WrongCredentials, TooMany) as problem:
            step(visit.house, "login", "wrong")
            sent = _phone(visit, half) | {"sent": True}
            return desk.refused(visit, "second_sms.html", problem, "code", **_ways(visit, half), **sent)
        return halfway.passed(visit, passed, over=True)


def _paper(bp: Blueprint) -> None:
    @route(bp, "/login/recovery-code", gate=Public(), endpoint="recovery_code")
    def page() -> Response:
        visit = desk.visit()
        return desk.show(visit, "second_recovery.html", **_ways(visit, halfway.half(visit)))

    @route(bp, "/login/recovery-code", gate=Public(), methods=("POST",), endpoint="recovery_code_posted")
    def posted() -> Response:
        visit = desk.visit()
        half = halfway.half(visit)
        try:
            passed = second.with_recovery_code(visit.house, half, request.form.get("code", ""), **_from(visit))
        except (WrongCredentials, TooMany) as problem:
            step(visit.house, "login", "wrong")
            return desk.refused(visit, "second_recovery.html", problem, "code", **_ways(visit, half))
        return halfway.passed(visit, passed, over=True)


def _change(bp: Blueprint) -> None:
    @route(bp, "/login/change", gate=Public(), endpoint="change")
    def page() -> Response:
        visit = desk.visit()
        return desk.show(visit, "change.html", least=_least(visit, _must_change(visit)))

    @route(bp, "/login/change", gate=Public(), methods=("POST",), endpoint="change_posted")
    def posted() -> Response:
        visit = desk.visit()
        half = _must_change(visit)
        try:
            accounts.replace_password(visit.house, half.person, request.form.get("new", ""), now=visit.now, others=True)
        except PasswordWrong as problem:
            return desk.refused(visit, "change.html", problem, "new", least=_least(visit, half))
        return halfway.passed(visit, Passed(half.person, half.methods), over=True)


def _must_change(visit: Visit) -> Passed:
    """Whose password must go, once he has shown every factor. Raises SignInAgain."""
    half = halfway.half(visit)
    if half.due or not half.change:
        raise SignInAgain("The first step was too long ago")
    return half


def _least(visit: Visit, half: Passed) -> int:
    with visit.house.database.read() as db:
        held = {one.kind for one in factors.of_person(db, half.person.id)}
    return password.WITH_ANOTHER if held & SECOND else password.ALONE


def _checked(visit: Visit, half: Passed) -> Passed:
    if "code" in request.form:
        return sign_in.with_code(visit.house, half, request.form["code"], **_from(visit))
    return sign_in.with_second_passkey(visit.house, half, request.form.get("answer", ""), now=visit.now)


def _from(visit: Visit) -> dict[str, Any]:
    return {"now": visit.now, "net": desk.network(), "device": desk.device_cookie(visit.house)}


def _ways(visit: Visit, half: Passed) -> dict[str, Any]:
    passkeys = Kind.passkey in half.due and passkey.available(visit.house.settings)
    return {
        "with_code": Kind.totp in half.due,
        "with_sms": Kind.sms in half.due and bool(visit.house.settings.sms),
        "with_paper": Kind.recovery in half.due,
        "passkeys": passkeys,
        "options": passkey.options_to_sign_in(visit.house) if passkeys else "",
    }


def _phone(visit: Visit, half: Passed) -> dict[str, Any]:
    with visit.house.database.read() as db:
        phone = people.profile(db, visit.house.vault, half.person.id).phone
    shown = contacts.masked(Contact.phone, phone) if phone and Kind.sms in half.due else ""
    return {"phone": shown, "sent": "sent" in request.args}
