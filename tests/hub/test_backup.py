"""A backup brings everything back, on either database, or says that it does not."""

import stat
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest

from hub import backup, clock, inbox, ledger, strongbox, tables
from hub.backup import NotEmpty, NotRestored
from hub.db import metadata
from hub.house import House, open_house
from hub.settings import Settings, read
from hub.strongbox import BoxClosed
from tests import servers
from tests.hub.conftest import opened

BOX = "the backup's own passphrase"


@pytest.fixture
def house(bare_on: House) -> House:
    """A little of everything, with real keys and a ledger."""
    bare_on.keys.create(ledger.KEY, purpose="checkpoint")
    bare_on.keys.secret("csrf")
    digest = bare_on.blobs.put(b"a sealed license")
    bare_on.blobs.put(b"another")
    now = clock.now()
    with bare_on.database.write() as db:
        inbox.put(db, "suspicion", {"license": digest, "text": "印信"}, now)
        for number in range(5):
            ledger.wrote(db, "license.issued", f"X-{number}", by="client:a", at=now)
    ledger.sequence(bare_on, now)
    (bare_on.settings.data / "installation.json").write_text("{}")
    return bare_on


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Where to restore: an empty folder, and an empty database of each kind."""
    url = ""
    if request.param == "postgresql":
        server: servers.Postgres = request.getfixturevalue("postgres_server")
        url = server.fresh()
    return settings_at(tmp_path / "again", database_url=url)


def settings_at(folder: Path, **given: Any) -> Settings:
    return read(profile="demo", data=folder, passphrase="test", redis_url="redis://nobody", **given)


def rows(house: House) -> dict[str, list[str]]:
    with house.database.read() as db:
        return {table.name: sorted(map(str, db.execute(table.select()))) for table in metadata.sorted_tables}


def test_everything_comes_back_on_either_database(house: House, empty: Settings, tmp_path: Path) -> None:
    made = backup.backup(house, tmp_path / "backup.box", BOX, clock.now())
    told = backup.restore(empty, tmp_path / "backup.box", BOX)
    assert told == made
    assert made.rows["hub_ledger_event"] == 5
    again = open_house(empty)
    assert rows(again) == rows(house)
    assert again.keys.kid(ledger.KEY) == house.keys.kid(ledger.KEY)
    assert sorted(again.blobs.digests()) == sorted(house.blobs.digests())
    for digest in again.blobs.digests():
        again.blobs.get(digest)
    if not again.database.is_sqlite:
        with again.database.read() as db:  # it plans by what came back
            known = db.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'hub_ledger_event'").scalar_one()
        assert known == 5
    with again.database.write() as db:  # and it goes on: counters continue after what came back
        ledger.wrote(db, "license.issued", "X-6", by="client:a", at=clock.now())
        inbox.put(db, "suspicion", {}, clock.now())
    ledger.sequence(again, clock.now())
    head = ledger.verify(again)
    assert head is not None
    assert head.size == 6
    again.close()


def test_what_is_restored_is_its_owners_alone(bare: House, tmp_path: Path) -> None:
    bare.keys.create(ledger.KEY, purpose="checkpoint")
    backup.backup(bare, tmp_path / "backup.box", BOX, clock.now())
    backup.restore(settings_at(tmp_path / "again"), tmp_path / "backup.box", BOX)
    for path in [tmp_path / "backup.box", *(tmp_path / "again" / "keys").iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "again").stat().st_mode) == 0o700


def test_a_backup_shows_nothing_without_its_passphrase(bare: House, tmp_path: Path) -> None:
    with bare.database.write() as db:
        inbox.put(db, "suspicion", {"text": "plain words"}, clock.now())
    backup.backup(bare, tmp_path / "backup.box", BOX, clock.now())
    box = (tmp_path / "backup.box").read_bytes()
    assert b"plain words" not in box
    assert b"SQLite" not in box
    with pytest.raises(BoxClosed):
        backup.restore(settings_at(tmp_path / "again"), tmp_path / "backup.box", "wrong")
    assert not (tmp_path / "again").exists()


def test_a_backup_is_whole_while_the_house_is_at_work(bare: House, tmp_path: Path) -> None:
    """Each step writes two rows; no backup may see one without the other, nor a row whose file is missing."""
    bare.keys.create(ledger.KEY, purpose="checkpoint")
    stop, at_work = threading.Event(), threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            digest = bare.blobs.put(f"license {number}".encode())
            with bare.database.write() as db:
                inbox.put(db, "one", {"file": digest}, clock.now())
                inbox.put(db, "two", {"file": digest}, clock.now())
            if number > 20:
                at_work.set()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert at_work.wait(20)
        backup.backup(bare, tmp_path / "backup.box", BOX, clock.now())
    finally:
        stop.set()
        worker.join()
    backup.restore(settings_at(tmp_path / "again"), tmp_path / "backup.box", BOX)
    again = open_house(settings_at(tmp_path / "again"))
    with again.database.read() as db:
        files = [letter.body["file"] for letter in inbox.read(db, "one", limit=10_000)]
        assert files == [letter.body["file"] for letter in inbox.read(db, "two", limit=10_000)]
    assert len(files) >= 20
    for digest in files:
        again.blobs.get(digest)
    again.close()


def test_nothing_is_overwritten(bare: House, tmp_path: Path, postgres_server: servers.Postgres) -> None:
    backup.backup(bare, tmp_path / "backup.box", BOX, clock.now())
    with pytest.raises(NotEmpty):
        backup.restore(bare.settings, tmp_path / "backup.box", BOX)
    with opened(tmp_path / "other", bare.shared.url, postgres_server.fresh()) as other:
        target = settings_at(tmp_path / "again", database_url=other.settings.database_url)
        with pytest.raises(NotEmpty):
            backup.restore(target, tmp_path / "backup.box", BOX)


def test_a_changed_ledger_is_found_when_it_is_restored(house: House, tmp_path: Path) -> None:
    with house.database.write() as db:
        db.execute(ledger.event_table.update().where(ledger.event_table.c.leaf == 2).values(subject="X-99"))
    backup.backup(house, tmp_path / "backup.box", BOX, clock.now())
    with pytest.raises(ledger.LedgerBroken):
        backup.restore(settings_at(tmp_path / "again"), tmp_path / "backup.box", BOX)


def test_a_damaged_file_is_found_when_it_is_restored(bare: House, tmp_path: Path) -> None:
    digest = bare.blobs.put(b"a license")
    (bare.settings.data / "blobs" / digest[:2] / digest).write_bytes(b"b license")
    backup.backup(bare, tmp_path / "backup.box", BOX, clock.now())
    with pytest.raises(NotRestored):
        backup.restore(settings_at(tmp_path / "again"), tmp_path / "backup.box", BOX)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "data/../../outside", "elsewhere/file", "data/keys/.."])
def test_a_name_that_leads_outside_is_refused(name: str, tmp_path: Path) -> None:
    """Whoever has the passphrase could make such a file; it still writes nothing outside."""
    box = forged(tmp_path, {"about.json": b"{}", name: b"x"})
    with pytest.raises(NotRestored):
        backup.restore(settings_at(tmp_path / "in" / "again"), box, BOX)
    assert not (tmp_path / "in" / "outside").exists()
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("files", [{}, {"about.json": b"[]"}, {"about.json": b"{"}, {"database.sqlite": b""}])
def test_something_else_in_a_box_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(NotRestored):
        backup.restore(settings_at(tmp_path / "in" / "again"), forged(tmp_path, files), BOX)


def forged(folder: Path, files: dict[str, bytes]) -> Path:
    with (folder / "forged.box").open("wb") as file:
        box = strongbox.Writer(file, BOX)
        with tarfile.open(mode="w|", fileobj=box) as tar:  # type: ignore[call-overload]
            for name, data in files.items():
                backup._add(tar, name, data)
        box.close()
    return folder / "forged.box"


def test_an_unfinished_backup_has_another_name(bare: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(house: object, path: Path) -> dict[str, int]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables, "to_file", full)
    with pytest.raises(OSError, match="No space"):
        backup.backup(bare, tmp_path / "backup.box", BOX, clock.now())
    assert not (tmp_path / "backup.box").exists()
