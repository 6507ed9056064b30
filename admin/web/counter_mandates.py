"""Mandates at the counter: for whoever has no telephone and no account. The officer sees him, and writes what he says."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from admin import counter
from admin.model.operator import Right
from admin.model.visit import NotYourVisit, Visit
from hub import clock, i18n, web
from hub.callers import Operator
from hub.i18n import _
from hub.problems import NotAllowed, Problem
from idp.acting import mandates, offers, wards
from idp.model.mandate import EVERYTHING, PERSON, NoMandate
from idp.model.realname import RegisterLater
from idp.model.ward import MandateWrong, NotAChild, NotHisWard, NotOfAge, NotOneself
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.store import mandates as store
from idp.store import matters, people, uses
from idp.web.mandates import act_name
from idp.web.whom import role_name

COUNTER = Operator(Right.counter)
OFFICIAL = ZoneInfo("Asia/Shanghai")
GIVE, CHILD = ("name", "number", "scope", "until"), ("child_name", "child_number")
REFUSALS = (
    NameWrong,
    NumberWrong,
    NotOneself,
    NotOfAge,
    MandateWrong,
    NotAChild,
    NotHisWard,
    RegisterLater,
    NotAllowed,
)


def add(bp: Blueprint) -> None:
    """`/console/counter/<id>/mandates`."""

    @web.route(bp, "/console/counter/<id>/mandates", gate=COUNTER)
    def visit_mandates(id: str) -> Response:
        return _page(_visit(id), {}, {})

    @web.route(bp, "/console/counter/<id>/mandates", gate=COUNTER, methods=("POST",))
    def visit_gives(id: str) -> Response:
        visit, typed = _visit(id), {name: request.form.get(name, "").strip() for name in GIVE}
        by, now = web.caller().label, clock.now()
        try:
            wanted = offers.Wanted(typed["name"], typed["number"], _matters(typed), _until(typed["until"]))
            offers.make(web.house(), visit.person, wanted, now=now, visit=visit.id, by=by)
        except REFUSALS as problem:
            return _page(visit, typed, {_field(problem, ""): _told(problem)})
        return web.see_other(f"/console/counter/{id}/mandates?done=offered")

    @web.route(bp, "/console/counter/<id>/mandates/child", gate=COUNTER, methods=("POST",))
    def visit_adds_child(id: str) -> Response:
        visit, typed = _visit(id), {name: request.form.get(name, "").strip() for name in CHILD}
        try:
            wards.add_child(web.house(), visit.person, typed["child_name"], typed["child_number"], now=clock.now())
        except REFUSALS as problem:
            return _page(visit, typed, {_field(problem, "child_"): _told(problem)})
        return web.see_other(f"/console/counter/{id}/mandates?done=added")

    @web.route(bp, "/console/counter/<id>/mandates/<mandate>/end", gate=COUNTER, methods=("POST",))
    def visit_ends(id: str, mandate: str) -> Response:
        visit = _visit(id)
        try:
            offers.end(web.house(), visit.person, mandate, now=clock.now())
        except (MandateWrong, NoMandate) as problem:
            return _page(visit, {}, {"": _told(problem)})
        return web.see_other(f"/console/counter/{id}/mandates?done=ended")


def _visit(id: str) -> Visit:
    """The visit of somebody who came for himself: for another one nobody gives mandates on."""
    visit = counter.visit_of(web.house(), id, by=web.caller(), now=clock.now())
    if visit.acting_for:
        raise NotYourVisit("The visitor came for another")
    return visit


def _matters(typed: dict[str, str]) -> tuple[str, ...]:
    return EVERYTHING if typed["scope"] == "all" else tuple(request.form.getlist("matters"))


def _until(typed: str) -> datetime | None:
    try:
        last = date.fromisoformat(typed) if typed else None
        return datetime.combine(last + timedelta(days=1), time(), OFFICIAL) if last else None
    except (ValueError, OverflowError) as error:
        raise MandateWrong("The last day is not a day") from error


def _field(problem: Problem, form: str) -> str:
    fields = {NameWrong: "name", NumberWrong: "number", NotOneself: "number", NotAChild: "number", NotHisWard: "number"}
    found = next((name for kind, name in fields.items() if isinstance(problem, kind)), "")
    return f"{form}{found}" if found else ""


def _told(problem: Problem) -> str:
    return _(problem.message, **problem.values) if problem.message else _(problem.title)


def _page(visit: Visit, typed: dict[str, str], errors: dict[str, str]) -> Response:
    house, now, me = web.house(), clock.now(), f"{PERSON}{visit.person}"
    with house.database.read() as db:
        given = [(one, people.profile(db, house.vault, one.person).name) for one in store.not_over(db, me, now)]
        held = [(one, whom) for one, whom in mandates.of(house, db, visit.person, now) if whom.person]
        known = [one for one in matters.matters(db) if one.for_persons]
        seen = [(one, people.profile(db, house.vault, one.person).name) for one in uses.of_principal(db, me, limit=20)]
    english = i18n.language() == "en"
    return web.page(
        "admin/visit_mandates.html",
        422 if errors else 200,
        visit=visit,
        whom="",
        here=f"/console/counter/{visit.id}",
        errors=errors,
        typed=dict.fromkeys((*GIVE, *CHILD), "") | {"scope": "all"} | typed,
        named=request.form.getlist("matters"),
        given=given,
        held=held,
        matters=[(one.code, one.name_en if english else one.name) for one in known],
        seen=[(one.at, name, act_name(one.what), one.about) for one, name in seen],
        role=role_name,
        done=request.args.get("done", ""),
    )
