"""Every key of the installation: what it is for, where it is kept, how long it signs, how often it was used."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from certs import roll, safe, status, store
from certs.model import PROFILES, Certificate, profile
from certs.store import usage
from certs.store.usage import Usage
from hub.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from hub.house import House

SOON = timedelta(days=30)
# Rooms above count what their keys did: by the certificate's serial number.
COUNTERS: dict[str, "Callable[[Connection], Usage]"] = {}


class KeyState(StrEnum):
    """How a key stands."""

    plain = "plain"  # it needs no certificate: the trust list, or another list of keys, names it
    waiting = "waiting"  # made, not certified
    signs = "signs"
    soon = "soon"  # it must have its successor by now
    over = "over"  # its time to sign is over; what it signed is still checked
    ended = "ended"
    revoked = "revoked"
    apart = "apart"  # it signed wrongly once, and signs nothing until an operator releases it


@dataclass(frozen=True)
class KeyFact:
    """One key. `renew_by`: when its successor must be there. `uses` None: nobody counts them."""

    name: str
    purpose: str
    algorithm: str
    custody: str
    state: KeyState
    certificate: Certificate | None = None
    signs_until: datetime | None = None
    renew_by: datetime | None = None
    uses: int | None = None
    last_used: datetime | None = None


def inventory(house: "House", now: datetime) -> list[KeyFact]:
    """All keys, by purpose and name. The root's stands there too, though it rests in a safe."""
    with house.database.read() as db:
        newest = {one.key: one for one in reversed(store.certificates(db, limit=1_000_000)) if one.key}
        uses = usage.added(usage.usage(db), *(count(db) for count in COUNTERS.values()))
        lists = usage.list_usage(db)
    due = {one.serial: at for one, at in roll.due(house, now)}
    apart = house.keys.quarantine.names()
    abouts = house.keys.abouts()
    abouts += [about | {"custody": "safe"} for about in Keys(safe.place(house), "").abouts()]
    found = []
    for about in abouts:
        held = newest.get(about["name"])
        fact = _fact(about, held, due, now)
        if held and (counted := _counted(held, uses, lists)):
            fact = replace(fact, uses=counted[0], last_used=counted[1])
        found.append(replace(fact, state=KeyState.apart) if fact.name in apart else fact)
    return sorted(found, key=lambda one: (_order(one.purpose), one.name))


def _fact(about: dict[str, str], held: Certificate | None, due: dict[str, datetime], now: datetime) -> KeyFact:
    until = _signs_until(held) if held else None
    renew_by = due.get(held.serial, until - SOON) if held and until else None
    state = _state(about["purpose"], held, renew_by, now)
    name, purpose, algorithm, custody = (about[each] for each in ("name", "purpose", "algorithm", "custody"))
    return KeyFact(name, purpose, algorithm, custody, state, held, until, renew_by)


def _counted(held: Certificate, uses: Usage, lists: Usage) -> tuple[int, datetime | None] | None:
    """What is counted of a certificate's key: nothing yet is a count too, where somebody counts."""
    own = {held.serial: uses[held.serial]} if held.serial in uses else {}
    if profile(held.profile).is_ca:
        name = status.list_name(held)
        mine = {each: count for each, count in lists.items() if each == name or each.startswith(f"{name}/")}
        own = usage.added(own, *({held.serial: count} for count in mine.values()))
    elif held.profile == "trust-list" and held.profile in lists:
        own = {held.serial: lists[held.profile]}
    if own:
        return own[held.serial]
    counts = profile(held.profile).is_ca or held.profile in {"time-stamp", roll.RESPONDER, *COUNTERS}
    return (0, None) if counts else None


def _signs_until(held: Certificate) -> datetime:
    days = profile(held.profile).signing_days
    return min(held.not_after, held.not_before + timedelta(days=days)) if days else held.not_after


def _state(purpose: str, held: Certificate | None, renew_by: datetime | None, now: datetime) -> KeyState:
    if held is None:
        return KeyState.waiting if purpose in PROFILES or purpose == "seal" else KeyState.plain
    if held.revocation and held.revocation.at <= now:
        return KeyState.revoked
    if now > held.not_after:
        return KeyState.ended
    if not held.signs_at(now):
        return KeyState.over
    return KeyState.soon if renew_by and now >= renew_by else KeyState.signs


def _order(purpose: str) -> int:
    """The PKI's own posts first, from the root down; then seals; then whatever needs no certificate."""
    posts = [*PROFILES, "seal"]
    return posts.index(purpose) if purpose in posts else len(posts)
