"""Signing out everywhere: the login ends, what was granted in it falls, and every service that took part is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import Connection

from hub import callers, ledger, outbox
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from hub.outbox import Delivery, NotTaken
from idp.acting import principals
from idp.model.client import Client
from idp.model.grant import Party
from idp.model.logout import BadLogout, Told
from idp.provider import clients, grants, pseudonyms, revoke
from idp.provider.tokens import read, sign
from idp.store import clients as client_store

KIND = "idp.logout"  # of the deliveries by which services are told


@dataclass(frozen=True)
class Asked:
    """A checked logout request: by which service, where to go afterwards, and whether the person must say yes."""

    client: Client | None
    onward: str | None
    confirm: bool


def asked(house: House, params: Mapping[str, str], caller: Caller | None, now: datetime) -> Asked:
    """Check a logout request (OpenID Connect RP-Initiated Logout 2, 3). Raises BadLogout.

    Without a hint that names this very login the person is asked: a link alone must not sign anybody out.
    """
    hint = _hint(house, params)
    client_id = params.get("client_id") or (str(hint["aud"]) if hint else None)
    if hint and hint["aud"] != client_id:
        raise BadLogout("The id_token_hint was given to another service")
    client = clients.known(house, client_id, now) if client_id else None
    if client_id and client is None:
        raise BadLogout("There is no such client_id here")
    onward = params.get("post_logout_redirect_uri")
    if onward is not None and (client is None or onward not in client.post_logout_uris):
        raise BadLogout("The post_logout_redirect_uri is not registered for this service")
    if onward is not None and "state" in params:
        onward += ("&" if "?" in onward else "?") + urlencode({"state": params["state"]})
    return Asked(client, onward, caller is not None and not (hint and client and _names(house, hint, client, caller)))


def end(
    db: Connection,
    now: datetime,
    *,
    why: str,
    sid: str | None = None,
    person: str | None = None,
    digest: str | None = None,
) -> list[str]:
    """End logins, of one `sid`, of a `person`, or that of one session row: sessions, grants, and a notice to every service.

    All in the caller's transaction; the notices go out by the outbox. Gives the clients that are told.
    """
    return _notified(ended(db, now, why=why, sid=sid, person=person, digest=digest))


def ended(
    db: Connection,
    now: datetime,
    *,
    why: str,
    sid: str | None = None,
    person: str | None = None,
    digest: str | None = None,
) -> list[Told]:
    """The same; gives every service that took part, those too that cannot be told."""
    sids = callers.end_sessions(db, at=now, sid=sid, person=person, digest=digest)
    told = _queued(db, grants.parties(db, sids), now)
    revoke.of_logins(db, sids, why=why, now=now)
    for one in sids:
        facts = {"told": _notified(party for party in told if party.sid == one)}
        ledger.wrote(db, "login.ended", f"login:{digest_of(one)[:16]}", by=why, at=now, facts=facts)
    return told


def end_acting(db: Connection, person: str, principal: str, now: datetime) -> list[str]:
    """Tell the services at which a person acted for a principal that those sessions are over. His login goes on."""
    return _notified(_queued(db, grants.acting_parties(db, person, principal), now))


def end_at(db: Connection, person: str, client: str, now: datetime) -> list[str]:
    """Tell one service that its sessions of a person are over, in each login of his that runs. The logins go on."""
    sids = [caller.sid for caller, _, _ in callers.sessions(db, person, now) if caller.sid]
    parties = [party for party in grants.parties(db, sids) if party.client == client]
    return _notified(_queued(db, parties, now))


def frames(house: House, told: Sequence[Told], now: datetime) -> dict[str, list[str]]:
    """What the browser must load so that services end their sessions in it, by client (Front-Channel Logout 1.0 2, 3)."""
    found: dict[str, list[str]] = {}
    for party in told:
        client = clients.known(house, party.client, now)
        address = client.registered.frontchannel_logout_uri if client else ""
        if client and address:
            if client.registered.frontchannel_logout_session_required:
                named = {"iss": house.settings.issuer_url, "sid": pseudonyms.sid(house, client, party.sid)}
                address += ("&" if "?" in address else "?") + urlencode(named)
            found.setdefault(client.id, []).append(address)
    return {client: list(dict.fromkeys(addresses)) for client, addresses in found.items()}


def send(house: House, delivery: Delivery, now: datetime) -> None:
    """Tell one service by its back channel, with a fresh logout token at each attempt (Back-Channel Logout 2.5, 2.6)."""
    body = delivery.body
    with house.database.read() as db:
        client = client_store.client(db, body["client"])
    if client is None:
        return  # there is nobody left to tell
    token = sign.logout_token(house, client, body["person"], body["sid"], now)
    answer = house.fetch.post(delivery.to, form={"logout_token": token}, outside=client.is_stranger)
    if not 200 <= answer.status < 300:
        raise NotTaken(f"HTTP {answer.status}")


SENDERS = {KIND: send}


def _queued(db: Connection, parties: Sequence[Party], now: datetime) -> list[Told]:
    """Queue a notice for each service that has a back channel, once per login."""
    told = []
    for party in parties:
        client = client_store.client(db, party.client)
        if client is None:
            continue
        subject, delivery = principals.subject(party.person, party.acting_for), ""
        if client.backchannel_logout_uri:
            body = {"client": party.client, "person": subject, "sid": party.sid}
            delivery = outbox.queue(db, KIND, client.backchannel_logout_uri, body, now)
        told.append(Told(party.client, subject, party.sid, delivery))
    return told


def _notified(told: Iterable[Told]) -> list[str]:
    return list(dict.fromkeys(party.client for party in told if party.delivery))


def _hint(house: House, params: Mapping[str, str]) -> read.Claims | None:
    """The claims of the id_token_hint; an expired one is fine, a tampered one is refused."""
    if "id_token_hint" not in params:
        return None
    try:
        return read.hint(house, params["id_token_hint"])
    except read.NotAToken as error:
        raise BadLogout("The id_token_hint is not an ID token of this provider") from error


def _names(house: House, hint: read.Claims, client: Client, caller: Caller) -> bool:
    """True if the hint was issued in the login that is to end: by its sid, or by whom it is about and when he signed in."""
    if caller.sid is None or caller.person is None or caller.auth_time is None:
        return False
    if "sid" in hint:
        return bool(hint["sid"] == pseudonyms.sid(house, client, caller.sid))
    subject = pseudonyms.subject(house, client, principals.subject(caller.person, caller.acting_for))
    return hint["sub"] == subject and hint.get("auth_time") == int(caller.auth_time.timestamp())
