"""Unlocking one's own account: how one signs in, the second factor, and the face where the name was proved with it.

Nothing here tells whether an account exists, or is locked: every refusal reads like a wrong password.
"""

from typing import Any

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Public
from hub.digest import digest_of
from hub.i18n import language
from hub.problems import TooMany
from hub.web import route
from idp.account import locks
from idp.login import passkey, second, sign_in
from idp.login.sign_in import HALF_SECONDS, Passed
from idp.model.factor import Kind, SignInAgain, WrongCredentials
from idp.model.person import State
from idp.model.realname import LiveCheckFailed, RegisterLater, WrongStep
from idp.web import desk
from idp.web.desk import Visit


def add(bp: Blueprint) -> None:
    """`/unlock…`."""
    _first(bp)
    _second(bp)
    _face(bp)


def _first(bp: Blueprint) -> None:
    @route(bp, "/unlock", gate=Public())
    def unlock() -> Response:
        visit = desk.visit()
        return _page(visit)

    @route(bp, "/unlock", gate=Public(), methods=("POST",), endpoint="unlock_posted")
    def unlock_posted() -> Response:
        visit, account = desk.visit(), request.form.get("account", "")
        typed = request.form.get("password", "")
        try:
            passed = sign_in.with_password(
                visit.house,
                account,
                typed,
                net=desk.network(),
                now=visit.now,
                device=desk.device_cookie(visit.house),
                state=State.locked,
            )
        except (WrongCredentials, TooMany) as problem:
            return desk.refused(visit, "unlock.html", problem, "account", **_form(visit, account))
        return _step(visit, passed)

    @route(bp, "/unlock/passkey", gate=Public(), methods=("POST",), endpoint="unlock_passkey")
    def with_passkey() -> Response:
        visit = desk.visit()
        try:
            passed = sign_in.with_passkey(
                visit.house, request.form.get("answer", ""), now=visit.now, state=State.locked
            )
        except (WrongCredentials, SignInAgain) as problem:
            return desk.refused(visit, "unlock.html", problem, **_form(visit))
        return _step(visit, passed)


def _second(bp: Blueprint) -> None:
    @route(bp, "/unlock/second", gate=Public(), endpoint="unlock_second")
    def page() -> Response:
        visit = desk.visit()
        half = _half(visit)
        return desk.show(visit, "unlock_second.html", **_second_form(visit, half))

    @route(bp, "/unlock/second", gate=Public(), methods=("POST",), endpoint="unlock_second_posted")
    def posted() -> Response:
        visit = desk.visit()
        half = _half(visit)
        try:
            passed = _shown(visit, half)
        except (WrongCredentials, SignInAgain, TooMany) as problem:
            field = next((name for name in ("code", "sms", "paper") if name in request.form), "")
            return desk.refused(visit, "unlock_second.html", problem, field, **_second_form(visit, half))
        return _step(visit, passed)

    @route(bp, "/unlock/sms", gate=Public(), methods=("POST",), endpoint="unlock_sms")
    def send() -> Response:
        visit = desk.visit()
        half = _half(visit)
        try:
            second.send_code(visit.house, half, _value(visit), language=language(), now=visit.now)
        except TooMany as problem:
            return desk.refused(visit, "unlock_second.html", problem, **_second_form(visit, half))
        return web.see_other(url_for("idp.unlock_second", sent=1))


def _shown(visit: Visit, half: Passed) -> Passed:
    """The second factor that was sent, whichever it is. Raises WrongCredentials, SignInAgain, TooMany."""
    typed = request.form
    when: dict[str, Any] = {"now": visit.now, "net": desk.network(), "device": desk.device_cookie(visit.house)}
    if "code" in typed:
        return sign_in.with_code(visit.house, half, typed["code"], **when)
    if "sms" in typed:
        return second.with_sms(visit.house, half, _value(visit), typed["sms"], **when)
    if "paper" in typed:
        return second.with_recovery_code(visit.house, half, typed["paper"], **when)
    return sign_in.with_second_passkey(visit.house, half, typed.get("answer", ""), now=visit.now)


def _face(bp: Blueprint) -> None:
    @route(bp, "/unlock/face", gate=Public(), endpoint="unlock_face")
    def page() -> Response:
        """Where one comes before the live check, and back from it."""
        visit = desk.visit()
        half = _half(visit)
        if half.due:  # one thing after the other
            return web.see_other(url_for("idp.unlock_second"))
        check = visit.house.shared.peek(_face_key(visit))
        if not check:
            return desk.show(visit, "unlock_face.html", to=visit.house.settings.register_url)
        try:
            ticket = request.args.get("ticket", "")
            locks.check_face(visit.house, half.person, check.decode(), ticket=ticket, now=visit.now)
        except (LiveCheckFailed, WrongStep, RegisterLater) as problem:
            return desk.refused(visit, "unlock_face.html", problem, to=visit.house.settings.register_url)
        return _open(visit, Passed(half.person, (*half.methods, "face")))

    @route(bp, "/unlock/face", gate=Public(), methods=("POST",), endpoint="unlock_face_posted")
    def posted() -> Response:
        visit = desk.visit()
        half, back = _half(visit), f"{visit.house.settings.issuer_url}{url_for('idp.unlock_face')}"
        if half.due:
            return web.see_other(url_for("idp.unlock_second"))
        try:
            page, check = locks.ask_face(visit.house, half.person, back, now=visit.now)
        except (RegisterLater, TooMany) as problem:
            return desk.refused(visit, "unlock_face.html", problem, to=visit.house.settings.register_url)
        visit.house.shared.put(_face_key(visit), check, HALF_SECONDS)
        return web.see_other(page)


def _step(visit: Visit, passed: Passed) -> Response:
    """The next thing to show, or the account opens."""
    if passed.due:
        return _kept(visit, passed, "idp.unlock_second")
    if locks.needs_face(visit.house, passed.person):
        return _kept(visit, passed, "idp.unlock_face")
    return _open(visit, passed)


def _kept(visit: Visit, passed: Passed, endpoint: str) -> Response:
    response = web.see_other(url_for(endpoint))
    value = sign_in.keep_half(visit.house, passed, visit.now)
    web.set_cookie(response, _cookie(visit), value, seconds=HALF_SECONDS)
    return response


def _open(visit: Visit, passed: Passed) -> Response:
    if _value(visit):
        sign_in.end_half(visit.house, _value(visit))  # raises the second time
    with visit.house.database.write() as db:
        how = " ".join(passed.methods)
        locks.unlock(db, passed.person.id, by=passed.person.label, how=how, now=visit.now)
    response = desk.show(visit, "unlocked.html")
    web.set_cookie(response, _cookie(visit), "")
    return response


def _page(visit: Visit) -> Response:
    return desk.show(visit, "unlock.html", **_form(visit))


def _form(visit: Visit, account: str = "") -> dict[str, Any]:
    possible = passkey.available(visit.house.settings)
    options = passkey.options_to_sign_in(visit.house) if possible else ""
    return {"account": account, "passkeys": possible, "options": options}


def _second_form(visit: Visit, half: Passed) -> dict[str, Any]:
    possible = Kind.passkey in half.due and passkey.available(visit.house.settings)
    options = passkey.options_to_sign_in(visit.house) if possible else ""
    return {
        "with_code": Kind.totp in half.due,
        "with_sms": Kind.sms in half.due,
        "with_paper": Kind.recovery in half.due,
        "sent": "sent" in request.args or "sms" in request.form,
        "passkeys": possible,
        "options": options,
    }


def _half(visit: Visit) -> Passed:
    """What was shown so far in this browser. Raises SignInAgain."""
    return sign_in.half(visit.house, _value(visit), visit.now, state=State.locked)


def _value(visit: Visit) -> str:
    return request.cookies.get(_cookie(visit), "")


def _cookie(visit: Visit) -> str:
    return visit.house.settings.cookie("idp-unlock")


def _face_key(visit: Visit) -> str:
    return f"idp:unlock-face:{digest_of(_value(visit))}"
