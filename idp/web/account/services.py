"""Services and consents: who knows what of me by what right, the words I agreed to, and how I take it back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy import Connection

from hub import web
from hub.callers import Session
from hub.i18n import _
from hub.problems import NotFound
from hub.web import route
from idp.consent import consents, data
from idp.model.client import Client
from idp.model.consent import API, Consent
from idp.model.receipt import NoReceipt, Receipt
from idp.provider import initiation
from idp.store import clients as client_store
from idp.store import grants as grant_store
from idp.store import receipts, releases
from idp.web import data as data_page
from idp.web import desk
from idp.web.account import reading
from idp.web.account.words import basis, fields, owner, service_name, service_name_of
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


@dataclass(frozen=True)
class Known:
    """One service that knows the person, in the reader's words."""

    client: Client
    name: str
    owner: str
    fields: str
    calls: str  # the other services that it may call in the person's name
    basis: str
    consent: Consent
    used: datetime | None
    living: int  # families of tokens
    start: str  # where a visit to it begins, if it lets others begin one


def add(bp: Blueprint) -> None:
    """`/account/services…`, `/account/receipts/<id>`."""

    @route(bp, "/account/services", gate=SIGNED_IN, endpoint="services")
    def page() -> Response:
        visit = desk.visit()
        return desk.show(visit, "account_services.html", done=request.args.get("done", ""), **_all(visit))

    @route(bp, "/account/services/<client>", gate=SIGNED_IN, endpoint="service")
    def one(client: str) -> Response:
        visit = desk.visit()
        with visit.house.database.read() as db:
            found = client_store.client(db, client)
            kept = receipts.of_person(db, visit.person, client)
            known = next((one for one in _known(visit) if one.client.id == client), None)
        if found is None or (known is None and not kept):
            raise NotFound("You have no agreement with such a service")
        read = [(receipt, reading.of(receipt)) for receipt in kept]
        return desk.show(visit, "account_service.html", known=known, name=service_name(found), receipts=read)

    @route(bp, "/account/receipts/<id>.jwt", gate=SIGNED_IN, endpoint="receipt")
    def receipt(id: str) -> Response:
        visit = desk.visit()
        with visit.house.database.read() as db:
            found = receipts.receipt(db, id, visit.person)
        if found is None:
            raise NoReceipt("There is no receipt %(id)s of yours", id=id[:60])
        return web.file(found.signed.encode(), "application/consent-receipt+jwt", name=f"{found.id}.jwt")

    @route(bp, "/account/services/withdraw", gate=SIGNED_IN, methods=("POST",))
    def withdraw() -> Response:
        visit = desk.visit()
        client = request.form.get("client", "")
        consents.take_back(visit.house, visit.person, client, by=f"person:{visit.person}", now=visit.now)
        return web.see_other(url_for("idp.services", done="withdrawn"))


def _all(visit: Visit) -> dict[str, Any]:
    assert visit.caller is not None
    known = _known(visit)
    with visit.house.database.read() as db:
        shared = data.standing(db, visit.person, visit.caller.acting_for)
        kept = receipts.of_person(db, visit.person)
    standing = {one.client.id for one in known}
    return {
        "services": known,
        "shared": [
            (consent, service_name_of(visit, one.client), data_page.named(one))
            for consent, one in shared
            if one.in_force_at(visit.now)
        ],
        "past": [(service_name_of(visit, one.client), one) for one in _last(kept) if one.client not in standing],
    }


def _known(visit: Visit) -> list[Known]:
    with visit.house.database.read() as db:
        used = releases.last_of(db, visit.person)
        living = grant_store.living(db, visit.now, person=visit.person)
        found = [(consent, client_store.client(db, consent.client)) for consent in consents.all_of(db, visit.person)]
        return [
            Known(
                client,
                service_name(client),
                owner(db, client),
                fields(consent.scopes),
                _(", ").join(_called(db, consent)),
                basis(client),
                consent,
                used.get(client.id),
                sum(grant.client == client.id for grant in living),
                initiation.address(visit.house, client),
            )
            for consent, client in found
            if client is not None
        ]


def _called(db: Connection, consent: Consent) -> list[str]:
    """The names of the services that may be called in the person's name."""
    named = sorted(one.removeprefix(API) for one in consent.scopes if one.startswith(API))
    return [service_name(found) for id in named if (found := client_store.client(db, id)) and found.ended is None]


def _last(kept: list[Receipt]) -> list[Receipt]:
    """The newest receipt of each service."""
    return list({one.client: one for one in reversed(kept)}.values())
