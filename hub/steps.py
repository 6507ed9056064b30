"""How far people get: each step of a flow is counted, never who took it.

A count knows the flow, the step, the page's language and a coarse class of device. There is no cookie, no session and nothing
that ties two steps together, so a funnel is the counts of its steps side by side. Who asks not to be counted (Global Privacy
Control, Do Not Track) is not counted at all.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from hub import i18n

if TYPE_CHECKING:
    from hub.house import House

NONE = "none"  # no page, no reader: a program asks
DEVICES = ("phone", "tablet", "desktop", "program")
TABLETS = ("iPad", "Tablet", "Kindle", "PlayBook")
MILLISECONDS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)  # edges between the classes of time to answer

_environ: ContextVar[Mapping[str, Any] | None] = ContextVar("environ", default=None)


def begin(environ: Mapping[str, Any] | None) -> None:
    """Remember the request that is being served (its WSGI environment), or that it is over."""
    _environ.set(environ)


def step(house: "House", flow: str, name: str, *, outcome: str = "") -> None:
    """Count that somebody reached a step of a flow. Never fails, and costs microseconds."""
    count(house, "step", flow, f"{name}:{outcome}" if outcome else name)


def count(house: "House", kind: str, subject: str, part: str, *, language: str = "", split: bool = True) -> None:
    """Count one thing of a kind, for this request's language and device unless `split` is off."""
    environ = _environ.get()
    if environ is not None and is_unwilling(environ):
        return
    spoken, device = _labels(environ) if split else (NONE, NONE)
    house.tally.count(kind, subject, part, language or spoken, device)


def answered(house: "House", endpoint: str, status: int, seconds: float) -> None:
    """Count one answer by where it came from, how it ended and how long it took."""
    ended = "ok" if status < 400 else "refused" if status < 500 else "failed"
    count(house, "answer", endpoint, f"{ended}:{between(seconds * 1000, MILLISECONDS)}", split=False)


def between(value: float, edges: Sequence[int]) -> str:
    """The class of a value: its lower and upper edge; the last has no upper one."""
    at = bisect_left(edges, value)
    return f"{edges[at - 1] if at else 0}-{edges[at] if at < len(edges) else ''}"


def is_unwilling(environ: Mapping[str, Any]) -> bool:
    """Whether this browser asks not to be counted: `Sec-GPC: 1` or `DNT: 1`."""
    return environ.get("HTTP_SEC_GPC") == "1" or environ.get("HTTP_DNT") == "1"


def device(agent: str, mobile: str = "") -> str:
    """The class of device that User-Agent and Sec-CH-UA-Mobile tell: phone, tablet, desktop or program, no finer."""
    if not agent.startswith("Mozilla/") or "bot" in agent.casefold():
        return "program"
    android = "Android" in agent
    if any(sign in agent for sign in TABLETS) or (android and "Mobile" not in agent and mobile != "?1"):
        return "tablet"
    return "phone" if mobile == "?1" or android or "Mobile" in agent or "iPhone" in agent else "desktop"


def _labels(environ: Mapping[str, Any] | None) -> tuple[str, str]:
    """Language and device. A program reads no page, so it has no language."""
    if environ is None:
        return NONE, "program"
    found = device(environ.get("HTTP_USER_AGENT", ""), environ.get("HTTP_SEC_CH_UA_MOBILE", ""))
    return (NONE if found == "program" else i18n.language()), found
