"""My account: who I am here, where I am signed in, which services know me."""

from typing import Any

from flask import Blueprint, Response, request, url_for

from hub import callers, web
from hub.callers import Session
from hub.i18n import language
from hub.problems import TooMany
from hub.web import route
from idp import accounts, clients, consents, data, mandates
from idp.login import passkey
from idp.model.client import Client
from idp.model.factor import Kind, PasswordWrong, WrongCredentials
from idp.numbers.rules import masked
from idp.store import factors, people
from idp.web import consent as consent_page
from idp.web import data as data_page
from idp.web import desk
from idp.web.desk import Visit
from idp.web.whom import role_name

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account` and what can be done there."""

    @route(bp, "/account", gate=SIGNED_IN)
    def account() -> Response:
        return desk.show(desk.visit(), "account.html", **_overview(desk.visit()))

    @route(bp, "/account/sessions/end", gate=SIGNED_IN, methods=("POST",))
    def end_session() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        accounts.end_session(visit.house, visit.caller, request.form.get("session", ""), now=visit.now)
        return web.see_other(url_for("idp.account", _anchor="sessions"))

    @route(bp, "/account/sign-out-everywhere", gate=SIGNED_IN, methods=("POST",))
    def sign_out_everywhere() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        told = accounts.sign_out_everywhere(visit.house, visit.caller, now=visit.now)
        found = [clients.known(visit.house, one, visit.now) for one in dict.fromkeys(told)]
        response = web.page("idp/signed_out.html", services=[client for client in found if client])
        web.sign_in_cookie(response, "idp", "")
        return response

    @route(bp, "/account/services/withdraw", gate=SIGNED_IN, methods=("POST",))
    def withdraw() -> Response:
        visit = desk.visit()
        with visit.house.database.write() as db:
            consents.withdraw(
                db, visit.person, request.form.get("client", ""), by=f"person:{visit.person}", now=visit.now
            )
        return web.see_other(url_for("idp.account", _anchor="services"))

    @route(bp, "/account/password", gate=SIGNED_IN, endpoint="password")
    def password_page() -> Response:
        return desk.show(desk.visit(), "password.html")

    @route(bp, "/account/password", gate=SIGNED_IN, methods=("POST",), endpoint="password_posted")
    def password_posted() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        old, new = request.form.get("old", ""), request.form.get("new", "")
        try:
            accounts.change_password(visit.house, visit.caller, old, new, now=visit.now)
        except (WrongCredentials, TooMany) as problem:
            return desk.refused(visit, "password.html", problem, "old")
        except PasswordWrong as problem:
            return desk.refused(visit, "password.html", problem, "new")
        return web.see_other(url_for("idp.account", done="password", _anchor="factors"))


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
        evidence = people.evidence_of(db, visit.person)
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


def service_name_of(visit: Visit, client: str) -> str:
    """The name of a service by its id, or the id of one that is registered no more."""
    found = clients.known(visit.house, client, visit.now)
    return service_name(found) if found else client


def service_name(client: Client) -> str:
    """A service's name in the reader's language."""
    return client.name if language() == "zh-Hans" else client.name_en
