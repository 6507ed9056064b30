"""A round seal: ring, name on the arc, star or neutral device, line, 13-digit code.

Sizes are parts of the radius, so that 38 to 60 mm look alike.
"""

import math

from seals.artwork.sheet import UNITS_PER_MM, Sheet
from seals.model import Centre, Design
from seals.outline import EM, Point, glyph

# Parts of the radius, measured from the middle.
RING_OUT, RING_IN = 1.0, 0.947
NAME_TOP = 0.905  # where the heads of the name's characters stand
NAME_TALLEST, NAME_LOWEST = 0.30, 0.17
NARROWEST = 0.62  # a character on the arc may be this much narrower than tall
CODE_MIDDLE, CODE_EM, CODE_STEP = 0.878, 0.092, 4.1  # degrees between digits
STAR, ROUNDEL = 0.335, 0.31
LINE_EM, LINE_LOWEST = 0.155, 0.56
GAP = 0.03
SECOND_EM, SECOND_SPAN = 0.115, 250  # the second script: its size, and the degrees that it may take


def draw(design: Design) -> Sheet:
    """The drawn sheet. Raises SealGlyphMissing."""
    radius = design.diameter_mm / 2 * UNITS_PER_MM
    sheet = Sheet(radius, 2 * radius, 2 * radius)
    sheet.circle(0, 0, RING_OUT, clockwise=True)
    sheet.circle(0, 0, RING_IN, clockwise=False)
    end, inner = _name(sheet, design.name)
    if design.second:
        inner = _second(sheet, design.second, inner)
    foot = _device(sheet, design.centre)
    _line(sheet, design.line, foot, end, inner)
    _code(sheet, design.code13)
    return sheet


def _name(sheet: Sheet, name: str) -> tuple[float, float]:
    """The name on the upper arc. Gives the angle at which it ends, seen from the top, and its inner radius."""
    shapes = [glyph(character) for character in name]
    weights = [max(0.5, shape.advance / EM) for shape in shapes]
    total = sum(weights)
    span = min(100 + 22 * (total - 4), 256 + 0.8 * total)
    step = span / max(total - 1, 3)  # degrees; 33 for 4 characters, 26 for 10, 10 for 30
    height = NAME_TALLEST - 0.01 * min(max(total - 10, 0), 6)  # longer names leave room for the line
    while height > NAME_LOWEST and math.radians(step) * (NAME_TOP - height) < NARROWEST * height:
        height -= 0.005
    width = min(height, math.radians(step) * (NAME_TOP - height) * 1.02)
    angle, middle = -step * total / 2, NAME_TOP - height / 2
    for shape, weight in zip(shapes, weights, strict=True):
        at = angle + step * weight / 2
        x, y = math.sin(math.radians(at)) * middle, -math.cos(math.radians(at)) * middle
        sheet.letter(shape, (x, y), (width, height), at)
        angle += step * weight
    return step * (total - 1) / 2 + math.degrees(width / 2 / middle), NAME_TOP - height


def _second(sheet: Sheet, text: str, inner: float) -> float:
    """The name in a second script, on an arc below the first one. Gives its inner radius."""
    shapes = [glyph(character) for character in text]
    wide = sum(shape.advance for shape in shapes) / EM
    middle = inner - 1.5 * GAP - SECOND_EM / 2
    em = min(SECOND_EM, math.radians(SECOND_SPAN) * middle / wide)
    angle = -math.degrees(wide * em / middle) / 2
    for shape in shapes:
        step = math.degrees(shape.advance / EM * em / middle)
        at = angle + step / 2
        place = (math.sin(math.radians(at)) * middle, -math.cos(math.radians(at)) * middle)
        sheet.letter(shape, place, (em, em), at)
        angle += step
    return middle - SECOND_EM / 2


def _device(sheet: Sheet, centre: Centre) -> float:
    """The device in the middle. Gives how far down it reaches."""
    if centre is Centre.star:
        sheet.polygon(_star(STAR))
        return STAR * math.cos(math.radians(36))
    sheet.circle(0, 0, ROUNDEL, clockwise=True)
    sheet.circle(0, 0, ROUNDEL * 0.93, clockwise=False)
    for petal in range(12):
        at = math.radians(30 * petal)
        sheet.circle(math.sin(at) * ROUNDEL * 0.74, -math.cos(at) * ROUNDEL * 0.74, ROUNDEL * 0.11, clockwise=True)
    for number, character in enumerate("DEMO"):
        sheet.letter(glyph(character), ((number - 1.5) * ROUNDEL * 0.28, 0), (ROUNDEL * 0.36, ROUNDEL * 0.44), 0)
    return ROUNDEL


def _star(radius: float) -> list[Point]:
    inner = radius * math.sin(math.radians(18)) / math.sin(math.radians(54))  # the star whose edges are straight lines
    turns = [(radius if i % 2 == 0 else inner, math.radians(36 * i)) for i in range(10)]
    return [(math.sin(at) * r, -math.cos(at) * r) for r, at in turns]


def _line(sheet: Sheet, text: str, foot: float, end: float, inner: float) -> None:
    """The line below the device: as low and as large as the free room between name and code allows."""
    if not text:
        return
    shapes = [glyph(character) for character in text]
    em, y = _room(sum(shape.advance for shape in shapes) / EM, foot, end, inner)
    sheet.line(shapes, y, (em, em))


def _room(wide: float, foot: float, end: float, inner: float) -> tuple[float, float]:
    """The largest em and, for it, the lowest middle at which `wide` ems of text touch nothing."""
    for em in (LINE_EM * (1 - shrink / 20) for shrink in range(13)):
        for y in (LINE_LOWEST - 0.01 * lift for lift in range(21)):
            above, below = y - em / 2, y + em / 2
            if above > foot + GAP and all(_free(wide * em / 2, edge, end, inner) for edge in (above, y, below)):
                return em, y
    return LINE_EM * 0.4, foot + LINE_EM * 0.4


def _free(x: float, y: float, end: float, inner: float) -> bool:
    """Whether a point right below the middle stays clear of the name's last character and of the code."""
    from_top = 180 - math.degrees(math.atan2(x, y))
    limit = CODE_MIDDLE - CODE_EM / 2 if from_top > end + 3 else inner
    return math.hypot(x, y) < limit - GAP


def _code(sheet: Sheet, code: str) -> None:
    for number, digit in enumerate(code):
        at = math.radians((number - (len(code) - 1) / 2) * CODE_STEP)
        middle = (math.sin(at) * CODE_MIDDLE, math.cos(at) * CODE_MIDDLE)
        sheet.letter(glyph(digit), middle, (CODE_EM, CODE_EM), -math.degrees(at))
