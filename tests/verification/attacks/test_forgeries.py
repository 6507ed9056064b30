"""No forgery is valid, none crashes, and each gets its own answer."""

import pytest

from tests.verification.attacks.archive import ARCHIVE
from tests.verification.attacks.forge import FORGERIES, Forger
from tests.verification.attacks.hidden import HIDDEN
from tests.verification.desk import Desk
from verification.model import Reason, Verdict


@pytest.fixture(scope="session")
def forger(desk: Desk, paper: bytes) -> Forger:
    return Forger(desk, paper, desk.paper("20260000002"))


def test_the_genuine_license_is_valid(desk: Desk, paper: bytes) -> None:
    report = desk.report(paper)
    assert (report.reason, report.verdict) == (Reason.valid, Verdict.valid)


def test_the_archive_edition_is_valid(desk: Desk, paper: bytes) -> None:
    report = desk.report(desk.archived(paper))
    assert (report.reason, report.verdict) == (Reason.valid, Verdict.valid)


@pytest.mark.parametrize("name", sorted(FORGERIES | ARCHIVE | HIDDEN))
def test_no_forgery_is_valid(name: str, forger: Forger, desk: Desk) -> None:
    make, reason = (FORGERIES | ARCHIVE | HIDDEN)[name]
    report = desk.report(make(forger))
    assert report.verdict is not Verdict.valid
    assert report.reason is reason
