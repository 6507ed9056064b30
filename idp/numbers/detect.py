"""Which kind of personal number is this? The first digits decide, before any table of regions is asked."""

from datetime import datetime

from idp.numbers import citizen, foreigner, residence_permit
from idp.numbers.person import Kind, PersonNumber, eighteen

READERS = {
    Kind.citizen: citizen.of,
    Kind.residence_permit: residence_permit.of,
    Kind.foreigner: foreigner.of,
}


def kind_of(number: str) -> Kind:
    """The kind of a number of eighteen characters."""
    if number[0] == "9":
        return Kind.foreigner
    return Kind.residence_permit if number[:6] in residence_permit.REGIONS else Kind.citizen


def read(text: str, now: datetime) -> PersonNumber:
    """A personal number of any kind that proves a real name, or NumberWrong with the failing rule."""
    number = eighteen(text)
    return READERS[kind_of(number)](number, now)
