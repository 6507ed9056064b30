"""Proof grows old: a face changes, a paper is renewed. Whoever proved a name long ago is told in time, and then asked again."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub import ledger, notices
from hub.house import House
from hub.i18n import N_
from idp.model.person import Level, Person
from idp.model.realname import Evidence, Stage
from idp.provider import logout
from idp.realname.claim import tell_services
from idp.realname.standing import counted, load
from idp.store import people, proofs

FORM_DAYS = 7  # that a form waits for a register, or for its person
REMIND_DAYS = 60  # before a level falls
YEAR = timedelta(days=365)  # a little short: who is found by it is looked at closely
SOME = 500  # persons in one turn of the ticker: a short transaction each


def valid_until(house: House, evidence: Evidence) -> datetime | None:
    """When this evidence counts no more; None: as long as name and number are what they are."""
    settings = house.settings
    years = {
        "live": settings.live_check_years,
        "network-id": settings.live_check_years,
        "counter": settings.counter_years,
    }.get(evidence.method, 0)
    return _years_after(evidence.at, years) if years else None


def _years_after(at: datetime, years: int) -> datetime:
    """The same day some years later; after 29 February it is the first of March."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


def standing(house: House, db: Connection, person_id: str, now: datetime) -> Level:
    """The level that the evidence gives that still counts."""
    found = load(house, db, person_id)
    since = found.verification.anew
    levels = [Level.stated]
    for one in proofs.evidence_of(db, person_id):
        until = valid_until(house, one)
        if counted(one, since) and (until is None or now < until):
            levels.append(Level(one.level))
    return max(levels)


def prove_anew(
    house: House, db: Connection, person_id: str, *, why: str, now: datetime, to: Level = Level.stated
) -> None:
    """What was proved until now counts no more: the person proves name and face again. His number stays his.

    In the caller's transaction. `why` is a word for the ledger, such as `name-changed`. Every session ends. Raises NotFound.
    """
    found = load(house, db, person_id)
    cleared = replace(found.verification, stage=Stage.begun, at=now, form=None, check="", binding="", anew=now)
    proofs.keep_verification(db, house.vault, cleared, over=found.over)
    if found.person.level > to:
        _fall(db, found.person, to, why, now)


def fall_back(house: House, now: datetime) -> int:
    """Lower the level of everybody whose evidence has expired; say of how many."""
    with house.database.read() as db:
        old = [one for level, age in _ages(house) for one in people.proved_before(db, level, now - age, SOME)]
    fallen = 0
    for person in old:
        with house.database.write() as db:
            level = standing(house, db, person.id, now)
            fallen += level < person.level and _fall(db, person, level, "expired", now)
    return fallen


def remind(house: House, now: datetime) -> int:
    """Tell everybody whose evidence expires soon, once; say how many."""
    soon = now + timedelta(days=REMIND_DAYS)
    with house.database.read() as db:
        old = [
            one for level, age in _ages(house) for one in people.proved_before(db, level, soon - age, SOME, told=False)
        ]
    told = 0
    for person in old:
        with house.database.write() as db:
            if standing(house, db, person.id, soon) < person.level:
                _remind(house, db, person, now)
                told += 1
    return told


def _ages(house: House) -> list[tuple[Level, timedelta]]:
    settings = house.settings
    years = ((Level.present, settings.live_check_years), (Level.attended, settings.counter_years))
    return [(level, count * YEAR) for level, count in years if count]


def forget_forms(house: House, now: datetime) -> int:
    """Drop what was typed and waits for longer than a week; say how many."""
    with house.database.write() as db:
        return proofs.forget_forms(db, now - timedelta(days=FORM_DAYS))


def _remind(house: House, db: Connection, person: Person, now: datetime) -> None:
    found = load(house, db, person.id)
    proofs.keep_verification(db, house.vault, replace(found.verification, reminded=now), over=found.over)
    title = N_("Your identity check grows old. Prove it again within %(days)s days to keep your level")
    notices.tell(db, person.id, title, link="/realname/anew", at=now, days=str(REMIND_DAYS))


def _fall(db: Connection, person: Person, level: Level, why: str, now: datetime) -> bool:
    if not people.set_level(db, person.id, level, over=person.level):
        return False
    facts = {"from": int(person.level), "to": int(level), "why": why}
    ledger.wrote(db, "person.level-fell", person.label, by="house", at=now, facts=facts)
    title = N_("Your identity has to be verified again. Your level is %(level)s now")
    notices.tell(db, person.id, title, link="/realname", at=now, level=str(int(level)))
    tell_services(db, person, replace(person, level=level), now)
    logout.end(db, now, person=person.id, why=f"level fell: {why}")  # sessions carry a level
    return True
