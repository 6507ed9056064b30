"""What a service is told about a person: for each scope the least that it is good for."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from hub.house import House
from idp.acting import mandates, principals
from idp.model.client import Client
from idp.model.flow import acr
from idp.model.grant import Grant
from idp.model.mandate import PERSON, NoMandate
from idp.numbers import unified_code
from idp.provider import clients, sandbox, token_status
from idp.provider.programs import NO_STORE, Answer
from idp.provider.tokens import sign
from idp.provider.tokens.read import Claims
from idp.store import organizations, people


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
    with house.database.read() as db:
        held = principals.mandates(db, grant.person, grant.acting_for, now)
        claims = sign.about(house, client, grant, sandbox.mandates(client, held))
        if client.sandbox:
            return claims | sandbox.claims(grant, scopes)
        for scope, some in CLAIMS.items():
            if scope in scopes:
                claims |= some(house, db, grant, now)
        if grant.acting_for:
            claims["act"] |= _actor(house, db, grant, scopes)
    return claims


def _actor(house: House, db: Connection, grant: Grant, scopes: frozenset[str]) -> Claims:
    """Who acts: his name with either scope, his number with the one that is for numbers."""
    profile = people.profile(db, house.vault, grant.person)
    said = {"name": profile.name} if {"profile", "realname"} & scopes and profile.name else {}
    if "realname" in scopes and profile.number:
        said |= {"number": profile.number, "number_type": profile.number_type}
    return said


def _profile(house: House, db: Connection, grant: Grant, now: datetime) -> Claims:
    """How to greet the one whom the token is about, once a name is proved. The account name stays here: half of signing in."""
    name, _, _ = _names(house, db, grant)
    return {"name": name} if name else {}


def _realname(house: House, db: Connection, grant: Grant, now: datetime) -> Claims:
    """Who he or it is by the register; nothing as long as no name is proved."""
    name, number, number_type = _names(house, db, grant)
    if not number:
        return {"acr": acr(grant.level)}
    return {"name": name, "number": number, "number_type": number_type, "acr": acr(grant.level)}


def _names(house: House, db: Connection, grant: Grant) -> tuple[str, str, str]:
    """Name, number and its type of the one whom the token is about: the person, or the one for whom he acts."""
    if grant.acting_for and not grant.acting_for.startswith(PERSON):
        organization = organizations.organization(db, grant.acting_for)
        return (organization.name, organization.code, unified_code.TYPE_CODE) if organization else ("", "", "")
    profile = people.profile(db, house.vault, principals.subject(grant.person, grant.acting_for))
    return profile.name, profile.number, profile.number_type


def _company(house: House, db: Connection, grant: Grant, now: datetime) -> Claims:
    """For which organisation the person acts, if he does and still may."""
    try:
        mandate, principal = mandates.standing(house, db, grant.person, grant.acting_for or "", now)
    except NoMandate:
        return {}
    if principal.person:
        return {}
    return {"company": {"code": principal.id, "name": principal.name, "role": mandate.role.value}}


CLAIMS: dict[str, Callable[[House, Connection, Grant, datetime], Claims]] = {
    "profile": _profile,
    "realname": _realname,
    "company": _company,
}
