"""From approval to license: whoever finishes an approved case, once or again, one license comes of it."""

from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from admin.model.case import Case
from admin.store import cases as store
from hub import ledger, notices
from hub.callers import Caller
from hub.house import House
from hub.i18n import N_
from hub.problems import Problem
from idp.store import mandates
from licenses.issue import issue
from licenses.model import Application, Busy, InProgress, Overtaken

log = structlog.get_logger("admin")
LATER = (Busy, InProgress, Overtaken)  # somebody else is at it, or nothing was reserved: the next turn will tell


def finish(house: House, case: Case, now: datetime) -> Case:
    """Issue the license of an approved case and tell the applicant. A refusal that will not go away is noted as trouble."""
    if not case.unfinished:
        return case
    try:
        number = issue(
            house,
            _application(house, case),
            caller=_caller(house, case),
            idempotency_key=case.issue_key,  # a second finisher, or one after a crash, gets the same license
            now=now,
        ).number
    except Problem as problem:
        log.warning("case.not-issued", case=case.number, problem=problem.code)
        if isinstance(problem, LATER) or problem.status >= 500:
            return case
        return _noted(house, case, replace(case, trouble=problem.code))
    done = replace(case, license=number)
    with house.database.write() as db:
        if store.keep(db, case, done):  # else another process was quicker, with the same license
            facts = {"license": number, "attempt": case.attempt}
            by = _caller(house, case).label
            ledger.wrote(db, "case.issued", case.number, by=by, at=now, place=case.place, facts=facts)
            tell(db, done, N_("Your application %(number)s was approved: the license is in your wallet"), now)
    return done


def resume(house: House, now: datetime, limit: int = 100) -> list[str]:
    """Finish what crashed after its approval; gives the numbers of the cases that have their license now."""
    with house.database.read() as db:
        waiting = store.unfinished(db, limit=limit)
    finished = []
    for case in waiting:
        try:
            if finish(house, case, now).license:
                finished.append(case.number)
        except Exception:  # one that cannot be finished must not hold up the others
            log.exception("case.not-finished", case=case.number)
    return finished


def tell(db: Connection, case: Case, title: str, now: datetime) -> None:
    """Leave the applicant a notice that leads to his case; of a case for another person, him too and all who act for him."""
    told = {case.person}
    if case.principal:
        guardians = mandates.for_principal(db, str(case.acting_for), now)
        told |= {case.principal} | {one.person for one in guardians if not one.named or one.covers(case.item)}
    for person in sorted(told):
        notices.tell(db, person, title, link=f"/my/cases/{case.number}", at=now, number=case.number)


def _noted(house: House, before: Case, after: Case) -> Case:
    with house.database.write() as db:
        store.keep(db, before, after)
        return store.case(db, before.number)


def _application(house: House, case: Case) -> Application:
    """The same for every attempt: the fields were made at the approval."""
    with house.database.read() as db:
        return Application(case.kind, dict(store.content(db, house.vault, case.key).fields), case.agency)


def _caller(house: House, case: Case) -> Caller:
    """The officer who decided, at his agency: licenses are issued in his name also when the periodic work does it."""
    return Caller(person=case.decided_by, agency=case.agency, place=case.place)
