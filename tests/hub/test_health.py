"""Ready means: every need is met. A need that cannot be checked is not met."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub import clock, health
from hub.house import House
from hub.problems import Unavailable
from hub.shared import Shared
from tests.hub.conftest import opened


@pytest.fixture(autouse=True)
def own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    core = ("database", "shared", "keys", "disk")
    monkeypatch.setattr(health, "CHECKS", {name: health.CHECKS[name] for name in core})
    monkeypatch.setattr(health, "TOLD", set())


def test_a_whole_house_is_ready(bare_on: House) -> None:
    report = health.report(bare_on, clock.now())
    assert report.results == {"database": "ok", "shared": "ok", "keys": "ok", "disk": "ok"}
    assert report.ready


def test_a_rooms_need_counts_like_the_kernels(bare: House) -> None:
    class Expired(Unavailable):
        title = "The trust list has expired"

    def expired(house: House, now: datetime) -> None:
        raise Expired("since yesterday at 10.0.0.7")

    health.needs("trust list", expired)
    report = health.report(bare, clock.now())
    assert not report.ready
    assert report.results["trust list"] == "The trust list has expired"  # the detail stays inside


def test_what_is_only_told_takes_nothing_out_of_service(bare: House) -> None:
    def late(house: House, now: datetime) -> None:
        raise Unavailable("behind")

    health.needs("clock of the tower", late, vital=False)
    report = health.report(bare, clock.now())
    assert report.ready
    assert report.results["clock of the tower"] == Unavailable.title


def test_a_check_that_breaks_has_failed(bare: House) -> None:
    def breaks(house: House, now: datetime) -> None:
        raise KeyError("inner detail")

    health.needs("broken", breaks)
    assert health.report(bare, clock.now()).results["broken"] == "failed"


def test_without_the_short_term_memory_it_is_not_ready(tmp_path: Path) -> None:
    with opened(tmp_path / "data", "", "", shared=Shared(f"unix://{tmp_path}/nobody.sock")) as house:
        assert health.report(house, clock.now()).results["shared"] == "The short-term memory cannot be reached"


def test_without_a_database_it_is_not_ready(bare: House, tmp_path: Path) -> None:
    bare.database.dispose()
    (bare.settings.data / "yinxin.db").write_bytes(b"not a database" * 1000)
    for side in bare.settings.data.glob("yinxin.db-*"):
        side.unlink()
    assert health.report(bare, clock.now()).results["database"] == "failed"


def test_with_another_passphrase_it_is_not_ready(bare: House, tmp_path: Path, valkey_url: str) -> None:
    assert health.report(bare, clock.now()).ready
    with opened(bare.settings.data, valkey_url, "", passphrase="another") as locked:
        assert health.report(locked, clock.now()).results["keys"] == "The key passphrase is wrong"


def test_a_full_disk_is_seen_before_it_hurts(bare: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))
    assert health.report(bare, clock.now()).results["disk"] == "The disk is nearly full"
