"""The console's pages about accounts: find one with a reason, look at it masked, ask a second person for an act."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from admin import people
from admin.model.operator import Right
from admin.model.person import NotFoundHere, Operation
from admin.web import names
from hub import clock, web
from hub.callers import Operator
from hub.i18n import N_, _
from hub.problems import NotFound, Problem, TooMany
from idp.account import recheck
from idp.model.life import BasisWrong, CannotMerge, Ground, NotNow, basis
from idp.model.person import NumberTaken
from idp.model.realname import Form, NotMatched, PaperIncomplete, RegisterLater
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.realname.paper import FieldWrong

FIND, SEE, DO = Operator(Right.people), Operator(Right.see), Operator(Right.people, minutes=30)
FIELDS = ("name", "number", "country", "born", "ground", "document")
GROUNDS = {
    Ground.request: N_("The person asks for it, or who stands for him"),
    Ground.record: N_("An entry of the authoritative register"),
    Ground.court: N_("An order or judgement of a court"),
    Ground.police: N_("A decision of a public security organ"),
    Ground.death: N_("A certificate of death"),
    Ground.misuse: N_("Somebody else uses the account"),
    Ground.mistake: N_("A mistake of ours"),
}
OPERATIONS = {
    Operation.suspend: N_("Suspend the account"),
    Operation.reinstate: N_("Reinstate the account"),
    Operation.death: N_("Record a death"),
    Operation.revive: N_("Take back a wrong record of a death"),
    Operation.correct: N_("Correct name or number"),
    Operation.renumber: N_("Record a new number"),
    Operation.merge: N_("Merge another account into this one"),
    Operation.separate: N_("Separate accounts that were merged wrongly"),
    Operation.stop: N_("End all sign-ins"),
    Operation.unlock: N_("Unlock the account for its owner"),
}
STATES = {
    "active": N_("In use"),
    "locked": N_("Locked by its owner"),
    "suspended": N_("Suspended by an authority"),
    "deceased": N_("The person has died"),
    "merged": N_("Merged into another account"),
    "closed": N_("Closed by its owner"),
}
EVIDENCE = {  # by what something was proved, beside the operations
    "match": N_("Name and number at the register"),
    "live": N_("Live check"),
    "counter": N_("Counter"),
    "bank": N_("Bank"),
    "telecom": N_("Phone company"),
    "network-id": N_("Network identity"),
    "representative": N_("Representative of a company"),
    "recovery": N_("Recovery"),
    "rename": N_("New name at the register"),
}
FOUND = {
    recheck.Found.same: N_("The register has the same name, and nothing about a death."),
    recheck.Found.renamed: N_("The register has another name. It was recorded."),
    recheck.Found.deceased: N_("The register says that the person has died. It was recorded."),
    recheck.Found.unknown: N_("The register does not know this name and number together. Ask there."),
}
TYPED_WRONG = (NameWrong, NumberWrong, PaperIncomplete, FieldWrong, BasisWrong, NotFoundHere, NotMatched)
REFUSED = (*TYPED_WRONG, RegisterLater, NumberTaken, CannotMerge, NotNow, TooMany)


def blueprint() -> Blueprint:
    """`/console/people/…`."""
    bp = Blueprint("people", __name__)
    bp.add_app_template_global(operation_words, "person_operation")
    bp.add_app_template_global(evidence_words, "person_evidence")
    _finding(bp)
    _acting(bp)
    return bp


def evidence_words(method: str) -> str:
    """What an evidence is, in the reader's language; as it is kept if it has no words."""
    if method in {one.value for one in Operation}:
        return operation_words(method)
    return _(EVIDENCE[method]) if method in EVIDENCE else method


def operation_words(value: str) -> str:
    """An operation in the reader's language."""
    return _(OPERATIONS[Operation(value)])


def _finding(bp: Blueprint) -> None:
    @web.route(bp, "/console/people", gate=FIND, methods=("GET", "POST"))
    def person_search() -> Response:
        if request.method == "GET":
            return _search({})
        typed = _typed()
        try:
            why = basis(typed["ground"], typed["document"])
            found = people.find(web.house(), _form(typed), why, by=web.caller(), now=clock.now())
        except REFUSED as problem:
            return _search(typed, problem)
        return web.see_other(f"/console/people/{found}")

    @web.route(bp, "/console/people/<id>", gate=SEE)
    def person_one(id: str) -> Response:
        return _page(id)

    @web.route(bp, "/console/people/<id>/ask-register", gate=DO, methods=("POST",))
    def person_recheck(id: str) -> Response:
        house, now = web.house(), clock.now()
        people.record(house, id, by=web.caller(), now=now)  # open to him
        found = recheck.recheck(house, id, now=now, by=web.caller().label)
        return _page(id, said=_(FOUND[found]))


def _acting(bp: Blueprint) -> None:
    @web.route(bp, "/console/people/<id>/do/<operation>", gate=DO, methods=("GET", "POST"))
    def person_do(id: str, operation: str) -> Response:
        house, now = web.house(), clock.now()
        chosen = _operation(operation)
        found = people.record(house, id, by=web.caller(), now=now)
        if request.method == "GET":
            return _asking(found, chosen, {})
        typed = _typed()
        try:
            why = basis(typed["ground"], typed["document"])
            form = _form(typed) if chosen.needs_paper or chosen is Operation.merge else None
            made = people.ask(house, id, chosen, why, form=form, by=web.caller(), now=now)
        except REFUSED as problem:
            return _asking(found, chosen, typed, problem)
        return web.see_other(f"/console/approvals/{made.id}")


def _search(typed: dict[str, str], problem: Problem | None = None) -> Response:
    status = problem.status if problem else 200
    grounds = [(one.value, _(text)) for one, text in GROUNDS.items()]
    return web.page("admin/people.html", status, typed=typed, errors=_errors(problem), grounds=grounds)


def _page(id: str, *, said: str = "") -> Response:
    house, now = web.house(), clock.now()
    found = people.record(house, id, by=web.caller(), now=now)
    return web.page("admin/person.html", said=said, **_shown(found, now))


def _asking(found: people.Record, chosen: Operation, typed: dict[str, str], problem: Problem | None = None) -> Response:
    status = problem.status if problem else 200
    grounds = [(one.value, _(text)) for one, text in GROUNDS.items()]
    return web.page(
        "admin/person_do.html",
        status,
        typed=typed,
        errors=_errors(problem),
        grounds=grounds,
        chosen=chosen,
        title=_(OPERATIONS[chosen]),
        found=found,
    )


def _shown(found: people.Record, now: datetime) -> dict[str, Any]:
    waiting = [(one, people.wanted(web.house(), one, now)) for one in found.waiting]
    with web.house().database.read() as db:
        who = {one.by: names.changer_name(db, one.by) for one in found.events}
    mine = f"person:{found.person.id}"
    who[mine] = _("The person himself")
    may = [(one.value, _(OPERATIONS[one])) for one in found.may] if Right.people in web.caller().rights else []
    return {
        "found": found,
        "state": _(STATES[found.person.state.value]),
        "waiting": waiting,
        "who_did": who,
        "may": may,
    }


def _operation(value: str) -> Operation:
    try:
        return Operation(value)
    except ValueError as error:
        raise NotFound("There is no such act") from error


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip()[:200] for name in FIELDS}


def _form(typed: dict[str, str]) -> Form:
    return Form(typed["name"], typed["number"], typed["country"], typed["born"])


def _errors(problem: Problem | None) -> dict[str, str]:
    """Where the message stands: what is typed wrong beside its field, the rest above the form."""
    if problem is None:
        return {}
    said = _(problem.message, **problem.values) if problem.message else _(problem.title)
    if isinstance(problem, BasisWrong):
        return {"document": _(problem.advice)}
    if isinstance(problem, TooMany):
        return {"": _("Too many attempts. Wait a few minutes and try again")}
    if isinstance(problem, NameWrong):
        return {"name": said}
    if isinstance(problem, FieldWrong):
        return {problem.field: said}
    if isinstance(problem, PaperIncomplete):
        return {"country": said}
    return {"number": said} if isinstance(problem, (*TYPED_WRONG, NumberTaken)) else {"": said}
