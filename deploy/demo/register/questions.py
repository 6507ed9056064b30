"""The questions that programs ask, under /v1: each answer is signed, for one asker and one question."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from deploy.demo.register.answers import TYPE, Seal
from deploy.demo.register.book import Book, Check
from deploy.demo.register.faults import Faults

BANDS = {"match": "high", "no-match": "low"}
Facts = dict[str, Any]


def add(app: Flask, book: Book, seal: Seal, faults: Faults) -> None:
    """All questions, and the key that signs the answers."""

    @app.get("/v1/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [seal.public()], "typ": TYPE}

    _persons(app, book, seal, faults)
    _pairs(app, book, seal, faults)
    _live(app, book, seal, faults)
    _others(app, book, seal, faults)
    _network_id(app, book, seal, faults)


def _persons(app: Flask, book: Book, seal: Seal, faults: Faults) -> None:
    @app.post("/v1/match")
    def match() -> Response:
        """Do this name and this number belong to one person? Never says which of the two is wrong."""
        who = _who()
        return answer(seal, faults, "match", who, match=book.knows(*who))

    @app.post("/v1/person/status")
    def status() -> Response:
        """Does this person live, and under which name?"""
        who = _who()
        found = book.status(*who)
        if found is None:
            return answer(seal, faults, "status", who, match=False)
        died = book.died(found.number)
        facts = {"status": "deceased" if died else "living", "name": found.name, "died": died}
        return answer(seal, faults, "status", who, match=True, **facts)


def _pairs(app: Flask, book: Book, seal: Seal, faults: Faults) -> None:
    @app.post("/v1/representative")
    def representative() -> Response:
        """Is this person the legal representative of this organisation?"""
        code, who = text("code"), _who()
        company = book.company(code)
        represents = company is not None and company.representative == who[0] and book.knows(*who)
        status, registered = book.registration(code)
        known = {"name": company.name, "status": status, "registered": registered} if company else None
        found = known if represents else None
        return answer(seal, faults, "representative", [code, *who], representative=represents, company=found)

    @app.post("/v1/guardian")
    def guardian() -> Response:
        """Is this person a parent or guardian of that child?"""
        child, who = _who("child_"), _who("guardian_")
        kin = book.kin(child[0], who[0]) if book.knows(*child) and book.knows(*who) else None
        facts = {"relation": kin.relation} if kin else {}
        return answer(seal, faults, "guardian", [*child, *who], match=kin is not None, **facts)

    @app.post("/v1/court-order")
    def court_order() -> Response:
        """Does this order let the one act for the other, in what, and how long?"""
        number, ward, who = text("order"), _who("ward_"), _who("guardian_")
        order = book.order(number) if book.knows(*ward) and book.knows(*who) else None
        good = order is not None and (order.ward, order.guardian) == (ward[0], who[0])
        facts: Facts = {"scope": order.scope.split(), "until": order.until} if order and good else {}
        return answer(seal, faults, "court-order", [number, *ward, *who], match=good, **facts)


def _live(app: Flask, book: Book, seal: Seal, faults: Faults) -> None:
    @app.post("/v1/live")
    def live() -> Response:
        """Begin a live check: the person is to be sent to `page`, and comes back to `return_url`."""
        who, back = _who(), text("return_url")
        if not book.knows(*who) or urlsplit(back).scheme not in {"http", "https"}:
            return answer(seal, faults, "live", who, match=False)
        check_id = book.begin_check(who[0], who[1], back)
        return answer(seal, faults, "live", who, match=True, check=check_id, page=f"{seal.issuer}/live/{check_id}")

    @app.post("/v1/live/result")
    def result() -> Response:
        """How a live check ended, for whoever brings its ticket; only a band of the score leaves this house, never a picture."""
        check, ticket = known(book.check(text("check"))), text("ticket")
        outcome = check.outcome if book.has_ticket(check.id, ticket) else "open"
        facts = {"outcome": outcome, "score_band": BANDS.get(outcome, "")}
        asked = [check.id, ticket, check.number, check.name, check.country, check.born]
        return answer(seal, faults, "live-result", asked, match=outcome == "match", **facts)


def _others(app: Flask, book: Book, seal: Seal, faults: Faults) -> None:
    @app.post("/v1/bank")
    def bank() -> Response:
        """Do name, number, card and phone belong together? Played for the banks."""
        who, card, phone = _who(), text("card"), text("phone")
        person = book.status(*who) if book.knows(*who) else None
        good = person is not None and (person.card, person.phone) == (card, phone)
        return answer(seal, faults, "bank", [*who, card, phone], match=good, score_band="medium" if good else "low")

    @app.post("/v1/telecom")
    def telecom() -> Response:
        """Do name, number and phone belong together? Played for the phone companies."""
        who, phone = _who(), text("phone")
        person = book.status(*who) if book.knows(*who) else None
        good = person is not None and person.phone == phone
        return answer(seal, faults, "telecom", [*who, phone], match=good, score_band="medium" if good else "low")


def _network_id(app: Flask, book: Book, seal: Seal, faults: Faults) -> None:
    @app.post("/v1/network-id")
    def network_id() -> Response:
        """Begin to ask for a network identity: the person is to be sent to `page`, and comes back to `return_url`."""
        back = text("return_url")
        if urlsplit(back).scheme not in {"http", "https"}:
            return answer(seal, faults, "network-id", [back], match=False)
        id = book.begin_request(text("audience"), back)
        return answer(seal, faults, "network-id", [back], match=True, request=id, page=f"{seal.issuer}/network-id/{id}")

    @app.post("/v1/network-id/result")
    def network_id_result() -> Response:
        """Who approved: a pseudonym that this one asker gets, and a level. Never a name, never a number."""
        found, ticket = book.request(text("request")), text("ticket")
        if found is None:
            abort(404)
        asked = [found.id, ticket]
        mine = book.has_ticket(found.id, ticket) and found.asker == text("audience")
        if not mine or found.outcome != "approved":
            outcome = found.outcome if mine else "open"
            return answer(seal, faults, "network-id-result", asked, match=False, outcome=outcome)
        facts = {"pseudonym": seal.pseudonym(found.number, found.asker), "level": found.level}
        return answer(seal, faults, "network-id-result", asked, match=True, outcome="approved", **facts)


def answer(seal: Seal, faults: Faults, question: str, asked: list[str], **facts: Any) -> Response:
    """An answer that repeats as a digest what was asked, or the fault that is switched on."""
    about = asked_digest([part for part in asked if part])
    said, status = faults.answer(seal, question, text("audience"), text("nonce"), asked=about, **facts)
    return Response(said, status, mimetype="application/jwt")


def asked_digest(parts: list[str]) -> str:
    """What was asked, as digest: so that a signed answer cannot be moved to another question."""
    return base64.urlsafe_b64encode(hashlib.sha256("\n".join(parts).encode()).digest()).rstrip(b"=").decode()


def text(name: str, default: str | None = None) -> str:
    """A text of the question; a default makes it one that may be left out."""
    body = request.get_json(silent=True)
    value = body.get(name, default) if isinstance(body, dict) else None
    if not isinstance(value, str) or (not value and default is None) or len(value) > 1000:
        abort(400, f"{name}: give a text")
    return value


def known(check: Check | None) -> Check:
    """A check that is there, or 404."""
    if check is None:
        abort(404)
    return check


def _who(prefix: str = "") -> list[str]:
    """Number, name, country and day of birth of one person."""
    return [text(f"{prefix}number"), text(f"{prefix}name"), text(f"{prefix}country", ""), text(f"{prefix}born", "")]
