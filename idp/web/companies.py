"""My companies: claiming one as its legal representative, and those one may act for."""

from flask import Blueprint, Response, request

from hub import web
from hub.callers import Session
from hub.problems import Problem, TooMany
from hub.web import route
from idp import companies, mandates
from idp.model.organization import NotRepresentative
from idp.model.realname import RegisterLater
from idp.numbers.rules import NumberWrong
from idp.store import organizations
from idp.web import desk
from idp.web.desk import Visit
from idp.web.whom import role_name

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/companies`."""

    @route(bp, "/companies", gate=SIGNED_IN, endpoint="companies")
    def page() -> Response:
        return _show(desk.visit())

    @route(bp, "/companies", gate=Session("idp", level=3), methods=("POST",), endpoint="companies_posted")
    def posted() -> Response:
        visit = desk.visit()
        code = request.form.get("code", "")
        try:
            claimed = companies.claim(visit.house, visit.person, code, now=visit.now)
        except (NumberWrong, NotRepresentative, RegisterLater, TooMany) as problem:
            return _show(visit, problem, code)
        return web.see_other(visit.to("idp.companies", claimed=claimed.code))


def _show(visit: Visit, problem: Problem | None = None, code: str = "") -> Response:
    assert visit.caller is not None
    with visit.house.database.read() as db:
        found = mandates.of(visit.house, db, visit.person, visit.now)
        claimed = organizations.organization(db, request.args.get("claimed", ""))
    mine = claimed if claimed and any(principal.id == claimed.code for _, principal in found) else None
    return desk.show(
        visit,
        "companies.html",
        errors={"code": desk.said(problem)} if problem else None,
        status=problem.status if problem else 200,
        level=visit.caller.level,
        mandates=[(principal, role_name(mandate.role)) for mandate, principal in found if not principal.person],
        claimed=mine,
        code=code,
    )
