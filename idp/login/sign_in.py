"""Signing in, step by step: password or passkey, then a second factor where the account has one."""

import hashlib
import json
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from hub import limits
from hub.callers import Caller
from hub.house import House
from idp.login import passkey, password, session, throttle, totp
from idp.login.session import Opened
from idp.model.factor import Factor, Kind, SignInAgain, WrongCredentials, combined, methods
from idp.model.person import Person, State
from idp.store import factors as factor_store
from idp.store import people as store

log = structlog.get_logger("idp")
HALF_SECONDS = 600  # from the password to the code
TOTP_KEY = "totp-key"  # purpose in the vault


@dataclass(frozen=True)
class Passed:
    """Somebody who has shown his factors so far; `due` are the kinds of which one more is needed."""

    person: Person
    methods: tuple[str, ...]
    due: tuple[Kind, ...] = ()


def with_password(
    house: House, account: str, typed: str, *, net: str, now: datetime, state: State = State.active
) -> Passed:
    """The first step with account name and password.

    Raises WrongCredentials, in the same words and after the same time, for an unknown account, a wrong password and an account
    that is locked; TooMany after five failures from one network.
    """
    key = store.account_key(house.vault, _comparable(account))
    throttle.attempt(house, key, net)
    with house.database.read() as db:
        person = store.by_account(db, key)
        factors = factor_store.of_person(db, person.id if person else "")
    factor = next((one for one in factors if one.kind is Kind.password), None)
    fits = password.fits(house, factor.secret if factor else None, typed)
    if not fits or factor is None or person is None or person.state is not state:
        log.info("login.refused", method="password")
        raise WrongCredentials("Account name or password is wrong")
    throttle.succeeded(house, key, net)
    _renew(house, factor, typed)
    return Passed(person, methods(Kind.password), _due(person, factors))


def with_passkey(house: House, answer: str, *, now: datetime, state: State = State.active) -> Passed:
    """The only step with a passkey: possession, and its owner verified by the device."""
    factor = passkey.signed_in(house, answer, now)
    with house.database.read() as db:
        person = store.person(db, factor.person)
    if person is None or person.state is not state:
        raise WrongCredentials("This passkey is not known here (any more)")
    return Passed(person, combined(methods(Kind.passkey, factor.facts)))


def with_code(house: House, half: Passed, typed: str, *, now: datetime) -> Passed:
    """The second step with a code of an authenticator app. A code works once. Raises WrongCredentials, TooMany."""
    for limit in (throttle.SECOND, throttle.SECOND_EVER):
        limits.check(house.shared, limit, half.person.id)
    with house.database.read() as db:
        factors = factor_store.of_person(db, half.person.id)
        keys = [(one, totp_key(house, db, one)) for one in factors if one.kind is Kind.totp]
    for factor, key in keys:
        step = totp.matching_step(key, typed, now)
        if step is not None and _burn(house, factor, step, now):
            for limit in (throttle.SECOND, throttle.SECOND_EVER):
                limits.forgive(house.shared, limit, half.person.id)
            return Passed(half.person, combined(half.methods, methods(Kind.totp)))
    log.info("login.refused", method="totp")
    raise WrongCredentials("The code is wrong or was used already. Wait for the next one")


def with_second_passkey(house: House, half: Passed, answer: str, *, now: datetime) -> Passed:
    """The second step with a passkey of the same account."""
    factor = passkey.signed_in(house, answer, now)
    if factor.person != half.person.id:
        raise WrongCredentials("This passkey belongs to another account")
    return Passed(half.person, combined(half.methods, methods(Kind.passkey, factor.facts)))


def finish(house: House, passed: Passed, *, device: str, now: datetime, before: Caller | None = None) -> Opened:
    """Open the session. `before` is the one that this browser had."""
    with house.database.write() as db:
        return session.begin(house, db, passed.person, passed.methods, now=now, device=device, before=before)


# -- half-way: kept where it may be lost; then one begins again


def keep_half(house: House, passed: Passed, now: datetime) -> str:
    """Remember a sign-in that lacks its second factor; gives the value of the cookie that names it."""
    value = secrets.token_urlsafe(32)
    about = {"person": passed.person.id, "methods": passed.methods, "due": passed.due, "at": now.timestamp()}
    house.shared.put(_half_key(value), json.dumps(about), HALF_SECONDS)
    return value


def half(house: House, value: str, now: datetime, *, state: State = State.active) -> Passed:
    """The half-way sign-in of this browser. Raises SignInAgain."""
    kept = house.shared.peek(_half_key(value)) if value else None
    about: dict[str, Any] = json.loads(kept) if kept else {}
    if not about or now.timestamp() - about["at"] > HALF_SECONDS:
        raise SignInAgain("The first step was too long ago")
    with house.database.read() as db:
        person = store.person(db, about["person"])
    if person is None or person.state is not state:
        raise SignInAgain("The first step was too long ago")
    return Passed(person, tuple(about["methods"]), tuple(Kind(kind) for kind in about["due"]))


def end_half(house: House, value: str) -> None:
    """Use a half-way sign-in up; it leads to one session. Raises SignInAgain the second time."""
    if house.shared.take(_half_key(value)) is None:
        raise SignInAgain("It was finished in another window")


def totp_key(house: House, db: Connection, factor: Factor) -> bytes:
    """The secret of an authenticator app, opened."""
    return house.vault.decrypt(db, factor.person, factor.secret, TOTP_KEY)


def _due(person: Person, factors: list[Factor]) -> tuple[Kind, ...]:
    """A code is asked whenever the account has an app; an operator may use a passkey instead."""
    has = {factor.kind for factor in factors}
    if Kind.totp not in has and not person.needs_second_factor:
        return ()
    return tuple(kind for kind in (Kind.totp, Kind.passkey) if kind in has)


def _renew(house: House, factor: Factor, typed: str) -> None:
    """Hash anew where the parameters have grown since."""
    if password.is_outdated(factor.secret):
        fresh = password.hashed(house, typed)
        with house.database.write() as db:
            factor_store.change_secret(db, factor, fresh, factor.facts or {})


def _burn(house: House, factor: Factor, step: int, now: datetime) -> bool:
    with house.database.write() as db:
        return factor_store.advance(db, factor, step, now)


def _comparable(account: str) -> str:
    """The account name as kept, without its rules: a wrong form is just an unknown account."""
    return unicodedata.normalize("NFKC", account.strip().encode("utf-8", "replace").decode()).casefold()


def _half_key(value: str) -> str:
    return f"idp:half:{hashlib.sha256(value.encode()).hexdigest()}"
