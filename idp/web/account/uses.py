"""Who was let in to learn about me here: each sign-in, and each day on which a service came without me, with a proof."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from hub import ledger, proof, web
from hub.callers import Session
from hub.ledger import Event
from hub.problems import NotFound
from hub.web import route
from idp.store import releases
from idp.web import desk
from idp.web.account.words import fields, service_name_of
from idp.web.desk import Visit

SIGNED_IN = Session("idp")
PAGE = 30


@dataclass(frozen=True)
class Use:
    """One line as its person reads it."""

    id: int
    at: datetime
    service: str
    fields: str
    absent: bool  # the service renewed its access; the person was not there
    other: bool  # somebody acted for him
    caller: str = ""  # the service that called this one in his name


def add(bp: Blueprint) -> None:
    """`/account/uses…`."""

    @route(bp, "/account/uses", gate=SIGNED_IN, endpoint="uses")
    def page() -> Response:
        visit = desk.visit()
        before = request.args.get("before", "")
        found = _uses(visit, int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None)
        older = found[PAGE - 1].id if len(found) > PAGE else None
        return desk.show(visit, "account_uses.html", uses=found[:PAGE], older=older)

    @route(bp, "/account/uses/<event>/proof.json", gate=SIGNED_IN, endpoint="use_proof")
    def use_proof(event: str) -> Response:
        visit = desk.visit()
        number = int(event) if event.isascii() and event.isdigit() and len(event) < 16 else 0
        with visit.house.database.read() as db:
            if not releases.is_of(db, number, visit.person):
                raise NotFound("There is no such line about you")
        found: dict[str, Any] = proof.of_event(visit.house, number)
        return web.file(json.dumps(found, ensure_ascii=False, indent=1).encode(), "application/json", name="proof.json")


def _uses(visit: Visit, before: int | None) -> list[Use]:
    with visit.house.database.read() as db:
        ids = releases.of_person(db, visit.person, before=before, limit=PAGE + 1)
        found = ledger.named(db, ids)
    return [_use(visit, one) for one in reversed(found)]


def _use(visit: Visit, event: Event) -> Use:
    client = event.subject.removeprefix("client:")
    return Use(
        event.id,
        event.at,
        service_name_of(visit, client),
        fields(event.facts.get("scopes", ())),
        event.kind == "grant.renewed",
        event.kind == "grant.made" and not event.by.startswith(f"person:{visit.person}"),
        service_name_of(visit, event.by.removeprefix("client:")) if event.kind == "token.exchanged" else "",
    )
