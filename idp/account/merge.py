"""Two accounts of one person become one, and apart again when that was wrong.

They are joined because their owner has shown the factors of both in one go, or because two officers saw the papers of both;
never because an address or a phone number is the same. The ways to sign in of the account that goes stay with it, unused: none of
them opens more than it did, and all are there again if the merging is taken back. Services are told its new subject; what was
agreed with them is asked anew.
"""

import secrets
from datetime import datetime

from sqlalchemy import Connection

from hub import inbox, ledger, limits, notices
from hub.callers import Caller
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import NotFound
from idp.account import life
from idp.account.announce import Event, announce
from idp.account.life import ACCOUNT, Authority
from idp.login import sign_in
from idp.model.factor import WrongCredentials
from idp.model.life import Act, CannotMerge, Merge, NotNow, after, winner
from idp.model.person import Person, State
from idp.store import life as store
from idp.store import mandates as mandate_store
from idp.store import people

MERGED, SEPARATED = "person.merged", "person.separated"  # letters to higher rooms: {"loser", "winner"}
REPORTS = Limit("misuse", 3, 86_400)
MISUSE = "person.misuse"  # a letter: somebody says that his name or number is used by another: {"person"}


def other(house: House, caller: Caller, account: str, password: str, code: str, *, net: str, now: datetime) -> Person:
    """The other account, by all factors that it needs. Raises WrongCredentials, in the same words whatever was wrong; TooMany."""
    passed = sign_in.with_password(house, account, password, net=net, now=now)
    if passed.due:
        try:
            passed = sign_in.with_code(house, passed, code, now=now)
        except WrongCredentials as error:
            raise WrongCredentials("Account name, password or code is wrong") from error
    return passed.person


def join(house: House, caller: Caller, proved: Person, *, now: datetime) -> Person:
    """Merge the account that is signed in with one whose factors were shown just now; gives the one that stays.

    Raises CannotMerge.
    """
    with house.database.write() as db:
        mine, his = people.person(db, caller.person or ""), people.person(db, proved.id)
        if mine is None or his is None:
            raise NotFound("There is no such account")
        stays, goes = winner(mine, his)
        _merge(db, stays, goes, by=mine.label, facts={"ground": "request"}, now=now)
        title = N_("Two accounts of yours have become one")
        notices.tell(db, stays.id, title, link=ACCOUNT, at=now)
    return stays


def join_by_office(db: Connection, winner_id: str, loser_id: str, authority: Authority, now: datetime) -> None:
    """Merge what two officers have found to be one person's; both may have a number. Raises NotNow, CannotMerge."""
    stays, goes = people.person(db, winner_id), people.person(db, loser_id)
    if stays is None or goes is None:
        raise NotFound("There is no such account")
    if stays.id == goes.id or not stays.usable or goes.needs_second_factor:
        raise CannotMerge("One of them cannot be used just now")
    if goes.holder_key and not stays.holder_key:
        raise CannotMerge("The account that has proved a number is the one that stays")
    _merge(db, stays, goes, by=authority.by, facts=authority.basis.facts, now=now, place=authority.place)
    title = N_("%(office)s has merged two accounts of yours. Document: %(document)s")
    notices.tell(db, stays.id, title, link=ACCOUNT, at=now, office=authority.office, document=authority.basis.document)


def separate(db: Connection, loser_id: str, authority: Authority, now: datetime) -> None:
    """Take a merging back: each account is its owner's again, with its number and its mandates. Raises NotNow."""
    goes = people.person(db, loser_id)
    found = store.merge_of(db, loser_id)
    if goes is None or found is None:
        raise NotNow("It is not merged")
    state, _ = after(goes.state, Act.separate)
    stays = people.person(db, found.winner)
    if stays is None or not store.undo_merge(db, found.id, now):
        raise NotNow("Somebody was quicker")
    people.set_state(db, loser_id, state, why=authority.basis.ground.value, at=now, over=State.merged)
    people.set_merged(db, loser_id, None)
    _numbers_back(db, found, stays)
    for id in found.mandates:
        store.give_mandate(db, id, loser_id)
    life.stop(db, found.winner, "accounts separated", now)
    announce(db, loser_id, Event.account_split, now=now)
    announce(db, found.winner, Event.account_split, now=now)
    inbox.put(db, SEPARATED, {"loser": loser_id, "winner": found.winner}, now)
    facts = authority.basis.facts | {"winner": found.winner}
    ledger.wrote(db, "person.split", goes.label, by=authority.by, at=now, place=authority.place, facts=facts)
    for one in (loser_id, found.winner):
        title = N_("%(office)s has separated two accounts that were merged wrongly. Document: %(document)s")
        notices.tell(db, one, title, link=ACCOUNT, at=now, office=authority.office, document=authority.basis.document)


def report_misuse(house: House, person: str, *, now: datetime) -> None:
    """Somebody says that his number stands in another's account: a letter to the desk of the hub, with a line in the ledger.

    Raises TooMany.
    """
    limits.check(house.shared, REPORTS, person)
    with house.database.write() as db:
        inbox.put(db, MISUSE, {"person": person}, now)
        ledger.wrote(db, "person.misuse-reported", f"person:{person}", by=f"person:{person}", at=now)
        notices.tell(db, person, N_("We look into your report that somebody uses your name"), link=ACCOUNT, at=now)


def _merge(
    db: Connection, stays: Person, goes: Person, *, by: str, facts: dict[str, str], now: datetime, place: str = "hub"
) -> None:
    state, _ = after(goes.state, Act.merge)
    held = mandate_store.held_by(db, goes.id, now)
    keys = tuple(one for one in (goes.holder_key, *goes.former_keys) if one)
    if not people.set_state(db, goes.id, state, why=facts["ground"], at=now, over=goes.state):
        raise NotNow("Somebody was quicker")
    people.set_merged(db, goes.id, stays.id)
    life.stop(db, goes.id, "account merged", now)
    moved = Merge(
        secrets.token_hex(8), goes.id, stays.id, now, goes.holder_key, goes.former_keys, tuple(one.id for one in held)
    )
    store.add_merge(db, moved)
    if keys:
        people.set_keys(db, goes.id, None, ())
        store.move_keys(db, keys, stays.id)
        people.set_keys(db, stays.id, stays.holder_key, stays.former_keys + keys)
        life.stop(db, stays.id, "account merged", now)  # his next session finds the licenses under all his numbers
    for one in held:
        store.give_mandate(db, one.id, stays.id)
    announce(db, goes.id, Event.account_merged, now=now, into=stays.id)
    inbox.put(db, MERGED, {"loser": goes.id, "winner": stays.id}, now)
    ledger.wrote(db, "person.merged", goes.label, by=by, at=now, place=place, facts=facts | {"winner": stays.id})


def _numbers_back(db: Connection, found: Merge, stays: Person) -> None:
    """Each number to the account that had proved it."""
    back = tuple(one for one in (found.holder_key, *found.former_keys) if one)
    if not back:
        return
    left = tuple(one for one in stays.former_keys if one not in back)
    people.set_keys(db, stays.id, stays.holder_key, left)
    store.move_keys(db, back, found.loser)
    people.set_keys(db, found.loser, found.holder_key, found.former_keys)
