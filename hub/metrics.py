"""Numbers for operators in Prometheus' form: what was asked of us, and how much waits.

Under `yinxin serve` all worker processes count into one folder (PROMETHEUS_MULTIPROC_DIR), so any of them can tell for all.
Labels hold route names, never addresses or ids: these would be persons, and without end.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from hub.house import House

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Measure = Callable[["House", sa.Connection, datetime], float]

requests = Counter("yinxin_requests", "Requests by route and status", ["route", "method", "status"])
seconds = Histogram("yinxin_request_seconds", "Time to answer, by route", ["route"], buckets=BUCKETS)
GAUGES: dict[str, tuple[str, Measure]] = {}


def gauge(name: str, text: str, measure: Measure) -> None:
    """Add a number that is read from the database when somebody asks. Called once per process, by the front door."""
    GAUGES[name] = (text, measure)


def answered(route: str, method: str, status: int, took: float) -> None:
    """Count one answer."""
    _counter(route, method, status).inc()
    _clock(route).observe(took)


@cache  # routes, methods and states are few
def _counter(route: str, method: str, status: int) -> Counter:
    return requests.labels(route, method, str(status))


@cache
def _clock(route: str) -> Histogram:
    return seconds.labels(route)


def text(house: "House", now: datetime) -> bytes:
    """Give all numbers of this installation."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_Own())
    registry.register(_Gauges(house, now))
    return generate_latest(registry)


class _Own(Collector):
    """The counts of this process, when it is the only one."""

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()


class _Gauges(Collector):
    def __init__(self, house: "House", now: datetime) -> None:
        self._house, self._now = house, now

    def collect(self) -> Iterator[Metric]:
        with self._house.database.read() as db:
            for name, (words, measure) in GAUGES.items():
                yield GaugeMetricFamily(name, words, value=measure(self._house, db, self._now))
