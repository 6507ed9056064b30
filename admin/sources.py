"""Where shared data come from: the register of issued licenses, or the platform of the body that holds them.

Whatever a source gives, only the granted fields go on; an answer that is not whole, signed and for this question is none.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from admin.model.datacall import Call, Hop, NothingHeld, SourceDown, SourceWrong
from admin.model.sharing import DataRequest, Entry
from hub.addresses import AddressRefused
from hub.fetch import NotReachable
from hub.house import House
from idp.acting import principals
from idp.model.client import Client
from idp.model.grant import Grant
from idp.model.mandate import PERSON
from idp.provider import clients, pseudonyms
from idp.provider.tokens import read
from idp.store import people
from licenses import kinds
from licenses import store as licenses
from licenses.days import day_of

KEY = "data-1"
QUESTION, ANSWER = "data-request+jwt", "data+jwt"
SECONDS = 4.0  # a person waits behind it; the whole call must end before his page does
FRESH = 120  # seconds: how old or how far ahead an answer may be
COMPANY = "001"  # the type of a unified code among numbers


@dataclass(frozen=True)
class Found:
    """What a source gave: the granted fields alone. `sent` is the digest of what it was asked."""

    data: dict[str, Any]
    hops: tuple[Hop, ...]
    sent: str


def fetched(house: House, entry: Entry, request: DataRequest, grant: Grant, call: Call, now: datetime) -> Found:
    """The granted fields about a person, or about the one for whom he acts. Raises NothingHeld, SourceDown, SourceWrong."""
    number_type, number = _whose(house, grant)
    if entry.kind:
        return _from_register(house, entry, request, people.holder_key(house.vault, number_type, number), now)
    return _from_platform(house, entry, request, grant, call, (number_type, number), now)


def _whose(house: House, grant: Grant) -> tuple[str, str]:
    if grant.acting_for and not grant.acting_for.startswith(PERSON):
        return COMPANY, grant.acting_for
    with house.database.read() as db:
        profile = people.profile(db, house.vault, principals.subject(grant.person, grant.acting_for))
    return profile.number_type, profile.number


def _from_register(house: House, entry: Entry, request: DataRequest, holder_key: str, now: datetime) -> Found:
    """What stands on the newest license in force that this body issued to the holder."""
    with house.database.read() as db:
        held = [
            one
            for one in licenses.held_by(db, [holder_key])
            if one.agency == entry.agency and one.kind in _codes(entry.kind) and one.in_force(day_of(now))
        ]
        if not held:
            raise NothingHeld
        fields = licenses.application_of(db, house.vault, held[0].identifier).application.fields
    return Found({key: fields.get(key) for key in request.fields}, (), _digest(held[0].identifier.encode()))


def _codes(slug: str) -> tuple[str, ...]:
    kind = kinds.named(slug)
    return (kind.slug, kind.code)


def _from_platform(
    house: House,
    entry: Entry,
    request: DataRequest,
    grant: Grant,
    call: Call,
    number: tuple[str, str],
    now: datetime,
) -> Found:
    """Ask the body's own platform: a signed question, a signed answer, one trace (W3C Trace Context)."""
    platform = clients.known(house, entry.client, now)
    if platform is None:
        raise SourceDown("The platform is not registered any more")
    question = _question(house, entry, request, grant, call, number, platform, now)
    token = house.keys.sign_jws(KEY, QUESTION, question)
    began = perf_counter()
    answer = _posted(house, entry.endpoint, token, call.trace)
    claims = _read(house, platform, answer, question, now)
    data = claims["data"]
    missing = [key for key in request.fields if key not in data]
    if missing:
        raise SourceWrong("The answer lacks %(field)s", field=missing[0])
    extra = len(set(data) - set(request.fields))
    hop = Hop(
        who=platform.id,
        place=entry.place,
        at=now.isoformat(timespec="milliseconds"),
        milliseconds=round((perf_counter() - began) * 1000),
        digest=_digest(answer.encode()),
        left_out=extra,
    )
    return Found({key: data[key] for key in request.fields}, (hop,), _digest(token.encode()))


def _question(
    house: House,
    entry: Entry,
    request: DataRequest,
    grant: Grant,
    call: Call,
    number: tuple[str, str],
    platform: Client,
    now: datetime,
) -> dict[str, Any]:
    """What a platform is told: the fields, who asks and why, and of the person no more than it needs to find him."""
    moment = int(now.timestamp())
    told: dict[str, Any] = {
        "iss": house.settings.issuer_url,
        "aud": platform.id,
        "iat": moment,
        "exp": moment + FRESH,
        "jti": secrets.token_urlsafe(16),
        "sub": pseudonyms.subject(house, platform, principals.subject(grant.person, grant.acting_for)),
        "entry": entry.id,
        "fields": list(request.fields),
        "purpose": {"item": request.item, "zh": request.purpose, "en": request.purpose_en, "basis": request.basis},
        "client": request.client,
        "trace": call.trace,
    }
    if call.case:
        told["case"] = call.case
    if entry.tells_number:
        told["holder"] = {"number_type": number[0], "number": number[1]}
    return told


def _posted(house: House, url: str, token: str, trace: str) -> str:
    headers = {
        "content-type": "application/jwt",
        "accept": "application/jwt",
        "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01",
    }
    try:
        answer = house.fetch.post(url, content=token.encode(), headers=headers, seconds=SECONDS)
    except (NotReachable, AddressRefused) as error:
        raise SourceDown(str(error.detail)) from error
    if answer.status == 404:
        raise NothingHeld
    if answer.status != 200:
        raise SourceDown("It answered with status %(status)s", status=answer.status)
    return answer.text.strip()


def _read(house: House, platform: Client, answer: str, question: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The claims of an answer that the platform signed, for us, to this question, just now. Raises SourceWrong."""
    try:
        claims = read.answer(house, platform, answer, now, typ=ANSWER)
    except read.NotAToken as error:
        raise SourceWrong("Its signature does not fit") from error
    wanted = {"iss": platform.id, "aud": house.settings.issuer_url, "in_reply_to": question["jti"]}
    for name, value in wanted.items():
        if claims.get(name) != value:
            raise SourceWrong("Its member %(name)s is for something else", name=name)
    made = claims.get("iat")
    if isinstance(made, bool) or not isinstance(made, int) or abs(now.timestamp() - made) > FRESH:
        raise SourceWrong("It was not made just now")
    if not isinstance(claims.get("data"), dict):
        raise SourceWrong("It holds no data")
    return claims


def jwks(house: House) -> str:
    """The public keys by which others check our questions and answers (RFC 7517 5)."""
    return json.dumps({"keys": [house.keys.jwk(name) for name in house.keys.named("data")]})


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
