"""Who may use a seal: giving leave and taking it back."""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from hub import ledger
from hub.problems import NotFound
from seals import store
from seals.model import BadSeal, SealGrant

if TYPE_CHECKING:
    from hub.house import House


def grant(
    house: "House",
    seal_id: str,
    grantee: str,
    *,
    purposes: tuple[str, ...],
    by: str,
    now: datetime,
    until: datetime | None = None,
    per_hour: int | None = None,
    per_day: int | None = None,
) -> SealGrant:
    """Let a client (by its id) or an agency (by its code) use a seal for these purposes; `SealGrant.ANY` means all."""
    if not grantee or not purposes or not all(purposes):
        raise BadSeal("A grant names someone and at least one purpose")
    if any(limit is not None and limit < 1 for limit in (per_hour, per_day)) or (until is not None and until <= now):
        raise BadSeal("A grant's limits are whole numbers from 1, and it ends in the future")
    made = SealGrant(secrets.token_hex(8), seal_id, grantee, purposes, now, until, per_hour, per_day, by)
    with house.database.write() as db:
        seal = store.seal(db, seal_id)
        store.add_grant(db, made)
        facts = {"grant": made.id, "grantee": grantee, "purposes": list(purposes)}
        ledger.wrote(db, "seal.granted", seal_id, by=by, at=now, place=seal.place, facts=facts)
    return made


def take_back(house: "House", grant_id: str, *, by: str, now: datetime) -> SealGrant:
    """End a grant at once; what it has sealed stays sealed. Raises NotFound if no such grant is in force."""
    with house.database.write() as db:
        ended = store.end_grant(db, grant_id, now)
        if ended is None:
            raise NotFound("There is no grant %(id)s in force", id=grant_id)
        place = store.seal(db, ended.seal).place
        ledger.wrote(db, "seal.grant-ended", ended.seal, by=by, at=now, place=place, facts={"grant": grant_id})
    return ended
