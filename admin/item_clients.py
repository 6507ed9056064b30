"""The OIDC clients of a service item: its sandbox at once, the production client with the approval, both at the item's level."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from admin.model.item import Access, ItemWrong, ServiceItem
from admin.store import items as store
from hub.callers import Caller
from hub.house import House
from idp.model.client import PERSON_SCOPES, POLICIES, Basis, Client, ClientAuth, GrantType, Registration, safe_uri
from idp.provider import clients, sandbox
from idp.provider.tokens import read
from idp.store import clients as client_store
from idp.store import people
from seals import store as seals

API_SCOPES = ("licenses:issue", "licenses:read", "licenses:change", "seals:use")
SCOPES = ("profile", "realname", "company", "offline_access", *API_SCOPES)  # beside openid
MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")  # of a public JWK; nothing else is kept
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
OFFERED = ("fapi2", "standard")  # policies that a department may choose; the first is what a new service gets
MOST_KEYS, MOST_URIS, MOST_TESTERS = 5, 10, 50


def sandbox_id(code: str) -> str:
    """The id of an item's sandbox client."""
    return f"{code}-sandbox"


def keys_of(text: str) -> tuple[dict[str, Any], ...]:
    """The public keys in a pasted JWK set, or in a single JWK. Raises ItemWrong, for a private key above all."""
    try:
        given = json.loads(text)
        listed = given["keys"] if isinstance(given, dict) and "keys" in given else [given]
        keys = [dict(key) for key in listed]
    except (ValueError, TypeError, RecursionError) as error:
        raise ItemWrong(fields=("keys",)) from error
    if any(name in key for key in keys for name in PRIVATE):
        raise ItemWrong(fields=("private_key",))
    public = tuple({name: key[name] for name in MEMBERS if name in key} for key in keys)
    texts = all(isinstance(value, str) for key in public for value in key.values())
    if not 1 <= len(public) <= MOST_KEYS or not texts:
        raise ItemWrong(fields=("keys",))
    return public


def checked(access: Access) -> Access:
    """This access, if its addresses and keys keep the rules; production lives on hosts of the net. Raises ItemWrong."""
    lists = {"redirect_uris": access.redirect_uris, "post_logout_uris": access.post_logout_uris}
    wrong = [name for name, uris in lists.items() if len(uris) > MOST_URIS or not all(map(_public_uri, uris))]
    if not access.redirect_uris and "redirect_uris" not in wrong:
        wrong.append("redirect_uris")
    if len(access.trial_uris) > MOST_URIS or not all(safe_uri(uri, native=False) for uri in access.trial_uris):
        wrong.append("trial_uris")
    told = {name: getattr(access, name) for name in ("backchannel_logout_uri", "events_uri", "jwks_uri")}
    wrong += [name for name, uri in told.items() if uri and not _public_uri(uri)]
    if bool(access.keys) == bool(access.jwks_uri) or (access.keys and not _keys_are_public(access.keys)):
        wrong.append("keys")
    if not set(access.scopes) <= {"openid", *SCOPES}:
        wrong.append("scopes")
    if access.policy not in OFFERED:
        wrong.append("policy")
    if access.basis not in set(Basis):
        wrong.append("basis")
    if access.basis == Basis.duty and not 4 <= len(access.citation.strip()) <= 200:
        wrong.append("citation")
    wrong += [name for name in ("purpose", "purpose_en") if not 2 <= len(getattr(access, name).strip()) <= 200]
    if wrong:
        raise ItemWrong(fields=tuple(wrong))
    return access


def production(item: ServiceItem, level: int) -> Client | None:
    """The client of its own that an item's approval makes; None if it has none. Raises ClientWrong."""
    if item.access is None:
        return None
    access = item.access
    scopes = ("openid", *(scope for scope in SCOPES if scope in access.scopes))
    grants = [GrantType.code]
    grants += [GrantType.refresh] if "offline_access" in scopes else []
    grants += [GrantType.client_credentials] if set(scopes) & set(API_SCOPES) else []
    return Client(
        id=item.code,
        name=item.name,
        name_en=item.name_en,
        agency=item.agency,
        place=item.place,
        auth=ClientAuth.private_key_jwt,
        keys=access.keys,
        redirect_uris=access.redirect_uris,
        post_logout_uris=access.post_logout_uris,
        backchannel_logout_uri=access.backchannel_logout_uri,
        events_uri=access.events_uri,
        grant_types=tuple(grants),
        scopes=scopes,
        policy=POLICIES[access.policy],
        id_token_algorithm="ES256",
        level=level,
        purpose=access.purpose,
        purpose_en=access.purpose_en,
        basis=Basis(access.basis),
        citation=access.citation,
        registered=Registration(jwks_uri=access.jwks_uri),
    ).checked()


def on_trial(item: ServiceItem, testers: tuple[str, ...]) -> Client | None:
    """The sandbox of an item: the same program, for its testers alone. Raises ClientWrong."""
    made = production(item, item.level)
    if made is None or item.access is None:
        return None
    return replace(
        made,
        id=sandbox_id(item.code),
        name=f"{item.name}（沙箱）",
        name_en=f"{item.name_en} (sandbox)",
        redirect_uris=tuple(dict.fromkeys((*item.access.trial_uris, *made.redirect_uris))),
        post_logout_uris=(),
        backchannel_logout_uri="",
        events_uri="",
        grant_types=tuple(one for one in made.grant_types if one is not GrantType.client_credentials),
        scopes=tuple(scope for scope in made.scopes if scope in PERSON_SCOPES),
        sector=sandbox_id(item.code),
        sandbox=True,
        testers=testers,
    ).checked()


def keep_sandbox(db: Connection, item: ServiceItem, *, by: Caller, now: datetime) -> None:
    """Make or change the sandbox of an item. Who makes it is its first tester."""
    old = client_store.client(db, sandbox_id(item.code))
    first = people.account_key_of(db, by.person) if by.person else None
    made = on_trial(item, old.testers if old else (first,) if first else ())
    if made is not None:
        clients.keep(db, _named(db, made), by=by.label, now=now)


def keep_production(db: Connection, item: ServiceItem, *, by: Caller, now: datetime) -> None:
    """Bring the client of an item in force to what was decided: its own, or the level of one that it shares."""
    made = production(item, level_of(db, item.client, item))
    if made is None:
        shared = client_store.client(db, item.client) if item.client else None
        made = replace(shared, level=level_of(db, item.client, item)) if shared else None
    if made is not None:
        clients.keep(db, _named(db, made), by=by.label, now=now)


def _named(db: Connection, client: Client) -> Client:
    """The client with the name of its body, by which people know who asks."""
    body = seals.agency(db, client.agency)
    return replace(client, agency_name=body.name, agency_name_en=body.name_en)


def level_of(db: Connection, client_id: str, item: ServiceItem) -> int:
    """The level of a client: the highest that an item in force needs of it."""
    others = [one.level for one in store.items(db, client=client_id) if one.code != item.code] if client_id else []
    return max([item.level, *others])


def close(house: House, db: Connection, item: ServiceItem, *, by: Caller, now: datetime) -> None:
    """End the clients that were made for an item. One that it shared with others stays theirs."""
    for client_id in (item.code, sandbox_id(item.code)):
        found = client_store.client(db, client_id)
        if found is not None and found.ended is None:
            clients.close(house, db, client_id, by=by.label, now=now)


def name_tester(house: House, item: ServiceItem, account: str, *, by: Caller, now: datetime) -> None:
    """Let one more account try the sandbox. Whether there is such an account is not told. Raises AccountNameWrong, ItemWrong."""
    key = sandbox.tester(house, account)
    with house.database.write() as db:
        found = client_store.client(db, sandbox_id(item.code))
        if found is None or len(found.testers) >= MOST_TESTERS:
            raise ItemWrong(fields=("tester",))
        named = tuple(dict.fromkeys((*found.testers, key)))
        clients.keep(db, replace(found, testers=named), by=by.label, now=now)


def drop_testers(house: House, item: ServiceItem, *, by: Caller, now: datetime) -> None:
    """Let nobody try the sandbox any more but who says so; what the others were given is revoked."""
    with house.database.write() as db:
        found = client_store.client(db, sandbox_id(item.code))
        key = people.account_key_of(db, by.person) if by.person else None
        if found is not None:
            clients.keep(db, replace(found, testers=(key,) if key else ()), by=by.label, now=now)


def _keys_are_public(keys: tuple[dict[str, Any], ...]) -> bool:
    try:
        return len(read.public_keys(keys)) == len(keys) > 0
    except read.NotAToken:
        return False


def _public_uri(uri: str) -> bool:
    """True for https on a host that is not this very machine."""
    return safe_uri(uri, native=False) and urlsplit(uri).scheme == "https"
