"""Which kind of number is this? Its form and first digits decide, before any table of regions is asked."""

import re
from datetime import datetime

from idp.numbers import citizen, foreigner, foreigner_old, passport, residence_permit, unified_code
from idp.numbers.person import LENGTH, Kind, Number, PersonNumber, eighteen
from idp.numbers.rules import NumberKind, NumberWrong, tidy

PERSONS = re.compile("[0-9]{17}[0-9X]")
READERS = {
    Kind.citizen: citizen.of,
    Kind.residence_permit: residence_permit.of,
    Kind.foreigner: foreigner.of,
}


def kind_of(text: str) -> Kind:
    """The kind that a text looks like, whether or not it keeps that kind's rules."""
    number = tidy(text)
    if foreigner_old.FORM.fullmatch(number):
        return Kind.foreigner_old
    if len(number) == LENGTH and number.isascii() and number.isalnum() and not PERSONS.fullmatch(number):
        return Kind.organization
    if passport.SHORTEST <= len(number) <= passport.LONGEST:
        return Kind.passport
    if number.startswith("9"):
        return Kind.foreigner
    return Kind.residence_permit if number[:6] in residence_permit.REGIONS else Kind.citizen


def read(text: str, now: datetime) -> PersonNumber:
    """A personal number of eighteen characters that proves a real name, or NumberWrong with the failing rule."""
    if kind_of(text) is Kind.foreigner_old:
        raise NumberKind(
            "This is the number of an old foreigner's card. Enter the one of the new card, or ask at a service counter"
        )
    try:
        number = eighteen(text)
        return READERS[kind_of(number)](number, now)
    except NumberWrong as wrong:
        if _is_a_code(text):
            raise NumberKind("This is the code of an organisation; here the number of a person is asked for") from wrong
        raise


def read_any(text: str, now: datetime) -> Number:
    """A number of whatever kind, or NumberWrong by the rules of the kind that it looks like.

    Unified codes of digits alone look like persons' numbers; what keeps the rules of both is read as a person's, which is masked.
    """
    kind = kind_of(text)
    if kind is Kind.foreigner_old:
        return foreigner_old.read(text)
    if kind is Kind.passport:
        return passport.read(text)
    if kind is Kind.organization:
        return unified_code.read(text)
    try:
        return read(text, now)
    except NumberKind:
        return unified_code.read(text)


def _is_a_code(text: str) -> bool:
    try:
        unified_code.read(text)
    except NumberWrong:
        return False
    return True
