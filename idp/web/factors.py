"""Adding what one signs in with. Each change asks for a factor shown a short while ago."""

from flask import Blueprint, Response, request

from hub import limits, web
from hub.callers import Session
from hub.problems import TooMany
from hub.web import route
from idp.account import accounts
from idp.login import passkey, session, throttle, totp
from idp.login.session import Opened
from idp.model.factor import Factor, SignInAgain, WrongCredentials, combined, methods
from idp.store import factors, people
from idp.web import desk, halfway
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/second-factor`, `/account/passkey`, `/account/app`."""
    _second_factor(bp)
    _passkey(bp)
    _app(bp)


def _second_factor(bp: Blueprint) -> None:
    @route(bp, "/account/second-factor", gate=SIGNED_IN)
    def second_factor() -> Response:
        """Where an operator's account begins, and where it returns until it has a second factor."""
        visit = desk.visit()
        return desk.show(visit, "second_factor.html", passkeys=passkey.available(visit.house.settings))


def _passkey(bp: Blueprint) -> None:
    @route(bp, "/account/passkey", gate=SIGNED_IN, endpoint="passkey")
    def passkey_page() -> Response:
        visit = desk.visit()
        return _passkey_form(visit) if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/passkey", gate=SIGNED_IN, methods=("POST",), endpoint="passkey_posted")
    def passkey_posted() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        label, answer = request.form.get("label", ""), request.form.get("answer", "")
        try:
            assert visit.caller is not None
            factor = accounts.add_passkey(visit.house, visit.caller, answer, label or desk.device(), now=visit.now)
        except (WrongCredentials, SignInAgain) as problem:
            return _passkey_form(visit, {"": desk.said(problem)}, label)
        return _added(visit, factor, "passkey")


def _app(bp: Blueprint) -> None:
    @route(bp, "/account/app", gate=SIGNED_IN, endpoint="app")
    def app_page() -> Response:
        visit = desk.visit()
        return _app_form(visit) if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/app", gate=SIGNED_IN, methods=("POST",), endpoint="app_posted")
    def app_posted() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        try:
            assert visit.caller is not None
            limits.check(visit.house.shared, throttle.SECOND, f"add:{visit.person}")
            factor = accounts.add_totp(visit.house, visit.caller, request.form.get("code", ""), now=visit.now)
        except (WrongCredentials, TooMany) as problem:
            return _app_form(visit, {"code": desk.said(problem)})
        return _added(visit, factor, "app")


def _passkey_form(visit: Visit, errors: dict[str, str] | None = None, label: str = "") -> Response:
    possible = passkey.available(visit.house.settings)
    with visit.house.database.read() as db:
        person = people.person(db, visit.person)
        profile = people.profile(db, visit.house.vault, visit.person)
        known = factors.of_person(db, visit.person)
    assert person is not None
    options = passkey.options_to_add(visit.house, person, profile, known) if possible else ""
    label = label or desk.device()
    return desk.show(visit, "passkey.html", errors=errors, options=options, label=label, possible=possible)


def _app_form(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    assert visit.caller is not None
    key = accounts.new_totp_key(visit.house, visit.caller)
    with visit.house.database.read() as db:
        account = people.profile(db, visit.house.vault, visit.person).account
    link = totp.link(key, web.site_name(), account)
    return desk.show(visit, "app.html", errors=errors, key=totp.shown(key), link=link)


def _added(visit: Visit, factor: Factor, done: str) -> Response:
    """The new factor was shown just now, so it counts for this sign-in as well: a new session id."""
    opened = _step_up(visit, factor)
    if visit.flow or visit.next:
        return desk.enter(visit, opened)
    return desk.enter(visit, opened, halfway.security(done))


def _step_up(visit: Visit, factor: Factor) -> Opened:
    assert visit.caller is not None
    shown = combined(tuple(one for one in visit.caller.amr if one != "mfa"), methods(factor.kind, factor.facts))
    with visit.house.database.write() as db:
        person = people.person(db, visit.person)
        assert person is not None
        return session.stepped_up(visit.house, db, visit.caller, person, now=visit.now, methods=shown)
