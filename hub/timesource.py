"""Whether this machine's clock agrees with sources that we trust (SNTP, RFC 5905 14). Who vouches for a time asks first.

Each process looks for itself and keeps what it found. Between two looks the clock is watched against the machine's
monotonic one, so that a jump is seen at once. Where no source is named (`YINXIN_TIME_SOURCES`), nothing is checked.
"""

import secrets
import selectors
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from hub import clock
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("time")
LIMIT = 1.0  # seconds: the accuracy that EN 319 421 asks of a time-stamp
WAIT = 1.0  # seconds for an answer; who is further away cannot be measured to a second
FRESH = 60.0  # seconds until we ask again
STALE = 600.0  # seconds without an answer until nobody vouches for the clock any more
AGAIN = 1.0  # seconds between tries while the clock is not known to be right
PORT = 123
CACHE = "hub.timesource"
ERA = 1 << 32  # seconds after which the wire's count begins anew, in 2036 for the first time
EPOCH = 2_208_988_800  # seconds from 1900, where it counts from, to 1970


class ClockWrong(Unavailable):
    """This machine's clock is not known to be right."""

    title = "The clock of this machine is not known to be right"
    advice = "Compare it with the time sources (YINXIN_TIME_SOURCES), and see whether they can be reached."


@dataclass(frozen=True)
class Measured:
    """One look: `offset` is what had to be added to our clock, `at` and `ticks` when that was, by both clocks."""

    offset: float
    at: datetime
    ticks: float

    def error(self, now: datetime, ticks: float) -> float:
        """By how many seconds `now` is ahead of the true time, as far as we know."""
        return (now - self.at).total_seconds() - (ticks - self.ticks) - self.offset


@dataclass
class _Watch:
    """What one process knows."""

    last: Measured | None = None
    tried: float = float("-inf")
    why: str = "nobody was asked yet"
    busy: threading.Lock = field(default_factory=threading.Lock)


def checked(house: "House", now: datetime) -> datetime:
    """The time at this moment, right to LIMIT seconds; where no source is named, the caller's. Raises ClockWrong."""
    if not house.settings.time_sources:
        return now
    now = clock.now()  # who vouches for a time does not take one that its caller read a while ago
    watch: _Watch = house.cache.setdefault(CACHE, _Watch())
    if _wrong(watch, now) and monotonic() - watch.tried >= AGAIN:
        measure(house)
    elif monotonic() - watch.tried >= FRESH and not watch.busy.locked():
        threading.Thread(target=measure, args=(house,), name="time", daemon=True).start()
    wrong = _wrong(watch, now)
    if wrong:
        raise ClockWrong("%(why)s", why=wrong)
    return now


def watch(house: "House", now: datetime) -> None:
    """Need of `hub.health`: the clock is right. Raises ClockWrong."""
    checked(house, now)


def _wrong(watch: _Watch, now: datetime) -> str:
    """Why `now` cannot be vouched for; nothing if it can."""
    last, ticks = watch.last, monotonic()
    if last is None or ticks - last.ticks > STALE:
        return watch.why
    error = last.error(now, ticks)
    return f"It is {abs(error):.1f} s {'ahead' if error > 0 else 'behind'}" if abs(error) > LIMIT else ""


def measure(house: "House") -> Measured | None:
    """Ask all sources now, unless somebody has just done so; None if they cannot be reached or disagree."""
    watch: _Watch = house.cache.setdefault(CACHE, _Watch())
    with watch.busy:
        if monotonic() - watch.tried < AGAIN:
            return watch.last
        watch.tried = monotonic()
        try:
            sources = [_address(each) for each in house.settings.time_sources.split(",")]
            watch.last = Measured(agreed(ask(sources), of=len(sources)), clock.now(), monotonic())
        except (OSError, ClockWrong) as error:
            watch.why = str(error) or type(error).__name__
            log.warning("time.unknown", why=watch.why)
            return None
    if abs(watch.last.offset) > LIMIT:
        log.error("time.wrong", offset=round(watch.last.offset, 3))
    return watch.last


def agreed(offsets: Sequence[float], of: int = 1) -> float:
    """What most of the sources say, if at least half of all (`of`) say it. Raises ClockWrong if there is no such thing."""
    if not offsets:
        raise ClockWrong("No time source answers")
    middle = median(offsets)
    near = [each for each in offsets if abs(each - middle) <= LIMIT / 2]
    if 2 * len(near) <= len(offsets):
        raise ClockWrong("The time sources disagree")
    if 2 * len(near) < of:  # whoever silences the others would say alone what time it is
        raise ClockWrong("Too few time sources answer")
    return median(near)


def ask(addresses: Sequence[tuple[str, int]], wait: float = WAIT) -> list[float]:
    """Ask servers all at once; the offsets of those that answered well in time."""
    found: list[float] = []
    with selectors.DefaultSelector() as waiting:
        for host, port in addresses:
            _send(waiting, host, port)
        until = monotonic() + wait
        while waiting.get_map() and (left := until - monotonic()) > 0:
            for key, _ in waiting.select(left):
                offset = _received(key)
                waiting.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                found += [] if offset is None else [offset]
        for key in list(waiting.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return found


@dataclass(frozen=True)
class _Question:
    cookie: bytes  # stands where our time would: a stranger must guess it, and learns no clock from it
    at: datetime
    ticks: float


def _send(waiting: selectors.BaseSelector, host: str, port: int) -> None:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        line = socket.socket(family, kind, proto)
    except OSError as error:
        log.warning("time.unreachable", source=host, why=str(error))
        return
    cookie = secrets.token_bytes(8)
    try:
        line.connect(address)
        question = _Question(cookie, clock.now(), monotonic())
        line.send(b"\x23" + bytes(39) + cookie)  # version 4, client
    except (OSError, OverflowError) as error:
        line.close()
        log.warning("time.unreachable", source=host, why=str(error))
        return
    waiting.register(line, selectors.EVENT_READ, question)


def _received(key: selectors.SelectorKey) -> float | None:
    """The offset by one answer; None if it is none."""
    question: _Question = key.data
    try:
        answer = key.fileobj.recv(512)  # type: ignore[union-attr]
    except OSError:  # nobody listens there
        return None
    return offset_of(answer, question.cookie, question.at, monotonic() - question.ticks)


def offset_of(answer: bytes, cookie: bytes, sent: datetime, took: float) -> float | None:
    """What is to be added to our clock, by an answer to what was sent then; None if it is no answer to rely on."""
    if len(answer) < 48 or answer[24:32] != cookie:
        return None
    leap, mode, stratum = answer[0] >> 6, answer[0] & 7, answer[1]
    if leap == 3 or mode != 4 or not 0 < stratum < 16:  # it is not synchronised itself, or sends us away (RFC 5905 7.4)
        return None
    arrived, left = (_seconds(answer[at : at + 8], sent) for at in (32, 40))
    there = left - arrived
    if not 0 <= there <= took or took - there > LIMIT:  # the way is not known better than half of that
        return None
    begun = sent.timestamp()
    return ((arrived - begun) + (left - (begun + took))) / 2


def _seconds(field: bytes, near: datetime) -> float:
    """Seconds since 1970 of a 64-bit time stamp, in the era that lies nearest (RFC 5905 6)."""
    whole, part = int.from_bytes(field[:4]), int.from_bytes(field[4:])
    since = whole - EPOCH
    era = round((near.timestamp() - since) / ERA)
    return float(since + era * ERA) + part / ERA


def _address(source: str) -> tuple[str, int]:
    """`ntp.example:123`, `[2001:db8::1]:123`, or without the port."""
    host, _, port = source.strip().rpartition(":")
    if not host or not port.isdigit() or (":" in host and not host.endswith("]")):
        host, port = source.strip(), str(PORT)
    return host.strip("[]"), int(port)
