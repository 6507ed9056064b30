"""The organisation code, GB 11714-1997: eight characters and a check. Alone on old papers, and inside every unified code."""

from hub.i18n import N_
from idp.numbers.checks import check_11
from idp.numbers.rules import NumberCheck, NumberLength, typed

LENGTH = 9


def make(body: str) -> str:
    """The code of eight characters, with its check character."""
    return body + check_11(body)


def fits(code: str) -> bool:
    """Whether the ninth character is the check of the eight before it."""
    return check_11(code[:-1]) == code[-1]


def read(text: str) -> str:
    """The code without the dash that papers print before its check character, or NumberWrong."""
    code = typed(text.replace("-", ""), "0-9A-Z", N_("It may hold only digits and letters, in half width"))
    if len(code) != LENGTH:
        raise NumberLength("An organisation code must have 9 characters; this has %(count)s", count=len(code))
    if not fits(code):
        raise NumberCheck("The last character does not fit the others: one of them is mistyped")
    return code
