"""Our sealing beside pyHanko's PdfSigner as documented and EU DSS's signing loop: same page, keys and time-stamper, one run.

    python -m bench.seals [blocks]

CPU milliseconds per document: each way seals in blocks that take turns, so that a busy machine troubles all alike and none runs
cold. Ours has 40 documents in a block, PdfSigner 8; a block counts by the lower quartile of its documents (asn1crypto takes a
hundred times as long for some of PdfSigner's), the whole by the median of the blocks. Then kinds of keys, and a key in SoftHSM.
"""

import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509 import load_der_x509_certificate

import app
from bench.sides.pyhanko import Naive
from certs import authority, status, trust
from certs import store as certificates
from certs.model import ISSUING, ROOT, TIMESTAMP_POLICY
from certs.schemes import SCHEMES
from hub import clock
from hub.house import House
from hub.settings import Settings
from seals import lifecycle, material, sealing, sealing_archive
from seals.model import Agency, Design, Evidence, Place, SealMaterial, SealUse
from tests.hub.hsm import MODULE, Hsm
from tests.judges import tools
from tests.seals.paper import page

MARKET = Agency("11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", "hub")
PLACE = Place(1, 230, 150, 42)
OURS, THEIRS, ENOUGH = 40, 8, 3000.0  # documents in a block; CPU milliseconds after which one of theirs ends
LEVELS = {  # by what is made: the goal in ms, how PdfSigner is asked for the same, and the level of DSS's loop
    "B, not seen": (2.0, {"seen": False}, "B"),
    "B, seen, on a tagged page": (5.0, {"seen": True}, ""),
    "T, seen": (6.0, {"seen": True, "timed": True}, "T"),
    "one revision: T with evidence": (6.0, {"seen": True, "timed": True, "whole": True}, "LT"),
    "LTA, seen": (9.0, {"seen": True, "timed": True, "whole": True, "archive": True}, "LTA"),
}


class Bench:
    """One seal with each kind of key."""

    def __init__(self, folder: Path, hsm: Hsm | None) -> None:
        self.now = clock.now()
        given = hsm.settings if hsm else {}
        self.house = app.init(Settings(profile="demo", data=folder / "data", passphrase="bench", **given), self.now)  # type: ignore[arg-type]
        self.page = page() + b"\n"

    def made(self, algorithm: str, code: str) -> tuple[SealMaterial, Evidence, SealUse, str]:
        asked = {"by": "bench", "now": self.now, "design": Design(MARKET.name, code), "algorithm": algorithm}
        seal = lifecycle.make_seal(self.house, MARKET, **asked)  # type: ignore[arg-type]
        tool, evidence = material.for_seal(self.house, seal, self.now)
        use = SealUse("u", seal.id, "g", "bench", bytes(32), "bench", "bench", self.now)
        return tool, evidence, use, seal.key_name

    def ways(self, made: tuple[SealMaterial, Evidence, SealUse, str]) -> dict[str, Callable[[], bytes]]:
        """Our own ways to each level."""
        tool, evidence, use, _ = made
        stamp = evidence.stamp
        assert stamp is not None
        unit = authority.authority(self.house, "time-stamp", self.now).der
        full = replace(evidence, certificates=(*tool.chain, unit))

        def one(given: Evidence, place: Place | None = PLACE) -> bytes:
            return sealing.seal_once(sealing.prepare(self.page, tool, use, place, given)).pdf

        bare, timed = Evidence(self.now), Evidence(self.now, stamp=stamp)
        return dict(
            zip(
                LEVELS,
                (
                    lambda: one(bare, None),
                    lambda: one(bare),
                    lambda: one(timed),
                    lambda: one(evidence),
                    lambda: sealing_archive.archived(one(timed), full, stamp),
                ),
                strict=True,
            )
        )


def block(work: Callable[[], bytes], count: int) -> float:
    """CPU milliseconds of one call, all threads of this process: the lower quartile of a block of them.

    A block ends early when calls take seconds.
    """
    work()
    took: list[float] = []
    while len(took) < count and sum(took) < ENOUGH:
        start = time.process_time()
        work()
        took.append((time.process_time() - start) * 1000)
    return sorted(took)[len(took) // 4]


def side_by_side(blocks: int, *ways: Callable[[], float]) -> list[float]:
    """The median of each way's blocks, taking turns."""
    rounds = [[way() for way in ways] for _ in range(blocks)]
    return [median(column) for column in zip(*rounds, strict=True)]


def private_key(house: House, name: str) -> bytes:
    """A key as PKCS #8: the others want its bytes."""
    pem = house.keys.signer(name)._key  # type: ignore[union-attr]  # noqa: SLF001  no way out of custody but this one
    der: bytes = pem.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return der


def dss(bench: Bench, made: tuple[SealMaterial, Evidence, SealUse, str], folder: Path) -> dict[str, float]:
    """What EU DSS takes, by level; nothing where there is no Java or Maven."""
    tool, _, _, key_name = made
    try:
        java, jars = tools.java(), tools.dss_jars()
    except AssertionError as missing:
        print(f"EU DSS is not measured: {missing}")
        return {}
    with bench.house.database.read() as db:
        own = {name: certificates.newest(db, name) for name in ("time-stamp", ROOT, ISSUING)}
    unit, root, issuing = (load_der_x509_certificate(each.der) for each in own.values() if each)
    seal = load_der_x509_certificate(tool.chain[0])
    unit_key = own["time-stamp"].key if own["time-stamp"] else ""
    for name, key, certificate, above in (
        ("seal", key_name, seal, [issuing, root]),
        ("unit", unit_key, unit, [root]),
    ):
        private = bench.house.keys.signer(key)._key  # type: ignore[union-attr]  # noqa: SLF001
        packed = pkcs12.serialize_key_and_certificates(
            name.encode(), private, certificate, above, BestAvailableEncryption(b"bench")
        )
        (folder / f"{name}.p12").write_bytes(packed)
    (folder / "root.der").write_bytes(root.public_bytes(Encoding.DER))
    for name in (ROOT, ISSUING):
        (folder / f"{name}.crl").write_bytes(status.crl(bench.house, name, bench.now))
    (folder / "page.pdf").write_bytes(bench.page)
    source = Path(__file__).parent / "sides/java/Sign.java"
    levels = [level for _, _, level in LEVELS.values() if level]
    command = [java, "-cp", f"{jars}/*", str(source), str(folder), "100", "250", TIMESTAMP_POLICY, *levels]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return {level: float(took) for level, took in (line.split("\t") for line in done.stdout.splitlines())}


def levels(bench: Bench, folder: Path, blocks: int) -> None:
    """P-256 at every level."""
    made = bench.made("P-256", "8801010000017")
    tool, evidence, _, key_name = made
    roots = [root.public_bytes(Encoding.DER) for root in trust.anchors(bench.house)]
    naive = Naive(folder, tool, evidence, private_key(bench.house, key_name), roots)
    theirs = dss(bench, made, folder)
    print(f"one page of {len(bench.page) // 1000} kB, P-256; CPU ms per document, median of {blocks} blocks")
    print(f"{'':32}{'ours':>8}{'goal':>7}{'PdfSigner':>11}{'ratio':>8}{'EU DSS':>9}{'ratio':>8}{'kB':>6}")
    for label, way in bench.ways(made).items():
        goal, asked, level = LEVELS[label]
        ours, documented = side_by_side(
            blocks, lambda: block(way, OURS), lambda: block(lambda: naive.sealed(bench.page, **asked), THEIRS)  # noqa: B023
        )  # fmt: skip
        other = f"{theirs[level]:>9.2f}{theirs[level] / ours:>7.1f}x" if level in theirs else " " * 17
        size = len(way()) // 1000
        print(f"{label:32}{ours:>8.2f}{goal:>7.1f}{documented:>11.2f}{documented / ours:>7.1f}x{other}{size:>6}")


def kinds(bench: Bench, blocks: int) -> None:
    """The other kinds of keys."""
    ways = [bench.ways(bench.made(name, f"88010100000{20 + at}")) for at, name in enumerate(SCHEMES)]
    print(f"\n{'kinds of keys':32}" + "".join(f"{name:>10}" for name in SCHEMES))
    for label in ("B, not seen", "one revision: T with evidence"):
        found = side_by_side(blocks, *(partial(block, each[label], OURS) for each in ways))
        print(f"{label:32}" + "".join(f"{took:>10.2f}" for took in found))


def in_token(bench: Bench, software: Bench, blocks: int) -> None:
    """The same seal with its key in a token."""
    print(f"\n{'key in':32}{'file':>8}{'SoftHSM':>9}{'ratio':>8}{'goal':>7}")
    for number, algorithm in enumerate(("P-256", "RSA-3072")):
        here, there = (each.ways(each.made(algorithm, f"88010100000{30 + number}")) for each in (software, bench))
        label = "one revision: T with evidence"
        file, token = side_by_side(blocks, partial(block, here[label], OURS), partial(block, there[label], OURS))
        print(f"{algorithm + ', one revision':32}{file:>8.2f}{token:>9.2f}{token / file:>7.2f}x{'1.5':>7}")


def main(blocks: int) -> None:
    logging.disable(logging.WARNING)  # pyHanko complains of margins in every document
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder, None)
        levels(bench, folder, blocks)
        kinds(bench, blocks)
        if MODULE.exists():
            in_token(Bench(folder / "token", Hsm(folder / "hsm")), bench, blocks)
        else:
            print("SoftHSM is not measured: it is not installed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
