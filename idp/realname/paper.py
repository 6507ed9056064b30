"""What a person types of his paper, read into what a register is asked: seven kinds of number, two of which tell too little."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from hub.problems import Problem
from hub.vault import Vault
from idp import names
from idp.model.realname import Form, NeedsGuardian, PaperIncomplete, today
from idp.model.realname import grown_up as of_age
from idp.numbers import detect, foreigner_old, passport
from idp.numbers.person import TYPES, Kind, PersonNumber
from idp.store import people

INCOMPLETE = (Kind.foreigner_old, Kind.passport)  # their numbers hold neither a full birth date nor, for one, a country
COUNTRY = re.compile("[A-Z]{3}")
EARLIEST = date(1900, 1, 1)


class FieldWrong(Problem):
    """One more field of a paper that cannot be right; `field` names it."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "Something on this form cannot be right"
    advice: ClassVar[str] = "Compare it with your paper and correct it."

    def __init__(self, detail: str, *, field: str) -> None:
        self.field = field
        super().__init__(detail)


@dataclass(frozen=True)
class Paper:
    """A paper as it was typed, its number and everything else by the rules."""

    form: Form
    kind: Kind
    born: date

    @property
    def type_code(self) -> str:
        """The holder code type under which licenses know it."""
        return TYPES[self.kind]


def asks_more(number: str) -> bool:
    """Whether a number looks like one that is asked for together with country and birth date."""
    return detect.kind_of(number) in INCOMPLETE


def read(form: Form, now: datetime) -> Paper:
    """The paper of a form. Raises NameWrong, NumberWrong, PaperIncomplete, FieldWrong."""
    name = names.given(form.name)
    kind = detect.kind_of(form.number)
    if kind in INCOMPLETE:
        return _with_more(form, name, kind, now)
    number: PersonNumber = detect.read(form.number, now)
    typed = Form(name, number.value, phone=form.phone, card=form.card)
    return Paper(typed, number.kind, number.born)


def grown_up(paper: Paper, now: datetime) -> Paper:
    """The paper of somebody who acts for himself. Raises NeedsGuardian."""
    if now < of_age(paper.born):
        raise NeedsGuardian("Children under fourteen are registered by their guardian")
    return paper


def key_of(vault: Vault, form: Form, type_code: str) -> str:
    """The blind index of the paper's number. A passport's number means nothing without its country."""
    number = f"{form.country}:{form.number}" if type_code == TYPES[Kind.passport] else form.number
    return people.holder_key(vault, type_code, number)


def _with_more(form: Form, name: str, kind: Kind, now: datetime) -> Paper:
    country = form.country.strip().upper()
    if kind is Kind.foreigner_old:
        old = foreigner_old.read(form.number)
        number, country = old.value, country or old.country
    else:
        number = passport.read(form.number, country).value
    if not form.born or not country:
        raise PaperIncomplete("Country and day of birth are missing")
    if not COUNTRY.fullmatch(country):
        raise FieldWrong("Type the three letters of the country, as they stand on your paper", field="country")
    born = _day(form.born, now)
    return Paper(Form(name, number, country, born.isoformat(), form.phone, form.card), kind, born)


def _day(text: str, now: datetime) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise FieldWrong("Type your day of birth as year, month and day, such as 1980-02-28", field="born") from error
    if not EARLIEST <= day <= today(now):
        raise FieldWrong("This cannot be your day of birth", field="born")
    return day
