"""A person's phone and address: kept sealed, and only after a code that was sent there came back.

They are for codes and notices. No account is found, linked or recovered by them.
"""

import json
import re
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from hub import ledger, limits, mail, notices
from hub.caller import Caller
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from idp.account import letters
from idp.login import onetime
from idp.model.factor import ContactWrong, Kind, NotOffered, SignInAgain, WrongCredentials
from idp.store import factors as factor_store
from idp.store import people as store

TO_ONE = Limit("contact-codes", 10, 86_400)  # to one number or address, from however many accounts
PENDING = "pending-contact"  # purpose in the vault
CHANGED = {
    "phone": N_("The phone number of your account was changed"),
    "email": N_("The e-mail address of your account was changed"),
}
REMOVED = {
    "phone": N_("The phone number of your account was removed"),
    "email": N_("The e-mail address of your account was removed"),
}
_CHINESE = re.compile(r"1[0-9]{10}")
_FOREIGN = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
_MAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)


class Contact(StrEnum):
    """What can be confirmed."""

    phone = "phone"
    email = "email"


def offered(house: House, kind: Contact) -> bool:
    """Whether this installation can send there."""
    return bool(house.settings.sms) if kind is Contact.phone else mail.possible(house.settings)


def phone_number(text: str) -> str:
    """A phone number in the international form (E.164); without a country it is of the mainland. Raises ContactWrong."""
    plain = re.sub(r"[\s()./-]", "", text.strip()).replace("\uff0b", "+")
    plain = "+" + plain[2:] if plain.startswith("00") else plain
    if _CHINESE.fullmatch(plain):
        return f"+86{plain}"
    if not _FOREIGN.fullmatch(plain) or (plain.startswith("+86") and not _CHINESE.fullmatch(plain[3:])):
        raise ContactWrong("Give a mobile number of eleven digits, or one of another country with + in front")
    return plain


def email_address(text: str) -> str:
    """An address that a mail can be sent to, its host in small letters. Raises ContactWrong."""
    plain = text.strip()
    if len(plain) > 254 or not _MAIL.fullmatch(plain) or ".." in plain:
        raise ContactWrong("Give an address such as name@example.com")
    local, _, host = plain.rpartition("@")
    return f"{local}@{host.lower()}"


def masked(kind: Contact, value: str) -> str:
    """As much of it as its owner needs to know it again."""
    if kind is Contact.phone:
        plain = value.removeprefix("+86") if len(value) == 14 else value  # as people of the mainland write it
        return f"{plain[:-8]} **** {plain[-4:]}" if len(plain) > 9 else f"**** {plain[-4:]}"
    local, _, host = value.rpartition("@")
    return f"{local[:1]}***@{host}"


def begin(house: House, caller: Caller, kind: Contact, typed: str, *, language: str, now: datetime) -> None:
    """Send a code there. Raises ContactWrong, NotOffered, TooMany."""
    if not offered(house, kind):
        raise NotOffered("Nothing can be sent there from here")
    value = phone_number(typed) if kind is Contact.phone else email_address(typed)
    limits.check(house.shared, TO_ONE, value)
    person = caller.person or ""
    code = onetime.fresh(house, person, _bound(caller, kind))
    with house.database.write() as db:
        sealed = house.vault.encrypt(db, person, json.dumps(value).encode(), PENDING)
        send = letters.code_by_sms if kind is Contact.phone else letters.code_by_mail
        send(house, db, person, value, code, language, now)
    house.shared.put(_key(caller, kind), sealed, onetime.SECONDS)


def pending(house: House, caller: Caller, kind: Contact) -> str:
    """What waits for its code, masked, or nothing."""
    sealed = house.shared.peek(_key(caller, kind))
    return masked(kind, _opened(house, caller, sealed)) if sealed else ""


def confirm(house: House, caller: Caller, kind: Contact, code: str, *, now: datetime) -> None:
    """Keep what the code was sent to. The one before is told. Raises SignInAgain, WrongCredentials, TooMany."""
    sealed = house.shared.peek(_key(caller, kind))
    if sealed is None:
        raise SignInAgain("The page was open for too long, or was used already")
    if not onetime.fits(house, _bound(caller, kind), code):
        raise WrongCredentials("The code is wrong, too old or was used already")
    value = _opened(house, caller, sealed)
    house.shared.forget(_key(caller, kind))
    with house.database.write() as db:
        _change(house, db, caller, kind, value, now)


def remove(house: House, caller: Caller, kind: Contact, *, now: datetime) -> None:
    """Forget it. Codes that are sent there must be given up before. Raises NotOffered."""
    with house.database.write() as db:
        held = {one.kind for one in factor_store.of_person(db, caller.person or "")}
        if kind is Contact.phone and Kind.sms in held:
            raise NotOffered("Codes for signing in are sent there. Remove that way to sign in first")
        _change(house, db, caller, kind, "", now)


def _change(house: House, db: Connection, caller: Caller, kind: Contact, value: str, now: datetime) -> None:
    person = caller.person or ""
    profile = store.profile(db, house.vault, person)
    before = profile.phone if kind is Contact.phone else profile.email
    if before == value:
        return
    store.keep_profile(db, house.vault, person, replace(profile, **{kind.value: value}))
    said = CHANGED[kind] if value else REMOVED[kind]
    notices.tell(db, person, said, link="/account/security", at=now)
    if before and kind is Contact.email and mail.possible(house.settings):
        letters.news_by_mail(house, db, person, before, said, now)
    if before and kind is Contact.phone and offered(house, kind):
        letters.news_by_sms(house, db, person, before, now)
    ledger.wrote(
        db,
        "person.contact.changed" if value else "person.contact.removed",
        f"person:{person}",
        by=f"person:{person}",
        at=now,
        facts={"kind": kind.value},
    )


def _opened(house: House, caller: Caller, sealed: bytes) -> str:
    with house.database.read() as db:
        return str(json.loads(house.vault.decrypt(db, caller.person or "", sealed, PENDING)))


def _bound(caller: Caller, kind: Contact) -> str:
    return f"{kind}|{caller.sid}"


def _key(caller: Caller, kind: Contact) -> str:
    return f"idp:contact:{kind}:{caller.sid}"
