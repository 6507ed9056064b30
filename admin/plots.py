"""Plots as SVG, drawn by the server: bars of a funnel, and a line over time.

Widths are shares of the space there is, so words keep their size on a phone. Colours come by class from the stylesheet (light,
dark, forced colours alike); there is no style, no script, and nothing to load. Each plot says in its title and description what
it shows; the numbers themselves stand in the table beneath it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

ROW = 50  # pixels of one bar with its words above it
TRACK = 58  # percent of the width that a bar may take; the rest is for its number
INDENT = 4  # percent, of an outcome below its step
SIDE = 1.5  # percent left and right of a line
TOP, BOTTOM, HEIGHT = 26, 30, 170  # pixels above and below the area of a line, and of all


@dataclass(frozen=True)
class Bar:
    """One bar: its words, how much of the track it takes (0 to 1), what stands at its end."""

    words: str
    share: float
    text: str
    tone: str = "plain"
    below: bool = False


@dataclass(frozen=True)
class Mark:
    """A level to compare with: a dashed line with its words."""

    value: float
    words: str
    tone: str


def bars(id: str, title: str, told: str, rows: Sequence[Bar]) -> Markup:
    """Horizontal bars, each with its words above it and its number beside it."""
    drawn = Markup().join(_bar(row, at * ROW) for at, row in enumerate(rows))
    return _plot(id, title, told, len(rows) * ROW, drawn)


def line(
    id: str, title: str, told: str, points: Sequence[float | None], marks: Sequence[Mark], ends: tuple[str, str]
) -> Markup:
    """A line over time with gaps where nothing was measured. `ends`: words below its first and its last point."""
    known = [value for value in points if value is not None]
    top = max([*known, *(mark.value for mark in marks[:1])], default=1) * 1.15 or 1
    step = (100 - 2 * SIDE) / max(1, len(points) - 1)
    area = HEIGHT - TOP - BOTTOM

    def y(value: float) -> float:
        return round(TOP + area * (1 - value / top), 1)

    spots = [None if value is None else (round(SIDE + at * step, 2), y(value)) for at, value in enumerate(points)]
    drawn = [_across(y(0), "yx-plot__rule")]
    drawn += [_run(one, two) for one, two in pairwise(spots) if one and two]
    drawn += [_dot(*spot) for spot in spots if spot]
    shown = [mark for mark in marks if mark.value <= top]
    drawn += [_across(y(mark.value), f"yx-plot__mark yx-tone-{mark.tone}") for mark in shown]
    drawn += [_legend(mark, at) for at, mark in enumerate(shown[:2])]
    foot = Markup('<text class="yx-plot__soft" x="{}%" y="{}" text-anchor="{}">{}</text>')
    drawn += [foot.format(0, HEIGHT - 6, "start", ends[0]), foot.format(100, HEIGHT - 6, "end", ends[1])]
    return _plot(id, title, told, HEIGHT, Markup().join(drawn))


def _plot(id: str, title: str, told: str, height: int, drawn: Markup) -> Markup:
    return Markup(
        '<svg class="yx-plot" width="100%" height="{height}" role="img" aria-labelledby="{id}-title" '
        'aria-describedby="{id}-told"><title id="{id}-title">{title}</title><desc id="{id}-told">{told}</desc>{drawn}</svg>'
    ).format(id=id, title=title, told=told, height=height, drawn=drawn)


def _bar(row: Bar, top: int) -> Markup:
    left, thick = (INDENT, 10) if row.below else (0, 16)
    room = TRACK - left
    return Markup(
        '<text{soft} x="{left}%" y="{words_y}">{words}</text>'
        '<rect class="yx-plot__ground" x="{left}%" y="{y}" width="{room}%" height="{thick}" rx="3"/>'
        '<rect class="yx-plot__bar yx-tone-{tone}" x="{left}%" y="{y}" width="{wide}%" height="{thick}" rx="3"/>'
        '<text class="yx-plot__number" x="100%" y="{text_y}" text-anchor="end">{text}</text>'
    ).format(
        soft=Markup(' class="yx-plot__soft"') if row.below else "",
        left=left,
        words_y=top + 17,
        words=row.words,
        y=top + 25,
        room=room,
        thick=thick,
        tone=row.tone,
        wide=round(room * min(1.0, max(0.0, row.share)), 2),
        text_y=top + 25 + thick // 2 + 5,
        text=row.text,
    )


def _legend(mark: Mark, at: int) -> Markup:
    """The words of a mark stand above the area, clear of the line: the first on the left, the second on the right."""
    words = Markup('<text class="yx-plot__word yx-tone-{}" x="{}%" y="14" text-anchor="{}">{}</text>')
    return words.format(mark.tone, 100 if at else 0, "end" if at else "start", mark.words)


def _across(y: float, look: str) -> Markup:
    return Markup('<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>').format(look, y, y)


def _run(one: tuple[float, float], two: tuple[float, float]) -> Markup:
    return Markup('<line class="yx-plot__line" x1="{}%" y1="{}" x2="{}%" y2="{}"/>').format(*one, *two)


def _dot(x: float, y: float) -> Markup:
    return Markup('<circle class="yx-plot__dot" cx="{}%" cy="{}" r="3.5"/>').format(x, y)
