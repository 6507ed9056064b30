"""One document sealed at every level, in both layouts, with each kind of key: what the judges are shown."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from certs import authority, status
from certs import store as certificates
from certs.model import ISSUING, ROOT
from certs.schemes import SCHEMES
from hub.house import House
from seals import lifecycle, material, sealing, sealing_archive
from seals.model import Agency, Design, Evidence, Place, Seal, SealUse
from tests.seals.paper import page

AGENCY = Agency("11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", "hub")
PLACE = Place(1, 230, 150, 42)
LEVELS = {  # by layout: the level that DSS shall find, and whether the file holds all that it takes to verify it
    "bare": ("B", False),
    "unseen": ("B", False),
    "timed": ("T", False),
    "one-revision": ("T", True),
    "long-term": ("LT", True),
    "archive": ("LTA", True),
    "one-revision-archive": ("LTA", True),
    "bare-archive": ("LTA", True),
    "renewed-archive": ("LTA", True),
}


@dataclass(frozen=True)
class Papers:
    """The files by name (`<kind of key>-<layout>.pdf`), the root, and what else stands in the open."""

    files: dict[str, Path]
    root: Path
    known: tuple[Path, ...]

    def named(self, *layouts: str) -> list[Path]:
        """The files of some layouts, with every kind of key."""
        return [self.files[f"{algorithm}-{layout}"] for algorithm in SCHEMES for layout in layouts]


def made(house: House, now: datetime, folder: Path) -> Papers:
    """Make them all."""
    files = {}
    for number, algorithm in enumerate(SCHEMES):
        design = Design(AGENCY.name, f"88010100000{17 + number}")
        seal = lifecycle.make_seal(house, AGENCY, by="test", now=now, design=design, algorithm=algorithm)
        for layout, pdf in _sealed(house, seal, now).items():
            name = f"{algorithm}-{layout}"
            files[name] = folder / f"{name}.pdf"
            files[name].write_bytes(pdf)
    return Papers(files, *published(house, now, folder))


def published(house: House, now: datetime, folder: Path) -> tuple[Path, tuple[Path, ...]]:
    """The root's certificate, and the CA's with both lists, as files."""
    with house.database.read() as db:
        found = {name: certificates.newest(db, name) for name in (ROOT, ISSUING)}
    for name, one in found.items():
        assert one is not None
        (folder / f"{name}.der").write_bytes(one.der)
        (folder / f"{name}.crl").write_bytes(status.crl(house, name, now))
    return folder / f"{ROOT}.der", (folder / f"{ISSUING}.der", folder / f"{ROOT}.crl", folder / f"{ISSUING}.crl")


def _sealed(house: House, seal: Seal, now: datetime) -> dict[str, bytes]:
    tool, evidence = material.for_seal(house, seal, now)
    unit = authority.authority(house, "time-stamp", now).der
    full, stamp = replace(evidence, certificates=(*tool.chain, unit)), evidence.stamp
    assert stamp is not None
    use = SealUse("u", seal.id, "g", "judged", bytes(32), "test", "test", now, certificate=seal.certificate)

    def one(given: Evidence, place: Place | None = PLACE) -> bytes:
        return sealing.seal_once(sealing.prepare(page(), tool, use, place, given)).pdf

    bare, timed = Evidence(now), Evidence(now, stamp=stamp)
    archive = sealing_archive.archived(one(timed), full, stamp)
    return {
        "bare": one(bare),
        "unseen": one(bare, None),
        "timed": one(timed),
        "one-revision": one(evidence),
        "long-term": sealing_archive.with_evidence(one(timed), full),
        "archive": archive,
        "one-revision-archive": sealing_archive.archived(one(evidence), full, stamp),
        "bare-archive": sealing_archive.archived(one(bare), full, stamp),
        "renewed-archive": sealing_archive.archived(archive, full, stamp),
    }
