"""The owner's switch: no login, no release, until he unlocks. What falls, falls in one step; what was issued to him stays his.

Locking revokes offline access too: a grant that slept and woke again would be one more thing to explain, and to get wrong.
"""

from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, limits, notices
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from idp import registers
from idp.account import announce, life
from idp.account.announce import Event
from idp.account.life import Authority
from idp.model.person import AccountEnded, Level, Person, State
from idp.model.realname import Form, LiveCheckFailed, RegisterLater, WrongStep
from idp.store import people as store

FACES = Limit("unlock-face", 10, 86_400, guessing=True)
OWNER = "owner"  # the reason that stands with the state
LOCKED = N_("You locked your account")
UNLOCKED = N_("Your account was unlocked")


def lock(house: House, person_id: str, *, by: str, now: datetime) -> None:
    """Lock an account for its owner: sessions, tokens and offline access end. Raises AccountEnded if it is not in use."""
    with house.database.write() as db:
        if not store.set_state(db, person_id, State.locked, why=OWNER, at=now, over=State.active):
            raise AccountEnded("It is locked or closed already")
        life.stop(db, person_id, "locked by its owner", now)
        announce.announce(db, person_id, Event.account_disabled, now=now, reason="locked")
        ledger.wrote(db, "person.locked", f"person:{person_id}", by=by, at=now)
        notices.tell(db, person_id, LOCKED, link="/account/privacy", at=now)


def unlock(db: Connection, person_id: str, *, by: str, how: str, now: datetime) -> None:
    """Unlock an account that its owner locked; `how` is what showed that it is he. Raises AccountEnded for any other.

    For the page `/unlock` after all its steps, and for an officer who has the person before him.
    """
    person = store.person(db, person_id)
    if person is None or person.why != OWNER:  # what an authority locked is not the owner's to open
        raise AccountEnded("Its owner did not lock it")
    if not store.set_state(db, person_id, State.active, why="", at=now, over=State.locked):
        raise AccountEnded("Its owner did not lock it")
    announce.announce(db, person_id, Event.account_enabled, now=now)
    ledger.wrote(db, "person.unlocked", f"person:{person_id}", by=by, at=now, facts={"how": how})
    notices.tell(db, person_id, UNLOCKED, link="/account/privacy", at=now)


def unlock_by_office(db: Connection, person_id: str, authority: Authority, now: datetime) -> None:
    """Unlock for an owner who stands at a counter with his paper: two officers answer for it. Raises AccountEnded."""
    unlock(db, person_id, by=authority.by, how="counter", now=now)


def needs_face(house: House, person: Person) -> bool:
    """Whether this account opens only to the face that it was proved with."""
    if person.level < Level.present:
        return False
    with house.database.read() as db:
        return bool(store.profile(db, house.vault, person.id).number)  # a network identity has no face here


def ask_face(house: House, person: Person, return_url: str, *, now: datetime) -> tuple[str, str]:
    """Begin a live check: the register's page, and the number of the check. Raises RegisterLater, TooMany."""
    limits.check(house.shared, FACES, person.id)
    answer = registers.begin_live_check(house, _form(house, person), return_url, now)
    page, check = answer.text("page"), answer.text("check")
    if not answer.match or not check or not page.startswith(f"{house.settings.register_url}/"):
        raise RegisterLater("The register cannot check this person just now")
    return page, check


def check_face(house: House, person: Person, check: str, *, ticket: str, now: datetime) -> None:
    """See how the live check ended, with the ticket that came back with the browser. Raises LiveCheckFailed, WrongStep."""
    if not ticket:
        raise WrongStep("The live check has not ended yet")
    answer = registers.live_check(house, _form(house, person), check, ticket, now)
    if answer.text("outcome") == "open":
        raise WrongStep("The live check has not ended yet")
    if not answer.match:
        raise LiveCheckFailed("The face was not recognised, or the check was cancelled")


def _form(house: House, person: Person) -> Form:
    with house.database.read() as db:
        return Form.of(store.profile(db, house.vault, person.id))
