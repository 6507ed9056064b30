"""Which account at a provider is whose here. A link stands on a proved number and on both sides being authenticated."""

import secrets
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, notices
from hub.callers import Caller
from hub.house import House
from hub.i18n import N_
from hub.problems import NotFound
from idp.model.factor import Kind, LastFactor
from idp.model.upstream import Link, Told, Upstream
from idp.provider import logout
from idp.store import factors
from idp.store import upstreams as store

LINKED = N_("From now on you can sign in by way of %(province)s")
UNLINKED = N_("You cannot sign in by way of %(province)s any more")
SECURITY = "/account/security"


def add(db: Connection, person: str, told: Told, now: datetime) -> Link:
    """Link an account there to one here, and tell its owner. Raises NotLinked."""
    link = Link(secrets.token_hex(8), told.upstream.id, told.subject, person, now, now)
    store.add_link(db, link)
    facts = {"upstream": told.upstream.id, "issuer": told.upstream.issuer, "link": link.id}
    ledger.wrote(db, "person.linked", f"person:{person}", by=f"person:{person}", at=now, facts=facts)
    notices.tell(db, person, LINKED, link=SECURITY, at=now, province=told.upstream.name)
    return link


def remove(house: House, caller: Caller, link_id: str, *, now: datetime) -> list[str]:
    """Take a link away; the logins that came by it end, and their services are told. Raises LastFactor, NotFound."""
    person = caller.person or ""
    with house.database.write() as db:
        if not has_another_way(db, person, link_id):
            raise LastFactor("Nobody could sign in without it")
        link = store.remove_link(db, person, link_id)
        if link is None:
            raise NotFound("There is no such link")
        named = next((one for one in store.upstreams(db, ended=True) if one.id == link.upstream), None)
        told = [
            id for one in store.logins(db, link=link.id) for id in logout.end(db, now, sid=one.sid, why="link ended")
        ]
        facts = {"upstream": link.upstream, "link": link.id}
        ledger.wrote(db, "person.unlinked", f"person:{person}", by=f"person:{person}", at=now, facts=facts)
        notices.tell(db, person, UNLINKED, link=SECURITY, at=now, province=named.name if named else link.upstream)
    return list(dict.fromkeys(told))


def has_another_way(db: Connection, person: str, without: str = "") -> bool:
    """Whether a person could sign in without this link."""
    own = any(one.kind in (Kind.password, Kind.passkey) for one in factors.of_person(db, person))
    return own or any(one.id != without for one in _standing(db, person))


def of(house: House, person: str) -> list[tuple[Link, Upstream | None]]:
    """A person's links, each with its provider, for his page."""
    with house.database.read() as db:
        named = {one.id: one for one in store.upstreams(db, ended=True)}
        return [(one, named.get(one.upstream)) for one in store.links(db, person)]


def _standing(db: Connection, person: str) -> list[Link]:
    """Those by which he can really come in: their providers are in use."""
    in_use = {one.id for one in store.upstreams(db)}
    return [one for one in store.links(db, person) if one.upstream in in_use]
