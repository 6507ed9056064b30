"""Inviting somebody to become a manager or an agent of a company, by name and number."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, request

from hub import web
from hub.i18n import N_, _
from hub.problems import Problem, TooMany
from hub.web import route
from idp.acting import companies_people, matters
from idp.acting.companies_people import Invited
from idp.model.company import (
    AGENT_DAYS,
    AppointedAlready,
    InvitationWrong,
    MayNotGrant,
    TooManyManagers,
    Wanted,
    may_invite,
)
from idp.model.mandate import EVERYTHING, Role
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.web import desk
from idp.web.companies_people import MEMBER, seen_by
from idp.web.companies_words import begin_of, day_of, end_of, matters_of
from idp.web.desk import Visit

WRONG = {  # what is wrong with an invitation: the field, and the words
    "matters": ("matters", N_("Choose at least one matter, and none that your own mandate is not for")),
    "since": ("since", N_("Choose a first day within a year")),
    "until": ("until", N_("Choose a last day after the first, and not after the end of your own mandate")),
    "long": ("until", N_("An agent is appointed for a year at most")),
}


def add(bp: Blueprint) -> None:
    """`/companies/<code>/invite/…`, and taking an invitation back."""

    @route(bp, "/companies/<code>/invite/<role>", gate=MEMBER, endpoint="company_invite")
    def invite(code: str, role: str) -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        today = visit.now
        typed = {"since": day_of(today), "until": day_of(today + timedelta(days=AGENT_DAYS)), "all": "named"}
        return _form(visit, code, _role(role), typed, [], {})

    @route(bp, "/companies/<code>/invite/<role>", gate=MEMBER, methods=("POST",), endpoint="company_invite_posted")
    def invited(code: str, role: str) -> Response:
        visit, wanted_role = desk.visit(), _role(role)
        if not desk.is_recent(visit):
            return desk.again(visit)
        typed, chosen = request.form.to_dict(), request.form.getlist("matters")
        try:
            wanted = _wanted(wanted_role, typed, chosen, visit.now)
            meant = Invited(typed.get("name", ""), typed.get("number", ""))
            companies_people.invite(visit.house, visit.person, code, meant, wanted, now=visit.now)
        except InvitationWrong as problem:
            errors = {field: _(words) for field, words in (WRONG[name] for name in reversed(problem.fields))}
            return _form(visit, code, wanted_role, typed, chosen, errors)
        except (NameWrong, NumberWrong, TooManyManagers, AppointedAlready, TooMany) as problem:
            field = {NameWrong: "name", NumberWrong: "number"}
            at = next((name for kind, name in field.items() if isinstance(problem, kind)), "")
            typed |= {at: getattr(problem, "suggestion", "") or typed.get(at, "")} if at else {}
            return _form(visit, code, wanted_role, typed, chosen, {at: _said(problem)}, problem.status)
        return web.see_other(visit.to("idp.company", code=code, done="invited"))

    @route(
        bp,
        "/companies/<code>/invitations/<offer>/withdraw",
        gate=MEMBER,
        methods=("POST",),
        endpoint="company_withdraw",
    )
    def withdrawn(code: str, offer: str) -> Response:
        visit = desk.visit()
        companies_people.withdraw(visit.house, visit.person, code, offer, now=visit.now)
        return web.see_other(visit.to("idp.company", code=code, done="withdrawn"))


# -- inside


def _role(text: str) -> Role:
    if text not in (Role.manager.value, Role.agent.value):
        raise MayNotGrant("There is no such role")
    return Role(text)


def _wanted(role: Role, typed: dict[str, str], chosen: list[str], now: datetime) -> Wanted:
    """The appointment that was typed. Raises InvitationWrong for what is no day."""
    since = begin_of(typed.get("since", ""), now) if typed.get("since") else now
    until = end_of(typed.get("until", "")) if typed.get("until") else None
    if since is None:
        raise InvitationWrong(fields=("since",))
    if typed.get("until") and until is None:
        raise InvitationWrong(fields=("until",))
    everything = role is Role.manager or typed.get("all") == "all"
    return Wanted(role, since, until, EVERYTHING if everything else tuple(dict.fromkeys(chosen)))


def _form(
    visit: Visit,
    code: str,
    role: Role,
    typed: dict[str, str],
    chosen: list[str],
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    with visit.house.database.read() as db:
        seen = seen_by(visit, db, code)
        if not (seen.usable_at(visit.now) and may_invite(seen.mine, role)):
            raise MayNotGrant("Your role in the company does not allow it")
        known = [one for one in matters.for_companies(db) if seen.mine.covers(one.code)]
        names = matters_of(db, tuple(one.code for one in known))
    options = [(one.code, name, one.code) for one, name in zip(known, names, strict=True)]
    return desk.show(
        visit,
        "company_invite.html",
        errors=errors,
        status=status,
        seen=seen,
        role=role.value,
        manager=role is Role.manager,
        options=options,
        typed=typed,
        chosen=chosen,
        days=AGENT_DAYS,
    )


def _said(problem: Problem) -> str:
    if isinstance(problem, TooManyManagers | AppointedAlready):
        return f"{_(problem.title)}{_('. ')}{_(problem.advice)}"
    return desk.corrected(problem) if isinstance(problem, NumberWrong) else desk.said(problem)
