"""The drawn sheet under the text of a license: fine lines, border, rosettes; and our own device. No national emblem.

`python -m licenses.guilloche` writes `typst/<kind>.svg` and `typst/<kind>_device.svg`. The curves are computed, so the same
design gives the same bytes; they are kept as files because computing them costs more than setting the whole page.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "typst"
Curve = Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class Palette:
    """The colours of one kind."""

    paper: str
    tint: str  # behind the border
    ground: str  # the waves under the text: hardly seen
    mark: str  # the large rosette under the text: lighter than any text needs
    mark_2: str
    dark: str
    line: str
    light: str
    second: str


@dataclass(frozen=True)
class Sheet:
    """One page in millimetres: where its border runs, where the large rosette stands."""

    name: str
    width: float
    height: float
    palette: Palette
    edge: float  # from the edge of the page to the middle of the border
    half: float  # half the width of the border
    corner: float  # radius of the corner rosettes
    period: float  # wanted length of one wave of the border; fitted to whole numbers
    mark: tuple[float, float, float]  # middle and radius of the large rosette


GOLD = Palette("#fffdf6", "#faf3e0", "#f4ecd9", "#e7d8b2", "#c8dfd7", "#86661b", "#a47f2b", "#c9a95c", "#2f837d")
GREEN = Palette("#fcfef8", "#eef6ec", "#e6f1e6", "#cfe4d3", "#ecdfba", "#2c6a4c", "#4b8f6c", "#9ccbb0", "#a98532")
BLUE = Palette("#fafcff", "#ecf3fa", "#e6eef7", "#cbddee", "#ecdcc6", "#28537f", "#4a7db0", "#a4c3e0", "#b07f45")
SHEETS = (
    Sheet("business_license", 297, 210, GOLD, 15.5, 5.0, 9.0, 19, (148.5, 116, 70)),
    Sheet("food_business_license", 210, 297, GREEN, 15.5, 5.0, 9.0, 19, (105, 164, 70)),
    Sheet("residence_permit", 250, 176, BLUE, 12, 3.6, 6.8, 14, (118, 98, 56)),
)


def draw(sheet: Sheet) -> str:
    """The SVG of one sheet."""
    paper = f'<path fill="{sheet.palette.paper}" d="{box(0, 0, sheet.width, sheet.height)}"/>'
    return svg(sheet.width, sheet.height, paper + ground(sheet) + mark(sheet) + border(sheet))


def svg(width: float, height: float, content: str) -> str:
    """A picture in millimetres."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{n(width)}mm" height="{n(height)}mm"'
        f' viewBox="0 0 {n(width)} {n(height)}" fill="none">{content}</svg>\n'
    )


# -- the parts


def ground(sheet: Sheet) -> str:
    """Fine waves inside the border, as one tile."""
    wide, step, lines = 36.0, 1.2, 10
    high = step * lines

    def wave(y: int) -> Curve:
        swing = 2.4 * math.sin(math.tau * y / lines)
        return lambda x: (x, y * step + swing * math.sin(math.tau * x / wide))

    waves = "".join(fitted(wave(y), 0, wide, 8) for y in range(-2, lines + 3))
    tile = f'<pattern id="w" patternUnits="userSpaceOnUse" width="{n(wide)}" height="{n(high)}">'
    inside = contour(sheet, sheet.edge + sheet.half + 1.4, sheet.corner + 1.9)
    return (
        f'<defs>{tile}{stroke(waves, sheet.palette.ground, 0.11)}</pattern></defs><path fill="url(#w)" d="{inside}"/>'
    )


def mark(sheet: Sheet) -> str:
    """The large rosette under the text."""
    x, y, r = sheet.mark
    first, second = sheet.palette.mark, sheet.palette.mark_2
    return "".join(
        [
            stroke(rose(x, y, r * 0.87, r * 0.12, 72, 13), first, 0.14),
            stroke(rose(x, y, r * 0.66, r * 0.14, 48, 11), second, 0.14),
            stroke(rose(x, y, r * 0.45, r * 0.12, 36, 7), first, 0.14),
            stroke(rose(x, y, r * 0.28, r * 0.09, 24, 5), second, 0.14),
        ]
    )


def border(sheet: Sheet) -> str:
    """Bands of woven waves between ruled lines that turn around a rosette in each corner."""
    e, half, r = sheet.edge, sheet.half, sheet.corner
    dark, line, paper = sheet.palette.dark, sheet.palette.line, sheet.palette.paper
    across, down = sheet.width - 2 * e, sheet.height - 2 * e
    tint = contour(sheet, e - half, r) + contour(sheet, e + half, r)
    runs = [(e - half, e, 2 * half, down), (sheet.width - e - half, e, 2 * half, down)]
    lies = [(e, e - half, across, 2 * half), (e, sheet.height - e - half, across, 2 * half)]
    parts = [
        band(sheet, "h", across / round(across / sheet.period), turned=False),
        band(sheet, "v", down / round(down / sheet.period), turned=True),
        f'<path fill="{sheet.palette.tint}" fill-rule="evenodd" d="{tint}"/>',
        f'<path fill="url(#h)" d="{"".join(box(*each) for each in lies)}"/>',
        f'<path fill="url(#v)" d="{"".join(box(*each) for each in runs)}"/>',
    ]
    corners = [(x, y) for x in (e, sheet.width - e) for y in (e, sheet.height - e)]
    parts += [f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r + 1.0)}" fill="{paper}"/>' for x, y in corners]
    parts += [
        stroke(contour(sheet, e - half - 1.5, r + 2.0), line, 0.1),
        stroke(contour(sheet, e - half - 0.7, r + 1.2), dark, 0.35),
        stroke(contour(sheet, e + half + 0.7, r + 1.2), dark, 0.35),
        stroke(contour(sheet, e + half + 1.4, r + 1.9), line, 0.1),
    ]
    parts.append(
        f'<defs><pattern id="c" patternUnits="userSpaceOnUse" x="{n(e - r)}" y="{n(e - r)}" width="{n(across)}"'
        f' height="{n(down)}">{corner(sheet, r, r)}</pattern></defs>'
    )  # one tile from corner to corner
    parts += [
        f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r)}" fill="url(#c)" stroke="{dark}" stroke-width=".2"/>'
        for x, y in corners
    ]
    return "".join(parts)


def band(sheet: Sheet, name: str, length: float, *, turned: bool) -> str:
    """One tile of the border: strands whose height swells and shrinks, and a finer braid through their middle."""
    half, palette = sheet.half, sheet.palette

    def strand(tall: float, swell: float, waves: int, phase: float) -> Curve:
        def at(x: float) -> tuple[float, float]:
            turn = math.tau * x / length
            y = half + tall * (1 - swell + swell * math.cos(2 * turn)) * math.sin(waves * turn + phase)
            return (y, x) if turned else (x, y)

        return at

    outer = [fitted(strand(half * 0.93, 0.32, 1, i * math.tau / 12), 0, length, 12) for i in range(12)]
    inner = "".join(fitted(strand(half * 0.42, 0, 2, i * math.tau / 4), 0, length, 8) for i in range(4))
    # A tile reaches across to the opposite side of the border, where the other band of this direction begins.
    size = (sheet.width - 2 * sheet.edge, length) if turned else (length, sheet.height - 2 * sheet.edge)
    origin = (sheet.edge - half, sheet.edge) if turned else (sheet.edge, sheet.edge - half)
    return (
        f'<defs><pattern id="{name}" patternUnits="userSpaceOnUse" x="{n(origin[0])}" y="{n(origin[1])}"'
        f' width="{n(size[0])}" height="{n(size[1])}">{stroke("".join(outer[::2]), palette.line, 0.13)}'
        f"{stroke(''.join(outer[1::2]), palette.light, 0.13)}{stroke(inner, palette.second, 0.15)}</pattern></defs>"
    )


def corner(sheet: Sheet, x: float, y: float) -> str:
    """A rosette of three woven rings."""
    r, palette = sheet.corner, sheet.palette
    return "".join(
        [
            stroke(rose(x, y, r * 0.79, r * 0.16, 30, 7), palette.line, 0.1),
            stroke(rose(x, y, r * 0.52, r * 0.12, 25, 6), palette.second, 0.1),
            stroke(rose(x, y, r * 0.29, r * 0.1, 16, 5), palette.line, 0.1),
        ]
    )


def device(palette: Palette) -> str:
    """Our own mark: a star cut in facets on a disc of fine rays, inside a woven ring."""
    x = y = r = 10.0
    turns = [(math.sin(math.tau * i / 72), math.cos(math.tau * i / 72)) for i in range(72)]
    rays = "".join(
        f"M{n(x + r * 0.2 * a)} {n(y + r * 0.2 * b)}L{n(x + r * 0.6 * a)} {n(y + r * 0.6 * b)}" for a, b in turns
    )
    light, deep = star(x, y, r * 0.44)
    parts = [
        f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r)}" fill="{palette.paper}"/>',
        stroke(rose(x, y, r * 0.83, r * 0.15, 44, 5), palette.line, 0.1),
        f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r * 0.66)}" fill="{palette.paper}" stroke="{palette.line}" stroke-width=".18"/>',
        f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r * 0.61)}" fill="#b3161f"/>',
        stroke(rays, "#cf5a50", 0.08),
        f'<path fill="#f6dc92" d="{light}"/><path fill="#d9ad4e" d="{deep}"/>',
    ]
    return svg(2 * r, 2 * r, "".join(parts))


def star(x: float, y: float, r: float) -> tuple[str, str]:
    """A star of five points as its lit and its shaded facets."""
    inner = r * math.sin(math.radians(18)) / math.sin(math.radians(54))
    points = [
        (x + reach * math.sin(math.radians(36 * i)), y - reach * math.cos(math.radians(36 * i)))
        for i, reach in enumerate([r, inner] * 5)
    ]
    facets = [
        f"M{n(x)} {n(y)}L{n(a[0])} {n(a[1])}L{n(b[0])} {n(b[1])}z"
        for a, b in zip(points, points[1:] + points[:1], strict=True)
    ]
    return "".join(facets[1::2]), "".join(facets[::2])


# -- the curves


def contour(sheet: Sheet, inset: float, radius: float) -> str:
    """A rectangle `inset` from the edge whose corners turn around the corner rosettes at `radius`."""
    e = sheet.edge
    reach = e + math.sqrt(radius**2 - (inset - e) ** 2)
    right, bottom, far_x, far_y = sheet.width - inset, sheet.height - inset, sheet.width - reach, sheet.height - reach
    arc = f"A{n(radius)} {n(radius)} 0 {'0 0' if inset > e else '1 1'} "
    return (
        f"M{n(reach)} {n(inset)}H{n(far_x)}{arc}{n(right)} {n(reach)}V{n(far_y)}{arc}{n(far_x)} {n(bottom)}"
        f"H{n(reach)}{arc}{n(inset)} {n(far_y)}V{n(reach)}{arc}{n(reach)} {n(inset)}z"
    )


def box(x: float, y: float, width: float, height: float) -> str:
    """A rectangle."""
    return f"M{n(x)} {n(y)}h{n(width)}v{n(height)}h-{n(width)}z"


def rose(x: float, y: float, middle: float, swing: float, loops: int, turns: int) -> str:
    """A closed curve that swings between two circles `loops` times while it goes round `turns` times."""

    def at(angle: float) -> tuple[float, float]:
        reach = middle + swing * math.cos(loops * angle / turns)
        return x + reach * math.cos(angle), y + reach * math.sin(angle)

    return fitted(at, 0, math.tau * turns, loops * 4) + "z"


def fitted(curve: Curve, start: float, end: float, pieces: int) -> str:
    """A curve as cubic pieces that share its points and directions."""
    step = (end - start) / pieces
    tiny = step * 1e-4

    def direction(t: float) -> tuple[float, float]:
        (ax, ay), (bx, by) = curve(t - tiny), curve(t + tiny)
        return (bx - ax) / tiny * step / 6, (by - ay) / tiny * step / 6

    x, y = curve(start)
    path = [f"M{n(x)} {n(y)}C"]
    for i in range(pieces):
        a, b = start + i * step, start + (i + 1) * step
        (ax, ay), (bx, by), (adx, ady), (bdx, bdy) = curve(a), curve(b), direction(a), direction(b)
        places = (ax + adx, ay + ady, bx - bdx, by - bdy, bx, by)
        path.append(" ".join(n(place) for place in places) + " ")
    return "".join(path).rstrip()


def stroke(path: str, colour: str, width: float) -> str:
    """A path as a fine line."""
    return f'<path stroke="{colour}" stroke-width="{n(width)}" d="{path}"/>'


def n(value: float) -> str:
    """A number in hundredths of a millimetre, as short as it can be written."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


if __name__ == "__main__":
    for each in SHEETS:
        (FOLDER / f"{each.name}.svg").write_text(draw(each), "utf-8")
        (FOLDER / f"{each.name}_device.svg").write_text(device(each.palette), "utf-8")
