"""veraPDF, the reference validator, on our sealed licenses: PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1)."""

from datetime import datetime
from pathlib import Path

import pytest

from hub import tree
from hub.callers import Caller
from hub.house import House
from hub.tree import Place
from licenses.issue import issue
from licenses.model import Application
from seals import lifecycle
from tests.judges.conftest import Judge
from tests.licenses.samples import SAMPLES


@pytest.fixture
def sealed(house: House, now: datetime, tmp_path: Path) -> dict[str, Path]:
    """One license of each kind, issued and sealed as in service, in files named after their kinds."""
    with house.database.write() as db:
        tree.keep(db, Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
        tree.keep(db, Place("hub/880000/880100", "city", "880100", "栖云市", "Qiyun"))
    files = {}
    for at, agency in enumerate({agency.code: agency for _, agency in SAMPLES.values()}.values()):
        lifecycle.make_seal(house, agency, code13=f"88010100000{17 + at}", by="test", now=now)
    for kind, (fields, agency) in SAMPLES.items():
        caller = Caller(client="judged", agency=agency.code, place=agency.place)
        made = issue(house, Application(kind, fields, agency.code), caller=caller, idempotency_key=kind, now=now)
        files[kind] = tmp_path / f"{kind}.pdf"
        files[kind].write_bytes(house.blobs.get(made.sealed))
    return files


def test_every_kind_of_sealed_license_is_an_archive_file_that_everyone_can_read(
    sealed: dict[str, Path], verapdf: Judge
) -> None:
    found = verapdf(*sealed.values())
    assert len(found) == 2 * len(SAMPLES)
    assert not {asked: rules for asked, rules in found.items() if rules}


def test_the_judge_can_say_no(sealed: dict[str, Path], verapdf: Judge, tmp_path: Path) -> None:
    """The same file with another claim about itself in its metadata fails: the judge did look."""
    data = next(iter(sealed.values())).read_bytes()
    assert b"<pdfaid:part>3</pdfaid:part>" in data
    wrong = tmp_path / "wrong.pdf"
    wrong.write_bytes(data.replace(b"<pdfaid:part>3</pdfaid:part>", b"<pdfaid:part>9</pdfaid:part>"))
    found = verapdf(wrong, standards="3a")
    assert found["wrong.pdf", "3a"]
