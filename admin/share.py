"""Answer one call for a person's data: everything is checked, only the granted fields leave, and each call is written down.

Nothing is handed over before the ledger knows of it. A refusal is written down too, with its reason.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import Connection

from admin import sources
from admin.admit import Asked, Use, admitted, ours, person_still_allows_it
from admin.model.datacall import (
    Call,
    Hop,
    Refusal,
    TooMuch,
)
from admin.store import sharing as store
from hub import ledger, limits, tree
from hub.house import House
from hub.limits import Limit
from hub.problems import Problem
from idp.acting import principals
from idp.provider import clients, pseudonyms

log = structlog.get_logger("sharing")
KEY = "data-1"
TYP = "data+jwt"
SECONDS = 300  # an answer is for now: it says itself until when
REFUSALS = Limit(
    "data-refusals", 300, 60
)  # of one client that are written down; a program that runs wild must not fill the ledger


@dataclass(frozen=True)
class Answer:
    """What a call is answered: a compact JWS, and the way it took."""

    jws: str
    call: Call


def share(house: House, asked: Asked, now: datetime) -> Answer:
    """Answer a call with the granted fields, signed. Raises a Refusal, which is in the ledger by then."""
    began = perf_counter()
    call = Call(secrets.token_hex(12), secrets.token_hex(16), "", tree.ROOT, now, case=asked.case)
    try:
        use = admitted(house, asked, now)
        call = _begun(use, call)
    except Refusal as refusal:
        _refused(house, _known_of(house, asked, call), refusal)
        raise
    hops = [Hop(use.client.id, use.request.place, _moment(now), 0, asked.digest, "asked")]
    checked = _milliseconds(began)
    try:
        found = sources.fetched(house, use.entry, use.request, use.grant, call, now)
        person_still_allows_it(use)  # the source took its time
    except Refusal as refusal:
        late = Hop(
            use.entry.client or use.entry.agency, use.entry.place, _moment(now), _milliseconds(began), "", refusal.why
        )
        _refused(house, replace(call, hops=_timed([*hops, late], began)), refusal, known=True)
        raise
    sent = now + timedelta(milliseconds=checked)
    hops += [Hop("hub", tree.ROOT, _moment(now), checked, found.sent, "checked")]
    hops += [replace(hop, at=_moment(sent)) for hop in found.hops]
    jws = house.keys.sign_jws(KEY, TYP, _claims(use, call, found.data))
    done = replace(call, outcome="answered", fields=tuple(found.data), hops=_timed(hops, began))
    with house.database.write() as db:
        store.end_call(db, done)
        facts = {
            "grant": use.request.id,
            "entry": use.entry.id,
            "client": use.client.id,
            "fields": list(done.fields),
            "purpose": use.request.purpose_digest,
            "hops": len(done.hops),
            "milliseconds": done.milliseconds,
        }
        ledger.wrote(
            db, "data.used", done.subject, by=f"client:{use.client.id}", at=now, place=use.entry.place, facts=facts
        )
    # Committed: from here the person sees it, so from here the data may leave.
    return Answer(jws, done)


def forget_lost(house: House, now: datetime, seconds: int = 60) -> int:
    """Close calls whose process died on the way: nothing was handed over. Says how many."""
    with house.database.write() as db:
        lost = store.stale_calls(db, now - timedelta(seconds=seconds))
        for call in lost:
            _write_refusal(db, replace(call, outcome="lost"), known=True)
    return len(lost)


# -- inside


def _begun(use: Use, call: Call) -> Call:
    """Count the call before anything is asked of a source. Raises TooMuch."""
    known = replace(
        call,
        client=use.client.id,
        place=use.entry.place,
        request=use.request.id,
        entry=use.entry.id,
        person=use.grant.person,
        acting_for=use.grant.acting_for or "",
    )
    with use.house.database.write() as db:
        request = store.request(db, use.request.id, lock=True)
        if store.calls_since(db, request.id, store.day_of(use.now)) >= request.per_day:
            raise TooMuch("%(count)s calls a day were granted", count=request.per_day)
        store.add_call(db, known)
    return known


def _known_of(house: House, asked: Asked, call: Call) -> Call:
    """As much as can be said of a call that was refused: its client if the token is ours, its grant if there is one."""
    claims = ours(house, asked.token) or {}
    client = clients.known(house, str(claims.get("client_id", "")), call.at)
    call = replace(call, client=client.id if client else "", place=client.place if client else tree.ROOT)
    with house.database.read() as db:
        try:
            request = store.request(db, asked.grant)
        except Problem:
            return call
    return replace(call, request=request.id, entry=request.entry, place=request.provider_place)


def _refused(house: House, call: Call, refusal: Refusal, *, known: bool = False) -> None:
    log.info("data.refused", why=refusal.why, client=call.client, call=call.id)
    if call.client and not known:
        limits.check(house.shared, REFUSALS, call.client)
    refusal.extras |= {"why": refusal.why, "trace": call.trace}
    with house.database.write() as db:
        _write_refusal(db, replace(call, outcome=refusal.why), known=known)


def _write_refusal(db: Connection, call: Call, *, known: bool) -> None:
    (store.end_call if known else store.add_call)(db, call)
    facts = {"why": call.outcome, "grant": call.request, "client": call.client}
    by = f"client:{call.client}" if call.client else "nobody"
    ledger.wrote(db, "data.refused", call.subject, by=by, at=call.at, place=call.place, facts=facts)


def _claims(use: Use, call: Call, found: dict[str, Any]) -> dict[str, Any]:
    """What the answer says, and to whom: for this client alone, about a person whom only it calls so."""
    moment = int(use.now.timestamp())
    told: dict[str, Any] = {
        "iss": use.house.settings.issuer_url,
        "aud": use.client.id,
        "sub": pseudonyms.subject(use.house, use.client, principals.subject(use.grant.person, use.grant.acting_for)),
        "iat": moment,
        "exp": moment + SECONDS,
        "jti": call.id,
        "grant": use.request.id,
        "entry": use.entry.id,
        "provider": use.entry.agency,
        "purpose": use.request.item,
        "trace": call.trace,
        "data": found,
    }
    return told | ({"case": call.case} if call.case else {})


def _timed(hops: list[Hop], began: float) -> tuple[Hop, ...]:
    return (replace(hops[0], milliseconds=_milliseconds(began)), *hops[1:])


def _milliseconds(since: float) -> int:
    return round((perf_counter() - since) * 1000)


def _moment(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds")


def digest_of(body: bytes) -> str:
    """The SHA-256 of what was sent or answered, as the trace shows it."""
    return hashlib.sha256(body).hexdigest()
