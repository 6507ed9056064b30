"""Drafts of applications: nothing that was typed is lost, not even by who was signed out while he typed."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from admin.model.case import DRAFT_DAYS, Case, Content, Draft, NoCase, his_own
from admin.model.item import ServiceItem
from admin.store import cases as store
from hub import behalf, limits
from hub.callers import Caller
from hub.house import House
from hub.limits import Limit

PER_PERSON = Limit("case-drafts", 30, 3600)
Typed = Mapping[str, str]
Files = Mapping[str, tuple[str, bytes]]  # by material: the name and the bytes
KEEP = timedelta(days=DRAFT_DAYS)
LONGEST = 4000  # characters of one typed value: longer than any field, short enough to keep


def begin(house: House, item: ServiceItem, caller: Caller, now: datetime) -> Draft:
    """Begin an application; it waits for its owner for 30 days after he last wrote on it."""
    assert caller.person
    limits.check(house.shared, PER_PERSON, caller.person)
    draft = Draft(secrets.token_hex(16), item.code, caller.person, caller.acting_for, now, now, now + KEEP)
    with house.database.write() as db:
        store.add_draft(db, draft)
        store.keep_content(db, house.vault, draft.id, Content())
    return draft


def mine(house: House, id: str, caller: Caller, now: datetime) -> tuple[Draft, Content]:
    """One's own draft with what it holds. Raises NoCase, also for somebody else's; ActingForAnother."""
    with house.database.read() as db:
        draft = store.draft(db, id, now)
        if draft is None:
            raise NoCase("There is no such draft, or it has ended")
        his_own(draft, caller.person, caller.acting_for)
        behalf.needs(caller, draft.item)
        return draft, store.content(db, house.vault, id)


def write(house: House, id: str, typed: Typed, files: Files, now: datetime) -> None:
    """Keep what was typed, as it was typed, and files by material. The caller has looked whose draft it is. Raises NoCase."""
    with house.database.write() as db:
        if not store.touch_draft(db, id, now, now + KEEP):
            raise NoCase("There is no such draft, or it has ended")  # it was submitted or thrown away in another window
        _keep(house, db, id, typed, files, "")


def write_answer(house: House, case: Case, typed: Typed, files: Files, words: str) -> None:
    """Keep what was typed and chosen for an answer, until it is sent. The caller has looked whose case it is."""
    with house.database.write() as db:
        _keep(house, db, answer_key(case), typed, files, words)


def answer_to(house: House, case: Case) -> Content:
    """The draft of the answer to a return; as it begins, what was submitted."""
    with house.database.read() as db:
        submitted = store.content(db, house.vault, case.key)
        draft = _held(house, db, answer_key(case))
    if draft is None:
        return replace(submitted, answer="")
    return replace(draft, fields=submitted.fields | draft.fields, files=submitted.files | draft.files)


def answer_key(case: Case) -> str:
    """Under what the draft of an answer is kept."""
    return f"{case.key}.answer"


def take_over(house: House, db: Connection, case: Case) -> None:
    """Give the files of an answer to its case, in the transaction of the answer, and end the draft."""
    draft = _held(house, db, answer_key(case)) or Content()
    for material in draft.files:
        store.keep_file(db, house.vault, case.key, material, store.file(db, house.vault, answer_key(case), material))
    store.erase(db, house.vault, answer_key(case))


def park(house: House, key: str, typed: Typed) -> str:
    """Put aside what somebody without a session typed; gives the secret with which `unpark` takes it.

    Only the browser that gets the secret can bring it in, and only the owner of what it was typed into sees it.
    """
    secret = secrets.token_hex(16)
    with house.database.write() as db:
        parked = Content(fields=_cut(typed), answer=_digest(house, secret))
        store.keep_content(db, house.vault, _parked(key), parked)
    return secret


def unpark(house: House, key: str, secret: str) -> dict[str, str] | None:
    """Take what was put aside, once. None if there is nothing, or another browser left it."""
    with house.database.write() as db:
        parked = _held(house, db, _parked(key))
        if parked is None or not hmac.compare_digest(parked.answer, _digest(house, secret)):
            return None
        store.erase(db, house.vault, _parked(key))
    return parked.fields


def discard(house: House, id: str) -> None:
    """Throw a draft away with all that it holds. The caller has looked whose draft it is."""
    with house.database.write() as db:
        _erase(house, db, id)


def expire(house: House, now: datetime) -> int:
    """Throw away the drafts whose time is over; say how many."""
    with house.database.write() as db:
        old = store.old_drafts(db, now)
        for id in old:
            _erase(house, db, id)
    return len(old)


def _erase(house: House, db: Connection, id: str) -> None:
    if store.end_draft(db, id):  # else it became a case in this moment
        store.erase(db, house.vault, id)
        store.erase(db, house.vault, _parked(id))


def _keep(house: House, db: Connection, key: str, typed: Typed, files: Files, words: str) -> None:
    for material, (_, data) in files.items():
        store.keep_file(db, house.vault, key, material, data)
    names = {material: name for material, (name, _) in files.items()}
    kept = _held(house, db, key) or Content()
    content = replace(kept, fields=kept.fields | _cut(typed), files=kept.files | names, answer=words)
    store.keep_content(db, house.vault, key, content)


def _held(house: House, db: Connection, key: str) -> Content | None:
    try:
        return store.content(db, house.vault, key)
    except NoCase:
        return None


def _cut(typed: Typed) -> dict[str, str]:
    return {key: value[:LONGEST] for key, value in typed.items()}


def _parked(id: str) -> str:
    return f"{id}.parked"


def _digest(house: House, secret: str) -> str:
    return house.vault.blind("case-parked", secret)
