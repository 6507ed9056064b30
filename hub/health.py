"""Whether this process is alive, and whether it can do its job: each room names what it needs.

An error in a check is "no": a check that cannot be made has failed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from shutil import disk_usage
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from hub.problems import Problem, Unavailable

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("health")
FREE_BYTES = 50_000_000  # below this a database may find no room for its next commit

Check = Callable[["House", datetime], None]  # raises when the need is not met


class NoRoom(Unavailable):
    """The disk is nearly full."""

    title = "The disk is nearly full"


@dataclass(frozen=True)
class Report:
    """Each check by name with what it met: "ok", or the title of its problem. It names no inner detail: anybody may ask."""

    results: dict[str, str]

    @property
    def ready(self) -> bool:
        """Say whether every need is met without which this process is better not asked at all."""
        return all(result == "ok" for name, result in self.results.items() if name not in TOLD)


def database(house: "House", now: datetime) -> None:
    """Need: the database answers."""
    with house.database.read() as db:
        db.execute(sa.text("SELECT 1"))


def shared(house: "House", now: datetime) -> None:
    """Need: the short-term memory answers and takes writes."""
    house.shared.check()


def keys(house: "House", now: datetime) -> None:
    """Need: the passphrase opens what this installation keeps."""
    house.keys.secret("csrf")


def disk(house: "House", now: datetime) -> None:
    """Need: the data folder's disk has room."""
    if disk_usage(house.settings.data).free < FREE_BYTES:
        raise NoRoom("Less than %(megabytes)s MB are free", megabytes=FREE_BYTES // 1_000_000)


CHECKS: dict[str, Check] = {"database": database, "shared": shared, "keys": keys, "disk": disk}
TOLD: set[str] = set()  # what is only told: without it less can be done, and everything else goes on


def needs(name: str, check: Check, *, vital: bool = True) -> None:
    """Add a need of a room. Called once per process, by the front door. One that is not `vital` is told, no more."""
    CHECKS[name] = check
    if not vital:
        TOLD.add(name)


def report(house: "House", now: datetime) -> Report:
    """Make every check."""
    return Report({name: _result(name, check, house, now) for name, check in CHECKS.items()})


def _result(name: str, check: Check, house: "House", now: datetime) -> str:
    cause: Exception | None = None
    try:
        check(house, now)
        result = "ok"
    except Problem as problem:
        result, cause = problem.title, problem
    except Exception as error:  # noqa: BLE001  whatever it was, the need is not met
        result, cause = "failed", error
    if _last.get(name, "ok") != result:  # told once, not at every question
        log.info("ready.again" if cause is None else "not.ready", check=name, why=result, exc_info=cause)
    _last[name] = result
    return result


_last: dict[str, str] = {}
