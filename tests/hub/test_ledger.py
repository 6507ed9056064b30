"""The ledger: nothing is changed or taken out unnoticed, and a checker can prove it."""

import hashlib
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub import ledger
from hub.house import House


def note(house: House, now: datetime, count: Any = 1, **facts: Any) -> Any:
    with house.database.write() as db:
        for number in range(count):
            ledger.wrote(db, "test.event", f"thing-{number}", by="tester", at=now, facts=facts)


def test_an_event_gets_a_leaf_and_a_signed_head(house_on: House, now: datetime) -> None:
    note(house_on, now, 5)
    assert ledger.sequence(house_on, now) >= 5
    with house_on.database.read() as db:
        head = ledger.checkpoint(db)
        assert all(event.leaf is not None for event in ledger.events(db))
    assert ledger.verify(house_on) == head


def test_whoever_remembers_the_last_leaf_misses_nothing_and_reads_nothing_twice(house_on: House, now: datetime) -> None:
    note(house_on, now, 3)
    with house_on.database.read() as db:
        before = ledger.since(db, -1)
    ledger.sequence(house_on, now)
    note(house_on, now, 2)
    with house_on.database.read() as db:
        first = ledger.since(db, before[-1].leaf if before and before[-1].leaf is not None else -1)
        mark = first[-1].leaf
        assert mark is not None
        assert [event.leaf for event in first] == sorted(event.leaf or 0 for event in first)
        assert ledger.since(db, mark) == []  # two more wait for their leaves
        assert ledger.since(db, mark - 1, limit=1) == ledger.named(db, [first[-1].id])
    ledger.sequence(house_on, now)
    with house_on.database.read() as db:
        assert [event.subject for event in ledger.since(db, mark)] == ["thing-0", "thing-1"]


def test_an_event_falls_with_its_transaction(house: House, now: datetime) -> None:
    def fails() -> None:
        with house.database.write() as db:
            ledger.wrote(db, "test.undone", "thing", by="tester", at=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with house.database.read() as db:
        assert ledger.events(db, kind="test.undone") == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_every_leaf_has_a_proof_that_leads_to_the_head(house: House, now: datetime, size: int) -> None:
    with house.database.write() as db:
        db.execute(ledger.event_table.delete())
    note(house, now, size)
    ledger.sequence(house, now)
    with house.database.read() as db:
        head = ledger.checkpoint(db)
        assert head
        for leaf, row in enumerate(db.execute(sa.select(ledger.event_table).order_by("leaf")).all()):
            assert climb(leaf, head.size, row.hash, ledger.inclusion(db, leaf, head.size)) == head.root


def climb(leaf: int, size: int, digest: Any, path: list[bytes]) -> Any:
    """The verifier's side, written from RFC 9162 2.1.3.2 and not from our code."""
    fn, sn = leaf, size - 1
    for step in path:
        if fn & 1 or fn == sn:
            digest = hashlib.sha256(b"\1" + step + digest).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            digest = hashlib.sha256(b"\1" + digest + step).digest()
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return digest


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE hub_ledger_event SET subject = 'other' WHERE leaf = 1",
        "UPDATE hub_ledger_event SET facts = '{\"x\":2}' WHERE leaf = 1",
        "UPDATE hub_ledger_event SET at = at + 1 WHERE leaf = 1",
        "DELETE FROM hub_ledger_event WHERE leaf = 1",
        "DELETE FROM hub_ledger_event WHERE leaf = (SELECT max(leaf) FROM hub_ledger_event)",
        "UPDATE hub_ledger_event SET leaf = -leaf WHERE leaf > 1",
        "DELETE FROM hub_ledger_checkpoint WHERE size = (SELECT max(size) FROM hub_ledger_checkpoint)",
        "UPDATE hub_ledger_checkpoint SET at = at + 1",
        "UPDATE hub_ledger_checkpoint SET root = signature",
    ],
)
def test_no_change_goes_unnoticed(house: House, now: datetime, change: str) -> None:
    note(house, now, 3)
    ledger.sequence(house, now)
    note(house, now, 3)
    ledger.sequence(house, now)
    ledger.verify(house)
    with house.database.write() as db:
        db.exec_driver_sql(change)
    with pytest.raises(ledger.LedgerBroken):
        ledger.verify(house)


def test_an_event_forged_with_its_hash_breaks_the_tree(house: House, now: datetime) -> None:
    note(house, now, 3)
    ledger.sequence(house, now)
    with house.database.write() as db:
        row = db.execute(sa.select(ledger.event_table).where(ledger.event_table.c.leaf == 1)).one()
        forged = row._asdict() | {"subject": "other"}
        digest = ledger.leaf_hash(type("Row", (), forged))
        db.execute(
            ledger.event_table.update().where(ledger.event_table.c.leaf == 1).values(subject="other", hash=digest)
        )
    with pytest.raises(ledger.LedgerBroken, match="another root"):
        ledger.verify(house)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_the_edge_tree_equals_the_definition(leaves: Any) -> None:
    tree = ledger.Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == defined(leaves)


def defined(leaves: Any) -> Any:
    """RFC 9162 2.1.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + defined(leaves[:half]) + defined(leaves[half:])).digest()


def test_a_scope_sees_only_its_own_events(house: House, now: datetime) -> None:
    with house.database.write() as db:
        for place in ("hub/880000", "hub/880000/880100", "hub/870000", "hub/8800001"):
            ledger.wrote(db, "test.placed", place, by="tester", at=now, place=place)
    with house.database.read() as db:
        seen = {event.subject for event in ledger.events(db, scope="hub/880000", kind="test.placed")}
    assert seen == {"hub/880000", "hub/880000/880100"}
