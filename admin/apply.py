"""Apply for a service, answer what the office asks, withdraw. What the applicant holds already he neither writes nor brings.

The promised time is counted from submission; when the office has asked for more, anew from the answer (Administrative
License Law art. 32: an application counts from the day on which it is complete).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from admin import drafts, finish, papers, prefill, workdays
from admin.model.case import (
    PERSON,
    WORDS,
    Case,
    Channel,
    Content,
    Mover,
    NoCase,
    NotApplied,
    NotForYou,
    Step,
    his_own,
)
from admin.model.item import Audience, ServiceItem, State
from admin.papers import PAPER
from admin.prefill import Prefilled
from admin.store import cases as store
from admin.store import items
from hub import behalf, ledger, limits, numbers
from hub.callers import Caller
from hub.db import Collision
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import NotAllowed
from idp.acting import doing, principals
from licenses.fields import TYPES, Value, Wrong
from licenses.model import FieldError, FieldsWrong

WALLET_LEVEL = 3  # at which the wallet shows what stands on a license
PER_PERSON = Limit("case-submit", 20, 3600)


def submit(
    house: House,
    item: ServiceItem,
    fields: Mapping[str, str],
    *,
    caller: Caller,
    key: str,
    files: Mapping[str, str] | None = None,
    channel: Channel = Channel.online,
    taken_by: str = "",
    now: datetime,
) -> Case:
    """Submit one application, once per key: again with the same key, it is the same case.

    `caller` is the applicant, `fields` what he wrote, `files` the names of files that were kept under the key, by material.
    At the counter `taken_by` is the officer, who has seen each paper that is not a license found in force. Raises NotApplied,
    NotForYou, NotAllowed below the item's level, FieldsWrong with one error per field or paper.
    """
    if (known := _known(house, key, caller, now)) is not None:
        return known
    for check in CHECKS:
        check(item, caller)
    limits.check(house.shared, PER_PERSON, caller.person or "")
    ready = prefill.prefill(house, item, caller, now)
    content = complete(house, ready, fields, files or {}, caller, seen=channel is Channel.counter, now=now)
    case = _case(ready, key, caller, channel, taken_by, now)
    try:
        with house.database.write() as db:
            doing.stands(db, caller, now, matter=item.code)
            store.end_draft(db, key)  # first: whoever still writes on it is let finish, and overwrites nothing
            store.add(db, case)
            store.keep_content(db, house.vault, key, content)
            facts = {
                "item": item.code,
                "channel": channel.value,
                "asked": case.materials_asked,
                "avoided": case.materials_avoided,
                "visits": case.visits,
                "due": case.due.isoformat(),
            }
            by = f"person:{taken_by}" if taken_by else caller.label
            ledger.wrote(db, "case.submitted", case.number, by=by, at=now, place=case.place, facts=facts)
            behalf.used(db, caller, "applied", channel.value, now, about=case.number)
            finish.tell(db, case, N_("We have received your application %(number)s"), now)
    except Collision:  # a double click: the other one was quicker
        if (known := _known(house, key, caller, now)) is not None:
            return known
        raise
    return case


def answer(house: House, number: str, *, caller: Caller, now: datetime) -> Case:
    """Add what the office asked for, from the draft of the answer. The promised time begins anew.

    Raises NoCase, CaseElsewhere, FieldsWrong.
    """
    case = mine(house, number, caller, now)
    case.moved(Step.answer, Mover.applicant, now)
    written = drafts.answer_to(house, case)
    with house.database.read() as db:
        item = items.version(db, case.item, case.item_version)
    ready = prefill.prefill(house, item, caller, now)
    seen = case.channel is Channel.counter
    content = complete(house, ready, written.fields, written.files, caller, seen=seen, now=now)
    due = workdays.add_workdays(now, item.promised_days)
    after = case.moved(Step.answer, Mover.applicant, now, counts_from=now, due=due)
    with house.database.write() as db:
        doing.stands(db, caller, now, matter=case.item)
        _keep(db, case, after)
        store.keep_content(db, house.vault, case.key, replace(content, answer=written.answer[:WORDS]))
        drafts.take_over(house, db, case)
        facts = {"due": due.isoformat()}
        ledger.wrote(db, "case.resubmitted", number, by=caller.label, at=now, place=case.place, facts=facts)
        behalf.used(db, caller, "answered", Channel.online.value, now, about=number)
    return after


def withdraw(house: House, number: str, *, caller: Caller, now: datetime) -> Case:
    """Take one's own application back, as long as nothing is decided. Raises NoCase, CaseElsewhere."""
    case = mine(house, number, caller, now)
    after = case.moved(Step.withdraw, Mover.applicant, now)
    with house.database.write() as db:
        doing.stands(db, caller, now, matter=case.item)
        _keep(db, case, after)
        ledger.wrote(db, "case.withdrawn", number, by=caller.label, at=now, place=case.place)
        behalf.used(db, caller, "withdrew", Channel.online.value, now, about=number)
    return after


def mine(house: House, number: str, caller: Caller, now: datetime) -> Case:
    """A case of the caller, or of the one for whom he acts, in his matters. Raises NoCase, ActingForAnother, NotYourMatter."""
    with house.database.read() as db:
        case = store.case(db, number)
        _is_his(db, case, caller, now)
    behalf.needs(caller, case.item)
    return case


# -- who may apply for what: each check raises its own refusal


def applied_for_here(item: ServiceItem, _: Caller) -> None:
    """The service is in production, and applied for on this site."""
    if item.state is not State.production or not item.here:
        raise NotApplied("The service %(code)s", code=item.code)


def is_for_the_applicant(item: ServiceItem, caller: Caller) -> None:
    """A person, or a company through a person."""
    if not caller.person:
        raise NotForYou("Only a person can apply")
    if not item.for_(audience_of(caller)):
        raise NotForYou(
            N_("It is for companies: choose the company for which you act")
            if item.audience is Audience.company
            else N_("It is for persons: choose to act for yourself")
        )


def is_his_matter(item: ServiceItem, caller: Caller) -> None:
    """Whoever acts for another by a mandate for named matters applies for those alone. Raises NotYourMatter."""
    behalf.needs(caller, item.code)


def audience_of(caller: Caller) -> Audience:
    """As what he comes: as a person, himself or another one, or for a company."""
    return Audience.company if is_company(caller.acting_for) else Audience.person


def is_company(acting_for: str | None) -> bool:
    """Whether the one for whom somebody acts is a company."""
    return bool(acting_for) and not str(acting_for).startswith(PERSON)


def level_of(item: ServiceItem) -> int:
    """The level of assurance that an application needs: the item's own; where licenses are shown, that of the wallet too."""
    return max(item.level, WALLET_LEVEL if item.licenses else 1)


def level_is_reached(item: ServiceItem, caller: Caller) -> None:
    """The level of assurance; on a page, the refusal leads to the step that is missing."""
    if caller.level < level_of(item):
        raise NotAllowed(
            "This needs a verified real name at level %(level)s",
            level=level_of(item),
            extras={"session": "my", "level": level_of(item)},
        )


CHECKS = (applied_for_here, is_for_the_applicant, is_his_matter, level_is_reached)


# -- what an application must hold


def complete(
    house: House,
    ready: Prefilled,
    typed: Mapping[str, str],
    files: Mapping[str, str],
    caller: Caller,
    *,
    seen: bool,
    now: datetime,
) -> Content:
    """All fields and papers of an application. Raises FieldsWrong with one error per field or paper that is missing or wrong."""
    fields, errors = _fields(ready, typed, now)
    errors += _holder(house, ready, fields, caller)
    needed = papers.materials(ready, files, seen=seen)
    errors += [
        FieldError(f"{PAPER}{paper.key}", N_("Add a file with this paper: it was not found in your wallet"))
        for paper in needed
        if not paper.given
    ]
    if errors:
        raise FieldsWrong(errors)
    spelled = {key: str(value) for key, value in fields.items()}
    return Content(spelled, dict(ready.origins), needed, {paper.key: paper.file for paper in needed if paper.file})


def _fields(ready: Prefilled, typed: Mapping[str, str], now: datetime) -> tuple[dict[str, Value], list[FieldError]]:
    fields: dict[str, Value] = dict(ready.fields)
    errors: list[FieldError] = []
    for item in ready.open:
        value = typed.get(item.key, "").strip()
        if not value:
            if item.required:
                errors.append(FieldError(item.key, N_("This field is required")))
            continue
        try:
            fields[item.key] = TYPES[item.type].read(value, item.rule, workdays.day_of(now))
        except Wrong as wrong:
            errors.append(FieldError(item.key, wrong.message, wrong.values))
    return {item.key: fields[item.key] for item in ready.items if item.key in fields}, errors


def _holder(house: House, ready: Prefilled, fields: Mapping[str, Value], caller: Caller) -> list[FieldError]:
    """The license will be the applicant's own: its number is one that he, or the company he acts for, has proved."""
    if ready.kind is None or ready.kind.catalogue["holder_number"] not in fields:
        return []
    key = ready.kind.catalogue["holder_number"]
    number = f"{ready.kind.catalogue['holder_number_type']}:{fields[key]}"
    if house.vault.blind("holder", number) in caller.holder_keys:
        return []
    return [FieldError(key, N_("This is not the number of the one for whom you apply"))]


# -- inside


def _case(ready: Prefilled, key: str, caller: Caller, channel: Channel, taken_by: str, now: datetime) -> Case:
    item = ready.item
    assert caller.person
    return Case(
        number=numbers.fresh("C", workdays.day_of(now)),
        key=key,
        item=item.code,
        item_version=item.version,
        kind=item.kind,
        agency=item.agency,
        place=item.place,
        person=caller.person,
        acting_for=caller.acting_for,
        holder_keys=caller.holder_keys,
        channel=channel,
        submitted=now,
        counts_from=now,
        due=workdays.add_workdays(now, item.promised_days),
        materials_asked=ready.asked,
        materials_avoided=ready.avoided,
        visits=int(channel is Channel.counter),
        taken_by=taken_by,
    )


def _known(house: House, key: str, caller: Caller, now: datetime) -> Case | None:
    with house.database.read() as db:
        known = store.by_key(db, key)
        if known is not None:
            _is_his(db, known, caller, now)
    return known


def _is_his(db: Connection, case: Case, caller: Caller, now: datetime) -> None:
    """Whoever is shown what another one applied for holds a mandate in this moment, whatever his session says."""
    his_own(case, caller.person, caller.acting_for)
    if case.person != caller.person and not principals.runs(db, caller.person or "", caller.acting_for, now):
        raise NoCase("There is no such application of yours")


def _keep(db: Connection, before: Case, after: Case) -> None:
    if not store.keep(db, before, after):
        raise before.elsewhere()
