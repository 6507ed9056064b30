"""Any document of a department: uploaded, looked at, its seal's place chosen, its custodian asked. `seal_document` seals it.

Strangers' bytes are read in a cage (`cage`). The row names the file before the file is there: no file without row.
"""

import hashlib
import json
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub import asked as questions
from hub import notices
from hub.callers import Caller
from hub.db import Collision
from hub.house import House
from hub.i18n import N_
from hub.problems import BadRequest, TooLarge
from seals import cage, material, store, use
from seals.model import Evidence, SealUse
from seals.model.document import (
    MOST_BYTES,
    Document,
    DocumentUnknown,
    KeySpent,
    NotSealedYet,
    SealedAlready,
    State,
    kind_of,
    place_of,
)
from seals.store import documents as rows

TOLD = N_("A document waits for your confirmation: %(name)s")
WORDS = (
    N_("Name of the document"),
    N_("Seal"),
    N_("Kind of document"),
    N_("Place of the seal"),
    N_("Digest of the document (SHA-256)"),
)


def upload(
    house: House,
    data: bytes,
    *,
    name: str,
    seal: str,
    kind: str,
    caller: Caller,
    now: datetime,
    key: str = "",
    where: dict[str, Any] | None = None,
    batch: str = "",
) -> Document:
    """Read a document and keep it, with the place that its seal shall have; once per caller and key.

    Raises NotSealable for what cannot be sealed, SealUnknown, SealNotInForce, KeySpent, TooLarge.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge("At most %(megabytes)s MB are accepted", megabytes=MOST_BYTES // 1_000_000)
    kind, key = kind_of(kind), key or secrets.token_hex(16)
    if len(key) > 200:
        raise BadRequest("Idempotency-Key needs 1 to 200 characters")
    came = hashlib.sha256(data).hexdigest()
    body = hashlib.sha256(json.dumps([came, name, seal, kind, where], sort_keys=True).encode()).hexdigest()
    with house.database.read() as db:
        known = rows.earlier_document(db, caller.label, key)
        what = store.seal(db, seal)
    if known is not None:
        return _same(house, *known, body, data)
    what.in_force(now)
    clean, pages = cage.CAGE.read(data)
    made = Document(
        id=secrets.token_hex(12),
        seal=what.id,
        agency=what.agency,
        place=what.place,
        kind=kind,
        name=name.strip()[:120] or "document.pdf",
        original=hashlib.sha256(clean).hexdigest(),
        uploaded=came,
        pages=pages,
        size=len(clean),
        state=State.uploaded,
        by=caller.label,
        client=caller.client or "",
        person=caller.person or "",
        at=now,
        spot=place_of(where or {}, pages, what.design.diameter_mm, what.design.height_mm),
        batch=batch,
        asker={"agency": caller.agency or "", "place": caller.place},
    )
    try:
        with house.database.write() as db:
            rows.add_document(db, made, key=key, body=body)
    except Collision:  # the same caller sent the same at the same moment
        with house.database.read() as db:
            known = rows.earlier_document(db, caller.label, key)
        assert known
        return _same(house, *known, body, data)
    house.blobs.put(clean)
    return made


def choose(house: House, document: Document, where: dict[str, Any], now: datetime) -> Document:
    """Another place for the seal. What custodians were asked before counts no longer. Raises NotSealable, SealedAlready."""
    with house.database.read() as db:
        what = store.seal(db, document.seal)
    spot = place_of(where, document.pages, what.design.diameter_mm, what.design.height_mm)
    chosen = replace(document, spot=spot, asked=(), state=State.uploaded)
    with house.database.write() as db:
        if not rows.placed(db, chosen):
            raise SealedAlready("The place of its seal is fixed")
    return chosen


def ask(house: House, document: Document, *, by: str, now: datetime) -> Document:
    """Ask the custodians of a sensitive seal, each with his own key; the first who confirms lets it be sealed."""
    with house.database.write() as db:
        people = store.custodians(db, document.seal)
        words = tuple(zip(WORDS, _told(db, document), strict=True))
        purpose, back = use.confirmation(document.seal), f"/console/documents/{document.id}"
        made = [
            questions.ask(db, person, purpose=purpose, digest=document.record, words=words, back=back, by=by, now=now)
            for person in people
        ]
        for one in made:
            notices.tell(db, one.person, TOLD, link=f"/account/confirm/{one.id}", at=now, name=document.name)
        waiting = replace(document, asked=tuple(one.id for one in made), state=State.asked)
        if not rows.placed(db, waiting):
            raise SealedAlready("The place of its seal is fixed")
    return waiting


def preview(house: House, document: Document, page: int, width: int, now: datetime) -> bytes:
    """A page as PNG, with the seal where it will stand."""
    if not 1 <= page <= len(document.pages):
        raise DocumentUnknown("There is no page %(page)s", page=page)
    if document.state is State.sealed:
        return cage.CAGE.picture(house.blobs.get(document.sealed), page, width)
    pdf = house.blobs.get(document.original)
    if document.spot is None or document.spot.page != page:
        return cage.CAGE.picture(pdf, page, width)
    with house.database.read() as db:
        what = store.seal(db, document.seal)
    tool, _ = material.for_seal(house, what, now)
    nobodys = SealUse(document.id, what.id, "", "", bytes(32), "", "", now)
    return cage.CAGE.picture(cage.CAGE.prepare(pdf, tool, nobodys, document.spot, Evidence(now)).prepared, page, width)


def file(house: House, document: Document) -> bytes:
    """The sealed file. Raises NotSealedYet."""
    if document.state is not State.sealed:
        raise NotSealedYet("The document %(id)s", id=document.id)
    return house.blobs.get(document.sealed)


# -- their parts


def _same(house: House, known: Document, earlier: str, body: str, data: bytes) -> Document:
    """What a retry gets: the same document; its file is completed if the first attempt died before it was kept."""
    if earlier != body:
        raise KeySpent("It belongs to the document %(id)s", id=known.id)
    if known.state is not State.sealed and not house.blobs.exists(known.original):
        clean, _ = cage.CAGE.read(data)
        house.blobs.put(clean)
    return known


def _told(db: Connection, document: Document) -> tuple[str, ...]:
    """What the custodian reads, as long as the words that stand beside it."""
    what = store.seal(db, document.seal)
    spot = document.spot
    place = f"{spot.page}/{len(document.pages)}: {spot.x_mm:g} x {spot.y_mm:g} mm" if spot else "-"
    return (document.name, f"{what.design.name} {what.design.line}".strip(), document.kind, place, document.original)
