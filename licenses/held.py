"""What this room holds about a person, for his own copy: the licenses issued to the numbers that he has proved."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.held import Whose
from hub.house import House
from hub.i18n import N_
from hub.vault import Erased
from licenses import store

TITLE = N_("Licenses issued to you")


def licenses(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """Each license with what stands on it. The sealed file itself is in the wallet."""
    return [
        {"number": one.number, "kind": one.kind, "agency": one.agency, "status": one.status.value}
        | {"valid_from": str(one.valid_from), "valid_until": str(one.valid_until or "")}
        | {"on_it": _fields(house, db, one.identifier)}
        for one in store.held_by(db, whose.holder_keys)
    ]


def _fields(house: House, db: Connection, identifier: str) -> dict[str, Any]:
    try:
        return dict(store.application_of(db, house.vault, identifier).application.fields)
    except Erased:
        return {}
