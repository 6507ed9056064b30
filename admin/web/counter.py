"""The counter's pages: open a visit, what is done in it, its end with a code for the rating."""

import secrets

from flask import Blueprint, Response, request

from admin import apply, counter, papers, prefill
from admin.model.item import Audience, ServiceItem
from admin.model.operator import Right
from admin.model.visit import REASON, Arrival, Document, Visit
from admin.store import items, visits
from admin.web import counter_mandates
from admin.web.gates import MINE
from admin.web.names import in_language
from hub import clock, i18n, symbol, tree, web
from hub.callers import Operator
from hub.i18n import _
from hub.problems import Problem
from idp.acting import mandates
from idp.model.mandate import PERSON, NoMandate
from idp.model.organization import NotRepresentative
from idp.model.person import AccountEnded, NumberTaken
from idp.model.realname import NeedsGuardian, NotMatched, PaperIncomplete
from idp.model.recovery import NothingToRecover, OfficerAccount
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.realname import CodeUnknown, paper
from idp.realname.paper import FieldWrong
from licenses.model import FieldsWrong
from verification import words

COUNTER = Operator(Right.counter)
FRESH = Operator(
    Right.counter, minutes=5
)  # a visitor's matters are opened with the officer's second factor, not by habit
FIELDS = ("name", "number", "country", "born", "document", "reason", "company", "code")
FIELD_OF = {
    NameWrong: "name",
    NumberWrong: "number",
    NotMatched: "number",
    NoMandate: "company",
    NotRepresentative: "company",
    NumberTaken: "number",
    AccountEnded: "number",
    NeedsGuardian: "number",
    PaperIncomplete: "born",
    CodeUnknown: "code",
}


def blueprint() -> Blueprint:
    """`/console/counter/…`, and `/my/visits` for the visitor."""
    bp = Blueprint("counter", __name__)
    _arriving(bp)
    _serving(bp)
    _recovering(bp)
    _applying(bp)
    _leaving(bp)
    counter_mandates.add(bp)

    @web.route(bp, "/my/visits", gate=MINE)
    def my_visits() -> Response:
        with web.house().database.read() as db:
            found = visits.of_person(db, web.house().vault, web.caller().person or "")
            names = {one.path: in_language(one.name, one.name_en) for one in tree.places(db)}
        return web.page("admin/my_visits.html", found=found, names=names, now=clock.now())

    return bp


def _arriving(bp: Blueprint) -> None:
    @web.route(bp, "/console/counter", gate=FRESH)
    def counter_page() -> Response:
        return _arrival_page({}, {})

    @web.route(bp, "/console/counter", gate=FRESH, methods=("POST",))
    def arrive() -> Response:
        given = {name: request.form.get(name, "").strip() for name in FIELDS}
        errors = _missing(given)
        if errors:
            return _arrival_page(given, errors)
        if paper.asks_more(given["number"]) and not (given["country"] and given["born"]):
            return _arrival_page(given, {}, more=True)  # only such papers are asked for more
        arrival = Arrival(**given | {"document": Document(given["document"])})  # type: ignore[arg-type]
        try:
            visit = counter.open_visit(web.house(), arrival, by=web.caller(), now=clock.now())
        except FieldWrong as problem:
            return _arrival_page(given, {problem.field: _told(problem)})
        except tuple(FIELD_OF) as problem:
            field = next(name for kind, name in FIELD_OF.items() if isinstance(problem, kind))
            return _arrival_page(given, {field: _told(problem)})
        return web.see_other(f"/console/counter/{visit.id}")

    @web.route(bp, "/console/counter-figures", gate=Operator(Right.supervision))
    def counter_figures() -> Response:
        with web.house().database.read() as db:
            return web.page("admin/counter_figures.html", counted=counter.figures(db, web.caller().place))


def _serving(bp: Blueprint) -> None:
    @web.route(bp, "/console/counter/<id>", gate=COUNTER)
    def visit_page(id: str) -> Response:
        visit = _visit(id)
        held = counter.held(web.house(), visit, clock.now())
        doubt = counter.account_in_doubt(web.house(), visit)
        return _page("visit.html", visit, held=held, services=_services(visit), doubt=doubt)

    @web.route(bp, "/console/counter/<id>/licenses/<number>", gate=COUNTER)
    def visit_print(id: str, number: str) -> Response:
        visit = _visit(id)
        pdf = counter.print_license(web.house(), visit, number, by=web.caller(), now=clock.now())
        return web.file(pdf, "application/pdf")  # without a name: the browser opens it, and prints from there

    @web.route(bp, "/console/counter/<id>/check", gate=COUNTER, methods=("POST",))
    def visit_check(id: str) -> Response:
        visit, upload = _visit(id), request.files.get("file")
        data, text = upload.read() if upload else b"", request.form.get("text", "").strip()
        if not data and not text:
            held = counter.held(web.house(), visit, clock.now())
            errors = {"file": _("Choose a file, or type the number")}
            return _page("visit.html", visit, 422, held=held, services=_services(visit), errors=errors)
        asked = {"file": data} if data else {"code" if "#" in text else "number": text}
        report = counter.scan(web.house(), visit, **asked, by=web.caller(), now=clock.now())
        return _page("visit_answer.html", visit, report=report, told=words.of(report, i18n.language()))


def _recovering(bp: Blueprint) -> None:
    @web.route(bp, "/console/counter/<id>/recovery", gate=FRESH)
    def visit_recovery(id: str) -> Response:
        return _page("visit_recovery.html", _visit(id), code="")

    @web.route(bp, "/console/counter/<id>/recovery", gate=FRESH, methods=("POST",))
    def visit_recovery_code(id: str) -> Response:
        visit = _visit(id)
        try:
            code = counter.give_recovery_code(web.house(), visit, by=web.caller(), now=clock.now())
        except (NothingToRecover, AccountEnded, OfficerAccount) as problem:
            return _page("visit_recovery.html", visit, problem.status, code="", errors={"": _(problem.title)})
        return _page("visit_recovery.html", visit, code=code)


def _applying(bp: Blueprint) -> None:
    @web.route(bp, "/console/counter/<id>/apply/<code>", gate=COUNTER)
    def visit_form(id: str, code: str) -> Response:
        return _form_page(_visit(id), _item(code), {}, {}, secrets.token_hex(16))

    @web.route(bp, "/console/counter/<id>/apply/<code>", gate=COUNTER, methods=("POST",))
    def visit_apply(id: str, code: str) -> Response:
        visit, item = _visit(id), _item(code)
        typed = {name: value for name, value in request.form.items() if name not in ("csrf", "key")}
        key = request.form.get("key", "")[:32]
        if len(key) != 32 or not key.isalnum():
            key = secrets.token_hex(16)
        try:
            case = counter.apply_for(
                web.house(), visit, item, typed, key=f"{visit.id}{key}", by=web.caller(), now=clock.now()
            )
        except FieldsWrong as refused:
            errors = {one.field: _(one.message, **dict(one.values)) for one in refused.errors}
            return _form_page(visit, item, typed, errors, key)
        return _page("visit_applied.html", visit, item=item, case=case)


def _leaving(bp: Blueprint) -> None:
    @web.route(bp, "/console/counter/<id>/close", gate=COUNTER, methods=("POST",))
    def visit_close(id: str) -> Response:
        counter.close(web.house(), id, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/counter/{id}/done")

    @web.route(bp, "/console/counter/<id>/done", gate=COUNTER)
    def visit_done(id: str) -> Response:
        path = _rating(id)
        return web.page("admin/visit_done.html", id=id, rating=f"{web.house().settings.home_url}{path}")

    @web.route(bp, "/console/counter/<id>/rating.svg", gate=COUNTER)
    def visit_rating(id: str) -> Response:
        return web.file(symbol.svg(f"{web.house().settings.home_url}{_rating(id)}").encode(), "image/svg+xml")


def _whom(visit: Visit) -> str:
    """The person for whom the visitor comes, by name; a company stands by its code."""
    if not visit.acting_for.startswith(PERSON):
        return ""
    with web.house().database.read() as db:
        found = mandates.principal(web.house(), db, visit.acting_for)
    return found.name if found else ""


def _rating(id: str) -> str:
    ended = counter.ended_visit(web.house(), id, by=web.caller())
    return counter.rating_path(web.house(), ended, clock.now())


def _visit(id: str) -> Visit:
    return counter.visit_of(web.house(), id, by=web.caller(), now=clock.now())


def _item(code: str) -> ServiceItem:
    with web.house().database.read() as db:
        return items.item(db, code)


def _services(visit: Visit) -> list[ServiceItem]:
    """What can be applied for here, for a person or for a company as the visitor comes."""
    audience = Audience.company if apply.is_company(visit.acting_for) else Audience.person
    with web.house().database.read() as db:
        return [one for one in items.public(db) if one.here and one.for_(audience)]


def _missing(given: dict[str, str]) -> dict[str, str]:
    wrong = {
        "document": (given["document"] not in {one.value for one in Document}, _("Say which document you have seen")),
        "name": (not given["name"], _("Enter the name on the document")),
        "number": (not given["number"], _("Enter the number on the document")),
        "reason": (not 1 <= len(given["reason"]) <= REASON, _("Say why the visitor comes, in 1 to 300 characters")),
    }
    return {name: text for name, (is_wrong, text) in wrong.items() if is_wrong}


def _told(problem: Problem) -> str:
    return _(problem.message, **problem.values) if problem.message else _(problem.title)


def _arrival_page(given: dict[str, str], errors: dict[str, str], *, more: bool = False) -> Response:
    more = more or paper.asks_more(given.get("number", ""))
    blank = dict.fromkeys(FIELDS, "")
    with web.house().database.read() as db:
        counted = counter.figures(db, web.caller().place)
    page = {"given": blank | given, "errors": errors, "longest": REASON, "counted": counted, "more": more}
    running = counter.running_visit(web.house(), by=web.caller(), now=clock.now())
    return web.page("admin/counter.html", 422 if errors else 200, running=running, **page)


def _form_page(visit: Visit, item: ServiceItem, values: dict[str, str], errors: dict[str, str], key: str) -> Response:
    who = counter.visitor(visit)
    for check in apply.CHECKS:
        check(item, who)
    ready = prefill.prefill(web.house(), item, who, clock.now())
    needed = papers.materials(ready, {}, seen=True)
    page = {"item": item, "ready": ready, "papers": needed, "values": values, "errors": errors, "key": key}
    return _page("visit_form.html", visit, 422 if errors else 200, **page)


def _page(template: str, visit: Visit, status: int = 200, **values: object) -> Response:
    blank: dict[str, object] = {"errors": {}, "doubt": False, "whom": _whom(visit)}
    return web.page(f"admin/{template}", status, **blank | values, visit=visit, here=f"/console/counter/{visit.id}")
