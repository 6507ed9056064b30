"""Proving one's name: the form, the live check at the register, and what comes back."""

from flask import Blueprint, Response, request

from hub import web
from hub.callers import Session
from hub.problems import Problem, TooMany
from hub.steps import step
from hub.web import route
from idp import names, realname
from idp.login import session
from idp.login.session import Opened
from idp.model.person import Level, NumberTaken, Person
from idp.model.realname import LiveCheckFailed, NeedsGuardian, NotMatched, RegisterLater, Stage, WrongStep
from idp.names import NameWrong
from idp.numbers import detect
from idp.numbers.rules import NumberWrong, masked
from idp.web import desk
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/realname` and `/realname/live`."""
    _name_and_number(bp)
    _live_check(bp)


def _name_and_number(bp: Blueprint) -> None:
    @route(bp, "/realname", gate=SIGNED_IN, endpoint="realname")
    def page() -> Response:
        visit = desk.visit()
        status = realname.status(visit.house, visit.person)
        if visit.caller and status.person.level > visit.caller.level:  # proved meanwhile in another session
            return desk.enter(visit, _step_up(visit, status.person))
        if status.person.level < Level.matched:
            step(visit.house, "realname", "begun")
        return _show(visit)

    @route(bp, "/realname", gate=SIGNED_IN, methods=("POST",), endpoint="realname_posted")
    def posted() -> Response:
        visit = desk.visit()
        name, number = request.form.get("name", ""), request.form.get("number", "")
        errors, name = _checked(visit, name, number)
        if errors:
            return _show(visit, errors, name=name, number=number)
        try:
            person = realname.match(visit.house, visit.person, name, number, now=visit.now)
        except (NotMatched, NumberTaken, NeedsGuardian, RegisterLater, TooMany, WrongStep) as problem:
            return _refused(visit, problem, name, number)
        opened = _step_up(visit, person)
        if _needs(visit) >= Level.present:  # only the missing step: straight on to the live check
            return desk.enter(visit, opened, _to_live_check(visit))
        return desk.enter(visit, opened)


def _live_check(bp: Blueprint) -> None:
    @route(bp, "/realname/live", gate=SIGNED_IN, methods=("POST",), endpoint="live")
    def live() -> Response:
        visit = desk.visit()
        try:
            return _to_live_check(visit)
        except (RegisterLater, WrongStep) as problem:
            return _refused(visit, problem)

    @route(bp, "/realname/live", gate=SIGNED_IN, endpoint="live_ended")
    def live_ended() -> Response:
        """Back from the register. What counts is what the register says to us, not what this address says."""
        visit = desk.visit()
        try:
            person = realname.end_live_check(visit.house, visit.person, now=visit.now)
        except (LiveCheckFailed, RegisterLater, WrongStep) as problem:
            return _refused(visit, problem)
        return desk.enter(visit, _step_up(visit, person))


def _checked(visit: Visit, name: str, number: str) -> tuple[dict[str, str], str]:
    """What is wrong with the two fields, both at once; and the name, where an old private code could be put right."""
    errors = {}
    try:
        names.given(name)
    except NameWrong as problem:
        errors["name"] = desk.said(problem)
        name = problem.suggestion or name
    try:
        detect.read(number, visit.now)
    except NumberWrong as problem:
        errors["number"] = desk.said(problem)
    return errors, name


def _refused(visit: Visit, problem: Problem, name: str = "", number: str = "") -> Response:
    field = "number" if isinstance(problem, NumberTaken | NeedsGuardian | NotMatched) else ""
    response = _show(visit, {field: desk.said(problem)}, problem.status, name=name, number=number)
    if problem.status in {429, 503}:
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", 60))
    return response


def _show(
    visit: Visit, errors: dict[str, str] | None = None, status: int = 200, *, name: str = "", number: str = ""
) -> Response:
    known = realname.status(visit.house, visit.person)
    form = known.form
    return desk.show(
        visit,
        "realname.html",
        errors=errors,
        status=status,
        to=visit.house.settings.register_url,
        level=int(known.person.level),
        asked=int(_needs(visit)),
        later=known.stage is Stage.later,
        profile=known.profile,
        masked=masked(known.profile.number) if known.profile.number else "",
        name=name or (form.name if form else ""),
        number=number or (form.number if form else ""),
    )


def _to_live_check(visit: Visit) -> Response:
    back = visit.house.settings.issuer_url + visit.to("idp.live_ended")
    return web.see_other(realname.begin_live_check(visit.house, visit.person, back, now=visit.now))


def _step_up(visit: Visit, person: Person) -> Opened:
    assert visit.caller is not None
    with visit.house.database.write() as db:
        return session.stepped_up(visit.house, db, visit.caller, person, now=visit.now)


def _needs(visit: Visit) -> Level:
    """The level that the service asks for; without a service, all that can be done here."""
    return Level(visit.waiting.asked.level) if visit.waiting else Level.stated
