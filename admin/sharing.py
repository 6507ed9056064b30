"""What bodies offer each other, who asks for it and who says yes. A yes here opens nothing without each person's own."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin import approvals
from admin.model.approval import Approval, OtherText, State
from admin.model.item import State as ItemState
from admin.model.sharing import (
    AskerDecides,
    DataRequest,
    Entry,
    EntryWrong,
    NoRequest,
    RequestNotOpen,
    RequestState,
    RequestWrong,
    Sensitivity,
    Sharing,
)
from admin.store import approvals as approval_store
from admin.store import items
from admin.store import sharing as store
from hub import ledger, tree
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest, NotAllowed, NotFound
from idp.consent import data
from idp.model.client import Client
from idp.model.data import DataField, DataPermission
from idp.store import clients
from idp.store import data as permissions
from licenses import kinds
from seals import store as seals

TWO_PERSONS = "data-request"  # the kind of approval
ASKED = ("entry", "fields", "client", "item", "purpose", "purpose_en", "basis", "per_day", "until")


@dataclass(frozen=True)
class Wanted:
    """What an officer asks for, as he wrote it."""

    entry: str
    fields: tuple[str, ...]
    client: str
    item: str
    purpose: str
    purpose_en: str
    basis: str
    per_day: int
    until: datetime


def offer(house: House, entry: Entry, *, by: Caller, now: datetime) -> Entry:
    """Put an entry into the catalogue, or change it; what others have asked for stays what it was while they may get it.

    Raises EntryWrong; NotAllowed outside the caller's part of the tree.
    """
    if not tree.within(entry.place, by.place):
        raise NotAllowed("You can offer the data of your own place only")
    kept = replace(entry, id=entry.id or f"E-{secrets.token_hex(5)}", changed=now).checked()
    with house.database.write() as db:
        wrong = _unknown(db, kept) + _rewritten(db, kept, now)
        if wrong:
            raise EntryWrong(fields=wrong)
        store.keep_entry(db, kept)
        facts = {"sharing": kept.sharing.value, "fields": list(kept.keys), "ended": kept.ended is not None}
        ledger.wrote(db, "data.entry-kept", f"data-entry:{kept.id}", by=by.label, at=now, place=kept.place, facts=facts)
    return kept


def ask(house: House, wanted: Wanted, *, by: Caller, now: datetime) -> DataRequest:
    """Ask the body that holds the data. What is shared without conditions is granted at once, and logged all the same;
    sensitive fields never are.

    Raises RequestWrong, NotShared, NoEntry.
    """
    if not by.person:
        raise AskerDecides("Only a person can ask")
    with house.database.write() as db:
        entry = store.entry(db, wanted.entry)
        client = clients.client(db, wanted.client)
        known = client is not None and may_ask(client) and tree.within(client.place, by.place)
        made = DataRequest(
            id=f"G-{secrets.token_hex(8)}",
            **vars(wanted),
            place=client.place if client else by.place,
            provider_place=entry.place,
            asked_by=by.person,
            asked=now,
        )
        offered = _is_offered(db, wanted.item, by.place)
        also = {"client": known, "item": offered, "entry": entry.ended is None}
        wrong = made.wrong(entry) | {name for name, holds in also.items() if not holds}
        if wrong:
            raise RequestWrong(fields=tuple(name for name in ASKED if name in wrong))
        store.add_request(db, made)
        _wrote(db, "data.requested", made, by=by, now=now, sharing=entry.sharing.value)
        if entry.sharing is Sharing.unconditional and not is_sensitive(entry, made):
            _grant(db, made, entry, by=by, reason="unconditional", now=now)
    with house.database.read() as db:
        return store.request(db, made.id)


def may_ask(client: Client) -> bool:
    """Whether a program may be granted data: in production, of a body, and able to prove that it is itself."""
    return client.ended is None and not (client.sandbox or client.first_party or client.public)


def decide(house: House, id: str, *, approve: bool, reason: str, by: Caller, now: datetime) -> DataRequest:
    """Say yes or no for the body that holds the data; a yes to sensitive fields waits for a second person of it.

    Raises NoRequest, AskerDecides, RequestNotOpen; BadRequest without a reason for a no.
    """
    if not approve and not reason.strip():
        raise BadRequest("Give a reason of 1 to 500 characters")
    with house.database.write() as db:
        request = _for_provider(db, id, by)
        if request.state is not RequestState.waiting or (approve and waits_for_second(db, request, now)):
            raise RequestNotOpen("The request %(id)s", id=id)
        entry = store.entry(db, request.entry)
        if not approve:
            _move(db, request, RequestState.refused, by=by, reason=reason, now=now)
            _call_off(db, request, by=by, now=now)
            _wrote(db, "data.request-refused", request, by=by, now=now)
        elif is_sensitive(entry, request):
            words = reason.strip() or "sensitive fields"
            approvals.ask(
                db, TWO_PERSONS, request.id, _body(entry, request), place=entry.place, reason=words, by=by, now=now
            )
        else:
            _grant(db, request, entry, by=by, reason=reason, now=now)
        return store.request(db, id)


def end(house: House, id: str, *, reason: str, by: Caller, now: datetime) -> None:
    """End a request, on either side. Every token that rests on it is refused from the next call on.

    Raises NoRequest, RequestNotOpen; BadRequest without a reason.
    """
    if not reason.strip():
        raise BadRequest("Give a reason of 1 to 500 characters")
    with house.database.write() as db:
        request = store.request(db, id, by.place)
        mine = tree.within(request.place, by.place)
        if request.state not in (RequestState.granted, RequestState.waiting) or (
            request.state is RequestState.waiting and not mine
        ):
            raise RequestNotOpen("The request %(id)s", id=id)
        _move(db, request, RequestState.ended, by=by, reason=reason, now=now)
        _call_off(db, request, by=by, now=now)
        data.end(db, id, now=now)
        _wrote(db, "data.request-ended", request, by=by, now=now)


def is_sensitive(entry: Entry, request: DataRequest) -> bool:
    """Whether a yes takes two persons."""
    return any(one.sensitivity is Sensitivity.sensitive for one in entry.only(request.fields))


def waits_for_second(db: Connection, request: DataRequest, now: datetime) -> Approval | None:
    """The open request for a second person's yes, if there is one."""
    found = approval_store.of_subject(db, TWO_PERSONS, request.id)
    return next((one for one in found if one.open_at(now)), None)


# -- inside


def _carry(house: House, db: Connection, approval: Approval, by: Caller, now: datetime) -> None:
    """What the second person's yes does, in the transaction of his decision."""
    request = store.request(db, approval.subject)
    if by.person == request.asked_by:
        raise AskerDecides("The request %(id)s", id=request.id)
    entry = store.entry(db, request.entry)
    if approval.body != _body(entry, request):
        raise OtherText("The request %(id)s", id=approval.id)
    _grant(db, request, entry, by=by, reason=approval.reason, now=now)


approvals.carries(TWO_PERSONS, _carry)


def _for_provider(db: Connection, id: str, by: Caller) -> DataRequest:
    request = store.request(db, id, by.place, lock=True)
    if not tree.within(request.provider_place, by.place):
        raise NoRequest("There is no request %(id)s", id=id)
    if by.person in (None, request.asked_by):
        raise AskerDecides("The request %(id)s", id=id)
    return request


def _grant(db: Connection, request: DataRequest, entry: Entry, *, by: Caller, reason: str, now: datetime) -> None:
    """Let it be asked of persons from now on."""
    _move(db, request, RequestState.granted, by=by, reason=reason, now=now)
    agency = seals.agency(db, entry.agency)
    permission = DataPermission(
        id=request.id,
        client=request.client,
        provider=entry.agency,
        provider_name=agency.name,
        provider_name_en=agency.name_en,
        place=entry.place,
        entry=entry.id,
        entry_name=entry.name,
        entry_name_en=entry.name_en,
        fields=tuple(DataField(one.key, one.name, one.name_en) for one in entry.only(request.fields)),
        item=request.item,
        purpose=request.purpose,
        purpose_en=request.purpose_en,
        basis=request.basis,
        since=now,
        until=request.until,
    )
    permissions.keep(db, permission)
    _wrote(db, "data.request-granted", request, by=by, now=now)


def _move(db: Connection, request: DataRequest, state: RequestState, *, by: Caller, reason: str, now: datetime) -> None:
    said = reason.strip()[:500]
    if not store.end_request(db, request.id, request.state, state, by=by.person or "", reason=said, at=now):
        raise RequestNotOpen("The request %(id)s", id=request.id)


def _call_off(db: Connection, request: DataRequest, *, by: Caller, now: datetime) -> None:
    """Nobody has to be the second person for what has been decided otherwise."""
    waiting = waits_for_second(db, request, now)
    if waiting is not None:
        approval_store.end(db, waiting.id, State.withdrawn, by=by.person or "", words="", at=now)
        facts = {"approval": waiting.id, "kind": TWO_PERSONS}
        ledger.wrote(db, "approval.withdrawn", request.id, by=by.label, at=now, place=waiting.place, facts=facts)


def _unknown(db: Connection, entry: Entry) -> tuple[str, ...]:
    """What an entry names and does not exist, or is not of its body."""
    wrong = []
    try:
        if seals.agency(db, entry.agency).place != entry.place:
            wrong.append("agency")
    except NotFound:
        wrong.append("agency")
    if entry.kind:
        kind = next((one for one in kinds.all_kinds() if one.slug == entry.kind), None)
        if kind is None or not kind.may_issue(entry.agency):
            wrong.append("source")
        elif not set(entry.keys) <= {one.key for one in kind.items}:
            wrong.append("fields")
    if entry.endpoint:
        client = clients.client(db, entry.client)
        if client is None or client.ended or not client.keys or client.agency != entry.agency:
            wrong.append("client")
    return tuple(wrong)


def _rewritten(db: Connection, entry: Entry, now: datetime) -> tuple[str, ...]:
    """Whether a change would put other data, or other words for them, under what somebody agreed to or will decide on."""
    if not entry.id or entry.ended:
        return ()
    asked = store.running_requests(db, entry.id, now)
    if not asked:
        return ()
    before = store.entry(db, entry.id)
    keys = tuple({key for one in asked for key in one.fields})
    same = before.only(keys) == entry.only(keys) and before.name == entry.name and before.name_en == entry.name_en
    origin = (before.agency, before.kind, before.client) == (entry.agency, entry.kind, entry.client)
    return () if same and origin else ("asked",)


def _is_offered(db: Connection, code: str, scope: str) -> bool:
    """Whether a service item of this part of the tree is in use."""
    try:
        return items.item(db, code, scope).state is ItemState.production
    except NotFound:
        return False


def _body(entry: Entry, request: DataRequest) -> dict[str, Any]:
    return {
        "entry": entry.name,
        "fields": [one.name for one in entry.only(request.fields)],
        "client": request.client,
        "item": request.item,
        "purpose": request.purpose,
        "basis": request.basis,
        "per_day": str(request.per_day),
        "until": request.until.date().isoformat(),
    }


def _wrote(db: Connection, kind: str, request: DataRequest, *, by: Caller, now: datetime, **more: Any) -> None:
    facts = {"entry": request.entry, "client": request.client, "purpose": request.purpose_digest} | more
    place = request.provider_place
    ledger.wrote(db, kind, f"data-grant:{request.id}", by=by.label, at=now, place=place, facts=facts)
