"""The picture of a seal, drawn from millimetres as outlines: no font is needed afterwards.

The same design always gives the same bytes. Name from left to right on the arc, Song typeface: State Council circular 25 of 1999.
"""

from seals.artwork import circle, oval
from seals.model import Artwork, Design, Shape


def draw(design: Design) -> Artwork:
    """Draw a seal once; every later use needs neither fonts nor this package. Raises SealGlyphMissing."""
    sheet = circle.draw(design) if design.shape is Shape.round else oval.draw(design)
    return sheet.artwork(design)
