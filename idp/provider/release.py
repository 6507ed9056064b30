"""What a service is told about a person, claim by claim: by the scopes it was granted, or because it asked by name."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from hub.house import House
from idp.acting import principals
from idp.model import claims as asked
from idp.model.client import Client
from idp.model.flow import acr
from idp.model.grant import Grant
from idp.model.mandate import PERSON
from idp.numbers import unified_code
from idp.provider import pseudonyms, sandbox, verified
from idp.provider.tokens.read import Claims
from idp.store import organizations, people

OF_SCOPE = {"profile": ("name",), "realname": ("name", "number", "number_type", "acr"), "company": ("company",)}


def by_scope(scopes: Collection[str]) -> frozenset[str]:
    """The claims that scopes stand for (OpenID Connect Core 5.4)."""
    return frozenset(name for scope in scopes for name in OF_SCOPE.get(scope, ()))


def named(house: House, db: Connection, client: Client, grant: Grant, part: str, now: datetime) -> Claims:
    """The claims that were asked for by name, in an `id_token` or at `userinfo` (OpenID Connect Core 5.5)."""
    if not grant.claims:
        return {}
    wanted = asked.asked_in(grant.claims, part)
    said = told(house, db, client, grant, wanted.keys() - {asked.VERIFIED}, now)
    if asked.VERIFIED in wanted:
        may = (
            by_scope(grant.scopes) | asked.released(grant.claims, "id_token") | asked.released(grant.claims, "userinfo")
        )
        proved = verified.answer(house, db, client, grant, wanted[asked.VERIFIED], may, now)
        said |= {asked.VERIFIED: proved} if proved else {}
    return said


def told(house: House, db: Connection, client: Client, grant: Grant, names: Collection[str], now: datetime) -> Claims:
    """These claims about the one whom the grant is about, as far as we know them. What is not known is left out."""
    said: Claims = {}
    if client.sandbox:
        said = sandbox.told(grant, names)
    else:
        if {"name", "number", "number_type"} & set(names):
            name, number, number_type = names_of(house, db, grant)
            said = {"name": name, "number": number, "number_type": number_type}
            said = {key: value for key, value in said.items() if value and key in names}
        if "company" in names:
            said |= _company(db, grant, now)
    signed_in = {
        "acr": acr(grant.level),
        "amr": list(grant.amr),
        "auth_time": int(grant.auth_time.timestamp()),
        "sid": pseudonyms.sid(house, client, grant.sid) if "sid" in names else "",
    }
    return said | {name: value for name, value in signed_in.items() if name in names}


def names_of(house: House, db: Connection, grant: Grant) -> tuple[str, str, str]:
    """Name, number and its type of the one whom the token is about: the person, or the one for whom he acts."""
    if grant.acting_for and not grant.acting_for.startswith(PERSON):
        organization = organizations.organization(db, grant.acting_for)
        return (organization.name, organization.code, unified_code.TYPE_CODE) if organization else ("", "", "")
    profile = people.profile(db, house.vault, principals.subject(grant.person, grant.acting_for))
    return profile.name, profile.number, profile.number_type


def _company(db: Connection, grant: Grant, now: datetime) -> Claims:
    """For which organisation the person acts, if he does and still may."""
    if not grant.acting_for or grant.acting_for.startswith(PERSON):
        return {}
    held = principals.mandates(db, grant.person, grant.acting_for, now)  # the broadest first
    found = organizations.organization(db, grant.acting_for)
    if not held or found is None:
        return {}
    return {"company": {"code": found.code, "name": found.name, "role": held[0].role.value}}
