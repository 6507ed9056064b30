"""The counter: whoever comes without a telephone gets the same services, the same licenses, the same answers."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from admin import apply, assessment
from admin.model.case import Case, Channel
from admin.model.item import ServiceItem
from admin.model.rating import Service
from admin.model.visit import MINUTES, Arrival, Ended, NotYourVisit, Visit, VisitEnded
from admin.store import visits as store
from hub import ledger, notices
from hub.behalf import NotYourMatter
from hub.callers import Caller
from hub.house import House
from hub.i18n import N_
from hub.problems import Problem
from idp import attended, realname
from idp.account import recovery_end
from idp.acting import mandates, principals
from idp.model.person import Level
from idp.numbers.rules import masked
from idp.store import people
from licenses import wallet
from licenses.wallet import Held
from seals import store as seals
from verification import answer
from verification.model import Report

COUNTED = ("person.looked-up", "counter.", "license.printed", "case.submitted")  # kinds of which the board is made


def open_visit(house: House, arrival: Arrival, *, by: Caller, now: datetime) -> Visit:
    """Begin to serve the person whose document the officer has seen; any other visit of his ends.

    The caller has shown his second factor within minutes. Raises NameWrong, NumberWrong, PaperIncomplete, FieldWrong,
    NeedsGuardian, NotMatched, RegisterLater, ServingOneself, NoMandate, NotRepresentative, CodeUnknown, NumberTaken; each
    refusal stands in the ledger.
    """
    id = secrets.token_hex(10)
    try:
        seen = {"visit": id, "document": arrival.document.value, "country": arrival.country, "born": arrival.born}
        document = (arrival.name, arrival.number)
        if arrival.code:
            person = realname.attend(house, arrival.code, *document, by=by, now=now, **seen)
        else:
            person = attended.identify(house, *document, by=by, now=now, **seen)
        who = attended.visitor(house, person, arrival.company, now=now)
    except Problem as problem:
        _refused(house, id, problem, by, now)
        raise
    with house.database.write() as db:
        profile = people.profile(db, house.vault, person.id)
        visit = Visit(
            id=id,
            person=person.id,
            acting_for=who.acting_for or "",
            holder_keys=who.holder_keys,
            officer=by.person or "",
            session=by.session or "",
            place=by.place,
            document=arrival.document,
            opened=now,
            shown=f"{profile.name[:1]}{'*' * len(profile.name[1:])} {masked(profile.number)}",
            reason=arrival.reason.strip(),
        )
        for other in store.running_of(db, house.vault, visit.officer):
            _end(db, other, Ended.left, by.label, now)
        store.add(db, house.vault, visit)
        facts = {"document": visit.document.value}
        ledger.wrote(db, "counter.opened", id, by=by.label, at=now, place=visit.place, facts=facts)
        ledger.wrote(db, "person.looked-up", person.label, by=by.label, at=now, place=visit.place, facts={"visit": id})
        title = N_("An officer opened a visit for you at a counter")
        notices.tell(db, person.id, title, link="/my/visits", at=now)
    return visit


def visit_of(house: House, id: str, *, by: Caller, now: datetime) -> Visit:
    """A running visit of this officer in this session. Raises NoVisit, NotYourVisit, VisitEnded; NoMandate once that is over."""
    with house.database.read() as db:
        found = store.visit(db, house.vault, id)
    if found.officer != by.person or found.session != by.session:
        raise NotYourVisit("The visit %(id)s", id=id)
    if not found.running(now):
        raise VisitEnded("The visit %(id)s", id=id)
    if found.acting_for:
        with house.database.read() as db:
            mandates.standing(house, db, found.person, found.acting_for, now)
    return found


def running_visit(house: House, *, by: Caller, now: datetime) -> Visit | None:
    """The visit that this officer has open in this session, if any."""
    with house.database.read() as db:
        found = store.running_of(db, house.vault, by.person or "")
    return next((one for one in found if one.session == by.session and one.running(now)), None)


def ended_visit(house: House, id: str, *, by: Caller) -> Visit:
    """A visit of this officer in this session that has ended. Raises NoVisit, NotYourVisit."""
    with house.database.read() as db:
        found = store.visit(db, house.vault, id)
    if found.officer != by.person or found.session != by.session or found.ended is None:
        raise NotYourVisit("The visit %(id)s", id=id)
    return found


def visitor(visit: Visit) -> Caller:
    """The visitor as caller: the rules that hold for him online hold here."""
    return Caller(
        person=visit.person,
        level=int(Level.attended),
        amr=(attended.METHOD,),
        auth_time=visit.opened,
        acting_for=visit.acting_for or None,
        holder_keys=visit.holder_keys,
    )


def held(house: House, visit: Visit, now: datetime) -> list[Held]:
    """The visitor's licenses."""
    return wallet.held(house, visitor(visit), now)


def account_in_doubt(house: House, visit: Visit) -> bool:
    """Whether the visitor's account never passed a live check: whoever knows name and number may have made it."""
    with house.database.read() as db:
        person = people.person(db, visit.person)
    return person is not None and person.level < Level.present


def print_license(house: House, visit: Visit, number: str, *, by: Caller, now: datetime) -> bytes:
    """The sealed file of the visitor's license: what comes out of the printer has the code of every other copy.

    Raises LicenseUnknown, also for a license of somebody else.
    """
    _acts_in_all(house, visit, now)
    license = wallet.one(house, number, visitor(visit), now).license
    with house.database.write() as db:
        facts = {"visit": visit.id, "sealed": license.sealed, "counter": visit.place}
        ledger.wrote(db, "license.printed", number, by=by.label, at=now, place=visit.place, facts=facts)
    return house.blobs.get(license.sealed)


def scan(
    house: House,
    visit: Visit,
    *,
    file: bytes | None = None,
    code: str | None = None,
    number: str | None = None,
    by: Caller,
    now: datetime,
) -> Report:
    """Check what the visitor brings, as anybody would be answered: a file, a photo, the text of a code, a typed number."""
    report = answer.verify(house, file=file, code=code, number=number, now=now)
    with house.database.write() as db:
        facts = {"verdict": report.verdict.value, "reason": report.reason.value, "door": report.door.value}
        ledger.wrote(db, "counter.scanned", visit.id, by=by.label, at=now, place=visit.place, facts=facts)
    return report


def apply_for(
    house: House, visit: Visit, item: ServiceItem, fields: Mapping[str, str], *, key: str, by: Caller, now: datetime
) -> Case:
    """Apply for the visitor; the officer has seen every paper that is not found. Raises what `apply.submit` raises."""
    who, at = visitor(visit), Channel.counter
    return apply.submit(house, item, fields, caller=who, key=key, channel=at, taken_by=by.person or "", now=now)


def give_recovery_code(house: House, visit: Visit, *, by: Caller, now: datetime) -> str:
    """A code by which the visitor gets back into his account, at home or on a screen here. The officer sees no password.

    Raises NothingToRecover, AccountEnded, OfficerAccount, TooMany.
    """
    return recovery_end.give_code(house, visit.person, visit=visit.id, by=by, now=now)


def close(house: House, id: str, *, by: Caller, now: datetime) -> Visit:
    """The visitor leaves. Raises NoVisit, NotYourVisit, VisitEnded."""
    visit = visit_of(house, id, by=by, now=now)
    with house.database.write() as db:
        _end(db, visit, Ended.closed, by.label, now)
    return visit


def rating_path(house: House, visit: Visit, now: datetime) -> str:
    """Where the visitor rates an ended visit, on whatever telephone, or at home."""
    assert visit.ended
    with house.database.read() as db:
        body = next((one for one in seals.agencies(db, visit.place)), None)
    agency = body.code if body else ""
    names = (visit.id, "", agency, visit.place, Channel.counter, visit.person, visit.officer, visit.ended)
    return assessment.link_for(house, Service(*names), now)


def expire(house: House, now: datetime) -> int:
    """End the visits whose time is over; say how many."""
    with house.database.write() as db:
        old = store.opened_before(db, house.vault, now - timedelta(minutes=MINUTES))
        for one in old:
            _end(db, one, Ended.expired, "ticker", now)
    return len(old)


def figures(db: Connection, scope: str) -> dict[str, int]:
    """The counter in numbers; docs/figures/counter.py counts the same from exported lines."""
    ended = dict(store.counts(db, scope))
    events = [one for kind in COUNTED for one in ledger.events(db, scope=scope, kind=kind, limit=1_000_000)]
    scanned = [one.facts["verdict"] for one in events if one.kind == "counter.scanned"]
    return {
        "visits": sum(ended.values()),
        "running": ended.get("", 0),
        "closed": ended.get(Ended.closed, 0) + ended.get(Ended.left, 0),
        "expired": ended.get(Ended.expired, 0),
        "refused": sum(one.kind == "counter.refused" for one in events),
        "printed": sum(one.kind == "license.printed" for one in events),
        "scanned": len(scanned),
        "scanned_not_valid": sum(verdict == "not_valid" for verdict in scanned),
        "applications": sum(one.kind == "case.submitted" and one.facts.get("channel") == "counter" for one in events),
    }


def _acts_in_all(house: House, visit: Visit, now: datetime) -> None:
    """A license leaves the counter as it leaves the wallet: not with somebody whose mandates are for named matters."""
    with house.database.read() as db:
        by = principals.mandates(db, visit.person, visit.acting_for, now)
    if by and all(one.named for one in by):
        raise NotYourMatter("Handing over licenses")


def _end(db: Connection, visit: Visit, how: Ended, by: str, now: datetime) -> None:
    if store.end(db, visit.id, how.value, now):
        facts = {"how": how.value, "seconds": int((now - visit.opened).total_seconds())}
        ledger.wrote(db, "counter.closed", visit.id, by=by, at=now, place=visit.place, facts=facts)


def _refused(house: House, id: str, problem: Problem, by: Caller, now: datetime) -> None:
    """Also a look-up that found nothing is one: supervision sees who tries."""
    with house.database.write() as db:
        facts = {"why": problem.code}
        ledger.wrote(db, "counter.refused", id, by=by.label, at=now, place=by.place, facts=facts)
