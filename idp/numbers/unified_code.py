"""The unified social credit code of an organisation, GB 32100-2015.

Authority 1, kind 1, region 6, organisation code 9, check 1.
"""

from dataclasses import dataclass
from enum import StrEnum

from hub.i18n import N_
from idp.numbers import organization_code
from idp.numbers.checks import ALPHABET_31, check_31
from idp.numbers.person import TYPES, Kind, Number
from idp.numbers.rules import NumberCharacters, NumberCheck, NumberLength, typed

LENGTH = 18
TYPE_CODE = TYPES[Kind.organization]
AUTHORITIES = "159AYN"  # establishment office, civil affairs, market regulation, military, other, agriculture
BODIES = {"91": "enterprise", "92": "individual-business", "93": "cooperative", "11": "organ", "12": "institution"}
BODIES |= {"51": "association", "52": "non-enterprise", "53": "foundation", "N2": "village-collective"}


class Note(StrEnum):
    """What is odd about a code without being wrong."""

    inner_check = "inner-check"  # old registrations may deviate, so it is not an error
    authority_unknown = "authority-unknown"


@dataclass(frozen=True, repr=False)
class UnifiedCode(Number):
    """A code that has passed its rules."""

    notes: tuple[Note, ...] = ()

    @property
    def authority(self) -> str:
        """Who keeps the registration."""
        return self.value[0]

    @property
    def body(self) -> str:
        """What kind of organisation it is; `other` for pairs we have no word for."""
        return BODIES.get(self.value[:2], "other")

    @property
    def region(self) -> str:
        """The region where it is registered."""
        return self.value[2:8]

    @property
    def organization_code(self) -> str:
        """The inner organisation code, GB 11714-1997."""
        return self.value[8:17]


def make(head: str, organization: str) -> str:
    """The code of its first eight characters and of an organisation code, with its check character."""
    return head + organization + check_31(head + organization)


def read(text: str) -> UnifiedCode:
    """The code with a right check character, or NumberWrong. A wrong inner check is only a note."""
    code = typed(
        text, ALPHABET_31, N_("It may hold only digits and capital letters without I, O, S, V and Z, in half width")
    )
    if not code:
        raise NumberLength("Enter the number")
    if len(code) != LENGTH:
        raise NumberLength("It must have 18 characters; this has %(count)s", count=len(code))
    if not code[2:8].isdigit():
        raise NumberCharacters("Characters 3 to 8 are the region and must be digits")
    if check_31(code[:-1]) != code[-1]:
        raise NumberCheck("The last character does not fit the others: one of them is mistyped")
    inner = organization_code.fits(code[8:17])
    odd = ((Note.inner_check, not inner), (Note.authority_unknown, code[0] not in AUTHORITIES))
    return UnifiedCode(code, Kind.organization, tuple(note for note, is_so in odd if is_so))
