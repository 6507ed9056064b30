"""Proving one's name: the form, the live check at the register, and what comes back."""

from flask import Blueprint, Response, request

from hub import web
from hub.callers import Public, Session
from hub.digest import digest_of
from hub.i18n import N_, _
from hub.problems import Problem, TooMany
from hub.steps import step
from hub.web import route
from idp import names, realname
from idp.login import session
from idp.login.session import Opened
from idp.model.flow import Step
from idp.model.person import Level, NumberTaken, Person
from idp.model.realname import (
    Evidence,
    HasNumber,
    LiveCheckFailed,
    NeedsGuardian,
    NeedsNumber,
    NotMatched,
    NotYours,
    RegisterLater,
    Stage,
    WrongStep,
)
from idp.names import NameWrong
from idp.numbers import detect
from idp.numbers.rules import NumberWrong, masked
from idp.realname import means as ways
from idp.realname import paper
from idp.realname.means import Means
from idp.realname.paper import FieldWrong
from idp.realname.standing import Status
from idp.web import desk
from idp.web.desk import Visit

SIGNED_IN = Session("idp")
FIELDS = ("name", "number", "country", "born", "card", "phone")
REFUSALS = (NotMatched, NumberTaken, NeedsGuardian, RegisterLater, TooMany, WrongStep)
METHODS = {
    "match": N_("Name and number at the population register"),
    "bank": N_("Your bank"),
    "telecom": N_("Your phone company"),
    "live": N_("Live check of your face"),
    "network-id": N_("Network identity"),
    "counter": N_("An officer at a service counter"),
    "upstream": N_("Your province's sign-in"),
}
MORE = {
    "country": N_("Type the three letters of the country, as they stand on your paper"),
    "born": N_("Type your day of birth as year, month and day, such as 1980-02-28"),
}
RETURN_REFUSALS = (LiveCheckFailed, RegisterLater, WrongStep, NotYours, NumberTaken, HasNumber, NeedsNumber)


def add(bp: Blueprint) -> None:
    """`/realname`, `/realname/by/…` and `/realname/live`."""
    _name_and_number(bp)
    _live_check(bp)


def _name_and_number(bp: Blueprint) -> None:
    @route(bp, "/realname", gate=SIGNED_IN, endpoint="realname")
    def page() -> Response:
        visit = desk.visit()
        status = realname.status(visit.house, visit.person)
        if (
            visit.caller and session.within(status.person, visit.caller) > visit.caller.level
        ):  # proved elsewhere meanwhile
            return desk.enter(visit, step_up(visit, status.person))
        if status.person.level < Level.matched:
            step(visit.house, "realname", "begun")
        return show(visit)

    @route(bp, "/realname", gate=SIGNED_IN, methods=("POST",), endpoint="realname_posted")
    def posted() -> Response:
        return prove(desk.visit(), ways.REGISTER)


def _live_check(bp: Blueprint) -> None:
    @route(bp, "/realname/live", gate=SIGNED_IN, methods=("POST",), endpoint="live")
    def live() -> Response:
        visit = desk.visit()
        try:
            return to_live_check(visit)
        except (RegisterLater, WrongStep, NeedsNumber) as problem:
            return refused(visit, problem)

    @route(bp, "/realname/live", gate=Public(), endpoint="live_ended")
    def live_ended() -> Response:
        """Back from the register. What counts is what the register says to us, not what this address says.

        Also without a session: then it was begun in another browser, and is over.
        """
        visit = desk.visit()
        check, ticket = request.args.get("check", ""), request.args.get("ticket", "")
        if visit.caller is None:
            realname.void(visit.house, check, now=visit.now)
            raise NotYours("Nobody is signed in here")
        try:
            person = realname.end_live_check(
                visit.house, visit.person, check=check, ticket=ticket, binding=binding(visit), now=visit.now
            )
        except RETURN_REFUSALS as problem:
            return refused(visit, problem)
        return desk.enter(visit, step_up(visit, person))


def prove(visit: Visit, means: Means) -> Response:
    """What was typed, checked and put to the register of these means; then on to whatever is missing."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    errors = checked(visit, typed)
    if errors:
        return show(visit, errors, means=means, typed=typed)
    if paper.asks_more(typed["number"]) and not (typed["country"] and typed["born"]):
        missing = MORE if "country" in request.form else {}  # only such papers are asked for more
        errors = {name: _(words) for name, words in missing.items() if not typed[name]}
        return show(visit, errors, means=means, typed=typed, more=True)
    more = {name: typed[name] for name in FIELDS[2:]}
    who = (visit.house, visit.person, typed["name"], typed["number"])
    try:
        person = realname.match(*who, network=desk.network(), means=means, more=more, now=visit.now)
    except FieldWrong as problem:
        return show(visit, {problem.field: desk.said(problem)}, means=means, typed=typed, more=True)
    except REFUSALS as problem:
        return refused(visit, problem, means=means, typed=typed)
    opened = step_up(visit, person)
    if (
        person.holder_key is None or needs(visit) >= Level.present
    ):  # only the missing step: straight on to the live check
        return desk.enter(visit, opened, to_live_check(visit))
    return desk.enter(visit, opened)


def checked(visit: Visit, typed: dict[str, str]) -> dict[str, str]:
    """What is wrong with name and number, both at once; where it is plain what was meant, the field shows that instead."""
    errors = {}
    try:
        names.given(typed["name"])
    except NameWrong as problem:
        errors["name"] = desk.said(problem)
        typed["name"] = problem.suggestion or typed["name"]
    if paper.asks_more(typed["number"]):
        return errors  # its own rules need the country as well
    try:
        detect.read(typed["number"], visit.now)
    except NumberWrong as problem:
        errors["number"] = desk.corrected(problem)
        typed["number"] = problem.suggestion or typed["number"]
    return errors


def refused(
    visit: Visit, problem: Problem, *, means: Means = ways.REGISTER, typed: dict[str, str] | None = None
) -> Response:
    """The page again, with what was typed and why it was refused; for a number that another account has, the ways out."""
    if isinstance(problem, NumberTaken) and problem.extras.get("other"):
        return desk.show(visit, "merge.html", status=problem.status, account="", taken=True)
    field = "number" if isinstance(problem, NumberTaken | NeedsGuardian | NotMatched) else ""
    later = isinstance(problem, RegisterLater)  # nobody typed anything wrong
    errors = {} if later else {field: desk.said(problem)}
    response = show(visit, errors, problem.status, means=means, typed=typed, later=later)
    if problem.status in {429, 503}:
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", 60))
    return response


def show(
    visit: Visit,
    errors: dict[str, str] | None = None,
    status: int = 200,
    *,
    means: Means = ways.REGISTER,
    typed: dict[str, str] | None = None,
    more: bool = False,
    later: bool = False,
) -> Response:
    """The one page of the real name: the form, the way to the live check, or what is proved."""
    known = realname.status(visit.house, visit.person)
    kept = known.form.kept if known.form else {}
    values = typed if typed is not None else dict.fromkeys(FIELDS, "") | kept
    return desk.show(
        visit,
        "realname.html",
        errors=errors,
        status=status,
        to=visit.house.settings.register_url,
        level=int(known.person.level),
        asked=int(needs(visit)),
        state=state(visit, known),
        later=later or known.stage is Stage.later,
        profile=known.profile,
        masked=masked(known.profile.number) if known.profile.number else "",
        numbered=bool(known.person.holder_key),
        means=means,
        typed=values,
        more=more or bool(values["country"] or values["born"]) or "country" in (errors or {}),
        proofs=[_proof(visit, one) for one in known.evidence if one.method in METHODS],
    )


def state(visit: Visit, known: Status) -> str:
    """What the page is about: `form`, `live`, `counter` (a service asks for level 4), or `done`."""
    waits = known.stage in (Stage.matched, Stage.live) and known.form is not None
    if waits:
        return "live"
    wanted = request.args.get("with") == "number" or (visit.waiting and Step.level in visit.waiting.steps)
    if known.person.level < Level.matched or (known.person.holder_key is None and wanted):
        return "form"
    if known.person.level < Level.present and known.person.holder_key:
        return "live"
    return "counter" if needs(visit) > known.person.level else "done"


def to_live_check(visit: Visit) -> Response:
    """Off to the register's live check, bound to this session."""
    back = visit.house.settings.issuer_url + visit.to("idp.live_ended")
    page = realname.begin_live_check(visit.house, visit.person, back, binding=binding(visit), now=visit.now)
    return web.see_other(page)


def binding(visit: Visit) -> str:
    """What names this login in this browser, and stays when the session gets a new id at a step up."""
    return digest_of(f"realname:{visit.caller.sid if visit.caller else ''}")


def _proof(visit: Visit, one: Evidence) -> tuple[str, int, str, str]:
    """One line of what the level rests on: by what, which level, since when, until when."""
    until = realname.valid_until(visit.house, one)
    return (
        _(METHODS[one.method]),
        one.level,
        visit.local(one.at)[:10],
        visit.local(until)[:10] if until else _("no end"),
    )


def step_up(visit: Visit, person: Person) -> Opened:
    """The session of somebody of whom more is known now."""
    assert visit.caller is not None
    with visit.house.database.write() as db:
        return session.stepped_up(visit.house, db, visit.caller, person, now=visit.now)


def needs(visit: Visit) -> Level:
    """The level that the service asks for; without a service, all that can be done here."""
    return Level(visit.waiting.asked.level) if visit.waiting else Level.stated
