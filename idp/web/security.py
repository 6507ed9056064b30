"""Sign-in and security: all ways into an account in plain words, and what can be changed about them."""

from typing import Any

from flask import Blueprint, Response, request

from hub.callers import Caller, Session
from hub.i18n import N_, _
from hub.web import route
from idp.account import accounts, contacts
from idp.account.contacts import Contact
from idp.login import passkey
from idp.model.factor import Kind, LastFactor, NotOffered, strength
from idp.model.flow import STRONGEST
from idp.store import factors, people
from idp.store import recovery_codes as code_store
from idp.upstream import configured, links
from idp.web import desk, halfway
from idp.web.desk import Visit

SIGNED_IN = Session("idp")
DONE = {
    "password": N_("The password was changed"),
    "first": N_("The password was set"),
    "passkey": N_("The passkey was added"),
    "app": N_("The authenticator app was added"),
    "sms": N_("Codes by text message were added"),
    "removed": N_("The factor was removed"),
    "named": N_("The name was changed"),
    "phone": N_("The phone number was confirmed"),
    "email": N_("The e-mail address was confirmed"),
    "forgotten": N_("It was removed"),
    "linked": N_("The province's account was connected"),
    "unlinked": N_("The province's account was disconnected"),
}


def add(bp: Blueprint) -> None:
    """`/account/security`, `/account/factors/…`, `/account/sms`, `/account/recovery-codes`."""
    _overview(bp)
    _change(bp)
    _codes(bp)


def _overview(bp: Blueprint) -> None:
    @route(bp, "/account/security", gate=SIGNED_IN, endpoint="security")
    def page() -> Response:
        visit = desk.visit()
        done = DONE.get(request.args.get("done", ""), "")
        return desk.show(visit, "security.html", done=_(done) if done else "", **_found(visit))


def _change(bp: Blueprint) -> None:
    @route(bp, "/account/factors/remove", gate=SIGNED_IN, methods=("POST",))
    def remove_factor() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.security")
        try:
            accounts.remove_factor(visit.house, _caller(visit), request.form.get("factor", ""), now=visit.now)
        except LastFactor as problem:
            return desk.refused(visit, "security.html", problem, done="", **_found(visit))
        return halfway.security("removed")

    @route(bp, "/account/factors/name", gate=SIGNED_IN, endpoint="factor_name")
    def name_page() -> Response:
        visit = desk.visit()
        return _name(visit, request.args.get("factor", ""))

    @route(bp, "/account/factors/name", gate=SIGNED_IN, methods=("POST",), endpoint="factor_name_posted")
    def name_posted() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.security")
        factor, label = request.form.get("factor", ""), request.form.get("label", "")
        accounts.rename_factor(visit.house, _caller(visit), factor, label or desk.device(), now=visit.now)
        return halfway.security("named")

    @route(bp, "/account/sms", gate=SIGNED_IN, methods=("POST",), endpoint="sms_factor")
    def sms_factor() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.security")
        try:
            accounts.add_sms(visit.house, _caller(visit), now=visit.now)
        except NotOffered as problem:
            return desk.refused(visit, "security.html", problem, done="", **_found(visit))
        return halfway.security("sms")


def _codes(bp: Blueprint) -> None:
    @route(bp, "/account/recovery-codes", gate=SIGNED_IN, endpoint="recovery_codes")
    def page() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        return desk.show(visit, "recovery_codes.html", codes=(), **_found(visit))

    @route(bp, "/account/recovery-codes", gate=SIGNED_IN, methods=("POST",), endpoint="recovery_codes_posted")
    def posted() -> Response:
        """The only time that the codes are shown."""
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        try:
            codes = accounts.new_recovery_codes(visit.house, _caller(visit), now=visit.now)
        except NotOffered as problem:
            return desk.refused(visit, "recovery_codes.html", problem, codes=(), **_found(visit))
        return desk.show(visit, "recovery_codes.html", codes=codes, **_found(visit))


def _name(visit: Visit, factor_id: str) -> Response:
    factor = next((one for one in accounts.factors_of(visit.house, visit.person) if one.id == factor_id), None)
    if factor is None:
        return halfway.security("")
    return desk.show(visit, "factor_name.html", factor=factor)


def _caller(visit: Visit) -> Caller:
    assert visit.caller is not None  # the gate admits nobody else
    return visit.caller


def _found(visit: Visit) -> dict[str, Any]:
    house = visit.house
    with house.database.read() as db:
        person = people.person(db, visit.person)
        profile = people.profile(db, house.vault, visit.person)
        held = factors.of_person(db, visit.person)
        left = code_store.left(db, visit.person)
    assert person is not None
    by_kind = {kind.value: [one for one in held if one.kind is kind] for kind in Kind}
    return {
        "held": by_kind,
        "strength": strength(held),
        "left": left,
        "phone": contacts.masked(Contact.phone, profile.phone) if profile.phone else "",
        "email": contacts.masked(Contact.email, profile.email) if profile.email else "",
        "sms_offered": contacts.offered(house, Contact.phone),
        "sms_allowed": int(person.level) < STRONGEST,
        "mail_offered": contacts.offered(house, Contact.email),
        "passkeys_possible": passkey.available(house.settings),
        "links": links.of(house, visit.person),
        "provinces": bool(configured.offered(house, visit.now)),
    }
