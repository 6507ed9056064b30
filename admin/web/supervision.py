"""Supervision: the supervisor's alerts and the hours of seals; the department's own alerts and its answers."""

from typing import Any

from flask import Blueprint, Response, request

from admin import supervision
from admin.model.alert import LOOK_UPS, Alert, AlertState, Outcome, Rule, Severity
from admin.model.operator import Right
from admin.store import alerts as store
from admin.web import names
from hub import clock, ledger, tree, web
from hub.callers import Operator
from hub.problems import BadRequest, NotAllowed
from seals import store as seals

SUPERVISOR = Operator(Right.supervision)
OFFICER = Operator(Right.see)
SHOWN = 40  # events of the evidence on one page; all of them stand in the ledger


def blueprint() -> Blueprint:
    """`/console/supervision/…`, `/console/alerts/…`."""
    bp = Blueprint("supervision", __name__)
    _looking(bp)
    _judging(bp)
    _hours(bp)
    _answering(bp)
    return bp


def _looking(bp: Blueprint) -> None:
    @web.route(bp, "/console/supervision", gate=SUPERVISOR)
    def alert_list() -> Response:
        asked = {name: request.args.get(name, "") for name in ("state", "severity", "place")}
        scope, now = web.caller().place, clock.now()
        narrow = asked["place"] if tree.within(asked["place"], scope) else scope
        with web.house().database.read() as db:
            return web.page(
                "admin/alerts.html",
                rows=_rows(db, narrow, asked),
                figures=supervision.figures(db, scope, now),
                asked=asked,
                places=[(one.path, names.place_name(db, one.path)) for one in tree.places(db, scope)],
                rules=[rule.value for rule in Rule],
                judge=True,
                now=now,
            )

    @web.route(bp, "/console/supervision/<id>", gate=SUPERVISOR)
    def alert_one(id: str) -> Response:
        return _alert_page(id, judge=True)

    @web.route(bp, "/console/boards", gate=SUPERVISOR)
    def boards() -> Response:
        return web.page("admin/boards.html")


def _judging(bp: Blueprint) -> None:
    @web.route(bp, "/console/supervision/<id>/take", gate=SUPERVISOR, methods=("POST",))
    def alert_take(id: str) -> Response:
        supervision.take(web.house(), id, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/supervision/{id}")

    @web.route(bp, "/console/supervision/<id>/close", gate=SUPERVISOR, methods=("POST",))
    def alert_close(id: str) -> Response:
        outcome, words = request.form.get("outcome", ""), request.form.get("words", "")
        if outcome not in {one.value for one in Outcome}:
            raise BadRequest("Say what was found")
        supervision.close(web.house(), id, Outcome(outcome), words, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/supervision/{id}")


def _hours(bp: Blueprint) -> None:
    @web.route(bp, "/console/supervision/hours", gate=SUPERVISOR)
    def hours_list() -> Response:
        with web.house().database.read() as db:
            agencies = seals.agencies(db, web.caller().place)
            own = store.hours(db)
            named = {one.code: names.agency_name(db, one.code) for one in agencies}
            set_by = {code: names.officer_name(db, hours.by) for code, hours in own.items()}
        return web.page("admin/seal_hours.html", agencies=named, own=own, set_by=set_by)

    @web.route(bp, "/console/supervision/hours", gate=SUPERVISOR, methods=("POST",))
    def hours_set() -> Response:
        said = request.form
        if said.get("usual"):
            supervision.drop_hours(web.house(), said["usual"], by=web.caller(), now=clock.now())
        else:
            given = [said.get(name, "") for name in ("agency", "opens", "closes")]
            daily, now = said.get("daily") == "yes", clock.now()
            hours = supervision.hours_of(*given, daily=daily, reason=said.get("reason", ""), now=now)
            supervision.set_hours(web.house(), hours, by=web.caller(), now=now)
        return web.see_other("/console/supervision/hours")


def _answering(bp: Blueprint) -> None:
    @web.route(bp, "/console/alerts", gate=OFFICER)
    def own_list() -> Response:
        _answers()
        asked = {"state": request.args.get("state", ""), "severity": "", "place": ""}
        with web.house().database.read() as db:
            rows = _rows(db, web.caller().place, asked)
        return web.page("admin/alerts.html", rows=rows, figures={}, asked=asked, judge=False, now=clock.now())

    @web.route(bp, "/console/alerts/<id>", gate=OFFICER)
    def own_one(id: str) -> Response:
        _answers()
        return _alert_page(id, judge=False)

    @web.route(bp, "/console/alerts/<id>/answer", gate=OFFICER, methods=("POST",))
    def own_answer(id: str) -> Response:
        supervision.answer(web.house(), id, request.form.get("words", ""), by=web.caller(), now=clock.now())
        return web.see_other(f"/console/alerts/{id}")


def _answers() -> None:
    """Let in who does what alerts are about. Raises NotAllowed."""
    if not supervision.ANSWERING & web.caller().rights:
        raise NotAllowed("This needs the right %(right)s", right=", ".join(sorted(supervision.ANSWERING)))


def _rows(db: Any, scope: str, asked: dict[str, str]) -> list[tuple[Alert, str, str]]:
    """The alerts that are asked for, with the names of their places and owners."""
    state = AlertState(asked["state"]) if asked["state"] in set(AlertState) else None
    severity = Severity(asked["severity"]) if asked["severity"] in set(Severity) else None
    found = store.alerts(db, scope, state=state, severity=severity)
    return [(one, names.place_name(db, one.place), names.officer_name(db, one.owner)) for one in found]


def _alert_page(id: str, *, judge: bool) -> Response:
    who, now = web.caller(), clock.now()
    with web.house().database.read() as db:
        alert = store.alert(db, id, who.place)
        evidence = store.evidence(db, id)
        history = [(one, names.officer_name(db, one.by)) for one in store.history(db, id)]
        return web.page(
            "admin/alert.html",
            alert=alert,
            evidence=ledger.named(db, evidence[-SHOWN:]),
            count=len(evidence),
            history=history,
            place=names.place_name(db, alert.place),
            owner=names.officer_name(db, alert.owner),
            concerns=names.officer_name(db, alert.concerns),
            usual_look_ups=LOOK_UPS,
            agency=names.agency_name(db, alert.facts.get("agency", "")),
            about_me=who.person == alert.concerns,
            mine=who.person == alert.owner,
            answered_myself=who.person == alert.answered_by,
            judge=judge,
            now=now,
        )
