"""kill -9 between any two steps of sealing a document, and what else can break on the way: nothing lost, doubled or half done."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub import clock
from hub.blobs import BlobDamaged, BlobsDown
from hub.house import House
from licenses.fsck import fsck
from seals import documents, lifecycle, store
from seals.model import State as SealState
from seals.model import UseState
from seals.model.document import Document, DocumentBusy, State
from seals.seal_document import LEASE, resume, seal
from seals.store import documents as rows
from tests.faults.crew import ROOT, environment_of
from tests.faults.sealer import STEPS
from tests.seals import foreign
from tests.seals.conftest import CALLER, Office, open_office


@pytest.fixture
def office(house: House) -> Office:
    return open_office(house, clock.now())


@pytest.fixture
def office_on(house_on: House) -> Office:
    return open_office(house_on, clock.now())


def uploaded(office: Office, number: int = 1) -> Document:
    given: dict[str, Any] = {"name": "d.pdf", "seal": office.seal.id, "kind": "letter", "caller": CALLER}
    return documents.upload(office.house, foreign.pdf(pages=number), **given, now=clock.now())


Lives = Callable[[Office, Document, str, str], None]


@pytest.fixture(scope="module")
def killed() -> Iterator[Lives]:
    """Lives that end at a step."""
    command = [sys.executable, "-m", "tests.faults.sealer"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def one(office: Office, document: Document, step: str, when: str) -> None:
            mine = {name: value for name, value in environment_of(office.house).items() if name.startswith("YINXIN_")}
            task = {"environment": mine, "id": document.id, "step": step, "when": when}
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            said = next(line for line in process.stdout if line.startswith("ended"))  # the log goes to the same place
            assert said.split() == ["ended", "9"]

        yield one
        assert process.stdin
        process.stdin.close()


def is_whole(office: Office, document: Document, later: Any) -> Document:
    """The invariants: sealed once, one use, every file with its row, every row with its file, the bytes as told."""
    with office.house.database.read() as db:
        done = rows.document(db, document.id)
        used = [one for one in store.uses(db, office.seal.id) if one.record_digest == document.record]
        named = set(rows.document_files(db))
    assert [one.state for one in used] == [UseState.sealed]
    assert (done.state, done.use) == (State.sealed, used[0].id)
    assert used[0].sealed_digest == bytes.fromhex(done.sealed)
    assert documents.file(office.house, done).startswith(office.house.blobs.get(document.original))
    assert set(office.house.blobs.digests()) <= named
    assert fsck(office.house, later)[1] == []
    return done


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", list(STEPS))
def test_killed_at_any_step_it_is_sealed_once(office: Office, killed: Lives, step: str, when: str) -> None:
    """The use is the same; the bytes are the same once they were kept, and may differ before (fault 2)."""
    document = uploaded(office)
    killed(office, document, step, when)
    with office.house.database.read() as db:
        died = rows.document(db, document.id)
        reserved = store.use_of(db, office.seal.id, document.record)
    there = died.sealed and office.house.blobs.exists(died.sealed)
    later = clock.now() + LEASE + timedelta(seconds=1)
    if died.state is State.sealing:
        with pytest.raises(DocumentBusy):  # its lease has not run out: it may be slow, not dead
            seal(office.house, document.id, caller=CALLER, now=clock.now())
        assert resume(office.house, later) == [document.id]
    else:
        seal(office.house, document.id, caller=CALLER, now=later)
    done = is_whole(office, document, later)
    assert reserved is None or done.use == reserved.id
    assert not there or done.sealed == died.sealed
    assert seal(office.house, document.id, caller=CALLER, now=later) == done


def test_whoever_was_taken_over_while_it_slept_changes_nothing(office_on: Office) -> None:
    """Fault 3: a long pause between naming the file and keeping it. The one that took over wins; no file is without a row."""
    document = uploaded(office_on)
    later = clock.now() + LEASE + timedelta(seconds=1)
    put = office_on.house.blobs.put
    slept: list[bytes] = []

    def asleep(data: bytes) -> str:
        if not slept:
            slept.append(data)
            assert resume(office_on.house, later) == [document.id], "another process takes it over meanwhile"
        return put(data)

    office_on.house.blobs.put = asleep  # type: ignore[method-assign]
    with pytest.raises(DocumentBusy):
        seal(office_on.house, document.id, caller=CALLER, now=clock.now())
    office_on.house.blobs.put = put  # type: ignore[method-assign]
    done = is_whole(office_on, document, later)
    assert office_on.house.blobs.get(done.sealed) != slept[0]


def no_more(house: House, table: str, verb: str) -> list[str]:
    """A trigger that lets nobody write to a table, and its end."""
    if house.database.is_sqlite:
        body = f"BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        return [f"CREATE TRIGGER fault {body}", "DROP TRIGGER fault"]
    say_no = "CREATE FUNCTION fault() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql"
    return [
        f"{say_no}; CREATE TRIGGER fault BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION fault()",
        f"DROP TRIGGER fault ON {table}; DROP FUNCTION fault()",
    ]


@contextmanager
def refusing(house: House, table: str, verb: str) -> Iterator[None]:
    begin, end = no_more(house, table, verb)
    with house.database.engine.begin() as db:
        db.execute(sa.text(begin))
    try:
        yield
    finally:
        with house.database.engine.begin() as db:
            db.execute(sa.text(end))


WRITES = [
    ("seals_use", "INSERT"),
    ("seals_document", "UPDATE"),
    ("seals_use", "UPDATE"),
    ("hub_ledger_event", "INSERT"),
]


@pytest.mark.parametrize(("table", "verb"), WRITES)
def test_a_database_that_refuses_one_write_leaves_no_orphan(office_on: Office, table: str, verb: str) -> None:
    """Fault 6, in Boulder's way: each step in turn; a seal can still be suspended meanwhile."""
    document = uploaded(office_on)
    with refusing(office_on.house, table, verb):
        with pytest.raises(Exception, match="no"):
            seal(office_on.house, document.id, caller=CALLER, now=clock.now())
        if table != "hub_ledger_event":
            lifecycle.suspend(office_on.house, office_on.seal.id, reason="fault", by="owner", now=clock.now())
            lifecycle.resume(office_on.house, office_on.seal.id, reason="over", by="owner", now=clock.now())
    with office_on.house.database.read() as db:
        assert store.seal(db, office_on.seal.id).state is SealState.active
    later = clock.now() + LEASE + timedelta(seconds=1)
    seal(office_on.house, document.id, caller=CALLER, now=later)
    is_whole(office_on, document, later)


def test_a_full_disk_is_said_and_the_document_is_sealed_once_there_is_room(office: Office) -> None:
    """Fault 10: no torn file, the state says that it waits, and no restart is needed."""
    document = uploaded(office)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    put = office.house.blobs.put

    def without_room(data: bytes) -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            return put(data)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    office.house.blobs.put = without_room  # type: ignore[method-assign]
    try:
        with pytest.raises(BlobsDown):
            seal(office.house, document.id, caller=CALLER, now=clock.now())
    finally:
        office.house.blobs.put = put  # type: ignore[method-assign]
        signal.signal(signal.SIGXFSZ, ignored)
    with office.house.database.read() as db:
        assert rows.document(db, document.id).state is State.sealing
    later = clock.now() + LEASE + timedelta(seconds=1)
    assert resume(office.house, later) == [document.id]
    office.house.blobs.tidy(later + timedelta(days=1))
    is_whole(office, document, later)


def test_what_does_not_reach_the_disk_is_never_a_success(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 11: fsync fails once, and what was written before it is taken for lost; the next attempt writes it again."""
    document = uploaded(office)

    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(BlobsDown):
        seal(office.house, document.id, caller=CALLER, now=clock.now())
    monkeypatch.undo()
    with office.house.database.read() as db:
        assert rows.document(db, document.id).state is State.sealing
    later = clock.now() + LEASE + timedelta(seconds=1)
    resume(office.house, later)
    is_whole(office, document, later)


def test_a_flipped_bit_of_a_sealed_document_is_found_and_never_given_out(office: Office) -> None:
    document = uploaded(office)
    done = seal(office.house, document.id, caller=CALLER, now=clock.now())
    assert office.house.blobs.folder
    path = Path(office.house.blobs.folder) / done.sealed[:2] / done.sealed
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(BlobDamaged):
        documents.file(office.house, done)
    path.unlink()
    assert any(done.sealed in fault.what for fault in fsck(office.house, clock.now())[1])


def test_a_document_of_a_seal_that_was_suspended_meanwhile_waits(office: Office, killed: Lives) -> None:
    document = uploaded(office)
    killed(office, document, "reserve", "after")
    lifecycle.suspend(office.house, office.seal.id, reason="lost", by="owner", now=clock.now())
    later = clock.now() + LEASE + timedelta(seconds=1)
    assert resume(office.house, later) == []
    with office.house.database.read() as db:
        assert store.use_of(db, office.seal.id, document.record) is None, "what was reserved is given back"
        waits = rows.document(db, document.id)
    assert (waits.state, waits.reason) == (State.uploaded, "seal-not-in-force")
    assert replace(waits, reason="", fence=0) == replace(document, fence=0)
