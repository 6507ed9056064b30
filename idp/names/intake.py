"""A name comes in: kept exactly as typed, or refused with the place of what is wrong and, where there is one, the remedy."""

import contextlib
import unicodedata
from typing import Any, ClassVar

from hub.problems import Problem
from idp.names import latin, signs
from idp.names.private import PRIVATE, is_private

LENGTH = 100  # code points; the rule asks for no fewer than 50 characters, which are 25 ideographs (民委发〔2016〕33号)


class NameWrong(Problem):
    """A name that cannot be taken as it was typed; `suggestion`, if any, is the name as it probably was meant."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This name cannot be taken as it is"
    advice: ClassVar[str] = "Type the name exactly as it stands on your paper."

    def __init__(self, detail: str, *, suggestion: str = "", **values: Any) -> None:
        self.suggestion = suggestion
        super().__init__(detail, **values)


class PrivateCharacter(NameWrong):
    """A code that only the sender's system knows: anywhere else it prints as a box, or as somebody else's character."""

    title: ClassVar[str] = "Other systems cannot read a character of this name"
    advice: ClassVar[str] = (
        "Choose the character again in an up-to-date input method, or take the one that is offered here."
        " If you cannot find it, ask at a service counter."
    )


class CharacterMissing(NameWrong):
    """A sign that stands for a character which could not be typed."""

    title: ClassVar[str] = "A character of this name is missing"
    advice: ClassVar[str] = (
        "Look the character up by its strokes or parts in an up-to-date input method."
        " If no keyboard has it, ask at a service counter."
    )


def given(text: str) -> str:
    """The name as it is to be kept: as typed, without outer blanks, its separator U+00B7. Raises NameWrong.

    Nothing else is changed: no normal form, since those replace characters that stand on people's papers.
    """
    name = signs.separated(text.strip())
    for check in CHECKS:
        check(name)
    return name


def mended(name: str) -> str:
    """The name as it probably was meant: what `given` suggests, and never takes by itself."""
    name = name.translate(PRIVATE)
    hidden = set(signs.unseen(name))
    seen = "".join(_seen(sign) if at in hidden else signs.plain(sign) for at, sign in enumerate(name))
    return latin.from_line(seen.strip())


def _seen(hidden: str) -> str:
    return " " if unicodedata.category(hidden) == "Zs" else ""


def _suggested(name: str) -> str:
    better = mended(name)
    if better != name:
        with contextlib.suppress(NameWrong):
            return given(better)
    return ""


# -- the checks, in order


def _is_there(name: str) -> None:
    if not name:
        raise NameWrong("Enter the name")


def _is_short(name: str) -> None:
    if len(name) > LENGTH:
        raise NameWrong("A name may have at most %(most)s characters", most=LENGTH)


def _has_no_private_code(name: str) -> None:
    private = [(at, sign) for at, sign in enumerate(name, 1) if is_private(sign)]
    if not private:
        return
    at, sign = private[0]
    meant = _suggested(name)
    if not meant:
        raise PrivateCharacter(
            "Character %(at)s is a private code of your keyboard: other systems cannot read it", at=at
        )
    raise PrivateCharacter(
        "Character %(at)s was an old private code. It now reads %(sign)s: check it and send the form again",
        suggestion=meant,
        at=at,
        sign=PRIVATE[ord(sign)],
    )


def _has_no_stand_in(name: str) -> None:
    for at, sign in enumerate(name, 1):
        if sign in signs.STAND_INS:
            raise CharacterMissing(
                "Character %(at)s only stands in for one that could not be typed. Enter that one, or ask at a service counter",
                at=at,
            )


def _is_no_line_of_a_passport(name: str) -> None:
    if latin.FILLER in name and (meant := _suggested(name)):
        raise NameWrong(
            "The signs < belong to the passport's machine-readable lines. They are left out now: check the name and send"
            " the form again",
            suggestion=meant,
        )


def _has_no_radical(name: str) -> None:
    if found := signs.RADICALS.search(name):
        at = found.start() + 1
        if meant := _suggested(name):
            raise NameWrong(
                "Character %(at)s was a radical of the dictionary. It is now the character that looks like it: check it and"
                " send the form again",
                suggestion=meant,
                at=at,
            )
        raise NameWrong("Character %(at)s is a radical of the dictionary, not a character: choose it again", at=at)


def _can_be_seen(name: str) -> None:
    hidden = signs.unseen(name)
    if hidden and (meant := _suggested(name)):
        raise NameWrong(
            "Something that cannot be seen came with the name, at character %(at)s. It is left out now: send the form again",
            suggestion=meant,
            at=hidden[0] + 1,
        )


def _has_only_letters(name: str) -> None:
    shaping = {found.start() for found in signs.JOINERS.finditer(name)}
    for at, sign in enumerate(name):
        if at not in shaping and not signs.is_letter(sign) and not signs.is_mark(sign):
            raise NameWrong("Character %(at)s cannot be part of a name", at=at + 1)


def _has_a_letter(name: str) -> None:
    if not any(signs.is_letter(sign) for sign in name):
        raise NameWrong("A name needs at least one letter or Chinese character")


CHECKS = (
    _is_there,
    _is_short,
    _has_no_private_code,
    _has_no_stand_in,
    _is_no_line_of_a_passport,
    _has_no_radical,
    _can_be_seen,
    _has_only_letters,
    _has_a_letter,
)
