"""Answer one call for a person's data: everything is checked, only the granted fields leave, and each call is written down.

Nothing is handed over before the ledger knows of it. A refusal is written down too, with its reason.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import Connection

from admin import sources
from admin.model.datacall import (
    Call,
    GrantOver,
    Hop,
    NoConsent,
    OtherPurpose,
    Refusal,
    TokenRefused,
    TooMuch,
    Withdrawn,
    WrongClient,
)
from admin.model.sharing import DataRequest, Entry, NoRequest
from admin.store import sharing as store
from hub import callers, ledger, limits, tree
from hub.callers import Caller
from hub.house import House
from hub.limits import Limit
from hub.problems import NotSignedIn, Problem
from idp import clients, pseudonyms, tokens
from idp.model.client import Client
from idp.model.data import TYPE
from idp.model.grant import Grant
from idp.store import data as permissions
from idp.store import grants

log = structlog.get_logger("sharing")
KEY = "data-1"
TYP = "data+jwt"
SECONDS = 300  # an answer is for now: it says itself until when
REFUSALS = Limit(
    "data-refusals", 300, 60
)  # of one client that are written down; a program that runs wild must not fill the ledger
STRANGERS = Limit("data-strangers", 30, 60)  # calls of one network without a token of ours; each is written down


@dataclass(frozen=True)
class Asked:
    """A call as it came in. `digest` is that of its body."""

    token: str
    grant: str
    purpose: str
    case: str
    digest: str
    net: str


@dataclass(frozen=True)
class Answer:
    """What a call is answered: a compact JWS, and the way it took."""

    jws: str
    call: Call


@dataclass(frozen=True)
class Use:
    """A call on its way through the checks: what is known of it so far."""

    house: House
    asked: Asked
    now: datetime
    caller: Caller
    client: Client
    request: DataRequest
    entry: Entry
    grant: Grant


def share(house: House, asked: Asked, now: datetime) -> Answer:
    """Answer a call with the granted fields, signed. Raises a Refusal, which is in the ledger by then."""
    began = perf_counter()
    call = Call(secrets.token_hex(12), secrets.token_hex(16), "", tree.ROOT, now, case=asked.case)
    try:
        use = _admitted(house, asked, now)
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


# -- the checks, in order; each raises its own refusal


def grant_is_of_this_client(use: Use) -> None:
    """A grant is given to one client, and nobody lends it."""
    if use.request.client != use.caller.client:
        raise WrongClient("The grant %(id)s", id=use.request.id)


def person_allowed_it(use: Use) -> None:
    """The token says that the person agreed to this very grant (RFC 9396 9.1)."""
    if not any(one.get("type") == TYPE and one.get("grant") == use.request.id for one in use.caller.details):
        raise NoConsent("The token names no grant %(id)s", id=use.request.id)


def person_still_allows_it(use: Use) -> None:
    """What the person takes back is refused at the next call, whatever the token says."""
    with use.house.database.read() as db:
        if permissions.allowed(db, use.grant.person, use.grant.acting_for or "", use.request.id) is None:
            raise Withdrawn("The grant %(id)s", id=use.request.id)


def grant_is_in_force(use: Use) -> None:
    """Grants end by their day, or by one of the two bodies."""
    if not use.request.in_force_at(use.now) or use.entry.ended is not None:
        raise GrantOver("The grant %(id)s", id=use.request.id)


def purpose_is_the_granted_one(use: Use) -> None:
    """Each call says what it is for; another purpose is another request."""
    if use.asked.purpose != use.request.item:
        raise OtherPurpose("This grant is for %(item)s", item=use.request.item)


CHECKS: tuple[Callable[[Use], None], ...] = (
    grant_is_of_this_client,
    person_allowed_it,
    grant_is_in_force,
    person_still_allows_it,
    purpose_is_the_granted_one,
)


def _admitted(house: House, asked: Asked, now: datetime) -> Use:
    """The call, once it has passed every check but the count. Raises a Refusal."""
    caller = _caller(house, asked, now)
    client = clients.known(house, caller.client or "", now)
    with house.database.read() as db:
        grant = grants.grant(db, caller.grant or "")
        if client is None or grant is None:
            raise TokenRefused("The token was revoked")
        try:
            request = store.request(db, asked.grant)
        except NoRequest as error:
            raise NoConsent("The token names no grant %(id)s", id=asked.grant[:40]) from error
        entry = store.entry(db, request.entry)
    use = Use(house, asked, now, caller, client, request, entry, grant)
    for check in CHECKS:
        check(use)
    return use


def _caller(house: House, asked: Asked, now: datetime) -> Caller:
    """Whom the token names. Raises TokenRefused; Withdrawn where the person has taken back what it rests on."""
    try:
        caller = callers.read_token(house, asked.token, now, audience_is=tokens.data_audience(house))
    except NotSignedIn as error:
        claims = _ours(house, asked.token)
        if claims is None:
            limits.check(house.shared, STRANGERS, asked.net)
            raise TokenRefused("The token is damaged or forged") from error
        named = [one for one in claims.get("authorization_details", ()) if one.get("grant") == asked.grant]
        if named and _has_withdrawn(house, claims, asked.grant):
            raise Withdrawn("The grant %(id)s", id=asked.grant) from error
        if not claims.get("authorization_details"):
            raise NoConsent("The token names no grant %(id)s", id=asked.grant[:40]) from error
        raise TokenRefused(error.message, **error.values) from error
    return caller


def _ours(house: House, token: str) -> dict[str, Any] | None:
    """What a token of ours says, expired or revoked too; None for a forgery."""
    try:
        return callers.signed_claims(house, token, kind="at+jwt")
    except NotSignedIn:
        return None


def _has_withdrawn(house: House, claims: dict[str, Any], id: str) -> bool:
    with house.database.read() as db:
        grant = grants.grant(db, str(claims.get("gid", "")))
        return grant is not None and permissions.allowed(db, grant.person, grant.acting_for or "", id) is None


# -- writing down


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
    claims = _ours(house, asked.token) or {}
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
        "sub": pseudonyms.subject(use.house, use.client, use.grant.person),
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
