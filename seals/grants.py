"""Who may use a seal: giving leave, handing it on within its bounds, and taking it back with all that came of it."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from hub import ledger
from hub.problems import NotFound
from seals import store
from seals.model import Asker, BadSeal, GrantBounded, SealGrant, below, line

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House


def grant(
    house: "House",
    seal_id: str,
    grantee: str = "",
    *,
    purposes: tuple[str, ...],
    by: str,
    now: datetime,
    until: datetime | None = None,
    per_hour: int | None = None,
    per_day: int | None = None,
    kinds: tuple[str, ...] = (SealGrant.ANY,),
    officer: str = "",
    region: str = "",
    may_delegate: bool = False,
) -> SealGrant:
    """Let a client (by its id), an agency (by its code) or an officer use a seal for these purposes and kinds of document.

    `SealGrant.ANY` means all. Raises BadSeal.
    """
    made = SealGrant(
        id=secrets.token_hex(8),
        seal=seal_id,
        grantee=grantee,
        purposes=purposes,
        since=now,
        until=until,
        per_hour=per_hour,
        per_day=per_day,
        granted_by=by,
        kinds=kinds,
        officer=officer,
        region=region,
        may_delegate=may_delegate,
    )
    _proper(made, now)
    with house.database.write() as db:
        return _given(db, made, by, now)


def delegate(house: "House", grant_id: str, made: SealGrant, *, asker: Asker, by: str, now: datetime) -> SealGrant:
    """Hand a grant on, in whole or in part: `made` says to whom and for what.

    Only whom the grant names, and only if it says that it may be handed on; never for more than it gives. What comes of it
    ends with it, and counts within its limits. Raises GrantBounded, NotFound, BadSeal.
    """
    with house.database.write() as db:
        parent = store.grant(db, grant_id)
        if parent is None:
            raise NotFound("There is no grant %(id)s in force", id=grant_id)
        known = {each.id: each for each in store.grants(db, parent.seal, locked=True)}
        if not all(above.works_at(now) for above in line(parent, known)):
            raise NotFound("There is no grant %(id)s in force", id=grant_id)
        if not (parent.may_delegate and parent.names(asker)):
            raise GrantBounded("You may not hand on the grant %(id)s", id=grant_id)
        child = replace(
            made, id=secrets.token_hex(8), seal=parent.seal, parent=parent.id, granted_by=by, since=now, revoked_at=None
        )
        _proper(child, now)
        if not parent.bounds(child):
            raise GrantBounded("The grant %(id)s does not give that much", id=grant_id)
        return _given(db, child, by, now)


def take_back(house: "House", grant_id: str, *, by: str, now: datetime) -> SealGrant:
    """End a grant at once, and all that was handed on from it; what they have sealed stays sealed.

    Raises NotFound if no such grant is in force.
    """
    with house.database.write() as db:
        ended = store.end_grant(db, grant_id, now)
        if ended is None:
            raise NotFound("There is no grant %(id)s in force", id=grant_id)
        known = {each.id: each for each in store.grants(db, ended.seal, locked=True)}
        fallen = [each.id for each in below(known[grant_id], known) if each.id != grant_id]
        fallen = [id for id in fallen if store.end_grant(db, id, now)]
        place = store.seal(db, ended.seal).place
        facts = {"grant": grant_id} | ({"with": fallen} if fallen else {})
        ledger.wrote(db, "seal.grant-ended", ended.seal, by=by, at=now, place=place, facts=facts)
    return ended


def _given(db: "Connection", made: SealGrant, by: str, now: datetime) -> SealGrant:
    seal = store.seal(db, made.seal)
    store.add_grant(db, made)
    facts = {"grant": made.id, "grantee": made.grantee, "purposes": list(made.purposes), "kinds": list(made.kinds)}
    facts |= {name: value for name in ("officer", "region", "parent") if (value := getattr(made, name))}
    ledger.wrote(db, "seal.granted", made.seal, by=by, at=now, place=seal.place, facts=facts)
    return made


def _proper(made: SealGrant, now: datetime) -> None:
    if not (made.grantee or made.officer) or not made.purposes or not all((*made.purposes, made.kinds, *made.kinds)):
        raise BadSeal("A grant names someone and at least one purpose")
    limits_wrong = any(limit is not None and limit < 1 for limit in (made.per_hour, made.per_day))
    if limits_wrong or (made.until is not None and made.until <= now):
        raise BadSeal("A grant's limits are whole numbers from 1, and it ends in the future")
