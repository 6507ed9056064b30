"""The time-stamp authority (RFC 3161, EN 319 421/422): over HTTP for everyone, as a function for our own sealing.

It stamps while the clock is known to be right (`hub.timesource`), and each token has its line in an ordered log before
it is signed: a token without one is not ours.
"""

import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import authority, der, schemes, store, tsp
from certs.model import TIMESTAMP_POLICY, Certificate, NoAuthority
from hub import timesource
from hub.problems import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House

log = structlog.get_logger("certs")
UNIT, LOG = "time-stamp-unit", "time-stamp-log"
POLICY = der.oid(TIMESTAMP_POLICY)
BACK = timedelta(seconds=timesource.LIMIT)  # between two processes whose clocks are right


def answer(house: "House", request: bytes, now: datetime) -> bytes:
    """Answer a TimeStampReq. Whatever comes in gets a TimeStampResp: a token, or the reason why there is none."""
    try:
        return tsp.granted(_stamped(house, tsp.read(request, POLICY), now))
    except tsp.Refused as refused:
        return tsp.refusal(refused.failure)
    except timesource.ClockWrong as problem:
        log.warning("timestamp.no_time", why=str(problem))
        return tsp.refusal(tsp.TIME_NOT_AVAILABLE)
    except Unavailable as problem:
        log.warning("timestamp.unavailable", why=problem.code)
        return tsp.refusal(tsp.SYSTEM_FAILURE)


def token(house: "House", imprint: bytes, now: datetime) -> bytes:
    """A time-stamp token with its certificate over a SHA-256, -384 or -512 hash. Raises NoAuthority, ClockWrong, Refused."""
    return _stamped(house, tsp.Asked(tsp.imprint(imprint), b"", wants_certificate=True), now)


def _stamped(house: "House", asked: tsp.Asked, now: datetime) -> bytes:
    now = timesource.checked(house, now)
    serial, unit = _unit(house, now)
    entry = _Entry(now, serial, asked.imprint)
    _log(house).write(entry)
    return unit.token(asked, entry.number, now)


# -- the unit


def _unit(house: "House", now: datetime) -> tuple[str, tsp.Unit]:
    """The unit in office, ready; made once per process and certificate."""
    own = authority.in_office(house, "time-stamp", now)
    known: tuple[str, tsp.Unit] | None = house.cache.get(UNIT)
    if known is None or known[0] != own.serial:
        known = house.cache[UNIT] = (own.serial, _make_unit(house, own))
    return known


def _make_unit(house: "House", own: Certificate) -> tsp.Unit:
    certificate = x509.load_der_x509_certificate(own.der)
    if not isinstance(house.keys.signer(own.key), ec.EllipticCurvePrivateKey):
        raise NoAuthority("The key %(name)s is not an elliptic-curve key", name=own.key)
    return tsp.Unit(
        policy=POLICY,
        certificate=own.der,
        signer=der.sequence(certificate.issuer.public_bytes(), der.integer(certificate.serial_number)),
        attribute=tsp.signing_certificate(own.der),
        algorithm=schemes.P256.identifier,
        sign=lambda attributes: house.keys.sign(own.key, attributes),
    )


# -- the log


@dataclass
class _Entry:
    """A line that is to be written; `number` is the token's serial number once it is."""

    at: datetime
    unit: str
    imprint: bytes
    chance: int = field(default_factory=lambda: secrets.randbits(store.CHANCE_BITS))
    number: int = 0
    error: BaseException | None = None


class _Log:
    """Lines that wait at the same time are written in one commit: one wait for the disk, for all of them."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._waiting: deque[_Entry] = deque()
        self._turn = threading.Lock()

    def write(self, entry: _Entry) -> None:
        """Return when the line is on disk. Raises what the database raised, and ClockWrong."""
        self._waiting.append(entry)
        with self._turn:  # who comes first writes for all who wait; they find it done
            if not entry.number and entry.error is None:
                self._write([self._waiting.popleft() for _ in range(len(self._waiting))])
        if entry.error is not None:
            raise entry.error

    def _write(self, entries: list[_Entry]) -> None:
        try:
            with self._house.database.write() as db:
                last = store.last_stamp(db) if self._house.settings.time_sources else None
                numbers = [_line(db, each, last) for each in entries]
        except BaseException as error:  # noqa: BLE001  each of them is told by its own call
            for each in entries:
                each.error = error
            return
        for each, number in zip(entries, numbers, strict=True):
            each.number = number
            each.error = None if number else timesource.ClockWrong("The log is ahead of this machine's clock")


def _line(db: "Connection", entry: _Entry, last: datetime | None) -> int:
    """Write one line; 0 if it would stand behind a later one. Small steps back are two processes with right clocks."""
    if last is not None and entry.at < last - BACK:
        return 0
    return store.log_stamp(db, entry.at, entry.unit, entry.imprint, entry.chance)


def _log(house: "House") -> _Log:
    return house.cache.setdefault(LOG, _Log(house))  # type: ignore[no-any-return]
