"""Whether anything personal stands in clear in what an installation keeps: the places where it does, told by table and column."""

import base64
import hashlib
import io
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis
import sqlalchemy as sa
import structlog

from hub import log, tables
from hub.db import metadata
from hub.house import House


def forms(words: str) -> dict[bytes, str]:
    """Every way in which a text may stand somewhere without being encrypted; digests without a key are no protection either."""
    plain = words.encode()
    found = {
        plain: "UTF-8",
        words.encode("utf-16-le"): "UTF-16",
        words.encode("utf-16-be"): "UTF-16",
        quote(words).encode(): "in a URL",
        json.dumps(words)[1:-1].encode(): "JSON",
        plain.hex().encode(): "hex",
        plain.hex().upper().encode(): "hex",
    }
    for digest in ("md5", "sha1", "sha256", "sha512"):
        value = hashlib.new(digest, plain)
        found |= {value.digest(): f"{digest} without a key", value.hexdigest().encode(): f"{digest} without a key"}
    for before, lost in (
        (0, 0),
        (1, 2),
        (2, 3),
    ):  # inside something longer it begins at one of three places of its base64
        encoded = base64.b64encode(b"\0" * before + plain).decode().rstrip("=")
        inside = encoded[lost : len(encoded) - bool((before + len(plain)) % 3)]
        found |= {inside.encode(): "base64", inside.replace("+", "-").replace("/", "_").encode(): "base64"}
    return found


def in_clear(house: House, personal: Iterable[str], logged: str = "") -> list[str]:
    """Where any of these texts can be read: nothing, if all is well."""
    needles = {form: (words, how) for words in personal for form, how in forms(words).items()}
    return sorted(
        {
            f"{place}: {words} ({how})"
            for place, data in kept(house, logged)
            for form, (words, how) in needles.items()
            if form in data
        }
    )


def kept(house: House, logged: str) -> Iterator[tuple[str, bytes]]:
    """Everything an installation keeps, by its place. Sealed licenses are left out: they are made for showing."""
    yield from rows(house)
    yield from _redis(house)
    yield from files(house.settings.data)
    yield "log", logged.encode()


def rows(house: House) -> Iterator[tuple[str, bytes]]:
    """Every column of every table, all values in one."""
    with house.database.read() as db:
        for name in sorted(tables.names(house.database) & set(metadata.tables)):
            table = metadata.tables[name]
            raw = sa.text(
                f'SELECT {", ".join(chr(34) + c.name + chr(34) for c in table.c)} FROM "{name}"'
            )  # as it lies there
            found = db.execute(raw).all()
            for at, column in enumerate(table.c):
                yield f"{name}.{column.name}", b"\n".join(_bytes(row[at]) for row in found)


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below the data folder, byte by byte."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (data := path.read_bytes()).startswith(b"%PDF-"):
            yield str(path.relative_to(folder)), data


def _redis(house: House) -> Iterator[tuple[str, bytes]]:
    server = redis.Redis.from_url(house.settings.redis_url)
    readers: dict[bytes, Any] = {
        b"string": server.get,
        b"hash": server.hgetall,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"set": server.smembers,
        b"zset": lambda key: server.zrange(key, 0, -1),
        b"stream": server.xrange,
    }
    for key in server.scan_iter():
        kind: Any = server.type(key)
        yield f"redis {key.partition(b':')[0].decode()}", key + b"\n" + _flat(readers[kind](key))


def _flat(value: Any) -> bytes:
    if isinstance(value, dict):
        return _flat([*value.keys(), *value.values()])
    if isinstance(value, list | tuple | set):
        return b"\n".join(map(_flat, value))
    return _bytes(value)


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


@contextmanager
def listening() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, as an installation logs it, lines of the web server too."""
    root, server = logging.getLogger(), logging.getLogger("werkzeug")
    before, level, quiet = list(root.handlers), root.level, server.level
    log.setup(json=True)
    heard = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(heard)
    server.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        server.setLevel(quiet)
        structlog.reset_defaults()
