"""How fast a page was in its reader's browser: five numbers (Web Vitals), each kept only as the class into which it falls."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from hub import i18n, limits, steps
from hub.limits import Limit
from hub.problems import TooMany

if TYPE_CHECKING:
    from hub.house import House

LONGEST = 2000  # bytes of a report; one has about 150
REPORTS = Limit("vitals", 300, 60)  # of one network in a minute: an office that reads a page each per second
# Edges between the classes, milliseconds; CLS in thousandths. The limits between good, fair and poor are among them.
EDGES = {
    "LCP": (200, 400, 800, 1200, 1800, 2500, 3200, 4000, 6000, 10000),
    "FCP": (200, 400, 800, 1200, 1800, 2400, 3000, 4000, 6000, 10000),
    "TTFB": (50, 100, 200, 400, 800, 1200, 1800, 3000, 6000),
    "INP": (16, 32, 50, 100, 200, 300, 500, 1000, 2000),
    "CLS": (10, 25, 50, 100, 150, 250, 500, 1000),
}
MOST = 600_000  # milliseconds, or thousandths: no page takes ten minutes
NUMBER = {"type": "number", "minimum": 0, "maximum": MOST}
SCHEMA = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "page": {"type": "string", "pattern": r"^[a-z_]{1,40}\.[a-z_]{1,60}$"},
            "language": {"enum": list(i18n.LANGUAGES)},
            **dict.fromkeys(EDGES, NUMBER),
        },
        "required": ["page", "language"],
        "minProperties": 3,
        "additionalProperties": False,
    }
)


def report(house: "House", body: bytes, *, pages: Collection[str], net: str) -> bool:
    """Count what one page tells about itself; says whether it was believed. `pages`: the names of those that there are."""
    told = read(body, pages)
    if told is None:
        return False
    try:
        limits.check(house.shared, REPORTS, net)
    except TooMany:
        return False
    steps.count(house, "vital", told["page"], "pages", language=told["language"])
    for name, edges in EDGES.items():
        if name in told:
            found = steps.between(told[name], edges)
            steps.count(house, "vital", told["page"], f"{name}:{found}", language=told["language"])
    return True


def read(body: bytes, pages: Collection[str]) -> dict[str, Any] | None:
    """A report in the form that our own script sends, about a page that there is; None for everything else."""
    if len(body) > LONGEST:
        return None
    try:
        told = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return told if SCHEMA.is_valid(told) and told["page"] in pages else None


def _no_number(name: str) -> None:
    """NaN and Infinity are no JSON, though Python takes them (RFC 8259 6)."""
    raise ValueError(name)
