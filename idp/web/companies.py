"""My companies: claiming one as its legal representative, those one may act for, and invitations to act for one."""

from flask import Blueprint, Response, request

from hub import web
from hub.callers import Session
from hub.problems import Problem, TooMany
from hub.web import route
from idp.acting import companies, companies_people, mandates
from idp.model.company import AppointedAlready, NotInForce, TooManyManagers
from idp.model.offer import OfferGone
from idp.model.organization import NotRepresentative
from idp.model.realname import RegisterLater
from idp.numbers.rules import NumberWrong
from idp.store import mandates as mandate_store
from idp.store import organizations
from idp.web import companies_invite, desk
from idp.web import companies_people as people_pages
from idp.web.companies_words import matters_of, state_words
from idp.web.desk import Visit
from idp.web.whom import role_name

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/companies…`."""
    _list(bp)
    _invitations(bp)
    companies_invite.add(bp)
    people_pages.add(bp)


def _list(bp: Blueprint) -> None:
    @route(bp, "/companies", gate=SIGNED_IN, endpoint="companies")
    def page() -> Response:
        return _show(desk.visit())

    @route(bp, "/companies", gate=Session("idp", level=3), methods=("POST",), endpoint="companies_posted")
    def posted() -> Response:
        visit = desk.visit()
        code = request.form.get("code", "")
        try:
            claimed = companies.claim(visit.house, visit.person, code, now=visit.now)
        except NumberWrong as problem:  # what was probably meant stands in the field, for its owner to look at
            return _show(visit, problem, problem.suggestion or code)
        except (NotRepresentative, NotInForce, RegisterLater, TooMany) as problem:
            return _show(visit, problem, code)
        return web.see_other(visit.to("idp.companies", claimed=claimed.code))


def _invitations(bp: Blueprint) -> None:
    @route(bp, "/companies/invitations/<offer>", gate=Session("idp", level=3), endpoint="company_invitation")
    def invitation(offer: str) -> Response:
        visit = desk.visit()
        return _invitation(visit, offer)

    @route(
        bp,
        "/companies/invitations/<offer>",
        gate=Session("idp", level=3),
        methods=("POST",),
        endpoint="company_invitation_posted",
    )
    def answered(offer: str) -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        if request.form.get("decision") != "accept":
            companies_people.decline(visit.house, visit.person, offer, now=visit.now)
            return web.see_other(visit.to("idp.companies"))
        try:
            mandate = companies_people.accept(visit.house, visit.person, offer, now=visit.now)
        except (TooManyManagers, AppointedAlready) as problem:
            return _invitation(visit, offer, problem)
        return web.see_other(visit.to("idp.companies", claimed=mandate.principal))


def _invitation(visit: Visit, id: str, problem: Problem | None = None) -> Response:
    if not desk.is_recent(visit):
        return desk.again(visit)
    with visit.house.database.read() as db:
        waiting = companies_people.waiting_for(visit.house, db, visit.person, visit.now)
        found = next(((offer, company) for offer, company in waiting if offer.id == id), None)
        if found is None:
            raise OfferGone("There is no such invitation, or it was answered")
        offer, company = found
        named = matters_of(db, offer.matters)
        by = people_pages.name_of(visit, db, offer.by)
    return desk.show(
        visit,
        "company_invitation.html",
        errors={"": desk.said(problem)} if problem else None,
        status=problem.status if problem else 200,
        offer=offer,
        company=company,
        matters=named,
        role=role_name(offer.role),
        by=by,
    )


def _show(visit: Visit, problem: Problem | None = None, code: str = "") -> Response:
    assert visit.caller is not None
    with visit.house.database.read() as db:
        held = mandate_store.held_by(db, visit.person, visit.now)
        mine = [one for one in held if not one.principal.startswith("person:")]
        known = {one.principal: organizations.organization(db, one.principal) for one in mine}
        usable = {principal.id for _, principal in mandates.of(visit.house, db, visit.person, visit.now)}
        cards = [
            (company, one, role_name(one.role), matters_of(db, one.matters), state_words(company, one, visit.now))
            for one in mine
            if (company := known[one.principal]) is not None
        ]
        invitations = [
            (offer, company, role_name(offer.role))
            for offer, company in companies_people.waiting_for(visit.house, db, visit.person, visit.now)
        ]
    fresh = request.args.get("claimed", "")
    return desk.show(
        visit,
        "companies.html",
        errors={"code": desk.corrected(problem) if isinstance(problem, NumberWrong) else desk.said(problem)}
        if problem
        else None,
        status=problem.status if problem else 200,
        level=visit.caller.level,
        cards=cards,
        usable=usable,
        invitations=invitations,
        claimed=known.get(fresh) if fresh in usable else None,
        code=code,
    )
