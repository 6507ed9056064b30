"""A proof that one event stands in the ledger, for whoever is concerned: it discloses that event alone.

Who checks it trusts nobody here: event and salt give the leaf, leaf and path give the root, and the root is signed.
"""

import base64
from typing import Any

import sqlalchemy as sa

from hub.house import House
from hub.ledger import KEY, checkpoint, event_table, inclusion
from hub.problems import Unavailable

TYPE = "urn:yinxin:inclusion-proof:1"


class ProofNotYet(Unavailable):
    """The event waits for its leaf, or for the next signed tree head."""

    title = "The proof is not ready yet"
    advice = "The event is in the ledger. Its proof is made within seconds; load it again."


def proof(house: House, kind: str, subject: str) -> dict[str, Any]:
    """The proof of inclusion of one event in the newest signed tree head (RFC 9162 2.1.3). Raises ProofNotYet."""
    return _proof(house, sa.and_(event_table.c.kind == kind, event_table.c.subject == subject))


def of_event(house: House, id: int) -> dict[str, Any]:
    """The same for the event with this id, as `ledger.wrote` gave it. Raises ProofNotYet."""
    return _proof(house, event_table.c.id == id)


def _proof(house: House, which: sa.ColumnElement[bool]) -> dict[str, Any]:
    where = sa.and_(which, event_table.c.leaf.is_not(None))
    with house.database.read() as db:
        row = db.execute(sa.select(event_table).where(where).order_by(event_table.c.id).limit(1)).one_or_none()
        head = checkpoint(db)
        if row is None or head is None or row.leaf >= head.size:
            raise ProofNotYet
        path = inclusion(db, row.leaf, head.size)
    moment = row.at.isoformat(timespec="microseconds")
    return {
        "type": TYPE,
        "event": {"kind": row.kind, "subject": row.subject, "by": row.by, "place": row.place, "at": moment}
        | {"facts": row.facts},
        "salt": row.salt.hex(),
        "leaf": row.leaf,
        "size": head.size,
        "path": [one.hex() for one in path],
        "root": head.root.hex(),
        "at": head.at.isoformat(timespec="microseconds"),
        "kid": house.keys.kid(KEY),
        "signature": base64.b64encode(head.signature).decode(),
    }
