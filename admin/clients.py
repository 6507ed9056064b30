"""Services and their access: what one person asks and another decides, exactly as it was read."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin import approvals
from admin.model.approval import Approval
from admin.model.client import ClientFixed
from admin.store import approvals as approval_store
from admin.store import items as item_store
from hub import tree
from hub.callers import Caller
from hub.house import House
from hub.problems import NotFound
from idp.model import metadata, wish
from idp.model.client import Client, ClientAuth
from idp.model.policy import LEGACY, POLICIES
from idp.provider import clients
from idp.store import clients as store
from idp.store import logos
from idp.store.logos import Logo
from seals import store as seals

CHANGE = "client"  # the kind of approval
Values = Mapping[str, Any]
ADDRESSES = ("redirect_uris", "post_logout_uris", "backchannel_logout_uri", "events_uri", "jwks_uri", "keys")


def one(db: Connection, id: str, scope: str) -> Client:
    """A service in this part of the tree, waiting ones too. Raises NotFound."""
    found = store.client(db, id)
    if found is None or not tree.within(found.place, scope):
        raise NotFound("There is no service %(id)s", id=id)
    return found


def is_fixed(db: Connection, client: Client) -> bool:
    """Whether a service is changed elsewhere, or not at all: ours, a sandbox, that of a service item, one that has ended."""
    return bool(client.first_party or client.sandbox or client.ended or item_store.versions(db, client.id))


def ask(house: House, id: str, after: Values, *, reason: str, by: Caller, now: datetime) -> Approval:
    """Ask a second person to change a service. Raises NotFound, ClientFixed, ClientWrong; BadRequest without a reason."""
    with house.database.write() as db:
        client = one(db, id, by.place)
        if is_fixed(db, client) or client.waiting or waits(db, id, now) or LEGACY.name in after.values():
            raise ClientFixed("The service %(id)s", id=id)
        now_so = values(client)
        wanted = {name: value for name, value in after.items() if now_so[name] != value}
        if not wanted:
            raise ClientFixed("The service %(id)s is so already", id=id)
        _changed(client, wanted).checked()
        body = _body(client, {name: now_so[name] for name in wanted}, wanted)
        return approvals.ask(db, CHANGE, id, body, place=client.place, reason=reason, by=by, now=now)


def ask_to_let_in(
    house: House, id: str, *, agency: str, policy: str, reason: str, by: Caller, now: datetime
) -> Approval:
    """Ask a second person to let in a service that registered itself, for a body that answers for it.

    What it says of itself stands in the request: if it changes meanwhile, the approval is void. Raises NotFound, ClientFixed,
    AgencyUnknown, ClientWrong.
    """
    with house.database.write() as db:
        client = one(db, id, by.place)
        if not client.waiting or client.ended or waits(db, id, now) or policy == LEGACY.name:
            raise ClientFixed("The service %(id)s", id=id)
        body = seals.agency(db, agency, by.place)
        wanted = {
            "waiting": False,
            "agency": agency,
            "agency_name": body.name,
            "agency_name_en": body.name_en,
            "place": body.place,
            **moved(client, policy),
        }
        wanted = {name: value for name, value in wanted.items() if values(client)[name] != value}
        _changed(client, wanted).checked()
        known = values(client)
        asked = _body(client, {name: known[name] for name in wanted}, wanted)
        asked["registered"] = metadata.description(client)
        return approvals.ask(db, CHANGE, id, asked, place=client.place, reason=reason, by=by, now=now)


def ask_for_wish(house: House, id: str, *, reason: str, by: Caller, now: datetime) -> Approval:
    """Ask a second person for what a service that looks after itself wishes to be shown as, exactly as it stands now.

    If it wishes otherwise meanwhile, the approval is void. Raises NotFound, ClientFixed, ClientWrong.
    """
    with house.database.write() as db:
        client = one(db, id, by.place)
        if is_fixed(db, client) or client.waiting or waits(db, id, now) or not client.registered.wished:
            raise ClientFixed("The service %(id)s", id=id)
        wanted = wish.of(client) | {"wished": ""}
        _changed(client, wanted).checked()
        body = _body(client, {name: values(client)[name] for name in wanted}, wanted)
        return approvals.ask(db, CHANGE, id, body, place=client.place, reason=reason, by=by, now=now)


def set_aside(house: House, id: str, *, by: Caller, now: datetime) -> None:
    """Drop what a service wishes: it stays as it is, which is what people know. Raises NotFound, ClientFixed."""
    with house.database.write() as db:
        clients.hold(db, id)
        client = one(db, id, by.place)
        if not client.registered.wished or client.ended or waits(db, id, now):
            raise ClientFixed("The service %(id)s", id=id)
        clients.keep(db, _changed(client, {"wished": ""}), by=by.label, now=now)
        logos.keep(db, logos.wished(id), None)


def wished_logo(house: House, id: str, scope: str) -> Logo | None:
    """The picture that a service wishes to be shown. Raises NotFound."""
    with house.database.read() as db:
        return logos.logo(db, logos.wished(one(db, id, scope).id))


def carry(house: House, db: Connection, approval: Approval, by: Caller, now: datetime) -> None:
    """The second half: exactly what was read comes into force, if the service is still as it was. Raises ClientFixed."""
    clients.hold(db, approval.subject)
    client = store.client(db, approval.subject)
    body = approval.body
    if client is None or client.ended is not None:
        raise ClientFixed("The service %(id)s", id=approval.subject)
    known = values(client) | {"secret": client.secret_digest}
    told = metadata.description(client)
    if any(known[name] != value for name, value in body["before"].items()) or body.get("registered", told) != told:
        raise ClientFixed("The service %(id)s has changed since this was asked", id=client.id)
    after = dict(body["after"])
    secret = after.pop("secret", "")
    made = _changed(client, after)
    if secret:
        made = clients.renewed(made, secret, house.settings.secret_overlap_hours, now)
    if client.waiting:  # from now on it is looked after here: its own token manages nothing any more
        forgotten: dict[str, Any] = {"registration_access_digest": "", "network_digest": ""}
        made = replace(made, registered=replace(made.registered, **forgotten))
    if "logo_digest" in after:
        _show_logo(db, made)
    clients.keep(db, made, by=by.label, now=now)


def waits(db: Connection, id: str, now: datetime) -> Approval | None:
    """The request about a service on which nobody has decided yet."""
    return next((asked for asked in approval_store.of_subject(db, CHANGE, id) if asked.open_at(now)), None)


def ask_for_secret(house: House, id: str, *, reason: str, by: Caller, now: datetime) -> tuple[str, Approval]:
    """Make a secret and ask a second person to put it in force: whoever holds a service's secret acts in its name.

    It is told here, once; the request holds its digest alone. Raises NotFound, ClientFixed.
    """
    secret = clients.new_secret()
    with house.database.write() as db:
        client = one(db, id, by.place)
        if is_fixed(db, client) or client.waiting or waits(db, id, now) or not client.secret_digest:
            raise ClientFixed("The service %(id)s", id=id)
        body = _body(client, {"secret": client.secret_digest}, {"secret": clients.secret_digest(secret)})
        return secret, approvals.ask(db, CHANGE, id, body, place=client.place, reason=reason, by=by, now=now)


def values(client: Client) -> dict[str, Any]:
    """What can be changed of a service, as it is, ready for JSON."""
    return wish.values(client) | {
        "waiting": client.waiting,
        "agency": client.agency,
        "agency_name": client.agency_name,
        "agency_name_en": client.agency_name_en,
        "place": client.place,
        "policy": client.policy.name,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "events_uri": client.events_uri,
        "jwks_uri": client.registered.jwks_uri,
        "keys": list(client.keys),
        "id_token_algorithm": client.id_token_algorithm,
        "auth": client.auth.value,
    }


def moved(client: Client, policy: str) -> dict[str, Any]:
    """What a move to another policy changes: what that does not allow as well. Raises ClientFixed."""
    if policy not in POLICIES:
        raise ClientFixed("The service %(id)s", id=client.id)
    now_so, then = values(client), values(client.moved_to(POLICIES[policy]))
    return {"policy": policy} | {name: value for name, value in then.items() if value != now_so[name]}


def _changed(client: Client, after: Values) -> Client:
    plain: dict[str, Any] = dict(after)
    if "jwks_uri" in plain:
        client = replace(client, registered=replace(client.registered, jwks_uri=plain.pop("jwks_uri")))
    if "policy" in plain:
        client = client.moved_to(POLICIES[plain.pop("policy")])  # with the way of proof and its secret
    if "auth" in plain:
        plain["auth"] = ClientAuth(plain["auth"])
    if "keys" in plain:
        plain["keys"] = tuple(plain["keys"])
    return wish.fulfilled(client, plain)


def _show_logo(db: Connection, made: Client) -> None:
    """Show the picture that was read when the service wished it. Raises ClientFixed if that is another one by now."""
    found = logos.logo(db, logos.wished(made.id))
    if (found.digest if found else "") != made.registered.logo_digest:
        raise ClientFixed("The service %(id)s has changed since this was asked", id=made.id)
    logos.keep(db, made.id, found)
    logos.keep(db, logos.wished(made.id), None)


def _body(client: Client, before: Values, after: Values) -> dict[str, Any]:
    return {"name": client.name, "name_en": client.name_en, "before": dict(before), "after": dict(after)}


approvals.carries(CHANGE, carry)
