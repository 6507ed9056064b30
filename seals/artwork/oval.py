"""An oval seal, 45 x 30 or 40 x 30 mm: ring, name on the arc, line and 13-digit code; in the middle a second script or a number.

Sizes are millimetres. Characters stand along an ellipse by the length of its arc, upright on it.
"""

import math
from bisect import bisect_left
from itertools import accumulate

from seals.artwork.sheet import UNITS_PER_MM, Sheet
from seals.model import Design
from seals.outline import EM, Glyph, glyph

RING, GAP = 1.1, 0.8
TALLEST, LOWEST = 4.2, 2.0  # of the name
LOOSEST, NARROWEST = 1.7, 0.55  # steps and widths, in heights
CODE_EM, CODE_STEP = 1.9, 1.55
LINE_EM, LINE_Y, LINE_WIDE = 3.4, 5.0, 17.0
MIDDLE_Y, SECOND_EM, SECOND_WIDE = 0.6, 2.4, 22.0
NUMBER_TALL, NUMBER_WIDE = 3.7, 23.5
DIGIT = 0.787  # how much of its em a digit is tall
CHORDS = 1440


def draw(design: Design) -> Sheet:
    """The drawn sheet. Raises SealGlyphMissing."""
    across, down = design.diameter_mm / 2, design.high_mm / 2
    sheet = Sheet(UNITS_PER_MM, design.diameter_mm * UNITS_PER_MM, design.high_mm * UNITS_PER_MM)
    sheet.ellipse(0, 0, across, down, clockwise=True)
    sheet.ellipse(0, 0, across - RING, down - RING, clockwise=False)
    _name(sheet, design.name, across - RING - GAP, down - RING - GAP)
    _code(sheet, design.code13, across - RING - GAP / 2, down - RING - GAP / 2)
    if design.number:
        _number(sheet, design.number)
    elif design.second:
        _fit(sheet, design.second, MIDDLE_Y, SECOND_EM, SECOND_WIDE)
    low = design.number or design.second
    if design.line:
        _fit(sheet, design.line, LINE_Y if low else (MIDDLE_Y + LINE_Y) / 2, LINE_EM, LINE_WIDE if low else SECOND_WIDE)
    return sheet


class Arc:
    """An ellipse measured from its top clockwise, by the length of its arc."""

    def __init__(self, across: float, down: float) -> None:
        self.across, self.down = across, down
        turns = [2 * math.pi * number / CHORDS for number in range(CHORDS + 1)]
        self._points = [(across * math.sin(at), -down * math.cos(at)) for at in turns]
        pairs = zip(self._points, self._points[1:], strict=False)
        self._lengths = [0.0, *accumulate(math.dist(one, two) for one, two in pairs)]
        self.length = self._lengths[-1]

    def at(self, length: float) -> tuple[tuple[float, float], float]:
        """A point, and by how many degrees what stands upright on it is turned."""
        number = min(bisect_left(self._lengths, length % self.length), CHORDS)
        x, y = self._points[number]
        return (x, y), math.degrees(math.atan2(x / self.across**2, -y / self.down**2))


def _name(sheet: Sheet, name: str, across: float, down: float) -> None:
    """The name on the upper arc, its heads on the ellipse with these half axes."""
    shapes = [glyph(character) for character in name]
    tall, step, arc = _spread(len(shapes), across, down)
    wide = min(tall, step * 0.84)
    for number, shape in enumerate(shapes):
        place, turned = arc.at((number - (len(shapes) - 1) / 2) * step)
        sheet.letter(shape, place, (wide, tall), turned)


def _spread(count: int, across: float, down: float) -> tuple[float, float, Arc]:
    """How tall the characters are, and how far one is from the next: as tall as the arc allows."""
    share = 0.5 + 0.016 * min(max(count - 14, 0), 12)  # of the whole arc; long names go round the ends
    tall = TALLEST
    while True:
        arc = Arc(across - tall / 2, down - tall / 2)
        step = min(LOOSEST * tall, arc.length * share / max(count - 1, 1))
        if step * 0.84 >= NARROWEST * tall or tall <= LOWEST:
            return tall, step, arc
        tall -= 0.1


def _code(sheet: Sheet, code: str, across: float, down: float) -> None:
    """The digits along the lower arc, their feet to the ring."""
    arc = Arc(across - CODE_EM / 2, down - CODE_EM / 2)
    for number, digit in enumerate(code):
        place, turned = arc.at(arc.length / 2 - (number - (len(code) - 1) / 2) * CODE_STEP)
        sheet.letter(glyph(digit), place, (CODE_EM, CODE_EM), turned - 180)


def _number(sheet: Sheet, number: str) -> None:
    shapes = [glyph(character) for character in number]
    sheet.line(shapes, 0, (NUMBER_WIDE / _wide(shapes), NUMBER_TALL / DIGIT))


def _fit(sheet: Sheet, text: str, y: float, em: float, wide: float) -> None:
    """A straight line of text, as large as its room allows."""
    shapes = [glyph(character) for character in text]
    size = min(em, wide / _wide(shapes))
    sheet.line(shapes, y, (size, size))


def _wide(shapes: list[Glyph]) -> float:
    return sum(shape.advance for shape in shapes) / EM
