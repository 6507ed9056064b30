"""Plots as SVG, drawn by the server: bars of a funnel, and a line over time.

Colours come by class from the stylesheet (light, dark, forced colours alike); there is no style, no script, and nothing to load.
Each plot says in its title and description what it shows; the numbers themselves stand in the table beneath it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 420  # units; the stylesheet sets the size, and the text stays readable at 320 px
ROW, BAR = 46, 16  # of one bar with its words above it
INDENT = 18  # of an outcome below its step
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 30, 30  # around the area of a line
HEIGHT = 190


@dataclass(frozen=True)
class Bar:
    """One bar: its words, how much of the whole width it takes (0 to 1), what stands at its end."""

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
    """Horizontal bars, each with its words above it."""
    drawn = Markup().join(_bar(row, at * ROW) for at, row in enumerate(rows))
    return _plot(id, title, told, len(rows) * ROW, drawn)


def line(
    id: str, title: str, told: str, points: Sequence[float | None], marks: Sequence[Mark], ends: tuple[str, str]
) -> Markup:
    """A line over time with gaps where nothing was measured. `ends`: words below its first and its last point."""
    known = [value for value in points if value is not None]
    top = max([*known, *(mark.value for mark in marks[:1])], default=1) * 1.15 or 1
    wide = (WIDTH - LEFT - RIGHT) / max(1, len(points) - 1)
    high = HEIGHT - TOP - BOTTOM

    def spot(at: int, value: float) -> tuple[float, float]:
        return round(LEFT + at * wide, 1), round(TOP + high * (1 - value / top), 1)

    drawn = [_mark(mark, spot(0, mark.value)[1]) for mark in marks if mark.value <= top]
    drawn.append(_rule(TOP + high))
    drawn += [_run([spot(at, value) for at, value in run]) for run in _runs(points)]
    drawn += [_dot(*spot(at, value)) for run in _runs(points) for at, value in run if len(known) <= 24 or len(run) == 1]
    base = HEIGHT - 8
    drawn.append(Markup('<text class="yx-plot__soft" x="{}" y="{}">{}</text>').format(LEFT, base, ends[0]))
    last = Markup('<text class="yx-plot__soft" x="{}" y="{}" text-anchor="end">{}</text>')
    drawn.append(last.format(WIDTH - RIGHT, base, ends[1]))
    return _plot(id, title, told, HEIGHT, Markup().join(drawn))


def _plot(id: str, title: str, told: str, height: int, drawn: Markup) -> Markup:
    return Markup(
        '<svg class="yx-plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title" aria-describedby="{}-told">'
        '<title id="{}-title">{}</title><desc id="{}-told">{}</desc>{}</svg>'
    ).format(WIDTH, height, id, id, id, title, id, told, drawn)


def _bar(row: Bar, top: int) -> Markup:
    left = INDENT if row.below else 0
    room = WIDTH - left
    wide = round(room * min(1.0, max(0.0, row.share)), 1)
    return Markup(
        '<text x="{}" y="{}"{}>{}</text><text class="yx-plot__number" x="{}" y="{}" text-anchor="end">{}</text>'
        '<rect class="yx-plot__ground" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
        '<rect class="yx-plot__bar yx-tone-{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
    ).format(
        left,
        top + 17,
        Markup(' class="yx-plot__soft"') if row.below else "",
        row.words,
        WIDTH,
        top + 17,
        row.text,
        left,
        top + 24,
        room,
        BAR - 6 if row.below else BAR,
        escape(row.tone),
        left,
        top + 24,
        wide,
        BAR - 6 if row.below else BAR,
    )


def _mark(mark: Mark, y: float) -> Markup:
    return Markup(
        '<path class="yx-plot__mark yx-tone-{}" d="M{} {}H{}"/><text class="yx-plot__word yx-tone-{}" x="{}" y="{}">{}</text>'
    ).format(mark.tone, LEFT, y, WIDTH - RIGHT, mark.tone, LEFT, y - 6, mark.words)


def _rule(y: float) -> Markup:
    return Markup('<path class="yx-plot__rule" d="M{} {}H{}"/>').format(LEFT, y, WIDTH - RIGHT)


def _run(spots: Sequence[tuple[float, float]]) -> Markup:
    path = "L".join(f"{x} {y}" for x, y in spots)
    return Markup('<path class="yx-plot__line" d="M{}"/>').format(path)


def _dot(x: float, y: float) -> Markup:
    return Markup('<circle class="yx-plot__dot" cx="{}" cy="{}" r="4"/>').format(x, y)


def _runs(points: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap."""
    runs: list[list[tuple[int, float]]] = []
    before: float | None = None
    for at, value in enumerate(points):
        if value is not None:
            if before is None:
                runs.append([])
            runs[-1].append((at, value))
        before = value
    return runs
