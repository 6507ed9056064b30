"""An officer's applications: the list by due date, one case, the board."""

from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from admin import case_figures, decide, papers, prefill, workdays
from admin.model.case import WORDS, Case, Mover, Step
from admin.model.operator import Right
from admin.store import cases as store
from admin.web import names
from admin.web.gates import Board
from hub import clock, i18n, ledger, web
from hub.callers import Operator
from hub.i18n import _
from hub.problems import BadRequest

OFFICER = Operator(Right.cases)
SHOWN = 50  # rows
VIEWS = ("open", "overdue", "mine", "all")


def blueprint() -> Blueprint:
    """`/console/cases/…`."""
    bp = Blueprint("casework", __name__)
    _lists(bp)
    _one(bp)
    return bp


def _lists(bp: Blueprint) -> None:
    @web.route(bp, "/console/cases", gate=OFFICER)
    def case_list() -> Response:
        view, now = request.args.get("view", "open"), clock.now()
        if view not in VIEWS:
            raise BadRequest("There is no view %(name)s", name=view[:40])
        with web.house().database.read() as db:
            found = _view(db, view, now)
            called = {code: names.item_name(db, code) for code in {case.item for case in found}}
        gone = {case.number: workdays.share(case.counts_from, case.due, now) for case in found if case.running}
        return web.page("admin/cases.html", cases=found, items=called, gone=gone, view=view, full=len(found) == SHOWN)

    @web.route(bp, "/console/cases/board", gate=Board(Right.cases))
    def board() -> Response:
        scope = web.caller().place
        with web.house().database.read() as db:
            counted = case_figures.figures(db, scope, clock.now())
            return web.page("admin/case_board.html", figures=counted, place=names.place_name(db, scope))


def _one(bp: Blueprint) -> None:
    @web.route(bp, "/console/cases/<number>", gate=OFFICER)
    def case_page(number: str) -> Response:
        return _case_page(number)

    @web.route(bp, "/console/cases/<number>/<step>", gate=OFFICER, methods=("POST",))
    def case_step(number: str, step: str) -> Response:
        house, me, now = web.house(), web.caller(), clock.now()
        said = {name: request.form.get(name, "").strip() for name in ("words", "reason", "legal_basis")}
        wrong = [name for name in NEEDED.get(step, ()) if not 1 <= len(said[name]) <= WORDS]
        if wrong:
            return _case_page(number, said, tuple(wrong))
        verbs = {
            Step.accept: lambda: decide.accept(house, number, caller=me, now=now),
            Step.give_back: lambda: decide.give_back(house, number, said["words"], caller=me, now=now),
            Step.refuse: lambda: decide.refuse(house, number, said["reason"], said["legal_basis"], caller=me, now=now),
            Step.approve: lambda: decide.approve(house, number, caller=me, now=now),
            "again": lambda: decide.again(house, number, caller=me, now=now),
        }
        if step not in verbs:
            raise BadRequest("There is no operation %(name)s", name=step[:40])
        verbs[step]()
        return web.see_other(f"/console/cases/{number}")

    @web.route(bp, "/console/cases/<number>/papers/<material>", gate=OFFICER)
    def paper(number: str, material: str) -> Response:
        _name, data = decide.file(web.house(), number, material, caller=web.caller(), now=clock.now())
        kind = papers.media_type(data)
        return web.file(data, kind, name=f"{number}-{material[:16]}.{kind.rpartition('/')[2]}")


NEEDED = {Step.give_back.value: ("words",), Step.refuse.value: ("reason", "legal_basis")}


def _view(db: Connection, view: str, now: datetime) -> list[Case]:
    scope, me = web.caller().place, web.caller().person or ""
    match view:
        case "open":
            return store.open_cases(db, scope, limit=SHOWN)
        case "overdue":
            return store.open_cases(db, scope, overdue_at=now, limit=SHOWN)
        case "mine":
            return store.of_officer(db, me, scope, limit=SHOWN)
    return store.cases(db, scope, limit=SHOWN)


def _case_page(number: str, given: dict[str, str] | None = None, wrong: tuple[str, ...] = ()) -> Response:
    house, me, now = web.house(), web.caller(), clock.now()
    opened = decide.look(house, number, caller=me, now=now)
    case, english = opened.case, i18n.language() == "en"
    with house.database.read() as db:
        events = ledger.events(db, subject=number, kind="case.", limit=200)
        officer = names.officer_name(db, case.officer)
        agency = names.agency_name(db, case.agency)
        own = decide.is_his_own(db, case, me.person, now)
        doers = {by: _doer(db, case, by) for by in {event.by for event in events}}
    may = () if own else case.steps(Mover.officer)
    errors = {name: _("Give 1 to 500 characters") for name in wrong}
    return web.page(
        "admin/case.html",
        422 if wrong else 200,
        opened=opened,
        case=case,
        facts=prefill.facts(opened.kind, opened.content.fields, english=english),
        events=list(reversed(events)),
        officer=officer,
        doers=doers,
        agency=agency,
        may=may,
        own=own,
        gone=workdays.share(case.counts_from, case.due, now) if case.running else None,
        given=given or dict.fromkeys(("words", "reason", "legal_basis"), ""),
        errors=errors,
        summary={name: _("%(field)s: %(text)s", field=_called(name), text=text) for name, text in errors.items()},
    )


def _doer(db: Connection, case: Case, by: str) -> str:
    """Who did something, as the page names him: the applicant, or an officer by his office."""
    person = by.removeprefix("person:").partition(" ")[0]
    return _("Applicant") if person == case.person else names.officer_name(db, person)


def _called(name: str) -> str:
    return {"words": _("What the applicant has to add"), "reason": _("Reason")}.get(name, _("Legal basis"))
