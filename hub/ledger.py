"""The ledger: audit and transparency in one append-only Merkle tree (RFC 9162 2.1).

An event is written unsequenced in the transaction of what it tells. One leader (see `hub.ticks`) gives it the next leaf within a
second and signs a checkpoint. Leaves are salted hashes, so the tree itself can be public. Events name things by their number or
internal id, never a person's name or number.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub.db import Id, Instant, Json, Ready, metadata
from hub.lead import fence
from hub.problems import NotFound, Problem
from hub.tree import ROOT, below

if TYPE_CHECKING:
    from hub.house import House

KEY = "checkpoint"
BATCH = 1000  # events per sequencing transaction: keeps it well under a second on both databases

event_table = sa.Table(
    "hub_ledger_event",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("leaf", sa.Integer, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary),
)
node_table = (
    sa.Table(  # perfect subtrees only: node (level, index) covers leaves [index << level, (index + 1) << level)
        "hub_ledger_node",
        metadata,
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("index", sa.Integer, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
)
checkpoint_table = sa.Table(
    "hub_ledger_checkpoint",
    metadata,
    sa.Column("size", sa.Integer, primary_key=True),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)


class LedgerBroken(Problem):
    """The ledger does not agree with itself: something was changed or taken out."""

    status = 500
    title = "The ledger is broken"
    advice = "Stop issuing, keep the database as it is, and compare it with the last backup."


_e = event_table.c
# Put together once: every sign-in and every issue writes at least one line.
_WROTE = Ready(event_table.insert().returning(_e.id))
_WAITING = sa.select(event_table).where(_e.leaf.is_(None)).order_by(_e.id)
_n = node_table.c
_NODES = sa.select(_n.level, _n.index, _n.hash).order_by(
    (_n.index + 1).op("<<")(_n.level), _n.level
)  # as they are completed
_SEQUENCED = (
    event_table.update()
    .where(_e.id == sa.bindparam("event"))
    .values(leaf=sa.bindparam("at_leaf"), hash=sa.bindparam("digest"))
)


@dataclass(frozen=True)
class Event:
    """One line: what kind of thing happened to which subject, by whom, where and when."""

    id: int
    leaf: int | None
    kind: str
    subject: str
    by: str
    place: str
    at: datetime
    facts: dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A signed tree head: `size` leaves hash to `root`."""

    size: int
    root: bytes
    at: datetime
    signature: bytes


def wrote(
    db: sa.Connection,
    kind: str,
    subject: str,
    *,
    by: str,
    at: datetime,
    place: str = ROOT,
    facts: dict[str, Any] | None = None,
) -> int:
    """Note an event in the caller's transaction: it stands or falls with what it tells. No personal data in `facts`.

    Gives its id, by which `named` finds it again.
    """
    salt = secrets.token_bytes(16)
    made = _WROTE.first(db, kind=kind, subject=subject, by=by, place=place, at=at, facts=facts or {}, salt=salt)
    return int(made[0])


def events(
    db: sa.Connection,
    *,
    scope: str = ROOT,
    subject: str = "",
    kind: str = "",
    before: int | None = None,
    limit: int = 50,
) -> list[Event]:
    """The newest events of a scope, newest first; `before` is the id from which to page on."""
    query = sa.select(event_table).where(below(event_table.c.place, scope))
    if subject:
        query = query.where(event_table.c.subject == subject)
    if kind:
        query = query.where(event_table.c.kind.startswith(kind, autoescape=True))
    if before is not None:
        query = query.where(event_table.c.id < before)
    return _events(db, query.order_by(event_table.c.id.desc()).limit(limit))


def since(db: sa.Connection, leaf: int, *, limit: int = BATCH) -> list[Event]:
    """What stands in the tree after a leaf, oldest first: whoever remembers the last leaf he read misses nothing."""
    query = sa.select(event_table).where(event_table.c.leaf > leaf)
    return _events(db, query.order_by(event_table.c.leaf).limit(limit))


def named(db: sa.Connection, ids: Sequence[int]) -> list[Event]:
    """The events with these ids, oldest first."""
    return _events(db, sa.select(event_table).where(event_table.c.id.in_(ids)).order_by(event_table.c.id))


def export(db: sa.Connection, *, scope: str = ROOT) -> Iterator[dict[str, Any]]:
    """Every event of a scope, oldest first, as it stands in the tree: for whoever counts for himself."""
    rows = db.execute(sa.select(event_table).where(below(event_table.c.place, scope)).order_by(event_table.c.id))
    for row in rows.yield_per(BATCH):
        moment = row.at.isoformat(timespec="microseconds")
        facts = {"place": row.place, "at": moment, "facts": row.facts}
        yield {"leaf": row.leaf, "kind": row.kind, "subject": row.subject, "by": row.by, **facts}


def sequence(house: "House", now: datetime) -> int:
    """Give waiting events their leaves and sign the new tree head, in one transaction. Only the leader calls this."""
    with house.database.read() as db:  # mostly nothing waits, and a look takes no lock from those who write
        if db.execute(_WAITING.limit(1)).first() is None:
            return 0
    with house.database.write() as db:
        fence(db)
        waiting = db.execute(_WAITING.limit(BATCH)).all()
        nodes = _Nodes(db)
        size = db.scalar(sa.select(sa.func.max(checkpoint_table.c.size))) or 0
        leaves = [
            {"event": row.id, "at_leaf": leaf, "digest": leaf_hash(row)} for leaf, row in enumerate(waiting, size)
        ]
        for one in leaves:
            nodes.add(one["at_leaf"], one["digest"])
        size += len(leaves)
        root = _root(nodes, size)
        # A signature takes 30 microseconds; the tree head must become visible in the same commit as its leaves.
        signature = house.keys.sign(KEY, signed_text(size, root, now))
        db.execute(_SEQUENCED, leaves)
        db.execute(node_table.insert(), nodes.fresh())
        db.execute(checkpoint_table.insert().values(size=size, root=root, at=now, signature=signature))
    return len(leaves)


def checkpoint(db: sa.Connection) -> Checkpoint | None:
    """The newest signed tree head."""
    row = db.execute(sa.select(checkpoint_table).order_by(checkpoint_table.c.size.desc()).limit(1)).one_or_none()
    return None if row is None else Checkpoint(row.size, row.root, row.at, row.signature)


def inclusion(db: sa.Connection, leaf: int, size: int) -> list[bytes]:
    """The audit path of a leaf in the tree of `size` leaves (RFC 9162 2.1.3.1). Raises NotFound."""
    if not 0 <= leaf < size:
        raise NotFound(f"The tree of size {size} has no leaf {leaf}")
    return _path(_Nodes(db), leaf, 0, size)


def verify(house: "House") -> Checkpoint | None:
    """Recompute the whole tree from its events and check every signed head. Raises LedgerBroken with the first fault."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    public = house.keys.public(KEY)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    tree = Tree()
    last = None
    with house.database.read() as db:
        rows = db.execute(
            sa.select(event_table).where(event_table.c.leaf.is_not(None)).order_by(event_table.c.leaf)
        ).yield_per(BATCH)
        heads = iter([Checkpoint(*row) for row in db.execute(sa.select(checkpoint_table).order_by("size"))])
        head = next(heads, None)
        for expected, row in enumerate(rows):
            if row.leaf != expected:
                raise LedgerBroken(f"Leaf {expected} is missing")
            if leaf_hash(row) != row.hash:
                raise LedgerBroken(f"Leaf {expected} was changed")
            tree.add(row.hash)
            if head and tree.size == head.size:
                if tree.root() != head.root:
                    raise LedgerBroken(f"The tree of size {head.size} has another root than its signed head")
                try:
                    public.verify(head.signature, signed_text(head.size, head.root, head.at), ec.ECDSA(hashes.SHA256()))
                except InvalidSignature as error:
                    raise LedgerBroken(f"The head of size {head.size} has a wrong signature") from error
                last, head = head, next(heads, None)
    if head is not None:
        raise LedgerBroken(f"A signed head says {head.size} leaves, there are {tree.size}")
    if last is not None and last.size != tree.size:
        raise LedgerBroken("The last leaves are not covered by a signed head")
    _nodes_agree(house)
    return last


def _nodes_agree(house: "House") -> None:
    """Each kept node is what its leaves make it: the next head and every audit path are made of nodes."""
    hashes = sa.select(event_table.c.hash).where(event_table.c.leaf.is_not(None)).order_by(event_table.c.leaf)
    with house.database.read() as db:
        tree, kept = Tree(), iter(db.execute(_NODES).yield_per(BATCH))
        for leaf, row in enumerate(db.execute(hashes).yield_per(BATCH)):
            for level, digest in enumerate(tree.add(row.hash)):
                at = (level, leaf >> level, digest)
                if tuple(next(kept, ())) != at:
                    raise LedgerBroken(f"The node {at[0]}/{at[1]} of the tree was changed")


def leaf_hash(row: Any) -> bytes:
    """The salted hash of an event as it stands in the tree."""
    moment = row.at.isoformat(timespec="microseconds")
    text = json.dumps([row.kind, row.subject, row.by, row.place, moment, row.facts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(b"\0" + row.salt + text.encode()).digest()


def signed_text(size: int, root: bytes, at: datetime) -> bytes:
    """What a checkpoint's signature covers."""
    return f"yinxin ledger\n{size}\n{root.hex()}\n{at.isoformat(timespec='microseconds')}\n".encode()


class Tree:
    """A Merkle tree that remembers only its right edge (RFC 9162 2.1.2)."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []  # perfect subtrees, largest first

    def add(self, leaf: bytes) -> list[bytes]:
        """Append one leaf hash; give the hashes of the perfect subtrees that it completes, the leaf first."""
        self._edge.append(leaf)
        filled, done = self.size, [leaf]
        while filled & 1:
            right = self._edge.pop()
            self._edge.append(_parent(self._edge.pop(), right))
            done.append(self._edge[-1])
            filled >>= 1
        self.size += 1
        return done

    def root(self) -> bytes:
        """The tree head."""
        return _fold(self._edge)


def _events(db: sa.Connection, query: sa.Select[Any]) -> list[Event]:
    rows = db.execute(query)
    return [Event(r.id, r.leaf, r.kind, r.subject, r.by, r.place, r.at, r.facts) for r in rows]


class _Nodes:
    """The tree's nodes: those that are kept, and those that are being added and will be written all at once."""

    def __init__(self, db: sa.Connection) -> None:
        self._db = db
        self._fresh: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of one node."""
        found = self._fresh.get((level, index))
        return _node(self._db, level, index) if found is None else found

    def add(self, leaf: int, digest: bytes) -> None:
        """Append a leaf, with each perfect subtree that it completes."""
        level, index = 0, leaf
        self._fresh[level, index] = digest
        while index & 1:
            digest = _parent(self(level, index - 1), digest)
            level, index = level + 1, index >> 1
            self._fresh[level, index] = digest

    def fresh(self) -> list[dict[str, Any]]:
        """The rows to write."""
        return [{"level": level, "index": index, "hash": digest} for (level, index), digest in self._fresh.items()]


def _root(nodes: _Nodes, size: int, start: int = 0) -> bytes:
    """The head of leaves [start, start + size); start is a multiple of the largest power of two within."""
    edge, at = [], start
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            edge.append(nodes(level, at >> level))
            at += 1 << level
    return _fold(edge)


def _path(nodes: _Nodes, leaf: int, start: int, size: int) -> list[bytes]:
    if size == 1:
        return []
    half = 1 << ((size - 1).bit_length() - 1)
    if leaf < half:
        return [*_path(nodes, leaf, start, half), _root(nodes, size - half, start + half)]
    return [*_path(nodes, leaf - half, start + half, size - half), _root(nodes, half, start)]


def _node(db: sa.Connection, level: int, index: int) -> bytes:
    query = sa.select(node_table.c.hash).where(node_table.c.level == level, node_table.c.index == index)
    return bytes(db.execute(query).scalar_one())


def _fold(edge: Sequence[bytes]) -> bytes:
    if not edge:
        return hashlib.sha256().digest()
    head = edge[-1]
    for left in reversed(edge[:-1]):
        head = _parent(left, head)
    return head


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
