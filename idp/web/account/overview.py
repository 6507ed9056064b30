"""The first page of my account: who I am here, how surely, and what waits for me. On a phone it is the menu as well."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from hub import callers, notices
from hub.callers import Session
from hub.web import route
from idp.acting import mandates, offers
from idp.consent import consents
from idp.model.factor import Kind
from idp.numbers.rules import masked
from idp.store import factors, leaving, people
from idp.web import consent as consent_page
from idp.web import desk
from idp.web.desk import Visit

SOON = timedelta(days=30)  # what ends within this time is said beforehand


def add(bp: Blueprint) -> None:
    """`/account`."""

    @route(bp, "/account", gate=Session("idp"))
    def account() -> Response:
        visit = desk.visit()
        return desk.show(visit, "account.html", done=request.args.get("done", ""), **_overview(visit))


def _overview(visit: Visit) -> dict[str, Any]:
    assert visit.caller is not None
    with visit.house.database.read() as db:
        person = people.person(db, visit.person)
        profile = people.profile(db, visit.house.vault, visit.person)
        held = {one.kind for one in factors.of_person(db, visit.person)}
        acting = mandates.of(visit.house, db, visit.person, visit.now)
        counts = {
            "notices": notices.unseen(db, visit.person),
            "offers": len(offers.to(visit.house, db, visit.person, visit.now)),
            "sessions": len(callers.sessions(db, visit.person, visit.now)),
            "services": len(consents.all_of(db, visit.person)),
            "mandates": len(acting),
        }
        closing = leaving.closing(db, visit.person)
    assert person is not None
    return {
        "person": person,
        "profile": profile,
        "masked": masked(profile.number) if profile.number else "",
        "level": consent_page.level_name(int(person.level)),
        "one_factor": not held & {Kind.passkey, Kind.totp},
        "has_own_way": bool(held & {Kind.password, Kind.passkey}),
        "ending": [
            (one, principal) for one, principal in acting if one.until is not None and one.until - visit.now < SOON
        ],
        "acting_for": next((one.name for _, one in acting if one.id == visit.caller.acting_for), ""),
        "closing": closing,
        "counts": counts,
    }
