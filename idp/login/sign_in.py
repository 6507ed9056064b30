"""Signing in, step by step: password or passkey, then a second factor where the account has one."""

import json
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from hub import ledger, notices
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from hub.i18n import N_
from hub.problems import TooMany
from idp.login import blocklist, devices, passkey, password, session, throttle, totp
from idp.login.session import Opened
from idp.model.factor import Factor, Kind, SignInAgain, WrongCredentials, combined, methods
from idp.model.life import AccountMerged
from idp.model.person import Person, State
from idp.store import factors as factor_store
from idp.store import people as store

log = structlog.get_logger("idp")
HALF_SECONDS = 600  # from the password to the code
TOTP_KEY = "totp-key"  # purpose in the vault


@dataclass(frozen=True)
class Passed:
    """Somebody who has shown his factors so far; `due` are the kinds of which one more is needed.

    `change`: his password is known to others by now, so he gets no session before he has chosen another one.
    """

    person: Person
    methods: tuple[str, ...]
    due: tuple[Kind, ...] = ()
    change: bool = False


def with_password(
    house: House,
    account: str,
    typed: str,
    *,
    net: str,
    now: datetime,
    device: str = "",
    state: State = State.active,
) -> Passed:
    """The first step with account name and password; `device` is the cookie by which a device is known.

    Raises WrongCredentials, in the same words and after the same time, for an unknown account, a wrong password and an account
    that is locked; TooMany after five failures from one network; AccountMerged with the right password of one that was merged.
    """
    key = store.account_key(house.vault, _comparable(account))
    with house.database.read() as db:
        person = store.by_account(db, key)
        factors = factor_store.of_person(db, person.id if person else "")
        known = devices.known(db, person.id if person else "", device)
    try:
        throttle.attempt(house, key, net, known)
    except TooMany:
        if throttle.just_exhausted(house, throttle.ANYWHERE, key) and person is not None:
            disable(house, person, Kind.password, now)
        raise
    factor = next((one for one in factors if one.kind is Kind.password), None)
    fits = password.fits(house, factor.secret if factor else None, typed)
    closed = factor is not None and factor.disabled is not None and not known
    if fits and person is not None and person.state is State.merged and not closed:
        raise AccountMerged  # whoever knows its password may know where it went
    if not fits or factor is None or person is None or person.state is not state or closed:
        log.info("login.refused", method="password")
        raise WrongCredentials("Account name or password is wrong")
    throttle.succeeded(house, key, net, known)
    enable(house, factor)
    _renew(house, factor, typed)
    change = bool(factor.fact("compromised")) or blocklist.is_common(password.normal(typed))
    return Passed(person, methods(Kind.password), _due(person, factors), change)


def disable(house: House, person: Person, kind: Kind, now: datetime) -> None:
    """Take a way to sign in out of use after a hundred failures in a row, and tell the owner, once."""
    with house.database.write() as db:
        if factor_store.disable(db, person.id, kind, now):
            notices.tell(db, person.id, DISABLED, link="/account/security", at=now)
            ledger.wrote(db, "person.factor.disabled", person.label, by="throttle", at=now, facts={"kind": kind.value})


def enable(house: House, factor: Factor) -> None:
    """Put a way to sign in back into use: its owner has shown on a device of his that he still has it."""
    if factor.disabled is not None:
        with house.database.write() as db:
            factor_store.enable(db, factor.id)


DISABLED = N_("Somebody tried many times to sign in to your account. From now on that works only on devices of yours.")


def with_passkey(house: House, answer: str, *, now: datetime, state: State = State.active) -> Passed:
    """The only step with a passkey: possession, and its owner verified by the device."""
    factor = passkey.signed_in(house, answer, now)
    with house.database.read() as db:
        person = store.person(db, factor.person)
    if person is None or person.state is not state:
        raise WrongCredentials("This passkey is not known here (any more)")
    return Passed(person, combined(methods(Kind.passkey, factor.facts)))


def with_code(house: House, half: Passed, typed: str, *, now: datetime, net: str = "", device: str = "") -> Passed:
    """The second step with a code of an authenticator app. A code works once. Raises WrongCredentials, TooMany."""
    known = guarded(house, half, Kind.totp, net, device, now)
    with house.database.read() as db:
        factors = factor_store.of_person(db, half.person.id)
        keys = [(one, totp_key(house, db, one)) for one in factors if one.kind is Kind.totp]
    for factor, key in keys:
        step = totp.matching_step(key, typed, now)
        if step is not None and (factor.disabled is None or known) and _burn(house, factor, step, now):
            enable(house, factor)
            return completed(house, half, Kind.totp, net, known)
    log.info("login.refused", method="totp")
    raise WrongCredentials("The code is wrong or was used already. Wait for the next one")


def guarded(house: House, half: Passed, kind: Kind, net: str, device: str, now: datetime) -> str:
    """Count an attempt with a second factor; gives the device if it is known. Raises TooMany."""
    with house.database.read() as db:
        known = devices.known(db, half.person.id, device)
    try:
        throttle.second(house, half.person.id, kind, net, known)
    except TooMany:
        if throttle.just_exhausted(house, throttle.SECOND_EVER, f"{half.person.id}|{kind}"):
            disable(house, half.person, kind, now)
        raise
    return known


def completed(house: House, half: Passed, kind: Kind, net: str, known: str) -> Passed:
    """The sign-in with this second factor in it."""
    throttle.second_succeeded(house, half.person.id, kind, net, known)
    return replace(half, methods=combined(half.methods, methods(kind)), due=())


def with_second_passkey(house: House, half: Passed, answer: str, *, now: datetime) -> Passed:
    """The second step with a passkey of the same account."""
    factor = passkey.signed_in(house, answer, now)
    if factor.person != half.person.id:
        raise WrongCredentials("This passkey belongs to another account")
    return replace(half, methods=combined(half.methods, methods(Kind.passkey, factor.facts)), due=())


def finish(
    house: House, passed: Passed, *, device: str, now: datetime, before: Caller | None = None, cookie: str = ""
) -> Opened:
    """Open the session. `before` is the one that this browser had; `cookie` the one by which its device is known, if it is."""
    with house.database.write() as db:
        opened = session.begin(house, db, passed.person, passed.methods, now=now, device=device, before=before)
        known = devices.seen(house, db, passed.person, cookie, device, now)
    return replace(opened, device=known)


# -- half-way: kept where it may be lost; then one begins again


def keep_half(house: House, passed: Passed, now: datetime) -> str:
    """Remember a sign-in that lacks its second factor; gives the value of the cookie that names it."""
    value = secrets.token_urlsafe(32)
    about: dict[str, Any] = {
        "person": passed.person.id,
        "methods": passed.methods,
        "due": passed.due,
        "at": now.timestamp(),
    }
    about["change"] = passed.change
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
    return Passed(
        person, tuple(about["methods"]), tuple(Kind(kind) for kind in about["due"]), about.get("change", False)
    )


def end_half(house: House, value: str) -> None:
    """Use a half-way sign-in up; it leads to one session. Raises SignInAgain the second time."""
    if house.shared.take(_half_key(value)) is None:
        raise SignInAgain("It was finished in another window")


def totp_key(house: House, db: Connection, factor: Factor) -> bytes:
    """The secret of an authenticator app, opened."""
    return house.vault.decrypt(db, factor.person, factor.secret, TOTP_KEY)


def _due(person: Person, factors: list[Factor]) -> tuple[Kind, ...]:
    """A second factor is asked whenever the account has a code of some kind; then a passkey, or paper, may stand for it."""
    has = {factor.kind for factor in factors}
    if not has & {Kind.totp, Kind.sms} and not person.needs_second_factor:
        return ()
    return tuple(kind for kind in (Kind.passkey, Kind.totp, Kind.sms, Kind.recovery) if kind in has)


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
    return f"idp:half:{digest_of(value)}"
