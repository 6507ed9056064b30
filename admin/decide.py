"""What an officer does with an application: look, accept, return for more, approve, refuse. Nobody decides on his own."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin import assigned, finish, workdays
from admin.model.case import WORDS, Case, Content, Material, Mover, OwnCase, PaperGone, Step, WordsMissing
from admin.model.item import ServiceItem
from admin.store import cases as store
from admin.store import items
from hub import ledger, tree
from hub.callers import Caller
from hub.house import House
from hub.i18n import N_
from idp.acting import principals
from idp.store import organizations, people
from licenses import kinds, wallet
from licenses.kinds import Kind
from licenses.model import LicenseUnknown, NotYourKind
from licenses.wallet import Held


@dataclass(frozen=True)
class Paper:
    """One paper of a case as it stands at this moment: a license that was relied on is looked up again."""

    material: Material
    kind: Kind | None
    held: Held | None

    @property
    def gone(self) -> bool:
        """Whether a license that was in force at submission is so no longer."""
        return self.material.avoided and (self.held is None or self.held.state != "in-force")


@dataclass(frozen=True)
class Opened:
    """A case with all that the office sees of it."""

    case: Case
    item: ServiceItem
    kind: Kind | None
    content: Content
    papers: tuple[Paper, ...]
    applicant: str
    organization: str


def look(house: House, number: str, *, caller: Caller, now: datetime) -> Opened:
    """Open a case for an officer. Each look is written down: who looked at whose data. Raises NoCase."""
    with house.database.write() as db:
        case = store.case(db, number, caller.place)
        facts = {"case": number}
        ledger.wrote(db, "case.looked", number, by=caller.label, at=now, place=case.place, facts=facts)
    return opened(house, case, now)


def opened(house: House, case: Case, now: datetime) -> Opened:
    """A case with its names, fields and papers. Whoever calls it has looked whether he may."""
    with house.database.read() as db:
        item = items.version(db, case.item, case.item_version)
        content = store.content(db, house.vault, case.key)
        known = people.person(db, case.person)
        applicant = people.profile(db, house.vault, case.person).shown if known else ""
        whom = _represented(house, db, case)
    kind = kinds.named(case.kind) if case.kind else None
    papers = tuple(_paper(house, case, one, now) for one in content.materials)
    return Opened(case, item, kind, content, papers, applicant, whom)


def _represented(house: House, db: Connection, case: Case) -> str:
    """For whom the applicant acted, by name; a company with its code."""
    if case.principal:
        return people.profile(db, house.vault, case.principal).name if people.person(db, case.principal) else ""
    company = organizations.organization(db, case.acting_for) if case.acting_for else None
    return f"{company.name} {company.code}" if company else case.acting_for or ""


def accept(house: House, number: str, *, caller: Caller, now: datetime) -> Case:
    """Take a case on. Raises NoCase, OwnCase, CaseElsewhere."""
    return _move(house, number, Step.accept, caller, now, N_("Your application %(number)s was accepted"))


def give_back(house: House, number: str, words: str, *, caller: Caller, now: datetime) -> Case:
    """Ask the applicant for more; the promised time stands still until he answers. Raises WordsMissing besides."""
    values = {"reason": _words(words)}
    told = N_("Please add something to your application %(number)s")
    return _move(house, number, Step.give_back, caller, now, told, **values)


def refuse(house: House, number: str, reason: str, legal_basis: str, *, caller: Caller, now: datetime) -> Case:
    """Refuse, with the reason and the law. Raises WordsMissing besides."""
    values = {"reason": _words(reason), "legal_basis": _words(legal_basis), "decided_by": caller.person or ""}
    return _move(house, number, Step.refuse, caller, now, N_("Your application %(number)s was refused"), **values)


def approve(house: House, number: str, *, caller: Caller, now: datetime) -> Case:
    """Approve, then issue the license. What is decided is kept before anything is issued: a crash in between loses nothing.

    Raises OwnCase, CaseElsewhere, PaperGone, NotYourKind, FieldsWrong. A license that cannot be issued at once leaves the case
    approved; the periodic work finishes it.
    """
    with house.database.read() as db:
        before = store.case(db, number, caller.place)
        region = _region(db, before)
        _not_his_own(db, before, caller, now)
    before.moved(Step.approve, Mover.officer, now)
    whole = opened(house, before, now)
    if any(paper.gone for paper in whole.papers):
        raise PaperGone("The application %(number)s", number=number)
    if whole.kind and not whole.kind.may_issue(before.agency):
        raise NotYourKind("%(agency)s may not issue %(kind)s", agency=before.agency, kind=whole.kind.name_en)
    after = before.moved(Step.approve, Mover.officer, now, decided_by=caller.person, officer=caller.person, reason="")
    with house.database.write() as db:
        _keep(db, before, after)
        if whole.kind:
            store.keep_content(db, house.vault, before.key, _numbered(db, whole.kind, whole.content, region, now))
        facts = _decision(after)
        ledger.wrote(db, "case.approved", number, by=caller.label, at=now, place=after.place, facts=facts)
        if not whole.kind:
            finish.tell(db, after, N_("Your application %(number)s was approved"), now)
    # Committed: it is decided. A crash from here on leaves an approved case, which the periodic work finishes.
    return finish.finish(house, after, now)


def again(house: House, number: str, *, caller: Caller, now: datetime) -> Case:
    """Try once more to issue the license of an approved case in trouble, under another number. Raises CaseElsewhere."""
    with house.database.write() as db:
        before = store.case(db, number, caller.place)
        _not_his_own(db, before, caller, now)
        if not (before.unfinished and before.trouble):
            raise before.elsewhere()
        after = replace(before, trouble="", attempt=before.attempt + 1)
        _keep(db, before, after)
    return finish.finish(house, after, now)


def file(house: House, number: str, material: str, *, caller: Caller, now: datetime) -> tuple[str, bytes]:
    """A file that the applicant handed in, with its name; this too is a look. Raises NoCase."""
    with house.database.write() as db:
        case = store.case(db, number, caller.place)
        facts = {"case": number, "file": material}
        data = store.file(db, house.vault, case.key, material)
        name = store.content(db, house.vault, case.key).files.get(material, "")
        ledger.wrote(db, "case.looked", number, by=caller.label, at=now, place=case.place, facts=facts)
    return name, data


# -- inside


def _move(house: House, number: str, step: Step, caller: Caller, now: datetime, told: str, **values: Any) -> Case:
    with house.database.write() as db:
        before = store.case(db, number, caller.place)
        _not_his_own(db, before, caller, now)
        after = before.moved(step, Mover.officer, now, officer=caller.person or "", **values)
        _keep(db, before, after)
        facts = _decision(after) if after.decided else {}
        kind = f"case.{after.state.value}"
        ledger.wrote(db, kind, number, by=caller.label, at=now, place=after.place, facts=facts)
        finish.tell(db, after, told, now)
    return after


def is_his_own(db: Connection, case: Case, person: str | None, now: datetime) -> bool:
    """Whether an officer, or one for whom he acts, has applied for it, or he took it at the counter."""
    acts = case.acting_for and principals.runs(db, person or "", case.acting_for, now)
    return bool(acts) or not case.may_decide(person)


def _not_his_own(db: Connection, case: Case, caller: Caller, now: datetime) -> None:
    if is_his_own(db, case, caller.person, now):
        raise OwnCase("The application %(number)s", number=case.number)


def _keep(db: Connection, before: Case, after: Case) -> None:
    if not store.keep(db, before, after):
        raise before.elsewhere()


def _decision(case: Case) -> dict[str, Any]:
    """What the figures need to know of a decision: seconds since submission, those of them on working days, whether on time."""
    assert case.decided
    return {
        "seconds": int((case.decided - case.submitted).total_seconds()),
        "worked": int(workdays.worked(case.submitted, case.decided).total_seconds()),
        "on_time": case.on_time(),
    }


def _numbered(db: Connection, kind: Kind, content: Content, region: str, now: datetime) -> Content:
    """The fields with those that the office writes, as they will stand on the license. Raises FieldsWrong."""
    prefix = assigned.prefix(kind, content.fields, region)
    serial = store.next_serial(db, prefix) if prefix else 0
    fields = kind.check(content.fields | assigned.assigned(kind, content.fields, region, serial), now)
    return replace(content, fields={key: str(value) for key, value in fields.items()})


def _region(db: Connection, case: Case) -> str:
    return tree.get(db, case.place).region or "000000"


def _paper(house: House, case: Case, material: Material, now: datetime) -> Paper:
    kind = kinds.named(material.kind) if material.kind else None
    if not material.license:
        return Paper(material, kind, None)
    try:
        held = wallet.one(house, material.license, Caller(holder_keys=case.holder_keys), now)
    except LicenseUnknown:
        held = None
    return Paper(material, kind, held)


def _words(words: str) -> str:
    if not 1 <= len(words.strip()) <= WORDS:
        raise WordsMissing("The words for the applicant")
    return words.strip()
