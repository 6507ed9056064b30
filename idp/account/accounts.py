"""Accounts: making one, and changing what one signs in with."""

import secrets
import unicodedata
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from hub import callers, ledger, limits, notices
from hub.callers import Caller
from hub.house import House
from hub.i18n import N_
from hub.problems import NotFound
from idp.account.announce import Event, announce
from idp.login import passkey, password, recovery_codes, sign_in, throttle, totp
from idp.model.factor import SECOND, Factor, Kind, LastFactor, NotOffered, PasswordWrong, WrongCredentials
from idp.model.logout import Told
from idp.model.person import Level, Person, Profile, account_name
from idp.provider import logout
from idp.store import factors as factor_store
from idp.store import people as store
from idp.store import recovery_codes as code_store


def register(house: House, account: str, chosen: str, *, now: datetime) -> Person:
    """Make an account with a password, at level 1. Raises AccountNameWrong, AccountNameTaken, PasswordWrong."""
    name = account_name(account)
    hashed = password.hashed(house, password.accepted(chosen, context=(name,)))
    person = Person(secrets.token_hex(16), now)
    with house.database.write() as db:
        keep(house, db, person, name, hashed, alone=True)
    return person


def keep(house: House, db: Connection, person: Person, account: str, hashed: bytes, *, alone: bool) -> None:
    """Keep a new account and its password in one step. `alone`: the password is long enough to be the only factor."""
    store.add(db, house.vault, person, Profile(account))
    factor_store.add(
        db, Factor(secrets.token_hex(16), person.id, Kind.password, "", hashed, person.created, facts={"alone": alone})
    )
    ledger.wrote(db, "person.registered", person.label, by=person.label, at=person.created)


def change_password(house: House, caller: Caller, old: str, new: str, *, now: datetime, others: bool = False) -> None:
    """A new password for someone who knows the present one. Raises WrongCredentials, PasswordWrong, TooMany.

    `others`: sign out everywhere else at the same time (ASVS 7.4.3).
    """
    limits.check(house.shared, throttle.PRESENT, caller.person or "")
    with house.database.read() as db:
        person, _, factors = _load(house, db, caller)
    factor = next((one for one in factors if one.kind is Kind.password), None)
    if factor is None or not password.fits(house, factor.secret, old):
        raise WrongCredentials("The present password is wrong")
    limits.forgive(house.shared, throttle.PRESENT, caller.person or "")
    replace_password(house, person, new, now=now, keep=caller.sid if others else None, others=others)


def first_password(house: House, caller: Caller, account: str, new: str, *, now: datetime) -> None:
    """A password, and the account name that belongs to it, for someone who signs in otherwise until now.

    Raises NotOffered, AccountNameWrong, AccountNameTaken, PasswordWrong, TooMany.
    """
    limits.check(house.shared, throttle.PRESENT, caller.person or "")
    name = account_name(account)
    with house.database.read() as db:
        _, profile, held = _load(house, db, caller)
    alone = not any(one.kind in SECOND for one in held)
    accepted = password.accepted(new, alone=alone, context=(name, profile.name))
    fresh, facts = password.hashed(house, accepted), {"alone": len(accepted) >= password.ALONE}
    with house.database.write() as db:
        person, profile, _ = _load(house, db, caller)
        store.rename(db, house.vault, person.id, replace(profile, account=name))  # of two at once the second waits here
        if any(one.kind is Kind.password for one in factor_store.of_person(db, person.id)):
            raise NotOffered("Your account has a password")
        factor_store.add(db, Factor(secrets.token_hex(16), person.id, Kind.password, "", fresh, now, facts=facts))
        _tell(db, person, "factor.added", now, kind=Kind.password.value)


def replace_password(
    house: House, person: Person, new: str, *, now: datetime, keep: str | None = None, others: bool = False
) -> None:
    """A new password for someone who has shown by other means that the account is his. Raises PasswordWrong.

    `others`: end every login but the one with the sid `keep`.
    """
    with house.database.read() as db:
        profile = store.profile(db, house.vault, person.id)
        factors = factor_store.of_person(db, person.id)
    factor = next((one for one in factors if one.kind is Kind.password), None)
    alone = not any(one.kind in SECOND for one in factors)
    accepted = password.accepted(new, alone=alone, context=(profile.account, profile.name))
    if factor is not None and password.fits(house, factor.secret, accepted):
        raise PasswordWrong("It is the one that you have now")
    fresh, facts = password.hashed(house, accepted), {"alone": len(accepted) >= password.ALONE}
    with house.database.write() as db:
        if factor is None:
            factor_store.add(db, Factor(secrets.token_hex(16), person.id, Kind.password, "", fresh, now, facts=facts))
        else:
            factor_store.change_secret(db, factor, fresh, facts)
            factor_store.enable(db, factor.id)
        for sid in {one.sid for one, _, _ in callers.sessions(db, person.id, now)} - {keep} if others else ():
            logout.end(db, now, sid=sid, why="password changed")
        _tell(db, person, "password.changed", now)


def add_passkey(house: House, caller: Caller, answer: str, label: str, *, now: datetime) -> Factor:
    """Keep a new passkey from the browser's answer. Raises WrongCredentials, SignInAgain."""
    with house.database.read() as db:
        person, _, _ = _load(house, db, caller)
    factor = passkey.added(house, person, answer, _label(label), now)
    _keep_factor(house, person, factor, now)
    return factor


def new_totp_key(house: House, caller: Caller) -> bytes:
    """The key that the page shows: the same until it is used, so that a wrong code does not cost a new set-up."""
    kept = house.shared.peek(_pending_key(caller))
    if kept:
        with house.database.read() as db:
            return house.vault.decrypt(db, caller.person or "", kept, sign_in.TOTP_KEY)
    key = totp.fresh_key()
    with house.database.write() as db:
        sealed = house.vault.encrypt(db, caller.person or "", key, sign_in.TOTP_KEY)
    house.shared.put(_pending_key(caller), sealed, sign_in.HALF_SECONDS * 3)
    return key


def add_totp(house: House, caller: Caller, code: str, *, now: datetime) -> Factor:
    """Keep the authenticator app whose code shows that it works. That code is used up. Raises WrongCredentials."""
    step = totp.matching_step(new_totp_key(house, caller), code, now)
    if step is None:
        raise WrongCredentials("The code does not fit. Check the clock of your phone and try the next one")
    with house.database.read() as db:
        person, _, _ = _load(house, db, caller)
    sealed = house.shared.take(_pending_key(caller))
    if sealed is None:
        raise WrongCredentials("The app was added in another window")
    factor = Factor(secrets.token_hex(16), person.id, Kind.totp, "", sealed, now, counter=step)
    _keep_factor(house, person, factor, now)
    return factor


def add_sms(house: House, caller: Caller, *, now: datetime) -> Factor:
    """Codes by text message to the confirmed phone. Raises NotOffered: without a phone, at level 4, or when it is there."""
    factor = Factor(secrets.token_hex(16), caller.person or "", Kind.sms, "", b"", now)
    with house.database.write() as db:
        person, profile, factors = _load(house, db, caller)
        if person.level >= Level.attended:
            raise NotOffered("At your level codes by text message are not safe enough")
        if not profile.phone or any(one.kind is Kind.sms for one in factors):
            raise NotOffered("Confirm your phone number first")
        factor_store.add(db, factor)
        _tell(db, person, "factor.added", now, kind=factor.kind.value)
    return factor


def new_recovery_codes(house: House, caller: Caller, *, now: datetime) -> list[str]:
    """Ten new codes, shown once; those of before are void. Raises NotOffered where there is no second factor to stand for."""
    with house.database.write() as db:
        person, _, factors = _load(house, db, caller)
        if not any(one.kind in SECOND for one in factors):
            raise NotOffered("Recovery codes stand for a second factor. Add one first")
        for one in factors:
            if one.kind is Kind.recovery:
                factor_store.remove(db, person.id, one.id)
        factor_store.add(db, Factor(secrets.token_hex(16), person.id, Kind.recovery, "", b"", now))
        codes = recovery_codes.renew(house, db, person.id, now)
        _tell(db, person, "recovery-codes.made", now)
    return codes


def rename_factor(house: House, caller: Caller, factor_id: str, label: str, *, now: datetime) -> None:
    """Give a way to sign in a name by which its owner knows it. Raises NotFound."""
    with house.database.write() as db:
        person, _, _ = _load(house, db, caller)
        if not factor_store.rename(db, person.id, factor_id, _label(label)):
            raise NotFound("There is no such factor")
        ledger.wrote(db, "person.factor.renamed", person.label, by=person.label, at=now)


def remove_factor(house: House, caller: Caller, factor_id: str, *, now: datetime) -> None:
    """Remove a factor, unless the account would be left open or unsafe. Raises LastFactor."""
    with house.database.write() as db:
        person, _, factors = _load(house, db, caller)
        factor = next((one for one in factors if one.id == factor_id), None)
        if factor is None:
            raise NotFound("There is no such factor")
        _may_go(person, factor, [one for one in factors if one.id != factor_id])
        factor_store.remove(db, person.id, factor_id)
        if factor.kind is Kind.recovery:
            code_store.replace(db, person.id, (), now)
        _tell(db, person, "factor.removed", now, kind=factor.kind.value)


def end_session(house: House, caller: Caller, session: str, *, now: datetime) -> None:
    """End one of one's own sessions and the tokens that hang on its login."""
    with house.database.write() as db:
        mine = [one for one, _, _ in callers.sessions(db, caller.person or "", now) if one.session == session]
        if not mine:
            raise NotFound("There is no such session")
        logout.end(db, now, sid=mine[0].sid, why="ended by its owner")


def sign_out_everywhere(house: House, caller: Caller, *, now: datetime) -> list[Told]:
    """End every login of this person, on every device; gives the services that took part in one."""
    with house.database.write() as db:
        return logout.ended(db, now, person=caller.person, why="signed out everywhere")


def factors_of(house: House, person_id: str) -> list[Factor]:
    """What a person signs in with."""
    with house.database.read() as db:
        return factor_store.of_person(db, person_id)


def _may_go(person: Person, factor: Factor, rest: list[Factor]) -> None:
    kinds = {one.kind for one in rest}
    if not kinds & {Kind.password, Kind.passkey}:
        raise LastFactor("Nobody could sign in without it")
    if person.needs_second_factor and not kinds & {Kind.passkey, Kind.totp}:
        raise LastFactor("Your account must have a second factor")
    if Kind.recovery in kinds and not kinds & SECOND:
        raise LastFactor("Recovery codes stand for a second factor. Remove them first")
    lone = next((one for one in rest if one.kind is Kind.password and not kinds & SECOND), None)
    if lone is not None and factor.kind is not Kind.password and not lone.fact("alone"):
        raise LastFactor("Your password is too short to be the only factor. Change it first")


def _keep_factor(house: House, person: Person, factor: Factor, now: datetime) -> None:
    with house.database.write() as db:
        factor_store.add(db, factor)
        _tell(db, person, "factor.added", now, kind=factor.kind.value)


def _load(house: House, db: Connection, caller: Caller) -> tuple[Person, Profile, list[Factor]]:
    person = store.person(db, caller.person or "")
    if person is None:
        raise NotFound("There is no such account")
    return person, store.profile(db, house.vault, person.id), factor_store.of_person(db, person.id)


def _pending_key(caller: Caller) -> str:
    return f"idp:totp:{caller.person}"


def _label(typed: str) -> str:
    return unicodedata.normalize("NFC", " ".join(typed.split()))[:60]


TOLD = {
    "password.changed": N_("The password of your account was changed"),
    "factor.added": N_("A way to sign in was added to your account"),
    "factor.removed": N_("A way to sign in was removed from your account"),
    "recovery-codes.made": N_("New recovery codes were made for your account; the old ones are void"),
}


CHANGES = {"password.changed": "update", "factor.added": "create", "factor.removed": "delete"}
CREDENTIALS = {Kind.totp.value: "app", Kind.sms.value: "phone-sms"}  # what CAEP has a word for; others keep ours


def _tell(db: Connection, person: Person, what: str, now: datetime, **facts: str) -> None:
    """The ledger, the owner and services learn of each change in how an account is entered (ASVS 6.3.7; CAEP 1.0 3.3)."""
    kind = facts.get("kind", "password" if what == "password.changed" else Kind.recovery.value)
    change = {"credential_type": CREDENTIALS.get(kind, kind), "change_type": CHANGES.get(what, "create")}
    announce(db, person.id, Event.credential_change, now=now, initiating_entity="user", **change)
    ledger.wrote(db, f"person.{what}", person.label, by=person.label, at=now, facts=dict(facts))
    notices.tell(db, person.id, TOLD[what], link="/account/security", at=now)
