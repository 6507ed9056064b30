"""My profile: each field with where it comes from, how sure it is and since when; and the way to have it corrected."""

from typing import Any

from flask import Blueprint, Response

from hub.callers import Session
from hub.web import route
from idp.numbers.rules import masked
from idp.store import life, people, proofs
from idp.web import consent as consent_page
from idp.web import desk
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/profile`, `/account/profile/number`."""

    @route(bp, "/account/profile", gate=SIGNED_IN, endpoint="profile")
    def page() -> Response:
        visit = desk.visit()
        return desk.show(visit, "account_profile.html", shown=False, **_found(visit))

    @route(bp, "/account/profile/number", gate=SIGNED_IN, endpoint="number")
    def number() -> Response:
        """The whole number, only to who showed a factor a short while ago: a borrowed screen must not tell it."""
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        return desk.show(visit, "account_profile.html", shown=True, **_found(visit))


def _found(visit: Visit) -> dict[str, Any]:
    with visit.house.database.read() as db:
        person = people.person(db, visit.person)
        profile = people.profile(db, visit.house.vault, visit.person)
        evidence = proofs.evidence_of(db, visit.person)
        former = life.former_of(db, visit.house.vault, visit.person)
    assert person is not None
    return {
        "person": person,
        "profile": profile,
        "masked": masked(profile.number) if profile.number else "",
        "level": consent_page.level_name(int(person.level)),
        "evidence": evidence,
        "former": [(one, one.text if one.what == "name" else masked(one.text)) for one in former],
    }
