"""The sheet on which a seal is drawn: outlines in whole units, and the two forms of the same outlines, SVG and PDF."""

import math
from collections.abc import Iterable
from html import escape

from seals.model import Artwork, Design
from seals.outline import BODY_BOTTOM, BODY_TOP, EM, Glyph, Point, Segment

RED = (0.82, 0.05, 0.10)
RED_HEX = "#d10d1a"
UNITS_PER_MM = 80  # coordinates are whole numbers of 12.5 micrometres, a third of a dot of a 600 dpi printer
THICKEN = 0.030  # of an em: the stroke that brings a regular glyph near to bold


class Sheet:
    """Two layers of outlines in whole units, origin at the upper left: filled, and filled with a thickening stroke.

    What is drawn is given around the middle in parts of `scale` units.
    """

    def __init__(self, scale: float, wide: float, high: float) -> None:
        self.scale, self.wide, self.high = scale, round(wide), round(high)
        self.filled: list[Segment] = []
        self.thickened: dict[float, list[Segment]] = {}

    def circle(self, x: float, y: float, radius: float, *, clockwise: bool) -> None:
        """A circle; the inner one of a ring runs the other way round and so cuts a hole."""
        self.ellipse(x, y, radius, radius, clockwise=clockwise)

    def ellipse(self, x: float, y: float, across: float, down: float, *, clockwise: bool) -> None:
        """An ellipse with these half axes, as four curves."""
        k = 4 / 3 * math.tan(math.pi / 8)
        unit: list[tuple[Point, Point, Point]] = [
            ((1, k), (k, 1), (0, 1)),
            ((-k, 1), (-1, k), (-1, 0)),
            ((-1, -k), (-k, -1), (0, -1)),
            ((k, -1), (1, -k), (1, 0)),
        ]
        turn = down if clockwise else -down
        curves = [tuple((x + across * px, y + turn * py) for px, py in curve) for curve in unit]
        self.add([("m", ((x + across, y),)), *(("c", curve) for curve in curves), ("h", ())])

    def polygon(self, points: Iterable[Point]) -> None:
        """Straight edges from point to point and back to the first."""
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

    def line(self, shapes: list[Glyph], y: float, em: tuple[float, float]) -> None:
        """Set characters side by side, their bodies' middles at this height, around the middle of the sheet."""
        x = -sum(shape.advance for shape in shapes) / EM * em[0] / 2
        for shape in shapes:
            advance = shape.advance / EM * em[0]
            self.letter(shape, (x + advance / 2, y), em, 0)
            x += advance

    def add(self, segments: Iterable[Segment], thicken: float = 0) -> None:
        """Take over outlines."""
        layer = self.thickened.setdefault(round(thicken * self.scale), []) if thicken else self.filled
        for kind, points in segments:
            layer.append((kind, tuple((self._whole(x, self.wide), self._whole(y, self.high)) for x, y in points)))

    def artwork(self, design: Design) -> Artwork:
        """The picture in its two forms."""
        height = self.high if self.high != self.wide else 0
        return Artwork(_svg(self, design), _form(self), self.wide, height)

    def _whole(self, part: float, size: int) -> int:
        return round(size / 2 + part * self.scale)


def _svg(sheet: Sheet, design: Design) -> str:
    layers = "".join(
        f'<path stroke="{RED_HEX}" stroke-width="{width}" d="{_path(layer)}"/>'
        for width, layer in sorted(sheet.thickened.items())
    )
    title = escape(f"{design.name} {design.line}".strip())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{design.diameter_mm}mm" height="{design.high_mm}mm" '
        f'viewBox="0 0 {sheet.wide} {sheet.high}" role="img"><title>{title}</title>'
        f'<g fill="{RED_HEX}"><path d="{_path(sheet.filled)}"/>{layers}</g></svg>'
    )


def _path(segments: list[Segment]) -> str:
    letters = {"m": "M", "l": "L", "c": "C", "h": "Z"}
    return "".join(letters[kind] + " ".join(f"{x:.0f} {y:.0f}" for x, y in points) for kind, points in segments)


def _form(sheet: Sheet) -> bytes:
    """PDF content (ISO 32000-1 8.5); the graphics state /M of its resources says how it blends with the page."""
    red = " ".join(f"{part:g}" for part in RED)
    lines = ["q /M gs", f"{red} rg {red} RG", *_operators(sheet.filled, sheet.high), "f"]
    for width, layer in sorted(sheet.thickened.items()):
        lines += [f"{width} w", *_operators(layer, sheet.high), "B"]
    return "\n".join([*lines, "Q"]).encode()


def _operators(segments: list[Segment], high: int) -> Iterable[str]:
    for kind, points in segments:
        yield " ".join([*(f"{x:.0f} {high - y:.0f}" for x, y in points), kind])
