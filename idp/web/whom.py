"""As whom: for oneself, or for an organisation that one may act for."""

from flask import Blueprint, Response, request

from hub.callers import Session
from hub.i18n import _
from hub.web import route
from idp import mandates
from idp.model.mandate import NoMandate, Role
from idp.web import desk
from idp.web.desk import Visit

MYSELF = "myself"


def add(bp: Blueprint) -> None:
    """`/as`."""

    @route(bp, "/as", gate=Session("idp"), endpoint="whom")
    def page() -> Response:
        return _show(desk.visit())

    @route(bp, "/as", gate=Session("idp"), methods=("POST",), endpoint="whom_posted")
    def posted() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        chosen = request.form.get("whom", "")
        if not chosen:
            return _show(visit, {"whom": _("Choose for whom you act")})
        try:
            opened = mandates.act(visit.house, visit.caller, None if chosen == MYSELF else chosen, now=visit.now)
        except NoMandate as problem:
            return _show(visit, {"whom": desk.said(problem)})
        desk.has_chosen(visit, opened.caller)
        return desk.enter(visit, opened)


def role_name(role: Role) -> str:
    """A role in the reader's language."""
    return {
        Role.legal_representative: _("Legal representative"),
        Role.manager: _("Manager"),
        Role.agent: _("Agent"),
        Role.parent: _("Parent"),
        Role.guardian: _("Guardian"),
        Role.family: _("Mandate of a family member"),
    }[role]


def _show(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    assert visit.caller is not None
    with visit.house.database.read() as db:
        found = mandates.of(visit.house, db, visit.person, visit.now)
    options = [(MYSELF, _("For myself"), "")]
    options += [(principal.id, principal.name, role_name(mandate.role)) for mandate, principal in found]
    return desk.show(visit, "whom.html", errors=errors, options=options, chosen=visit.caller.acting_for or MYSELF)
