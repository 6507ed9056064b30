"""Licenses per second in one process, whole and by stage, beside the naive pipeline: the same page and seal, in one run.

    python -m bench.licenses [seconds]

Naive: a typst compiler for each document, and pyHanko's PdfSigner with time-stamp and revocation data as its documentation
shows it; the file is written, one row is inserted. It has no numbers, intents, grants, ledger, or answer after a crash. Both take
turns, so that a busy machine troubles both alike.
"""

import logging
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from statistics import mean, median
from typing import Any

import structlog

import app
from bench.seals import Bench
from hub import clock, tree
from hub.callers import Caller
from hub.house import House
from hub.settings import Settings
from hub.tree import Place
from licenses import kinds, page, paper, qr, record
from licenses.issue import issue
from licenses.model import Application
from seals import lifecycle, material, sealing, use
from tests.licenses.samples import BUSINESS, MARKET, sample

SECONDS = 30.0
WARM = 3  # documents of each way before the clock runs: fonts are read, keys opened
STAGES = ("record", "code", "page", "reserve", "seal", "file", "commits", "rest")


@dataclass
class Meter:
    """CPU seconds of each stage without the stages within it, for one document at a time."""

    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    within: list[tuple[str, list[float]]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun, inner = time.process_time(), [0.0]
        self.within.append((name, inner))
        try:
            yield
        finally:
            self.within.pop()
            took = time.process_time() - begun
            self.spent[name] += took - inner[0]
            if self.within:
                self.within[-1][1][0] += took

    def watch(self, owner: Any, function: str, name: str) -> None:
        real = getattr(owner, function)

        @wraps(real)
        def timed(*given: Any, **named: Any) -> Any:
            with self.stage(name):
                return real(*given, **named)

        setattr(owner, function, timed)

    def watch_transactions(self, house: House) -> None:
        real = house.database.write

        @contextmanager
        def timed() -> Iterator[Any]:
            reserving = any(name == "reserve" for name, _ in self.within)
            with self.stage("reserve" if reserving else "commits"), real() as db:
                yield db

        house.database.write = timed  # type: ignore[method-assign]


@dataclass(frozen=True)
class Took:
    """What one document cost."""

    cpu: float
    wall: float


def measured(work: Callable[[], object]) -> Took:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Took(time.process_time() - cpu, time.perf_counter() - wall)


class Ours:
    """An installation on SQLite with one department that issues."""

    def __init__(self, folder: Path) -> None:
        now = clock.now()
        self.house = app.init(Settings(profile="demo", data=folder, passphrase="bench"), now)  # type: ignore[arg-type]
        with self.house.database.write() as db:
            tree.keep(db, Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
            tree.keep(db, Place("hub/880000/880100", "city", "880100", "栖云市", "Qiyun"))
        lifecycle.make_seal(self.house, MARKET, code13="8801010000017", by="bench", now=now)
        self.caller = Caller(client="bench", agency=MARKET.code, place=MARKET.place)
        self.count = 0
        self.meter = Meter()
        for owner, function, name in (
            (record, "make", "record"),
            (qr, "sign", "code"),
            (page, "draw", "page"),
            (use, "reserve", "reserve"),
            (material, "for_seal", "seal"),
            (sealing, "prepare", "seal"),
            (sealing, "seal_once", "seal"),
            (self.house.blobs, "put", "file"),
        ):
            self.meter.watch(owner, function, name)
        self.meter.watch_transactions(self.house)

    def one(self) -> None:
        self.count += 1
        fields = BUSINESS | {"domicile": f"栖云市望舒区示范路{self.count}号"}
        application = Application("business-license", fields, MARKET.code)
        with self.meter.stage("rest"):
            issue(self.house, application, caller=self.caller, idempotency_key=str(self.count), now=clock.now())


class Naive:
    """The page and the seal as the documentation of typst and pyHanko shows them."""

    def __init__(self, folder: Path) -> None:
        self.pyhanko = Bench(folder / "pyhanko")
        self.folder = folder
        self.rows = sqlite3.connect(folder / "rows.sqlite")
        self.rows.execute("CREATE TABLE license (number INTEGER PRIMARY KEY, file TEXT)")
        self.kind = kinds.named("business-license")
        self.address = f"http://localhost:8001/#{'A' * paper.CODE_LENGTH}"
        self.draw = page.draw.__wrapped__  # type: ignore[attr-defined]  # not on the meter of the other
        self.count = 0

    def one(self) -> None:
        self.count += 1
        made = sample("business-license", domicile=f"栖云市望舒区示范路{self.count}号")
        kept, page._compiler = page._compiler, page._compiler.__wrapped__  # type: ignore[assignment]  # noqa: SLF001
        try:
            drawn = self.draw(made, self.kind, self.address, test_edition=True, now=clock.now())
        finally:
            page._compiler = kept  # noqa: SLF001
        self.pyhanko.page = drawn.pdf
        pdf = self.pyhanko.theirs(timed=True)
        path = self.folder / f"{self.count}.pdf"
        path.write_bytes(pdf)
        with self.rows:
            self.rows.execute("INSERT INTO license VALUES (?, ?)", (self.count, path.name))


def main(seconds: float) -> None:
    logging.disable(logging.WARNING)  # pyHanko complains of margins in every document
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        ours, naive = Ours(Path(folder) / "ours"), Naive(Path(folder))
        for _ in range(WARM):
            ours.one()
            naive.one()
        ours.meter.spent.clear()
        pairs, until = [], time.perf_counter() + seconds
        while time.perf_counter() < until:
            pairs.append((measured(ours.one), measured(naive.one)))
        tell(pairs, ours.meter.spent)


def tell(pairs: list[tuple[Took, Took]], spent: dict[str, float]) -> None:
    ours, naive = ([pair[side] for pair in pairs] for side in (0, 1))
    print(f"{len(pairs)} business licenses each way, one process, SQLite (synchronous=FULL)")
    print(f"{'':28}{'ours':>10}{'naive':>10}{'ratio':>8}")
    for label, pick, of in (
        ("CPU ms each, median", lambda took: took.cpu * 1000, median),
        ("wall ms each, median", lambda took: took.wall * 1000, median),
        ("CPU ms each, mean", lambda took: took.cpu * 1000, mean),
    ):
        mine, theirs = (of([pick(took) for took in side]) for side in (ours, naive))
        print(f"{label:28}{mine:>10.1f}{theirs:>10.1f}{theirs / mine:>7.1f}x")
    rates = [1 / median(took.wall for took in side) for side in (ours, naive)]
    print(f"{'licenses per second':28}{rates[0]:>10.1f}{rates[1]:>10.1f}{rates[0] / rates[1]:>7.1f}x")
    print("CPU ms by stage, mean: " + ", ".join(f"{name} {spent[name] * 1000 / len(pairs):.2f}" for name in STAGES))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
