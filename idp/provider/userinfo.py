"""What a service is told at the userinfo endpoint: plain, signed, or for its eyes alone (OpenID Connect Core 5.3)."""

import json
from datetime import datetime

from sqlalchemy import Connection

from hub.access import Denied, Shown
from hub.house import House
from idp.acting import principals
from idp.model.client import Client
from idp.model.flow import Refused
from idp.model.grant import Grant
from idp.provider import protected, release, sandbox
from idp.provider.programs import NO_STORE, Answer, refused
from idp.provider.tokens import encrypt, sign
from idp.provider.tokens.read import Claims
from idp.store import people


def answered(house: House, given: Shown, now: datetime) -> Answer:
    """Answer a userinfo request with the claims, or with the error of RFC 6750 3.1."""
    try:
        client, claims, grant = protected.of_person(house, given, now, scope="openid")
    except Denied as denied:
        return protected.refused(house, denied, given, now, path=sign.USERINFO)
    scopes = frozenset(str(claims["scope"]).split())
    return _written(house, client, claims_of(house, client, grant, scopes, now), now)


def claims_of(house: House, client: Client, grant: Grant, scopes: frozenset[str], now: datetime) -> Claims:
    """The claims that an access token allows: by its scopes, or asked for by name. `sub` equals the ID token's."""
    with house.database.read() as db:
        held = principals.mandates(db, grant.person, grant.acting_for, now)
        claims = sign.about(house, client, grant, sandbox.mandates(client, held))
        claims |= release.told(house, db, client, grant, release.by_scope(scopes), now)
        claims |= release.named(house, db, client, grant, "userinfo", now)
        if grant.acting_for and not client.sandbox:
            claims["act"] |= _actor(house, db, grant, scopes)
    return claims


def _written(house: House, client: Client, claims: Claims, now: datetime) -> Answer:
    """The answer in the form that the client registered (OpenID Connect Core 5.3.2)."""
    said = client.registered
    if not said.userinfo_signed_response_alg and not said.userinfo_encrypted_response_alg:
        return Answer(200, claims, NO_STORE)
    try:
        text = json.dumps(claims, ensure_ascii=False)
        if said.userinfo_signed_response_alg:
            text = sign.answer(house, client, said.userinfo_signed_response_alg, "JWT", claims, now)
        if said.userinfo_encrypted_response_alg:
            how = (said.userinfo_encrypted_response_alg, said.userinfo_encrypted_response_enc)
            nested = bool(said.userinfo_signed_response_alg)
            text = encrypt.encrypted(house, client, text, *how, now=now, nested=nested)
    except Refused as refusal:
        return refused(refusal)
    return Answer(200, {}, NO_STORE, text=text, media="application/jwt")


def _actor(house: House, db: Connection, grant: Grant, scopes: frozenset[str]) -> Claims:
    """Who acts: his name with either scope, his number with the one that is for numbers."""
    profile = people.profile(db, house.vault, grant.person)
    said = {"name": profile.name} if {"profile", "realname"} & scopes and profile.name else {}
    if "realname" in scopes and profile.number:
        said |= {"number": profile.number, "number_type": profile.number_type}
    return said
