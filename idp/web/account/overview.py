"""The first page of my account: who I am here, and what waits for me."""

from typing import Any

from flask import Blueprint, Response, request

from hub import callers
from hub.callers import Session
from hub.web import route
from idp import clients, consents, data, mandates
from idp.login import passkey
from idp.model.factor import Kind
from idp.numbers.rules import masked
from idp.store import factors, people, proofs
from idp.web import consent as consent_page
from idp.web import data as data_page
from idp.web import desk
from idp.web.account.words import service_name, service_name_of
from idp.web.desk import Visit
from idp.web.whom import role_name


def add(bp: Blueprint) -> None:
    """`/account`."""

    @route(bp, "/account", gate=Session("idp"))
    def account() -> Response:
        return desk.show(desk.visit(), "account.html", **_overview(desk.visit()))


def _overview(visit: Visit) -> dict[str, Any]:
    assert visit.caller is not None
    with visit.house.database.read() as db:
        person = people.person(db, visit.person)
        profile = people.profile(db, visit.house.vault, visit.person)
        held = factors.of_person(db, visit.person)
        running = callers.sessions(db, visit.person, visit.now)
        agreed = consents.all_of(db, visit.person)
        shared = data.standing(db, visit.person, visit.caller.acting_for)
        acting = mandates.of(visit.house, db, visit.person, visit.now)
        evidence = proofs.evidence_of(db, visit.person)
    assert person is not None
    services = [(clients.known(visit.house, one.client, visit.now), one) for one in agreed]
    return {
        "person": person,
        "profile": profile,
        "masked": masked(profile.number) if profile.number else "",
        "level": consent_page.level_name(int(person.level)),
        "evidence": evidence,
        "has_password": any(factor.kind is Kind.password for factor in held),
        "passkeys": [factor for factor in held if factor.kind is Kind.passkey],
        "apps": [factor for factor in held if factor.kind is Kind.totp],
        "passkeys_possible": passkey.available(visit.house.settings),
        "sessions": running,
        "services": [(service_name(client), one) for client, one in services if client],
        "shared": [
            (consent, service_name_of(visit, one.client), data_page.named(one))
            for consent, one in shared
            if one.in_force_at(visit.now)
        ],
        "mandates": [(principal, role_name(mandate.role)) for mandate, principal in acting],
        "acting_for": next((one.name for _, one in acting if one.id == visit.caller.acting_for), ""),
        "done": request.args.get("done", ""),
    }
