"""Leave to use a seal, on its page and on one's own: giving, handing on, taking back; who confirms a sensitive one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from admin import seals as custody
from admin.model.approval import State
from admin.model.operator import Right
from admin.store import approvals, operators
from admin.web import names
from admin.workdays import BEIJING
from hub import clock, tree, web
from hub.callers import Operator
from hub.i18n import _
from hub.problems import Problem
from idp.store import clients
from seals import grants, who
from seals import store as seals
from seals.model import Seal, SealGrant
from seals.use import asker_of

SEALS = Operator(Right.seals)
FIELDS = ("grantee", "officer", "purposes", "kinds", "region", "until", "per_hour", "per_day")
One = Callable[..., Response]


def add(bp: Blueprint, one: One) -> None:
    """What belongs to the page of one seal (`one` shows it), and the page of what one may seal oneself."""
    _of_a_seal(bp, one)
    _mine(bp)


def shown(db: Connection, seal: Seal, now: datetime) -> dict[str, Any]:
    """What the page of a seal says of its grants, its custodians, and who could sign what is asked for."""
    scope = web.caller().place
    officers = {one.person: one.label for one in operators.all_operators(db, scope) if one.person}
    purpose, kind = (request.args.get(name, "").strip()[:80] for name in ("purpose", "doc_kind"))
    waiting = approvals.all_approvals(db, scope, state=State.open)
    custodians = seals.custodians(db, seal.id)
    return {
        "grants": [_told(db, grant) for grant in seals.grants(db, seal.id)],
        "now": now,
        "officers": officers,
        "custodians": {person: names.officer_name(db, person) for person in custodians},
        "custody_asked": next(
            (one for one in waiting if one.kind == custody.CUSTODY and one.subject == seal.id and one.open_at(now)),
            None,
        ),
        "places": tree.places(db, seal.place),
        "purpose": purpose,
        "doc_kind": kind,
        "could": [_leave(db, each) for each in who.could_sign(db, seal.id, purpose, kind, now)] if purpose else None,
    }


def _of_a_seal(bp: Blueprint, one: One) -> None:
    @web.route(bp, "/console/seals/<id>/grants", gate=SEALS, methods=("POST",))
    def seal_grant(id: str) -> Response:
        _mine_to_see(id)
        try:
            wanted = _asked(id)
            given = {name: getattr(wanted, name) for name in (*FIELDS, "may_delegate")}
            grants.grant(web.house(), id, **given, by=web.caller().label, now=clock.now())
        except (Problem, ValueError) as problem:
            return one(id, {"grantee": _why(problem)})
        return web.see_other(f"/console/seals/{id}#grants")

    @web.route(bp, "/console/seals/<id>/grants/<grant>/take-back", gate=SEALS, methods=("POST",))
    def seal_take_back(id: str, grant: str) -> Response:
        _mine_to_see(id)
        with web.house().database.read() as db:
            found = seals.grant(db, grant)
        if found is None or found.seal != id:
            return one(id, {"": _("There is no grant %(id)s in force", id=grant)}, 404)
        try:
            grants.take_back(web.house(), grant, by=web.caller().label, now=clock.now())
        except Problem as problem:
            return one(id, {"": _why(problem)}, problem.status)
        return web.see_other(f"/console/seals/{id}#grants")

    @web.route(bp, "/console/seals/<id>/custody", gate=SEALS, methods=("POST",))
    def seal_custody(id: str) -> Response:
        reason = request.form.get("custody_reason", "").strip()[:500]
        if not reason:
            return one(id, {"custody_reason": _("Give a reason of 1 to 500 characters")})
        people = request.form.getlist("custodians")
        asked: dict[str, Any] = {
            "sensitive": request.form.get("sensitive") == "yes",
            "people": people,
            "reason": reason,
        }
        try:
            with web.house().database.write() as db:
                made = custody.ask_custody(db, id, **asked, by=web.caller(), now=clock.now())
        except Problem as problem:
            return one(id, {"custodians": _why(problem)}, problem.status)
        return web.see_other(f"/console/approvals/{made.id}")


def _mine(bp: Blueprint) -> None:
    @web.route(bp, "/console/my-seals", gate=Operator(Right.see))
    def seal_mine() -> Response:
        return _own({}, "")

    @web.route(bp, "/console/my-seals/<grant>/hand-on", gate=Operator(Right.see), methods=("POST",))
    def seal_hand_on(grant: str) -> Response:
        caller, now = web.caller(), clock.now()
        try:
            wanted = _asked("")
            grants.delegate(web.house(), grant, wanted, asker=asker_of(caller), by=caller.label, now=now)
        except (Problem, ValueError) as problem:
            return _own({"": _why(problem)}, grant)
        return web.see_other("/console/my-seals")


def _own(errors: dict[str, str], tried: str) -> Response:
    caller, now = web.caller(), clock.now()
    with web.house().database.read() as db:
        leaves = who.can_seal(db, asker_of(caller), now)
        officers = {one.person: one.label for one in operators.all_operators(db, caller.place) if one.person}
        return web.page(
            "admin/seal_mine.html",
            422 if errors else 200,
            leaves=[_leave(db, each) | {"seal": each.seal} for each in leaves],
            agencies={each.seal.agency: seals.agency(db, each.seal.agency) for each in leaves},
            officers={person: label for person, label in officers.items() if person != caller.person},
            errors=errors,
            tried=tried,
        )


def _asked(seal: str) -> SealGrant:
    """The grant that a form describes; what is improper in it the verb refuses. Raises ValueError for no number, no date."""
    typed = {name: request.form.get(name, "").strip()[:200] for name in FIELDS}
    until = date.fromisoformat(typed["until"]) if typed["until"] else None
    return SealGrant(
        id="",
        seal=seal,
        grantee=typed["grantee"],
        purposes=_list(typed["purposes"]),
        since=clock.now(),
        until=datetime.combine(until + timedelta(days=1), time(), BEIJING).astimezone(UTC) if until else None,
        per_hour=int(typed["per_hour"]) if typed["per_hour"] else None,
        per_day=int(typed["per_day"]) if typed["per_day"] else None,
        granted_by=web.caller().label,
        kinds=_list(typed["kinds"]),
        officer=typed["officer"],
        region=typed["region"],
        may_delegate=request.form.get("may_delegate") == "yes",
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.replace(",", " ").replace("，", " ").replace("、", " ").split()) or (
        SealGrant.ANY,
    )


def _mine_to_see(id: str) -> None:
    with web.house().database.read() as db:
        seals.seal(db, id, web.caller().place)


def _told(db: Connection, grant: SealGrant) -> dict[str, Any]:
    """A grant with the names of whom it names."""
    return {
        "grant": grant,
        "who": _grantee(db, grant.grantee) if grant.grantee else "",
        "officer": names.officer_name(db, grant.officer) if grant.officer else "",
        "region": names.place_name(db, grant.region) if grant.region else "",
    }


def _grantee(db: Connection, grantee: str) -> str:
    client = clients.client(db, grantee)
    return names.in_language(client.name, client.name_en) if client else names.agency_name(db, grantee)


def _leave(db: Connection, leave: who.Leave) -> dict[str, Any]:
    return _told(db, leave.grant) | {"left": leave.left, "spent": leave.spent}


def _why(problem: Exception) -> str:
    if isinstance(problem, Problem):
        return _(problem.message, **problem.values) if problem.message else _(problem.title)
    return _("Give whole numbers, and the last day as year-month-day")
