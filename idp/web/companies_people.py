"""The people of one company: who they are, what they did, and how their mandates end."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from hub import web
from hub.behalf import FOLLOWERS
from hub.callers import Session
from hub.i18n import _
from hub.vault import Erased
from hub.web import route
from idp.acting import companies_people
from idp.model.company import (
    MANAGERS,
    MayNotGrant,
    may_end,
    may_invite,
)
from idp.model.mandate import Mandate, NoMandate, Role
from idp.model.organization import Organization, OrganizationState
from idp.model.use import Act, Use
from idp.store import mandates as store
from idp.store import offers, organizations, people, uses
from idp.web import desk
from idp.web.companies_words import company_state, day_of, last_day, matters_of, why_words
from idp.web.desk import Visit
from idp.web.mandates import act_name, site_name
from idp.web.whom import role_name

MEMBER = Session("idp", level=3)
RANK = (Role.legal_representative, Role.manager, Role.agent)


@dataclass(frozen=True)
class Seen:
    """A company with the mandate of the one who looks at it."""

    company: Organization
    mine: Mandate

    def usable_at(self, now: datetime) -> bool:
        """Whether he can do anything for it just now."""
        return self.company.state is OrganizationState.active and self.mine.valid_at(now)

    @property
    def leads(self) -> bool:
        """Whether he sees everybody."""
        return self.mine.role in (Role.legal_representative, Role.manager)


def add(bp: Blueprint) -> None:
    """`/companies/<code>…`."""
    _looking(bp)
    _ending(bp)


def name_of(visit: Visit, db: Connection, person: str) -> str:
    """The name of somebody with whom one shares a company; nothing if his data were erased."""
    try:
        return people.profile(db, visit.house.vault, person).shown
    except Erased:
        return _("(erased)")


def _looking(bp: Blueprint) -> None:
    @route(bp, "/companies/<code>", gate=MEMBER, endpoint="company")
    def page(code: str) -> Response:
        visit = desk.visit()
        with visit.house.database.read() as db:
            return _page(visit, db, seen_by(visit, db, code))


def _ending(bp: Blueprint) -> None:
    @route(bp, "/companies/<code>/people/<id>", gate=MEMBER, endpoint="company_person")
    def ask(code: str, id: str) -> Response:
        """What falls with a mandate is said before it ends."""
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        with visit.house.database.read() as db:
            seen = seen_by(visit, db, code)
            what = _mandate(db, code, id, visit.now)
            if not may_end(seen.mine, what):
                raise MayNotGrant("Your role in the company does not allow it")
            return desk.show(
                visit,
                "company_remove.html",
                seen=seen,
                what=what,
                own=what.person == visit.person,
                name=name_of(visit, db, what.person),
                role=role_name(what.role),
                below=[name_of(visit, db, one.person) for one in store.below(db, what.id, visit.now)],
            )

    @route(bp, "/companies/<code>/people/<id>/remove", gate=MEMBER, methods=("POST",), endpoint="company_remove")
    def removed(code: str, id: str) -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return web.see_other(visit.to("idp.company_person", code=code, id=id))
        ended = companies_people.remove(visit.house, visit.person, code, id, now=visit.now)
        if ended[0].person == visit.person:
            return web.see_other(visit.to("idp.companies"))
        return web.see_other(visit.to("idp.company", code=code, done="removed"))

    @route(bp, "/companies/<code>/people/<id>/confirm", gate=MEMBER, methods=("POST",), endpoint="company_confirm")
    def confirmed(code: str, id: str) -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return web.see_other(visit.to("idp.login", again=1, next=f"/companies/{code}"))
        companies_people.confirm(visit.house, visit.person, code, id, now=visit.now)
        return web.see_other(visit.to("idp.company", code=code, done="confirmed"))


# -- inside


def seen_by(visit: Visit, db: Connection, code: str) -> Seen:
    """A company, for one of its people: whoever is none learns nothing of it."""
    held = [one for one in store.held_by(db, visit.person, visit.now) if one.principal == code]
    company = organizations.organization(db, code)
    if company is None or not held:
        raise NoMandate("There is no mandate for it, or it has ended")
    return Seen(company, min(held, key=lambda one: (one.suspended is not None, RANK.index(one.role), one.named)))


def _mandate(db: Connection, code: str, id: str, now: datetime) -> Mandate:
    for one in store.not_over(db, code, now):
        if one.id == id:
            return one
    raise NoMandate("There is no such mandate, or it has ended")


def _page(visit: Visit, db: Connection, seen: Seen) -> Response:
    now, code = visit.now, seen.company.code
    standing = sorted(store.not_over(db, code, now), key=lambda one: (RANK.index(one.role), one.since))
    names = {one.person: name_of(visit, db, one.person) for one in standing}
    mine = [one for one in standing if one.person == visit.person]
    above = {one.id for one in standing if one.role in (Role.legal_representative, Role.manager)}
    shown = standing if seen.leads else [one for one in standing if one in mine or one.id in above]
    usable = seen.usable_at(now)
    return desk.show(
        visit,
        "company.html",
        seen=seen,
        state=company_state(seen.company),
        role=role_name(seen.mine.role),
        waiting=[_line(db, one, names, seen, now) for one in shown if one.suspended],
        people=[_line(db, one, names, seen, now) for one in shown if not one.suspended],
        invitations=_open_offers(visit, db, seen) if seen.leads else [],
        may_invite=[role for role in (Role.manager, Role.agent) if usable and may_invite(seen.mine, role)],
        managers=sum(one.role is Role.manager for one in standing),
        most=MANAGERS,
        uses=_uses(visit, db, seen, names),
        over=_over(visit, db, code) if seen.leads else [],
        done=request.args.get("done", ""),
        last_day=last_day,
        day_of=day_of,
    )


def _line(db: Connection, one: Mandate, names: dict[str, str], seen: Seen, now: datetime) -> dict[str, object]:
    by = store.mandate(db, one.granted_by or "")
    return {
        "mandate": one,
        "name": names[one.person],
        "role": role_name(one.role),
        "matters": matters_of(db, one.matters),
        "by": names.get(by.person, "") if by else "",
        "mine": one.person == seen.mine.person,
        "later": one.since > now,
        "may_end": seen.usable_at(now) and may_end(seen.mine, one),
        "may_confirm": seen.mine.role is Role.legal_representative and seen.usable_at(now),
    }


def _open_offers(visit: Visit, db: Connection, seen: Seen) -> list[dict[str, object]]:
    found = []
    for one in offers.open_for(db, seen.company.code, visit.now):
        own = one.by == visit.person
        if own or seen.mine.role is Role.legal_representative:
            try:
                name = offers.name_of(db, visit.house.vault, one)
            except Erased:
                name = _("(erased)")
            found.append(
                {"offer": one, "name": name, "role": role_name(one.role), "matters": matters_of(db, one.matters)}
            )
    return found


def _uses(visit: Visit, db: Connection, seen: Seen, names: dict[str, str]) -> list[list[str]]:
    """What was done for the company lately: everything for those who lead it, his own for an agent."""
    found = [one for one in uses.of_principal(db, seen.company.code, limit=200) if not _is_passage(one)]
    shown = [one for one in found if seen.leads or one.person == visit.person][:30]
    for one in shown:
        if one.person not in names:
            names[one.person] = name_of(visit, db, one.person)
    return [
        [visit.local(one.at), names[one.person], act_name(one.what), site_name(visit, one.site), one.about]
        for one in shown
    ]


def _is_passage(use: Use) -> bool:
    """Going from one of our own sites to another: what is done there is told by itself."""
    return use.what is Act.signed_in and use.site in FOLLOWERS


def _over(visit: Visit, db: Connection, code: str) -> list[list[str]]:
    rows = []
    for one in store.over(db, code, visit.now, limit=30):
        end = one.ended or one.until
        assert end is not None
        why = why_words(one.why_ended) if one.ended else _("its time was over")
        rows.append([visit.local(end), name_of(visit, db, one.person), role_name(one.role), day_of(one.since), why])
    return rows
