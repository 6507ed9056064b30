"""What must not stay unseen in the trust service: each occasion becomes one letter to the upper rooms, and a line of the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from certs import roll, status, store
from certs.crl import FOREVER
from certs.model import ISSUING, PROFILES, Certificate, ListStale
from hub import inbox, timesource

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("certs")
LETTER = "trust.alarm"
STALE, ENDS, UNSIGNED = "list-stale", "signer-ends", "certificate-unsigned"
CLOCK, UNCHECKED, QUARANTINED = "clock-wrong", "clock-unchecked", "key-quarantined"
LEFT = 0.25  # of a list's life: less than that, and it should have been renewed long ago
UNIT_ENDS = timedelta(days=25)  # its successor takes office 30 days before
AUTHORITY_ENDS = timedelta(days=180)  # a ceremony wants to be planned
SOON = timedelta(days=3)
HOLDERS = (*(name for name, kind in PROFILES.items() if kind.is_ca), *roll.UNITS, roll.RESPONDER)
INTENT_AGE = timedelta(minutes=10)  # signing takes a second


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong. `bad`: it hurts already, or will within days."""

    what: str
    about: str
    bad: bool

    @property
    def key(self) -> str:
        """What tells it apart; when it gets worse, it is told again."""
        return f"{self.what}:{self.about}:{'bad' if self.bad else 'soon'}"


def look(house: "House", now: datetime) -> list[Trouble]:
    """Tell what is newly wrong, once; forget what is right again. Gives all that is wrong."""
    found = {each.key: each for each in troubles(house, now)}
    with house.database.read() as db:
        known = store.alarms(db)
    if found.keys() != known.keys():
        with house.database.write() as db:
            for key in known.keys() - found.keys():
                store.end_alarm(db, key)
            for each in found.values():
                if store.begin_alarm(db, each.key, now):
                    inbox.put(db, LETTER, {"what": each.what, "about": each.about, "bad": each.bad}, now)
        for key in found.keys() - known.keys():
            log.error("trust.alarm", what=found[key].what, about=found[key].about)
    return list(found.values())


def troubles(house: "House", now: datetime) -> list[Trouble]:
    """All that is wrong now."""
    return [*_lists(house, now), *_signers(house, now), *_intents(house, now), *_clock(house, now), *_keys(house)]


def fresh_lists(house: "House", now: datetime) -> None:
    """Need of `hub.health`: no list of revoked certificates is out of date. Raises ListStale."""
    for trouble in _lists(house, now):
        if trouble.bad:
            raise ListStale("%(name)s", name=trouble.about)


def _lists(house: "House", now: datetime) -> Iterator[Trouble]:
    with house.database.read() as db:
        lives = store.list_lives(db)
    for above, shard in status.every_list(house):
        name = status.list_name(above, shard)
        if name not in lives:
            continue  # it is signed for the first who asks
        since, until = lives[name]
        if now >= until:
            yield Trouble(STALE, name, bad=True)
        elif until != FOREVER and until < above.not_after and (until - now) < LEFT * (until - since):
            yield Trouble(STALE, name, bad=False)


def _signers(house: "House", now: datetime) -> Iterator[Trouble]:
    """Whoever holds a post and ends soon without a successor."""
    with house.database.read() as db:
        every = [one for name in HOLDERS for one in store.certificates(db, profile=name)]
        above = {one.serial: one for one in store.authorities(db)}
    held: set[tuple[str, str]] = set()
    for one in sorted(every, key=lambda each: each.not_before, reverse=True):
        post = (one.profile, one.above if one.profile == roll.RESPONDER else "")
        if post in held:
            continue  # it has a successor
        held.add(post)
        if post[1] and not above[post[1]].valid_at(now):
            continue  # the authority that it answers for has ended: nobody asks
        left = _ends(one) - now
        warned = AUTHORITY_ENDS if PROFILES[one.profile].is_ca else UNIT_ENDS
        if one.revocation is not None or left < warned:
            yield Trouble(ENDS, f"{one.profile} {one.serial}", bad=one.revocation is not None or left < SOON)


def _ends(one: Certificate) -> datetime:
    days = PROFILES[one.profile].signing_days
    return one.not_after if days is None else min(one.not_after, one.not_before + timedelta(days=days))


def _intents(house: "House", now: datetime) -> Iterator[Trouble]:
    with house.database.read() as db:
        waiting = store.unsigned_since(db, now - INTENT_AGE)
    for serial in waiting:
        yield Trouble(UNSIGNED, serial, bad=False)


def _clock(house: "House", now: datetime) -> Iterator[Trouble]:
    if not house.settings.time_sources:
        if not house.settings.test_edition:
            yield Trouble(UNCHECKED, ISSUING, bad=False)
        return
    try:
        timesource.watch(house, now)
    except timesource.ClockWrong:
        yield Trouble(CLOCK, "", bad=True)


def _keys(house: "House") -> Iterator[Trouble]:
    for name in house.keys.quarantine.names():
        yield Trouble(QUARANTINED, name, bad=True)
