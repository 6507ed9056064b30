"""Mandates: for whom I act, who acts for me, children, offers, and each use."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy import Connection

from hub import web
from hub.callers import Session
from hub.i18n import _, language
from hub.problems import Problem, TooMany
from hub.vault import Erased
from hub.web import route
from idp.acting import mandates, offers
from idp.consent import consents
from idp.model.mandate import EVERYTHING, PERSON, Mandate, NoMandate, Role
from idp.model.offer import OfferGone
from idp.model.person import Level
from idp.model.use import Act
from idp.model.ward import MandateWrong, NotOfAge, NotOneself
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.store import mandates as mandate_store
from idp.store import matters, people, uses
from idp.store import offers as offer_store
from idp.web import desk, wards
from idp.web.account.words import service_name_of
from idp.web.desk import Visit
from idp.web.whom import role_name

SIGNED_IN = Session("idp")
PROVED = Session("idp", level=3)
FIELDS = ("name", "number", "scope", "until")


def add(bp: Blueprint) -> None:
    """`/account/mandates…`."""
    wards.add(bp)
    _looking(bp)
    _answering(bp)
    _giving(bp)
    _ending(bp)


def _looking(bp: Blueprint) -> None:
    @route(bp, "/account/mandates", gate=SIGNED_IN, endpoint="mandates")
    def page() -> Response:
        return _overview(desk.visit())

    @route(bp, "/account/mandates/<id>", gate=PROVED, endpoint="mandate")
    def one(id: str) -> Response:
        visit = desk.visit()
        with visit.house.database.read() as db:
            mandate = offers.of_party(db, visit.person, id, visit.now)
        return desk.show(visit, "mandate.html", **_one(visit, mandate))

    @route(bp, "/account/mandates/<id>/withdraw", gate=PROVED, methods=("POST",), endpoint="mandate_withdraw")
    def withdraw(id: str) -> Response:
        """A service shall not know a child any more: what was agreed for it is taken back."""
        visit = desk.visit()
        with visit.house.database.write() as db:
            mandate = offers.of_party(db, visit.person, id, visit.now)
            if mandate.role in (Role.parent, Role.guardian) and mandate.person == visit.person:
                ward, by = mandate.principal.removeprefix(PERSON), f"person:{visit.person} for {mandate.principal}"
                consents.withdraw(db, ward, request.form.get("client", ""), by=by, now=visit.now)
        return web.see_other(url_for("idp.mandate", id=id))


def _answering(bp: Blueprint) -> None:
    @route(bp, "/account/mandates/offers/<id>/accept", gate=PROVED, methods=("POST",), endpoint="offer_accept")
    def accept(id: str) -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return again(url_for("idp.mandates"))
        try:
            offers.accept(visit.house, visit.person, id, now=visit.now)
        except OfferGone as problem:
            return _overview(visit, problem)
        return _done("accepted")

    @route(bp, "/account/mandates/offers/<id>/decline", gate=SIGNED_IN, methods=("POST",), endpoint="offer_decline")
    def decline(id: str) -> Response:
        visit = desk.visit()
        try:
            offers.decline(visit.house, visit.person, id, now=visit.now)
        except OfferGone as problem:
            return _overview(visit, problem)
        return _done("declined")

    @route(bp, "/account/mandates/offers/<id>/withdraw", gate=SIGNED_IN, methods=("POST",), endpoint="offer_withdraw")
    def withdraw(id: str) -> Response:
        visit = desk.visit()
        try:
            offers.withdraw(visit.house, id, by=visit.person, now=visit.now)
        except OfferGone as problem:
            return _overview(visit, problem)
        return _done("withdrawn")


def _giving(bp: Blueprint) -> None:
    @route(bp, "/account/mandates/give", gate=PROVED, endpoint="mandate_give")
    def page() -> Response:
        visit = desk.visit()
        return _form(visit, {}, {}) if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/mandates/give", gate=PROVED, methods=("POST",), endpoint="mandate_give_posted")
    def posted() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return again(url_for("idp.mandate_give"))
        typed = {name: request.form.get(name, "").strip() for name in FIELDS}
        named = request.form.getlist("matters")
        try:
            offers.make(visit.house, visit.person, wanted(typed, named), now=visit.now)
        except (NameWrong, NumberWrong, NotOneself, NotOfAge, MandateWrong, TooMany) as problem:
            return _form(visit, typed, {field_of(problem): desk.said(problem)}, named, problem)
        return _done("offered")


def _ending(bp: Blueprint) -> None:
    @route(bp, "/account/mandates/<id>/end", gate=PROVED, endpoint="mandate_end")
    def page(id: str) -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        with visit.house.database.read() as db:
            mandate = offers.of_party(db, visit.person, id, visit.now)
        return desk.show(visit, "mandate_end.html", **_one(visit, mandate))

    @route(bp, "/account/mandates/<id>/end", gate=PROVED, methods=("POST",), endpoint="mandate_end_posted")
    def posted(id: str) -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return again(url_for("idp.mandate_end", id=id))
        try:
            offers.end(visit.house, visit.person, id, now=visit.now)
        except (NoMandate, MandateWrong) as problem:
            return _overview(visit, problem)
        return _done("ended")


# -- what others of this room say in the same words


def again(path: str) -> Response:
    """Ask for a factor once more, then go to a page."""
    return web.see_other(url_for("idp.login", again=1, next=path))


def wanted(typed: dict[str, str], named: list[str]) -> offers.Wanted:
    """What a form asks to give. Raises MandateWrong."""
    try:
        last = date.fromisoformat(typed["until"]) if typed["until"] else None
        until = datetime.combine(last + timedelta(days=1), time(), desk.OFFICIAL) if last else None
    except (ValueError, OverflowError) as error:
        raise MandateWrong("The last day is not a day") from error
    matters = EVERYTHING if typed["scope"] == "all" else tuple(named)
    return offers.Wanted(typed["name"], typed["number"], matters, until)


def field_of(problem: Problem) -> str:
    """At which field of a form a refusal stands."""
    fields = {NameWrong: "name", NumberWrong: "number", NotOneself: "number"}
    return next((name for kind, name in fields.items() if isinstance(problem, kind)), "")


def choices(visit: Visit) -> list[tuple[str, str]]:
    """The matters that a mandate for a person can name."""
    with visit.house.database.read() as db:
        found = [one for one in matters.matters(db) if one.for_persons]
    return [(one.code, one.name if language() == "zh-Hans" else one.name_en) for one in found]


def act_name(what: Act) -> str:
    """What was done, in the reader's language."""
    return {
        Act.signed_in: _("Signed in at a service"),
        Act.looked: _("Looked at licenses"),
        Act.downloaded: _("Downloaded a license"),
        Act.shared: _("Showed a license to somebody"),
        Act.applied: _("Applied for a service"),
        Act.answered: _("Answered what an office had asked"),
        Act.withdrew: _("Withdrew an application"),
        Act.allowed_data: _("Allowed a service to ask for data"),
        Act.gave_mandate: _("Gave a mandate to somebody"),
    }[what]


def site_name(visit: Visit, site: str) -> str:
    """Where it was done, in the reader's language: at a service, at a site of ours, or at a counter."""
    own = {"counter": _("At a service counter"), "online": _("Application on the portal"), "wallet": _("My licenses")}
    return own.get(site) or service_name_of(visit, site)


def name_of(visit: Visit, db: Connection, person: str) -> str:
    """Somebody's name, also of one whose account and data are gone."""
    try:
        return people.profile(db, visit.house.vault, person).name
    except Erased:
        return _("An account that is closed")


# -- inside


def _done(what: str) -> Response:
    return web.see_other(url_for("idp.mandates", done=what))


def _overview(visit: Visit, problem: Problem | None = None) -> Response:
    with visit.house.database.read() as db:
        person = people.person(db, visit.person)
        me = f"{PERSON}{visit.person}"
        held = [(one, whom) for one, whom in mandates.of(visit.house, db, visit.person, visit.now)]
        given = [
            (one, name_of(visit, db, one.person))
            for one in mandate_store.not_over(db, me, visit.now)
            if person and person.level >= Level.present  # whoever knows name and number alone learns no names by them
        ]
        waiting = offers.to(visit.house, db, visit.person, visit.now)
        made = [
            (one, offer_store.name_of(db, visit.house.vault, one))
            for one in offer_store.open_for(db, me, visit.now)
            if one.by == visit.person
        ]
    assert person is not None
    return desk.show(
        visit,
        "mandates.html",
        errors={"": desk.said(problem)} if problem else None,
        status=problem.status if problem else 200,
        level=int(person.level),
        persons=[(one, whom) for one, whom in held if whom.person],
        companies=[(one, whom) for one, whom in held if not whom.person],
        given=given,
        waiting=waiting,
        made=made,
        matters=dict(choices(visit)),
        role=role_name,
        may_end=_may_end(visit),
        done=request.args.get("done", ""),
        acting_for=visit.caller.acting_for if visit.caller else None,
    )


def _may_end(visit: Visit) -> Any:
    return lambda mandate: mandate.person == visit.person or mandate.role is Role.family


def _one(visit: Visit, mandate: Mandate) -> dict[str, Any]:
    """One mandate as its page shows it: with each use, and for a ward the services that know him."""
    ward = mandate.principal.removeprefix(PERSON)
    looks_after = mandate.role in (Role.parent, Role.guardian) and mandate.person == visit.person
    everything = looks_after or ward == visit.person
    with visit.house.database.read() as db:
        principal = mandates.principal(visit.house, db, mandate.principal)
        used = uses.of_principal(db, mandate.principal) if everything else uses.of_mandate(db, mandate.id)
        names = {id: name_of(visit, db, id) for id in {one.person for one in used} | {mandate.person}}
        agreed = consents.all_of(db, ward) if looks_after else []
    lines = [
        (visit.local(one.at), names[one.person], act_name(one.what), site_name(visit, one.site), one.about)
        for one in used
    ]
    return {
        "mandate": mandate,
        "holder": names[mandate.person],
        "whom": principal.name if principal else "",
        "mine": mandate.person == visit.person,
        "role": role_name(mandate.role),
        "matters": dict(choices(visit)),
        "uses": lines,
        "services": [(one, service_name_of(visit, one.client)) for one in agreed],
        "may_end": _may_end(visit)(mandate),
    }


def _form(
    visit: Visit,
    typed: dict[str, str],
    errors: dict[str, str],
    named: list[str] | None = None,
    problem: Problem | None = None,
) -> Response:
    return desk.show(
        visit,
        "mandate_give.html",
        errors=errors,
        status=problem.status if problem else 200,
        typed=dict.fromkeys(FIELDS, "") | {"scope": "all"} | typed,
        named=named or [],
        matters=choices(visit),
        first_day=f"{visit.now.astimezone(desk.OFFICIAL):%Y-%m-%d}",
    )
