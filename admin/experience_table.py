"""All tables of the experience board as one, in words that do not change with the reader's language: for files."""

from collections.abc import Iterator
from typing import Any

from admin.model.experience import FEW, SPEEDS
from admin.model.funnel import Answers, Board, Fault, Funnel, Pages

COLUMNS = ("table", "group", "item", "language", "device", "count", "value", "unit")
Line = dict[str, Any]


def rows(board: Board) -> list[Line]:
    """Every number of the board, a line each. What is too few to be shown is `<10` here as well."""
    chosen = {"language": board.chosen.language or "all", "device": board.chosen.device or "all"}
    whole = {"language": "all", "device": "all"}  # answers of the server are not told apart
    return [
        *(chosen | line for funnel in board.funnels for line in _funnel(funnel)),
        *(line | chosen for pages in board.pages for line in _pages(pages)),
        *(line | whole for answers in board.answers for line in _answers(answers)),
        *(_fault(fault) | chosen for fault in board.faults),
    ]


def _line(table: str, group: str, item: str, **more: Any) -> Line:
    return {"table": table, "group": group, "item": item, "count": None, "value": None, "unit": ""} | more


def _count(number: int | None) -> int | str:
    return f"<{FEW}" if number is None else number


def _funnel(funnel: Funnel) -> Iterator[Line]:
    for row in funnel.rows:
        item = ":".join(filter(None, (row.step, row.outcome)))
        unit = f"share of {row.of}" if row.share is not None else ""
        yield _line("flow", funnel.flow, item, count=_count(row.count), value=row.share, unit=unit)
    for part in funnel.parts:
        both = {"language": part.language, "device": part.device}
        yield _line("part", funnel.flow, funnel.begin, count=_count(part.begun), **both)
        yield _line("part", funnel.flow, funnel.end, count=_count(part.ended), **both)


def _pages(pages: Pages) -> Iterator[Line]:
    yield _line("pages", pages.group, "views", count=_count(pages.views))
    for speed in SPEEDS:
        if speed.name in pages.speeds:
            value = round(pages.speeds[speed.name], 2)
            yield _line("pages", pages.group, speed.name, value=value, unit=f"{speed.unit}, p75")


def _answers(one: Answers) -> Iterator[Line]:
    for item, count in (("answers", one.number), ("refused", one.refused), ("failed", one.failed)):
        yield _line("answers", one.group, item, count=count)
    for item, value in (("p50", one.p50), ("p95", one.p95)):
        yield _line("answers", one.group, item, value=round(value, 2), unit="ms")


def _fault(fault: Fault) -> Line:
    return _line("faults", fault.group, fault.code, count=_count(fault.count))
