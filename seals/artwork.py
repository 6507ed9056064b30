"""The picture of a round seal, drawn from millimetres as outlines: name on the arc, device, line, 13-digit code.

The same design always gives the same bytes. Sizes are parts of the radius, so that 38 to 60 mm look alike (State Council
circular 25 of 1999: round, name from left to right on the arc, Song typeface).
"""

import math
from collections.abc import Iterable
from html import escape

from seals.model import Artwork, Centre, Design
from seals.outline import BODY_BOTTOM, BODY_TOP, EM, Glyph, Point, Segment, glyph

RED = (0.82, 0.05, 0.10)
RED_HEX = "#d10d1a"
UNITS_PER_MM = 80  # coordinates are whole numbers of 12.5 micrometres, a third of a dot of a 600 dpi printer

# Parts of the radius, measured from the middle.
RING_OUT, RING_IN = 1.0, 0.947
NAME_TOP = 0.905  # where the heads of the name's characters stand
NAME_TALLEST, NAME_LOWEST = 0.30, 0.17
NARROWEST = 0.62  # a character on the arc may be this much narrower than tall
CODE_MIDDLE, CODE_EM, CODE_STEP = 0.878, 0.092, 4.1  # degrees between digits
STAR, ROUNDEL = 0.335, 0.31
LINE_EM, LINE_LOWEST = 0.155, 0.56
GAP = 0.03
THICKEN = 0.030  # of an em: the stroke that brings a regular glyph near to bold


def draw(design: Design) -> Artwork:
    """Draw a seal once; every later use needs neither fonts nor this file. Raises SealGlyphMissing."""
    radius = design.diameter_mm / 2 * UNITS_PER_MM
    sheet = _Sheet(radius)
    sheet.ring()
    end, inner = _name(sheet, design.name)
    foot = _device(sheet, design.centre)
    _line(sheet, design.line, foot, end, inner)
    _code(sheet, design.code13)
    return Artwork(_svg(sheet, design), _form(sheet), round(2 * radius))


class _Sheet:
    """Two layers of outlines in whole units, origin at the upper left: filled, and filled with a thickening stroke."""

    def __init__(self, radius: float) -> None:
        self.radius = radius
        self.filled: list[Segment] = []
        self.thickened: dict[float, list[Segment]] = {}

    def ring(self) -> None:
        self.circle(0, 0, RING_OUT, clockwise=True)
        self.circle(0, 0, RING_IN, clockwise=False)

    def circle(self, x: float, y: float, radius: float, *, clockwise: bool) -> None:
        """A circle as four curves; the inner one of a ring runs the other way round and so cuts a hole."""
        k = 4 / 3 * math.tan(math.pi / 8)
        unit: list[tuple[Point, Point, Point]] = [
            ((1, k), (k, 1), (0, 1)),
            ((-k, 1), (-1, k), (-1, 0)),
            ((-1, -k), (-k, -1), (0, -1)),
            ((k, -1), (1, -k), (1, 0)),
        ]
        turn = radius if clockwise else -radius
        curves = [tuple((x + radius * px, y + turn * py) for px, py in curve) for curve in unit]
        self.add([("m", ((x + radius, y),)), *(("c", curve) for curve in curves), ("h", ())])

    def polygon(self, points: Iterable[Point]) -> None:
        first, *rest = points
        self.add([("m", (first,)), *(("l", (point,)) for point in rest), ("h", ())])

    def letter(self, shape: Glyph, middle: Point, em: tuple[float, float], turned: float) -> None:
        """Set a character with the middle of its body at `middle`, `em` wide and high, turned clockwise by degrees."""
        cos, sin = math.cos(math.radians(turned)), math.sin(math.radians(turned))

        def place(point: Point) -> Point:
            x = (point[0] - shape.advance / 2) / EM * em[0]
            y = ((BODY_TOP + BODY_BOTTOM) / 2 - point[1]) / EM * em[1]
            return middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos

        placed = [(kind, tuple(place(point) for point in points)) for kind, points in shape.segments]
        self.add(placed, thicken=THICKEN * em[0] if shape.thin else 0)

    def add(self, segments: Iterable[Segment], thicken: float = 0) -> None:
        """Take over outlines given in parts of the radius around the middle."""
        layer = self.thickened.setdefault(round(thicken * self.radius), []) if thicken else self.filled
        for kind, points in segments:
            layer.append((kind, tuple((round((1 + x) * self.radius), round((1 + y) * self.radius)) for x, y in points)))


def _name(sheet: _Sheet, name: str) -> tuple[float, float]:
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


def _device(sheet: _Sheet, centre: Centre) -> float:
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


def _line(sheet: _Sheet, text: str, foot: float, end: float, inner: float) -> None:
    """The line below the device: as low and as large as the free room between name and code allows."""
    if not text:
        return
    shapes = [glyph(character) for character in text]
    wide = sum(shape.advance for shape in shapes) / EM
    em, y = _room(wide, foot, end, inner)
    x = -wide * em / 2
    for shape in shapes:
        advance = shape.advance / EM * em
        sheet.letter(shape, (x + advance / 2, y), (em, em), 0)
        x += advance


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


def _code(sheet: _Sheet, code: str) -> None:
    for number, digit in enumerate(code):
        at = math.radians((number - (len(code) - 1) / 2) * CODE_STEP)
        middle = (math.sin(at) * CODE_MIDDLE, math.cos(at) * CODE_MIDDLE)
        sheet.letter(glyph(digit), middle, (CODE_EM, CODE_EM), -math.degrees(at))


def _svg(sheet: _Sheet, design: Design) -> str:
    side = round(2 * sheet.radius)
    layers = "".join(
        f'<path stroke="{RED_HEX}" stroke-width="{width}" d="{_path(layer)}"/>'
        for width, layer in sorted(sheet.thickened.items())
    )
    title = escape(f"{design.name} {design.line}".strip())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{design.diameter_mm}mm" height="{design.diameter_mm}mm" '
        f'viewBox="0 0 {side} {side}" role="img"><title>{title}</title>'
        f'<g fill="{RED_HEX}"><path d="{_path(sheet.filled)}"/>{layers}</g></svg>'
    )


def _path(segments: list[Segment]) -> str:
    letters = {"m": "M", "l": "L", "c": "C", "h": "Z"}
    return "".join(letters[kind] + " ".join(f"{x:.0f} {y:.0f}" for x, y in points) for kind, points in segments)


def _form(sheet: _Sheet) -> bytes:
    """PDF content (ISO 32000-1 8.5); the graphics state /M of its resources says how it blends with the page."""
    side = round(2 * sheet.radius)
    red = " ".join(f"{part:g}" for part in RED)
    lines = ["q /M gs", f"{red} rg {red} RG", *_operators(sheet.filled, side), "f"]
    for width, layer in sorted(sheet.thickened.items()):
        lines += [f"{width} w", *_operators(layer, side), "B"]
    return "\n".join([*lines, "Q"]).encode()


def _operators(segments: list[Segment], side: int) -> Iterable[str]:
    for kind, points in segments:
        yield " ".join([*(f"{x:.0f} {side - y:.0f}" for x, y in points), kind])
