"""When somebody goes from a company: what he passed on goes with him, or waits; the ledger says so, and everybody is told."""

from datetime import datetime

from sqlalchemy import Connection

from hub import behalf, ledger, notices
from hub.i18n import N_
from idp.acting import mandates
from idp.model.mandate import PERSON, Mandate, Role
from idp.model.offer import OfferState
from idp.store import mandates as store
from idp.store import offers, organizations


def end(db: Connection, what: Mandate, why: str, *, by: str, now: datetime) -> list[Mandate]:
    """End a mandate for a company with everything below it, invitations too. Gives what has ended, this one first."""
    code, name = what.principal, _name(db, what.principal)
    ended = mandates.end(db, what, why, now)
    gone = {one.id for one in ended}
    for offer in offers.open_for(db, code, now):
        if offer.granted_by in gone and offers.answer(db, offer, offer.answered_at(now, OfferState.withdrawn)):
            ledger.wrote(db, "mandate.withdrawn", _label(code), by=by, at=now, facts={"offer": offer.id})
    for one in ended:
        facts = {"mandate": one.id, "role": one.role.value, "with": what.id}
        ledger.wrote(db, "mandate.ended", _label(code), by=by, at=now, facts=facts)
        title = N_("Your mandate for %(company)s has ended")
        notices.tell(db, one.person, title, link="/companies", at=now, company=name)
    _tell_above(db, what, by, name, now)
    return ended


def wait(db: Connection, person: str, why: str, *, by: str, now: datetime) -> list[Mandate]:
    """Nobody whom a person appointed acts for a company until its legal representative has confirmed it.

    The person's own mandates stay: he cannot use them as long as his account is suspended. Gives what waits now.
    """
    held = [one for one in store.held_by(db, person, now) if not one.principal.startswith(PERSON)]
    waiting = []
    for one in sorted(held, key=lambda one: one.principal):
        behalf.alone(db, one.principal)
        waiting += [below for below in _all_below(db, one, now) if below.suspended is None]
    for one in waiting:
        mandates.stop(db, one, why, now)
        store.suspend(db, one.id, now)
        facts = {"mandate": one.id, "role": one.role.value, "why": why}
        ledger.wrote(db, "mandate.suspended", _label(one.principal), by=by, at=now, facts=facts)
        title = N_("Your mandate for %(company)s waits until its legal representative confirms it")
        notices.tell(db, one.person, title, link="/companies", at=now, company=_name(db, one.principal))
    for one in {below.principal: below for below in waiting}.values():
        link, title = f"/companies/{one.principal}", N_("Mandates for %(company)s wait until you confirm them")
        for head in _heads(db, one.principal, now):
            notices.tell(db, head, title, link=link, at=now, company=_name(db, one.principal))
    return waiting


# -- inside


def _all_below(db: Connection, mandate: Mandate, now: datetime) -> list[Mandate]:
    found = store.below(db, mandate.id, now)
    return found + [one for above in found for one in _all_below(db, above, now)]


def _heads(db: Connection, code: str, now: datetime) -> list[str]:
    return [one.person for one in store.for_principal(db, code, now) if one.role is Role.legal_representative]


def _tell_above(db: Connection, what: Mandate, by: str, name: str, now: datetime) -> None:
    """The representative learns of every end that is not his own doing, and a manager of those of his agents."""
    above = store.mandate(db, what.granted_by or "")
    for one in sorted({*_heads(db, what.principal, now), *([above.person] if above else [])}):
        if one != what.person and f"person:{one}" != by:
            link, title = f"/companies/{what.principal}", N_("A mandate for %(company)s has ended")
            notices.tell(db, one, title, link=link, at=now, company=name)


def _name(db: Connection, code: str) -> str:
    found = organizations.organization(db, code)
    return found.name if found else code


def _label(code: str) -> str:
    return f"organization:{code}"
