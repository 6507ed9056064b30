"""What stands on a seal and how large it is (State Council circular 25 of 1999), and the picture that was drawn of it."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from seals.model.problems import BadSeal

DEFAULT_LINE = "电子证照专用章"
DEFAULT_MM = 42  # bodies of local government and business seals (42 to 60 mm)
SMALLEST_MM, LARGEST_MM = 38, 60
SHORTEST_NAME, LONGEST_NAME = 4, 30  # what still looks right on the arc
LONGEST_LINE, LONGEST_SECOND = 12, 40
JOINED = ("ARABIC", "TIBETAN", "MONGOLIAN", "SYRIAC", "DEVANAGARI", "THAI", "LAO", "NEW TAI LUE", "TAI LE")


class Shape(StrEnum):
    """The outline of a seal."""

    round = "round"
    oval = "oval"


class Centre(StrEnum):
    """The device in the middle. The national emblem is never drawn."""

    star = "star"
    neutral = "neutral"
    blank = "blank"  # nothing: ovals have none


OVALS = {(45, 30): False, (40, 30): True}  # millimetres: whether 18 characters stand in the middle


@dataclass(frozen=True)
class Design:
    """What stands on a seal, and how large it is. An oval is `diameter_mm` wide and `height_mm` high."""

    name: str
    code13: str
    line: str = DEFAULT_LINE
    diameter_mm: int = DEFAULT_MM
    centre: Centre = Centre.star
    shape: Shape = Shape.round
    height_mm: int = 0  # of an oval
    second: str = ""  # the name in a second script
    number: str = ""  # the 18 characters in the middle of an invoice seal

    def __post_init__(self) -> None:
        if not SHORTEST_NAME <= len(self.name) <= LONGEST_NAME or " " in self.name:
            raise BadSeal("A name on the arc has 4 to 30 characters and no spaces: %(name)s", name=self.name)
        if not (len(self.code13) == 13 and self.code13.isascii() and self.code13.isdigit()):
            raise BadSeal("A seal's code has 13 digits: %(code)s", code=self.code13)
        if len(self.line) > LONGEST_LINE:
            raise BadSeal("The line below the star has at most 12 characters: %(line)s", line=self.line)
        if self.shape is Shape.round:
            self._round()
        else:
            self._oval()
        self._second()

    @property
    def high_mm(self) -> int:
        """How high the seal is."""
        return self.height_mm or self.diameter_mm

    def _round(self) -> None:
        if not SMALLEST_MM <= self.diameter_mm <= LARGEST_MM:
            raise BadSeal("A round seal measures 38 to 60 mm, not %(mm)s", mm=self.diameter_mm)
        if self.centre is Centre.blank or self.height_mm or self.number:
            raise BadSeal("A round seal has a star or a neutral device in its middle, and nothing else")

    def _oval(self) -> None:
        size = (self.diameter_mm, self.height_mm)
        if size not in OVALS:
            raise BadSeal(
                "An oval seal measures 45 x 30 or 40 x 30 mm, not %(wide)s x %(high)s", wide=size[0], high=size[1]
            )
        if self.centre is not Centre.blank:
            raise BadSeal("An oval seal has no device in its middle")
        if OVALS[size] is not bool(self.number):
            raise BadSeal("The 40 x 30 mm oval, and no other seal, has 18 characters in its middle")
        if self.number and not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", self.number):
            raise BadSeal("The number in the middle has 18 characters: %(number)s", number=self.number)

    def _second(self) -> None:
        if len(self.second) > LONGEST_SECOND or self.second != self.second.strip():
            raise BadSeal("The name in a second script has at most 40 characters: %(name)s", name=self.second)
        if self.second and self.number:
            raise BadSeal("A seal with a number in its middle has no room for a second script")
        joined = next((each for each in self.second if _joined(each)), "")
        if joined:
            raise BadSeal("The letters of this script join, which we cannot draw yet: %(name)s", name=self.second)


@dataclass(frozen=True)
class Artwork:
    """The drawn seal: a picture for screens, and the content of a PDF form XObject `units` wide and `high` high."""

    svg: str
    form: bytes
    units: int
    height: int = 0  # none: as high as wide

    @property
    def high(self) -> int:
        """The height in units."""
        return self.height or self.units


@dataclass(frozen=True)
class Measure:
    """How the seals of one class of bodies look."""

    diameter_mm: int
    centre: Centre
    shape: Shape = Shape.round
    height_mm: int = 0


# Where a national emblem belongs, the neutral device stands: the Emblem Law limits pictures of it.
MEASURES = {
    "province": Measure(50, Centre.neutral),
    "county": Measure(45, Centre.neutral),
    "office": Measure(45, Centre.star),
    "township": Measure(42, Centre.star),
    "department": Measure(42, Centre.star),
    "joint-stock": Measure(42, Centre.star),
    "company": Measure(40, Centre.star),
    "special": Measure(38, Centre.star),
    "foreign": Measure(45, Centre.blank, Shape.oval, 30),
    "invoice": Measure(40, Centre.blank, Shape.oval, 30),
}


def _joined(character: str) -> bool:
    return unicodedata.name(character, "").startswith(JOINED)
