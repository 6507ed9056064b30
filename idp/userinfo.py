"""What a service is told about a person: for each scope the least that it is good for."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from hub.house import House
from idp import clients, mandates, pseudonyms, sandbox, token_status
from idp.model.client import Client
from idp.model.flow import acr
from idp.model.grant import Grant
from idp.model.mandate import NoMandate
from idp.programs import NO_STORE, Answer
from idp.store import people
from idp.tokens import Claims


def answered(house: House, token: str | None, now: datetime) -> Answer:
    """Answer a userinfo request with the claims, or with the error of RFC 6750 3.1."""
    if not token:
        return Answer(401, {}, NO_STORE | {"WWW-Authenticate": "Bearer"})
    shown = token_status.look_up(house, token, now)
    client = clients.known(house, shown.client, now) if shown else None
    if shown is None or client is None or shown.claims is None or shown.grant is None:
        return Answer(401, {"error": "invalid_token"}, NO_STORE | {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    scopes = frozenset(str(shown.claims["scope"]).split())
    if "openid" not in scopes:
        needed = {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="openid"'}
        return Answer(403, {"error": "insufficient_scope"}, NO_STORE | needed)
    return Answer(200, claims_of(house, client, shown.grant, scopes, now), NO_STORE)


def claims_of(house: House, client: Client, grant: Grant, scopes: frozenset[str], now: datetime) -> Claims:
    """The claims that the scopes of an access token allow (OpenID Connect Core 5.3). `sub` equals the ID token's."""
    claims: Claims = {"sub": pseudonyms.subject(house, client, grant.person)}
    if client.sandbox:
        return claims | sandbox.claims(grant, scopes)
    with house.database.read() as db:
        for scope, some in CLAIMS.items():
            if scope in scopes:
                claims |= some(house, db, grant, now)
    return claims


def _profile(house: House, db: Connection, grant: Grant, now: datetime) -> Claims:
    """How to greet the person, once a name is proved. The account name stays here: it is half of signing in."""
    name = people.profile(db, house.vault, grant.person).name
    return {"name": name} if name else {}


def _realname(house: House, db: Connection, grant: Grant, now: datetime) -> Claims:
    """Who the person is by the register; nothing as long as no name is proved."""
    profile = people.profile(db, house.vault, grant.person)
    if not profile.number:
        return {"acr": acr(grant.level)}
    return {
        "name": profile.name,
        "number": profile.number,
        "number_type": profile.number_type,
        "acr": acr(grant.level),
    }


def _company(house: House, db: Connection, grant: Grant, now: datetime) -> Claims:
    """For whom the person acts, if he does and still may."""
    try:
        mandate, principal = mandates.standing(house, db, grant.person, grant.acting_for or "", now)
    except NoMandate:
        return {}
    return {"company": {"code": principal.id, "name": principal.name, "role": mandate.role.value}}


CLAIMS: dict[str, Callable[[House, Connection, Grant, datetime], Claims]] = {
    "profile": _profile,
    "realname": _realname,
    "company": _company,
}
