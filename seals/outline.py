"""Letters as outlines: the only place where this room opens a font. What is drawn later needs none."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.pens.qu2cuPen import Qu2CuPen
from fontTools.ttLib import TTFont

from seals.model import SealGlyphMissing

EM = 1000  # units per em of both fonts
TOLERANCE = 0.7  # font units: 4 micrometres on the largest character of a 42 mm seal
BODY_TOP, BODY_BOTTOM = 880, -120  # the ideographic em box of Noto Serif SC
BOLD = Path(__file__).parent / "fonts" / "NotoSerifSC-Bold-GB2312.ttf"

OPENED = Lock()  # a font that is read lazily is not for two threads at once
Point = tuple[float, float]
Segment = tuple[str, tuple[Point, ...]]  # ("m" | "l", (to,)), ("c", (control, control, to)), ("h", ())


@dataclass(frozen=True)
class Glyph:
    """One character's outline in font units, y upwards; `thin` when only the regular weight has it."""

    segments: tuple[Segment, ...]
    advance: float
    thin: bool


@cache
def glyph(character: str) -> Glyph:
    """The outline of one character: bold if we can, else regular. Raises SealGlyphMissing naming it."""
    with OPENED:
        return _found(character)


def _found(character: str) -> Glyph:
    for font, thin in ((_bold(), False), (_regular(), True)):
        name = font.getBestCmap().get(ord(character)) if font else None
        if name is not None:
            return _draw(font, name, thin=thin)
    raise SealGlyphMissing(
        "No font at hand has the character %(character)s (%(code)s)",
        character=character,
        code=f"U+{ord(character):04X}",
    )


def _draw(font: Any, name: str, *, thin: bool) -> Glyph:
    glyphs = font.getGlyphSet()
    pen = _Pen(glyphs)
    # TrueType's many quadratic curves become few cubic ones, which PDF needs: half the bytes in each document.
    glyphs[name].draw(Qu2CuPen(pen, TOLERANCE, all_cubic=True))
    return Glyph(tuple(pen.segments), glyphs[name].width, thin)


class _Pen(BasePen):  # type: ignore[misc]  # fontTools ships no types
    """Collects an outline."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.segments: list[Segment] = []

    def _moveTo(self, point: Point) -> None:  # noqa: N802  fontTools calls it so
        self.segments.append(("m", (point,)))

    def _lineTo(self, point: Point) -> None:  # noqa: N802
        self.segments.append(("l", (point,)))

    def _curveToOne(self, first: Point, second: Point, to: Point) -> None:  # noqa: N802
        self.segments.append(("c", (first, second, to)))

    def _closePath(self) -> None:  # noqa: N802
        self.segments.append(("h", ()))


@cache
def _bold() -> Any:
    return TTFont(BOLD, lazy=True)


@cache
def _regular() -> Any:
    found = find_spec("pylopdf_fonts_zh_cn")
    if found is None or found.origin is None:
        return None
    return TTFont(Path(found.origin).parent / "NotoSerifSC-Regular.otf", lazy=True)
