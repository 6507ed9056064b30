"""Confirming one thing with one's own passkey: the page shows what it is, the passkey signs exactly that (`hub.asked`)."""

import re
from typing import Any

from flask import Blueprint, Response, request, url_for

from hub import asked, ledger, web
from hub.asked import Asked, NotConfirmed
from hub.callers import Session
from hub.i18n import _
from hub.problems import NotFound
from hub.web import route
from idp.login import passkey
from idp.model.factor import Kind, WrongCredentials
from idp.store import factors
from idp.web import desk
from idp.web.desk import Visit

SIGNED_IN = Session("idp")
DIGEST = re.compile(r"[0-9a-f]{64,96}")


def add(bp: Blueprint) -> None:
    """`/account/confirm/…`."""

    @route(bp, "/account/confirm/<id>", gate=SIGNED_IN, endpoint="confirm")
    def page(id: str) -> Response:
        visit = desk.visit()
        one = _mine(visit, id)
        return desk.show(visit, "confirm.html", **_shown(visit, one))

    @route(bp, "/account/confirm/<id>", gate=SIGNED_IN, methods=("POST",), endpoint="confirm_posted")
    def posted(id: str) -> Response:
        visit = desk.visit()
        one = _mine(visit, id)
        try:
            _confirm(visit, one, request.form.get("answer", ""))
        except (WrongCredentials, NotConfirmed) as problem:
            return desk.refused(visit, "confirm.html", problem, **_shown(visit, one))
        return web.see_other(url_for("idp.confirm", id=id))


def _confirm(visit: Visit, one: Asked, answer: str) -> None:
    """Check what the passkey signed, and keep it as evidence. Raises WrongCredentials, NotConfirmed."""
    if not one.open_at(visit.now):
        raise NotConfirmed("It was confirmed already, or the time for it is over")
    evidence = passkey.confirmed(visit.house, visit.person, answer, one.challenge, visit.now)
    with visit.house.database.write() as db:
        if not asked.answered(db, one.id, evidence, visit.now):
            raise NotConfirmed("It was confirmed already, or the time for it is over")
        facts = {"purpose": one.purpose, "digest": one.digest.hex(), "credential": evidence["credential"]}
        ledger.wrote(db, "confirmation.given", one.id, by=f"person:{one.person}", at=visit.now, facts=facts)


def _mine(visit: Visit, id: str) -> Asked:
    """The question, if it is put to whoever is signed in. Raises NotFound: nobody learns of questions to others."""
    with visit.house.database.read() as db:
        one = asked.one(db, id)
    if one is None or one.person != visit.person:
        raise NotFound("There is nothing at this address")
    return one


def _shown(visit: Visit, one: Asked) -> dict[str, Any]:
    with visit.house.database.read() as db:
        known = [each for each in factors.of_person(db, visit.person) if each.kind is Kind.passkey]
    usable = passkey.available(visit.house.settings) and bool(known)
    return {
        "one": one,
        "words": [(_(label), _grouped(text)) for label, text in one.words],
        "until": visit.local(one.until),
        "open": one.open_at(visit.now),
        "passkeys": usable,
        "options": passkey.options_to_confirm(visit.house, known, one.challenge) if usable else "",
        "back_to": f"{visit.house.settings.home_url}{one.back}",
    }


def _grouped(text: str) -> str:
    """A digest in groups of four, as people compare it."""
    return " ".join(re.findall("....", text)) if DIGEST.fullmatch(text) else text
