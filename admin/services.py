"""Service items: describe one, ask for production, raise its level, end it. What is decided by two is carried out as decided.

Raising the level takes one person and holds at once; lowering it, like every other change, takes two.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from admin import approvals, item_clients, matters
from admin.model.approval import Approval
from admin.model.item import ItemState, ItemWrong, NoItem, ServiceItem, State
from admin.store import approvals as approval_store
from admin.store import items as store
from hub import ledger, tree
from hub.callers import Caller
from hub.db import alone
from hub.house import House
from idp.model.client import ClientWrong
from idp.store import clients as client_store
from licenses import kinds
from licenses.model import NoSuchKind
from seals import store as seals

ITEM, END = "item", "item-end"  # kinds of approval


def describe(house: House, item: ServiceItem, *, new: bool, by: Caller, now: datetime) -> ServiceItem:
    """Keep a draft: of a new item, or of the next version of one in force. Its sandbox client exists from here.

    Raises ItemWrong with all that is wrong, AgencyUnknown, NoItem, ItemState while a request for it waits.
    """
    with house.database.write() as db:
        agency = seals.agency(db, item.agency, by.place)
        alone(db, f"item {item.code}")
        found = store.versions(db, item.code, by.place)
        if new and (found or store.versions(db, item.code)):
            raise ItemWrong(fields=("taken",))
        if not (new or found):
            raise NoItem("There is no service item %(code)s", code=item.code)
        if any(one.state is State.ended for one in found) or waits(db, item.code, now):
            raise ItemState("The item %(code)s", code=item.code)
        live = next((one for one in found if one.state is State.production), None)
        made = replace(
            item,
            place=agency.place,
            region=tree.region(agency.place),
            version=live.version + 1 if live else 1,
            state=State.draft,
            changed=now,
            changed_by=by.label,
            client=item.code if item.access else item.client,
        ).checked()
        _fits(db, made)
        store.keep(db, made)
        if made.access:
            item_clients.keep_sandbox(db, made, by=by, now=now)
        ledger.wrote(db, "item.drafted", made.code, by=by.label, at=now, place=made.place, facts=made.facts)
    return made


def propose(house: House, code: str, *, reason: str, by: Caller, now: datetime) -> Approval:
    """Ask a second person to put the draft into production. Raises NoItem, ItemState, BadRequest without a reason."""
    with house.database.write() as db:
        store.item(db, code, by.place)
        alone(db, f"item {code}")
        draft = store.draft(db, code)
        if draft is None or waits(db, code, now):
            raise ItemState("The item %(code)s", code=code)
        return approvals.ask(db, ITEM, code, store.body(draft), place=draft.place, reason=reason, by=by, now=now)


def go_live(house: House, db: Connection, approval: Approval, by: Caller, now: datetime) -> None:
    """The second half of `propose`: exactly the body that was decided on comes into force, its client with it."""
    decided = store.from_body(approval.body)
    found = store.versions(db, decided.code)
    live = next((one for one in found if one.state is State.production), None)
    if any(one.state is State.ended for one in found) or decided.version != (live.version if live else 0) + 1:
        raise ItemState("The item %(code)s has changed since this was asked", code=decided.code)
    store.replaced(db, decided.code, now)
    made = replace(decided, state=State.production, changed=now, changed_by=by.label)
    store.keep(db, made)
    item_clients.keep_production(db, made, by=by, now=now)
    matters.publish(db)
    ledger.wrote(db, "item.live", made.code, by=by.label, at=now, place=made.place, facts=made.facts)


def raise_level(house: House, code: str, level: int, *, by: Caller, now: datetime) -> ServiceItem:
    """Need more certainty about people from now on: each next sign-in asks for the missing step. Raises ItemState, ItemWrong.

    A draft that is being prepared goes on from the new version; a request that waits was about an older one and is refused.
    """
    with house.database.write() as db:
        live = store.item(db, code, by.place)
        if live.state is not State.production:
            raise ItemState("The item %(code)s", code=code)
        if level <= live.level:
            raise ItemWrong(fields=("level",))
        draft = store.draft(db, code)
        store.drop_draft(db, code)
        store.replaced(db, code, now)
        made = live.next(level=level, state=State.production, changed=now, changed_by=by.label).checked()
        store.keep(db, made)
        if draft:
            store.keep(db, replace(draft, version=made.version + 1, level=max(draft.level, level)))
        item_clients.keep_production(db, made, by=by, now=now)
        ledger.wrote(db, "item.raised", code, by=by.label, at=now, place=made.place, facts=made.facts)
    # Committed: this process knows it now, every other one within the second that it remembers a client.
    house.cache.get("idp-clients", {}).pop(made.client, None)
    return made


def drop(house: House, code: str, *, by: Caller, now: datetime) -> None:
    """Forget a draft; with the first one the item and its sandbox go. Raises NoItem, ItemState."""
    with house.database.write() as db:
        store.item(db, code, by.place)
        draft = store.draft(db, code)
        if draft is None or waits(db, code, now):
            raise ItemState("The item %(code)s", code=code)
        store.drop_draft(db, code)
        if draft.version == 1:
            item_clients.close(house, db, draft, by=by, now=now)
        ledger.wrote(db, "item.dropped", code, by=by.label, at=now, place=draft.place)


def ask_to_end(house: House, code: str, *, basis: str, by: Caller, now: datetime) -> Approval:
    """Ask a second person to end an item, with the rule or decision by which it ends. Raises NoItem, ItemState."""
    with house.database.write() as db:
        alone(db, f"item {code}")
        live = store.item(db, code, by.place)
        if live.state is not State.production or waits(db, code, now):
            raise ItemState("The item %(code)s", code=code)
        body = {"code": code, "name": live.name, "name_en": live.name_en, "version": live.version}
        return approvals.ask(db, END, code, body, place=live.place, reason=basis, by=by, now=now)


def end(house: House, db: Connection, approval: Approval, by: Caller, now: datetime) -> None:
    """The second half of `ask_to_end`: the portal shows it no more, and the clients that were made for it are closed."""
    live = store.item(db, approval.subject)
    if live.state is not State.production or live.version != approval.body["version"]:
        raise ItemState("The item %(code)s has changed since this was asked", code=live.code)
    store.drop_draft(db, live.code)
    store.keep(db, replace(live, state=State.ended, changed=now, changed_by=by.label))
    item_clients.close(house, db, live, by=by, now=now)
    matters.publish(db)
    ledger.wrote(db, "item.ended", live.code, by=by.label, at=now, place=live.place, facts=live.facts)


def waits(db: Connection, code: str, now: datetime) -> Approval | None:
    """The request about an item on which nobody has decided yet."""
    asked = [one for kind in (ITEM, END) for one in approval_store.of_subject(db, kind, code)]
    return next((one for one in asked if one.open_at(now)), None)


approvals.carries(ITEM, go_live)
approvals.carries(END, end)


def _fits(db: Connection, item: ServiceItem) -> None:
    """What an item names must exist: kinds of license, the client that it shares. Raises ItemWrong."""
    wrong = []
    if item.kind and not _issues(item):
        wrong.append("kind")
    if any(not _known(code) for code in item.licenses):
        wrong.append("licenses")
    if item.access is None and item.client:
        shared = client_store.client(db, item.client)
        if shared is None or shared.ended or shared.sandbox or shared.agency != item.agency:
            wrong.append("client")
    if wrong:
        raise ItemWrong(fields=tuple(wrong))
    if item.access:
        item_clients.checked(item.access)
        try:
            item_clients.on_trial(item, ())
        except ClientWrong as error:
            raise ItemWrong(fields=("redirect_uris",)) from error


def _issues(item: ServiceItem) -> bool:
    return _known(item.kind) and kinds.named(item.kind).may_issue(item.agency)


def _known(code: str) -> bool:
    try:
        kinds.named(code)
    except NoSuchKind:
        return False
    return True
