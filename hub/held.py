"""What is held about one person, for his own copy: each room tells its part, so that none has to know another.

A part is plain values (texts, numbers, lists, mappings), each written by the room that holds it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from hub.house import House


@dataclass(frozen=True)
class Whose:
    """Whose copy it is: his internal id, and the blind indexes by which his licenses are found."""

    person: str
    holder_keys: tuple[str, ...] = ()


Part = Callable[["House", sa.Connection, Whose, datetime], Any]
PARTS: dict[str, Part] = {}


def tells(title: str, part: Part) -> None:
    """Say who tells a part of the copy; `title` is a message id. Called once per process, by the front door."""
    PARTS[title] = part


def everything(house: "House", whose: Whose, now: datetime) -> dict[str, Any]:
    """All that is held about a person, part by part, as of one moment."""
    with house.database.snapshot() as db:
        return {title: part(house, db, whose, now) for title, part in PARTS.items()}
