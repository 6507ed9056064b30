"""My profile: each field with where it comes from, how sure it is and since when; and the way to have it corrected."""

from typing import Any

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Session
from hub.problems import NotFound, TooMany
from hub.web import route
from idp.account import recheck
from idp.model.realname import RegisterLater
from idp.numbers.rules import masked
from idp.store import life, people, proofs
from idp.web import consent as consent_page
from idp.web import desk
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/profile`, `/account/profile/number`, `/account/profile/changed`."""

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

    @route(bp, "/account/profile/changed", gate=SIGNED_IN, endpoint="changed")
    def changed() -> Response:
        visit = desk.visit()
        return _changed_page(visit) if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/profile/changed", gate=SIGNED_IN, methods=("POST",), endpoint="changed_posted")
    def ask() -> Response:
        """The register says what has changed, never the person: what it confirms is written, anything else is not."""
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        try:
            found = recheck.by_himself(visit.house, visit.person, now=visit.now)
        except NotFound:
            return web.see_other(url_for("idp.realname"))
        except (RegisterLater, TooMany) as problem:
            response = _changed_page(visit, {"": desk.said(problem)}, problem.status)
            response.headers["Retry-After"] = "60"
            return response
        return web.see_other(url_for("idp.changed", found=found.value))


def _changed_page(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    found, more = request.args.get("found", ""), _found(visit)
    return desk.show(visit, "account_changed.html", errors=errors, status=status, found=found, **more)


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
