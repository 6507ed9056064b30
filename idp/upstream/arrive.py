"""Whose account is it here? By the link, else by the proved number; never by an address, a telephone or a name.

An account here that has ways of its own is linked only after its owner has signed in with one of them. One that is known by the
same provider alone is his at once. Who is unknown here gets an account without a password, at what the provider vouches for.
"""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from hub import ledger
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from hub.problems import Problem
from idp import attended, proofs
from idp.login import devices, session
from idp.login.session import Opened
from idp.model.factor import Kind
from idp.model.person import Level, NumberTaken, Person, Profile
from idp.model.realname import Evidence, Form
from idp.model.upstream import AnswerNotTrusted, Link, Login, NotLinked, Told, is_federated
from idp.realname import paper as papers
from idp.realname.claim import claim, tell
from idp.realname.paper import Paper
from idp.realname.standing import load
from idp.store import factors, people
from idp.store import upstreams as store
from idp.upstream import configured, links

log = structlog.get_logger("idp")
HALF_SECONDS = 900  # for signing in here once, after the provider has said who it is
METHOD = SOURCE = "upstream"  # of the evidence


@dataclass(frozen=True)
class Waits:
    """Somebody whose account here has ways of its own: he signs in with one of them, then both are one person's."""

    cookie: str


@dataclass(frozen=True)
class Half:
    """What waits for that."""

    told: Told
    person: str
    at: datetime


def arrive(
    house: House, told: Told, *, before: Caller | None, linking: str, device: str, cookie: str, now: datetime
) -> Opened | Waits | Link:
    """The session of the person whom a provider has named, or what he still has to do; the link, if he asked for it here.

    `linking`: who is signed in here, showed a factor of his own just now, and asked for the link. Raises NotLinked,
    AnswerNotTrusted.
    """
    for last in (False, True):
        try:
            return _arrived(house, told, before, linking, device, cookie, now)
        except NumberTaken as error:  # two at once for one number: the second finds what the first has made
            if last:
                raise NotLinked("Another account has this number") from error
    raise AssertionError


def confirm(house: House, cookie: str, caller: Caller, now: datetime) -> Link:
    """Link, now that the owner of the account here has signed in with a way of his own. Raises NotLinked."""
    half = waiting(house, cookie, now)
    signed_in = caller.auth_time is not None and caller.auth_time >= half.at.replace(microsecond=0)
    if caller.person != half.person or not signed_in:
        raise NotLinked("Sign in with the account that is yours here")
    if house.shared.take(_key(cookie)) is None:
        raise NotLinked("It was done in another window")
    with house.database.write() as db:
        person = _usable(people.person(db, half.person))
        link = links.add(db, person.id, half.told, now)
        _raise(house, db, person, half.told, now)
        _open_there(house, db, caller, half.told, now)
    return link


def waiting(house: House, cookie: str, now: datetime) -> Half:
    """What waits in this browser for its owner. Raises NotLinked."""
    kept = house.shared.peek(_key(cookie)) if cookie else None
    about = json.loads(kept) if kept else None
    if about is None or now.timestamp() - about["at"] > HALF_SECONDS:
        raise NotLinked("It has taken too long. Begin again at the sign-in page")
    upstream = configured.one(house, about["upstream"])
    at = datetime.fromtimestamp(about["at"], now.tzinfo)
    told = Told(upstream, about["subject"], about["sid"], about["level"], tuple(about["amr"]), at, "", about["digest"])
    return Half(told, about["person"], at)


# -- inside


def _arrived(
    house: House, told: Told, before: Caller | None, linking: str, device: str, cookie: str, now: datetime
) -> Opened | Waits | Link:
    with house.database.read() as db:
        link = store.link_of(db, told.subject)
        key = _number_key(house, told)
        found = people.person(db, link.person) if link else people.by_holder(db, key) if key else None
        if found is not None and link is None and _is_entry(house, db, found):
            found = None  # noted at a counter for somebody without an account
        has_ways = found is not None and _has_ways(db, found, told)
    if link is None and not key:
        raise NotLinked("Your province does not say your name and number")
    if linking and found is not None and found.id != linking:
        raise NotLinked("This account of the province belongs to somebody else")
    if found is not None and link is not None and key and key not in (found.holder_key, *found.former_keys):
        raise _somebody_else(house, told, now)
    if found is not None:
        _usable(found)
    if found is not None and link is None and has_ways and not linking:
        return Waits(_keep(house, told, found.id, now))
    with house.database.write() as db:
        person, link = _linked(house, db, told, found, link, linking, now)
        if linking:  # he is signed in here by a way of his own, and stays so
            if before is not None:
                _open_there(house, db, before, told, now)
            return link
        return _enter(house, db, person, link, told, before, device, cookie, now)


def _linked(
    house: House, db: Connection, told: Told, found: Person | None, link: Link | None, linking: str, now: datetime
) -> tuple[Person, Link]:
    person = found or (_usable(people.person(db, linking)) if linking else _new(house, db, now))
    if found is None:
        person = _claimed(house, db, person, told, now)
    link = link or links.add(db, person.id, told, now)
    return _raise(house, db, person, told, now), link


def _enter(
    house: House,
    db: Connection,
    person: Person,
    link: Link,
    told: Told,
    before: Caller | None,
    device: str,
    cookie: str,
    now: datetime,
) -> Opened:
    """A session that says who vouched, and can be ended on both sides."""
    opened = session.begin(
        house, db, person, told.amr, now=now, device=device, before=before, auth_time=told.auth_time, most=told.level
    )
    _note(house, db, opened.caller, told, now, link=link.id, sid=told.sid)
    store.used(db, link.id, now)
    return replace(opened, device=devices.seen(house, db, person, cookie, device, now))


def _open_there(house: House, db: Connection, caller: Caller, told: Told, now: datetime) -> None:
    """Whoever has connected an account is signed in at the province since: his sign-out here leads there as well.

    The province did not vouch for his login here, so nothing that it says or that becomes of the link ends it.
    """
    if not is_federated(caller.amr):
        _note(house, db, caller, told, now, link="", sid="")


def _note(house: House, db: Connection, caller: Caller, told: Told, now: datetime, *, link: str, sid: str) -> None:
    hint = house.vault.encrypt(db, caller.person or "", told.id_token.encode(), store.HINT)
    store.add_login(db, Login(caller.sid or "", told.upstream.id, told.upstream.issuer, link, sid, hint, now))


def _new(house: House, db: Connection, now: datetime) -> Person:
    """An account without a password: its owner comes by way of his province until he adds a way of his own."""
    person = Person(secrets.token_hex(16), now)
    people.add(db, house.vault, person, Profile(f"province-{secrets.token_hex(5)}"))
    ledger.wrote(db, "person.registered", person.label, by=person.label, at=now)
    return person


def _claimed(house: House, db: Connection, person: Person, told: Told, now: datetime) -> Person:
    """Name and number become the account's own, on the provider's word. Raises NumberTaken, NotLinked."""
    paper = _paper(told, now)
    standing = load(house, db, person.id)
    level = Level(min(told.level, Level.attended))
    proof = _proof(person, told, int(level), paper.kind.value, now)
    after = claim(house, db, standing, paper.form, paper.type_code, level, now)
    proofs.keep(db, proof)
    tell(house, db, standing.person, after, proof, now, upstream=told.upstream.id)
    return after


def _raise(house: House, db: Connection, person: Person, told: Told, now: datetime) -> Person:
    """Who is vouched for at a higher level than is known here is known at that one: never above the provider's cap."""
    if told.level <= person.level:
        return person
    level = Level(told.level)
    proof = _proof(person, told, told.level, "", now)
    people.raise_level(db, person.id, level, now)
    proofs.keep(db, proof)
    after = replace(person, level=level, proved=now)
    tell(house, db, person, after, proof, now, upstream=told.upstream.id)
    return after


def _proof(person: Person, told: Told, level: int, kind: str, now: datetime) -> Evidence:
    """By whom he was proved."""
    by = f"upstream:{told.upstream.id}"
    return Evidence(person.id, METHOD, level, by, told.digest, "", told.digest, now, source=SOURCE, kind=kind, agent=by)


def _paper(told: Told, now: datetime) -> Paper:
    """What the provider says of the paper, by our own rules: whoever is under fourteen has a guardian. Raises NotLinked."""
    try:
        paper = papers.read(Form(told.name, told.number), now)
    except Problem as error:
        raise NotLinked("What your province says of your name and number is incomplete") from error
    if paper.type_code != told.number_type:
        raise NotLinked("What your province says of your name and number is incomplete")
    return papers.grown_up(paper, now)


def _number_key(house: House, told: Told) -> str:
    return people.holder_key(house.vault, told.number_type, told.number) if told.number else ""


def _is_entry(house: House, db: Connection, found: Person) -> bool:
    return people.profile(db, house.vault, found.id).account.startswith(attended.NO_ACCOUNT)


def _has_ways(db: Connection, found: Person, told: Told) -> bool:
    """Whether somebody could come in otherwise than by this very provider: then he has to show it once."""
    own = any(one.kind in (Kind.password, Kind.passkey) for one in factors.of_person(db, found.id))
    linked = store.links(db, found.id)
    return own or not linked or any(one.upstream != told.upstream.id for one in linked)


def _usable(person: Person | None) -> Person:
    """Raises NotLinked, in the same words for whatever is the matter."""
    if person is None or not person.usable:
        raise NotLinked("The account cannot be used just now")
    if person.needs_second_factor:
        raise NotLinked("An office is held with this account: its owner signs in here, with his own factors")
    return person


def _somebody_else(house: House, told: Told, now: datetime) -> Problem:
    """A provider names one person under the link or the session of another: noted, and refused."""
    with house.database.write() as db:
        facts = {"upstream": told.upstream.id, "issuer": told.upstream.issuer}
        ledger.wrote(db, "upstream.contradicted", f"upstream:{told.upstream.id}", by="idp", at=now, facts=facts)
    log.warning("upstream.contradicted", upstream=told.upstream.id)
    return AnswerNotTrusted("It names somebody else than it did before")


def _keep(house: House, told: Told, person: str, now: datetime) -> str:
    """Kept where it may be lost: no name, no number, no token."""
    cookie = secrets.token_urlsafe(32)
    about = {"upstream": told.upstream.id, "subject": told.subject, "sid": told.sid, "level": told.level}
    about |= {"amr": told.amr, "digest": told.digest, "person": person, "at": now.timestamp()}
    house.shared.put(_key(cookie), json.dumps(about), HALF_SECONDS)
    return cookie


def _key(cookie: str) -> str:
    return f"idp:upstream:half:{digest_of(cookie)}"
