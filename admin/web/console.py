"""The console: what stands in the operator's part of the tree, and what he may do there."""

from datetime import datetime

from flask import Blueprint, Response, request

from admin import operators, suspicions
from admin.model.approval import State
from admin.model.operator import Right, rights_of
from admin.store import approvals, tickets
from admin.store import operators as store
from admin.web import frame
from admin.web.gates import CONSOLE
from hub import clock, ledger, tree, web, web_signin
from hub.callers import Operator
from hub.problems import BadRequest
from idp.store import clients
from licenses import change, kinds
from licenses import store as licenses
from licenses.model import LIFE, Change, Operation, ReasonMissing, Status
from seals import store as seals

SEE = Operator(Right.see)
PAGE = 30  # rows


def blueprint() -> Blueprint:
    """`/console/…`."""
    bp = Blueprint("console", __name__, template_folder="../templates")
    frame.add(bp)
    web_signin.add(bp, CONSOLE, operators.enter)
    _looking(bp)
    _licenses(bp)
    _operators(bp)
    return bp


def _looking(bp: Blueprint) -> None:
    @web.route(bp, "/console/", gate=SEE)
    def overview() -> Response:
        scope, now = web.caller().place, clock.now()
        with web.house().database.read() as db:
            asked = approvals.all_approvals(db, scope, state=State.open) if Right.approve in web.caller().rights else []
            return web.page(
                "admin/overview.html",
                to_decide=sum(one.open_at(now) and one.asked_by != web.caller().person for one in asked),
                places=tree.places(db, scope),
                agencies=seals.agencies(db, scope),
                licenses=licenses.found(db, scope, limit=5),
                waiting=len(clients.waiting(db, scope)),
                wishing=len(clients.wishing(db, scope)),
                events=_worth_reading(ledger.events(db, scope=scope, limit=100))[:8],
            )

    @web.route(bp, "/console/ledger", gate=SEE)
    def ledger_list() -> Response:
        before = _whole(request.args.get("before"))
        subject = request.args.get("subject", "")[:200]
        with web.house().database.read() as db:
            events = ledger.events(db, scope=web.caller().place, subject=subject, before=before, limit=PAGE)
            head = ledger.checkpoint(db)
        return web.page("admin/ledger.html", events=events, head=head, subject=subject, full=len(events) == PAGE)


def _licenses(bp: Blueprint) -> None:
    @web.route(bp, "/console/licenses", gate=SEE)
    def license_list() -> Response:
        asked = {name: request.args.get(name, "")[:80] for name in ("kind", "status", "number")}
        if asked["number"].strip():
            return web.see_other(f"/console/licenses/{asked['number'].strip()}")
        before = _moment(request.args.get("before"))
        with web.house().database.read() as db:
            found = licenses.found(
                db, web.caller().place, kind=asked["kind"], status=asked["status"], before=before, limit=PAGE
            )
        return web.page(
            "admin/licenses.html",
            found=found,
            asked=asked,
            kinds=kinds.all_kinds(),
            states=[state.value for state in Status],
            full=len(found) == PAGE,
        )

    @web.route(bp, "/console/licenses/<number>", gate=SEE)
    def license_one(number: str) -> Response:
        return _license_page(number)

    @web.route(bp, "/console/licenses/<number>/<operation>", gate=Operator(Right.licenses), methods=("GET", "POST"))
    def license_change(number: str, operation: str) -> Response:
        if operation not in {step.value for step in Operation}:
            raise BadRequest("There is no operation %(name)s", name=operation)
        if request.method == "GET":
            return _change_page(number, Operation(operation))
        given = {name: request.form.get(name, "").strip() for name in ("reason", "legal_basis", "decision")}
        try:
            why = Change(Operation(operation), **given, by=web.caller().label, at=clock.now())
        except ReasonMissing:
            wrong = tuple(name for name, text in given.items() if not text or len(text) > 500)
            return _change_page(number, Operation(operation), given, wrong)
        change.change(web.house(), number, why, web.caller())
        return web.see_other(f"/console/licenses/{number}")


def _operators(bp: Blueprint) -> None:
    @web.route(bp, "/console/operators", gate=Operator(Right.operators), methods=("GET", "POST"))
    def operator_list() -> Response:
        link, scope = "", web.caller().place
        if request.method == "POST":
            label = request.form.get("label", "").strip()[:80]
            if not label:
                raise BadRequest("Say who the invitation is for")
            rights = rights_of(",".join(request.form.getlist("rights")))
            place = request.form.get("place", scope)
            link = operators.invite(web.house(), label, place, rights, by=web.caller(), now=clock.now())
        with web.house().database.read() as db:
            everyone, places = store.all_operators(db, scope), tree.places(db, scope)
        return web.page("admin/operators.html", operators=everyone, places=places, rights=list(Right), link=link)

    @web.route(bp, "/console/operators/<invitation>/dismiss", gate=Operator(Right.operators), methods=("POST",))
    def operator_dismiss(invitation: str) -> Response:
        operators.dismiss(web.house(), invitation, by=web.caller(), now=clock.now())
        return web.see_other("/console/operators")


def _license_page(number: str) -> Response:
    suspicions.open_letters(web.house(), clock.now())
    with web.house().database.read() as db:
        license = licenses.license(db, number, web.caller().place)
        agency = seals.agency(db, license.agency)
        changes = licenses.history(db, number)
        events = ledger.events(db, scope=web.caller().place, subject=number, limit=PAGE)
        told = tickets.about(db, number, web.caller().place)
    may = [step.value for step in Operation if (license.status, step) in LIFE]
    kind = kinds.named(license.kind)
    return web.page(
        "admin/license.html",
        license=license,
        kind=kind,
        agency=agency,
        changes=changes,
        events=events,
        may=may,
        tickets=told,
    )


def _change_page(
    number: str, operation: Operation, given: dict[str, str] | None = None, wrong: tuple[str, ...] = ()
) -> Response:
    with web.house().database.read() as db:
        license = licenses.license(db, number, web.caller().place)
    return web.page(
        "admin/change.html",
        422 if wrong else 200,
        license=license,
        kind=kinds.named(license.kind),
        operation=operation.value,
        given=given or dict.fromkeys(("reason", "legal_basis", "decision"), ""),
        wrong=wrong,
    )


def _worth_reading(events: list[ledger.Event]) -> list[ledger.Event]:
    """Without the line that each minute of counting leaves."""
    return [event for event in events if event.kind != "experience.counted"]


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
