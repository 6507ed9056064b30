"""What persons allow services to learn from other bodies: permit, allow, withdraw. Each yes is one of its own.

A permission is what the body that holds the data granted; it says who may ask for which fields, and why. It opens nothing until
a person says yes to this very permission; his no takes effect at the next call.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub import ledger
from hub.house import House
from idp.acting import principals
from idp.model.client import Client
from idp.model.data import MOST, TYPE, DataConsent, DataPermission
from idp.model.flow import Refused
from idp.model.use import Act
from idp.provider import revoke
from idp.store import data as store
from idp.store import uses

NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}")  # of a permission; nothing else ever reaches the database
WRONG = "invalid_authorization_details"  # RFC 9396 5


def asked_for(house: House, client: Client, text: str, now: datetime) -> tuple[str, ...]:
    """The permissions that an `authorization_details` parameter names (RFC 9396 2, 5).

    Raises Refused for what is not ours to judge, not this client's, or not in force.
    """
    ids = tuple(_named(one) for one in _listed(text))
    if len(set(ids)) != len(ids):
        raise Refused(WRONG, "A grant is named twice")
    with house.database.read() as db:
        found = {one.id: one for one in store.permissions(db, ids)}
    for id in ids:
        if id not in found or found[id].client != client.id or not found[id].in_force_at(now):
            raise Refused(WRONG, "There is no such grant of this client in force")
    return ids


def allow(db: Connection, person: str, acting_for: str | None, permission: DataPermission, *, now: datetime) -> None:
    """Keep that a person agreed, on our page, to this permission."""
    store.allow(db, DataConsent(person, acting_for or "", permission.id, now))
    _wrote(db, "data.allowed", permission, by=_label(person, acting_for), now=now)
    for mandate in principals.mandates(db, person, acting_for, now)[:1]:
        uses.note(db, mandate, Act.allowed_data, permission.client, now, about=permission.id)


def withdraw(db: Connection, person: str, acting_for: str | None, id: str, *, now: datetime) -> bool:
    """Take a yes back; every token that rests on it falls in the same commit. False: there was none."""
    permission = store.permission(db, id)
    if permission is None or not store.withdraw(db, person, acting_for or "", id, now):
        return False
    revoke.on_data(db, id, why="data withdrawn", now=now, person=person)
    _wrote(db, "data.withdrawn", permission, by=_label(person, acting_for), now=now)
    return True


def withdraw_of_client(db: Connection, person: str, client: str, *, now: datetime) -> None:
    """Take back everything that a person allowed one client, for whomever he did: he wants no more of it."""
    permissions = {one.id: one for one in store.of_client(db, client)}
    for acting_for in store.acted_for(db, person):
        for consent in store.standing(db, person, acting_for):
            if consent.permission in permissions:
                withdraw(db, person, acting_for, consent.permission, now=now)


def end(db: Connection, id: str, *, now: datetime) -> bool:
    """End a permission with every token that rests on it, whoever allowed it."""
    if not store.end(db, id, now):
        return False
    revoke.on_data(db, id, why="permission ended", now=now)
    return True


def agreed_since(
    db: Connection, person: str, acting_for: str | None, ids: Sequence[str], since: datetime | None
) -> tuple[str, ...]:
    """Those of `ids` to which the person's yes still stands; with `since`, only what was said from then on."""
    found = {one.permission: one for one in store.standing(db, person, acting_for or "")}
    return tuple(id for id in ids if id in found and (since is None or found[id].at >= since))


def standing(db: Connection, person: str, acting_for: str | None) -> list[tuple[DataConsent, DataPermission]]:
    """What a person allows now, newest first."""
    agreed = {one.permission: one for one in store.standing(db, person, acting_for or "")}
    return [(agreed[one.id], one) for one in store.permissions(db, list(agreed))]


def _listed(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(WRONG, "authorization_details is not JSON") from error
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise Refused(WRONG, f"authorization_details is not a list of 1 to {MOST} objects")
    return found


def _named(detail: Any) -> str:
    """The grant that one detail names; a member that we do not know is refused, not passed over (RFC 9396 5)."""
    if not isinstance(detail, dict) or detail.get("type") != TYPE:
        raise Refused(WRONG, f"The only type here is {TYPE}")
    if (
        set(detail) != {"type", "grant"}
        or not isinstance(detail["grant"], str)
        or not NUMBER.fullmatch(detail["grant"])
    ):
        raise Refused(WRONG, "A detail holds a type and a grant, nothing else")
    return detail["grant"]


def _label(person: str, acting_for: str | None) -> str:
    return f"person:{person} for {acting_for}" if acting_for else f"person:{person}"


def _wrote(db: Connection, kind: str, permission: DataPermission, *, by: str, now: datetime) -> None:
    facts = {"grant": permission.id, "client": permission.client}
    ledger.wrote(db, kind, f"data-grant:{permission.id}", by=by, at=now, place=permission.place, facts=facts)
