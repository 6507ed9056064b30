"""An entry that was made for somebody without an account passes to the account in which he proves the number himself.

His licenses are found by the number. Cases and mandates that stood under the entry stand under the account from now on.
"""

from datetime import datetime

from sqlalchemy import Connection

from hub import behalf, inbox, ledger
from idp.account.announce import Event, announce
from idp.acting import mandates
from idp.model.mandate import PERSON
from idp.model.person import Person
from idp.store import consents, people, uses
from idp.store import mandates as store

PASSED_ON = (
    "person.passed-on"  # a letter to rooms above: what stands under an entry stands under an account from now on
)


def take(db: Connection, entry: Person, person: str, now: datetime) -> None:
    """Close an entry in favour of an account, in the transaction in which that account proves the number."""
    old, new = f"{PERSON}{entry.id}", f"{PERSON}{person}"
    behalf.alone(db, old)
    for one in store.not_over(db, old, now):  # whoever is in the middle of it chooses again for whom he acts
        mandates.stop(db, one, "the person has an account now", now)
    announce(db, entry.id, Event.account_merged, now=now, into=person)
    for consent in consents.consents_of(
        db, entry.id
    ):  # others agreed to those for him: from now on he is asked himself
        consents.forget(db, entry.id, consent.client)
    store.pass_on(db, entry.id, person)
    uses.pass_on(db, old, new)
    people.release_number(db, entry.id)
    people.set_merged(db, entry.id, person)
    inbox.put(db, PASSED_ON, {"entry": entry.id, "person": person}, now)
    ledger.wrote(db, "person.released", entry.label, by=f"person:{person}", at=now)
