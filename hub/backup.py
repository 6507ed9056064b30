"""`yinxin backup` and `yinxin restore`: everything an installation keeps, in one encrypted file.

The database is copied first, from one snapshot; keys and files after it: both are written before the row that names them, so
whatever the copy names is there. On SQLite the copy is the database's own; on PostgreSQL each table is read in one snapshot
into an SQLite file, so a backup can be brought back on either of them. What is in S3 stays there; the backup says so.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hub import ledger, strongbox, tables
from hub.db import Database
from hub.house import open_house
from hub.problems import Problem

if TYPE_CHECKING:
    from hub.house import House
    from hub.settings import Settings

FORM = 1
DATABASE, ABOUT, FOLDER = "database.sqlite", "about.json", "data"
NOT_COPIED = {"valkey", "run", "lock"}  # what may be lost, and what belongs to running processes
LARGEST = 1 << 40  # of one file; a number beyond it is not a size


class NotEmpty(Problem):
    """There is an installation already where this one should go."""

    status = 409
    title = "There is an installation here already"
    advice = "Restore into an empty data folder and an empty database."


class NotRestored(Problem):
    """What came out of the backup is not what went in."""

    status = 500
    title = "The backup could not be restored"
    advice = "Nothing was put in place. Try another backup."


@dataclass(frozen=True)
class About:
    """What a backup says of itself."""

    form: int
    at: str
    profile: str
    rows: dict[str, int]
    files_elsewhere: str  # the bucket that holds the files, if it is not the data folder


def backup(house: "House", target: Path, passphrase: str, now: datetime) -> About:
    """Write a backup, while the installation runs. The file appears under its name only when it is whole and on disk."""
    unfinished = target.with_name(target.name + ".unfinished")
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".yinxin-") as folder:
        copy = Path(folder) / DATABASE
        rows = tables.to_file(house.database, copy)
        about = About(FORM, now.isoformat(), house.settings.profile, rows, house.settings.blobs_url)
        with _private(unfinished, os.O_TRUNC) as file:
            box = strongbox.Writer(file, passphrase)
            with tarfile.open(mode="w|", fileobj=cast("Any", box)) as tar:
                _add(tar, ABOUT, json.dumps(asdict(about)).encode())
                tar.add(copy, DATABASE)
                for path in _kept(house.settings.data):
                    _add(tar, f"{FOLDER}/{path.relative_to(house.settings.data)}", path.read_bytes())
            box.close()
            os.fsync(file.fileno())
    unfinished.replace(target)
    return about


def restore(read: "Settings", source: Path, passphrase: str) -> About:
    """Bring an installation back into an empty folder and database, checked. Raises BoxClosed, NotEmpty, NotRestored."""
    database = Database(read.database)
    if read.data.exists() and any(read.data.iterdir()):
        raise NotEmpty("%(folder)s is not empty", folder=str(read.data))
    if read.database_url and tables.names(database):
        raise NotEmpty("The database is not empty")
    read.data.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=read.data.absolute().parent, prefix=".yinxin-") as place:
        about = _unpack(source, passphrase, Path(place))
        if tables.counts(Path(place) / DATABASE) != about.rows:
            raise NotRestored("The database has other rows than were copied")
        if read.data.exists():
            read.data.rmdir()
        (Path(place) / FOLDER).replace(
            read.data
        )  # from here on something is in place; a failure below leaves it to look at
        tables.from_file(Path(place) / DATABASE, database)
    database.dispose()
    with closing(open_house(read)) as house:
        house.keys.secret("csrf")  # the passphrase opens the keys
        ledger.verify(house)
    os.sync()
    return about


def _kept(data: Path) -> Iterator[Path]:
    """What the data folder keeps besides the embedded database."""
    for path in sorted(data.rglob("*")):
        inside = path.relative_to(data)
        is_database = len(inside.parts) == 1 and ".db" in path.name
        is_torn = inside.parts[0] == "blobs" and len(path.name) != 64  # a file that is just being written
        if path.is_file() and inside.parts[0] not in NOT_COPIED and not is_database and not is_torn:
            yield path


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    tar.addfile(entry, io.BytesIO(data))


def _unpack(source: Path, passphrase: str, place: Path) -> About:
    """Write each file of a backup below `place`, checked piece by piece as it is decrypted."""
    about: About | None = None
    (place / FOLDER).mkdir(mode=0o700)
    try:
        with source.open("rb") as file:
            box = strongbox.Reader(file, passphrase)
            with tarfile.open(mode="r|", fileobj=cast("Any", box)) as tar:
                for entry in tar:
                    if entry.name == ABOUT:
                        about = About(**json.loads(_content(tar, entry).read()))
                    else:
                        _write(place, entry.name, _content(tar, entry))
            box.read()  # to the end: the last piece says that nothing was cut off
    except (tarfile.TarError, OSError, ValueError, TypeError) as error:
        raise NotRestored("The backup cannot be read: %(error)s", error=type(error).__name__) from error
    if about is None or about.form != FORM or not (place / DATABASE).exists():
        raise NotRestored("The backup is of another release")
    return about


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> io.BufferedIOBase:
    content = tar.extractfile(entry) if entry.isreg() and entry.size < LARGEST else None
    if content is None:
        raise NotRestored("%(name)s is not a file", name=entry.name)
    return cast("io.BufferedIOBase", content)


def _write(place: Path, name: str, content: io.BufferedIOBase) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.parts[0] not in {FOLDER, DATABASE}:
        raise NotRestored("%(name)s does not belong into a backup", name=name)
    (place / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with _private(place / path, os.O_EXCL) as file:
        while piece := content.read(1 << 20):
            digest.update(piece)
            file.write(piece)
    if path.parts[:2] == (FOLDER, "blobs") and digest.hexdigest() != path.name:
        raise NotRestored("The file %(name)s is damaged", name=path.name)


def _private(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600), "wb")
