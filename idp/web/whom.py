"""As whom: for oneself, or for a company or a person that one may act for."""

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from hub.callers import Session
from hub.i18n import _
from hub.web import route
from idp.acting import mandates, principals
from idp.model.flow import must_choose
from idp.model.mandate import Mandate, NoMandate, Role
from idp.web import desk
from idp.web.companies_words import matters_of
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
    """Those for whom the service wants to hear: one that does not ask for whom hears of the person alone."""
    assert visit.caller is not None
    asks = visit.waiting is None or visit.waiting.asked.for_whom
    with visit.house.database.read() as db:
        found = mandates.of(visit.house, db, visit.person, visit.now) if asks else []
        options = [(MYSELF, _("For myself"), "")]
        for principal in dict.fromkeys(principal for _mandate, principal in found):
            held = principals.mandates(db, visit.person, principal.id, visit.now)
            options.append((principal.id, principal.shown, _said(visit, db, held)))
    return desk.show(
        visit,
        "whom.html",
        errors=errors,
        options=options,
        chosen=visit.caller.acting_for or MYSELF,
        another=visit.waiting is not None and must_choose(visit.waiting.asked),
    )


def _said(visit: Visit, db: Connection, held: list[Mandate]) -> str:
    """Role, matters and end of the mandates for one principal, in a line; the broadest first."""
    said = [role_name(held[0].role)]
    if all(one.named for one in held):
        codes = tuple(dict.fromkeys(code for one in held for code in one.matters))
        said.append(_("for: %(matters)s", matters=_(", ").join(matters_of(db, codes))))
    ends = [one.until for one in held if one.until]
    if ends and len(ends) == len(held):
        said.append(_("until %(moment)s", moment=visit.last_day(max(ends))))
    return " · ".join(said)
