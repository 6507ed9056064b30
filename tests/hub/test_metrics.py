"""Numbers for operators: counted for all processes together, and holding nobody's name."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import clock, metrics, outbox
from hub.house import House


@pytest.fixture(autouse=True)
def own_gauges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "GAUGES", {})


def told(house: House) -> dict[str, float]:
    lines = metrics.text(house, clock.now()).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_answers_are_counted_by_route_and_status(bare: House) -> None:
    line = 'yinxin_requests_total{method="GET",route="/licenses/<number>",status="404"}'
    before = told(bare).get(line, 0)
    metrics.answered("/licenses/<number>", "GET", 404, 0.02)
    assert told(bare)[line] == before + 1
    assert told(bare)['yinxin_request_seconds_bucket{le="0.025",route="/licenses/<number>"}'] >= 1


def test_a_room_measures_what_waits(bare_on: House) -> None:
    def waiting(house: House, db: sa.Connection, now: datetime) -> float:
        return len(outbox.deliveries(db, state="waiting"))

    metrics.gauge("yinxin_outbox_waiting", "Deliveries that wait", waiting)
    assert told(bare_on)["yinxin_outbox_waiting"] == 0
    with bare_on.database.write() as db:
        outbox.queue(db, "notice", "http://a.example/", {}, clock.now())
    assert told(bare_on)["yinxin_outbox_waiting"] == 1


def test_two_processes_count_together(bare: House, tmp_path: Path) -> None:
    program = "from hub import metrics; metrics.answered('/', 'GET', 200, 0.1)"
    ask = (
        "from pathlib import Path; from hub import metrics, clock; from hub.house import open_house;"
        "from hub.settings import read; "
        f"house = open_house(read(profile='demo', data=Path({str(bare.settings.data)!r}), redis_url='redis://localhost'));"
        "print(metrics.text(house, clock.now()).decode())"
    )
    folder = tmp_path / "metrics"
    folder.mkdir()
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], check=True, env={metrics.FOLDER: str(folder)})
    said = subprocess.run(
        [sys.executable, "-c", ask], check=True, env={metrics.FOLDER: str(folder)}, capture_output=True, text=True
    ).stdout
    assert 'yinxin_requests_total{method="GET",route="/",status="200"} 2.0' in said
