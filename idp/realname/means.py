"""By what means name and number are proved: each asks a register of its own, and each leaves evidence of its own kind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub.house import House
from hub.i18n import N_
from idp import registers
from idp.model.realname import Form, Source
from idp.realname.paper import FieldWrong
from idp.registers import Answer

PHONE = (5, 15)  # digits, ITU-T E.164
CARD = (12, 19)  # digits, ISO/IEC 7812-1


@dataclass(frozen=True)
class Means:
    """One of them: how the page's address and the evidence call it, who answers, what it needs beside name and number."""

    name: str
    source: Source
    needs: tuple[str, ...]
    kind: str  # what was looked at beside name and number; empty: the kind of the paper
    ask: Callable[[House, Form, datetime], Answer]


REGISTER = Means("match", Source.population, (), "", registers.match)
BANK = Means(
    "bank",
    Source.bank,
    ("card", "phone"),
    "bank-card",
    lambda house, form, now: registers.bank(house, form, form.card, form.phone, now),
)
TELECOM = Means(
    "telecom",
    Source.telecom,
    ("phone",),
    "phone-contract",
    lambda house, form, now: registers.telecom(house, form, form.phone, now),
)
ALL = {one.name: one for one in (REGISTER, BANK, TELECOM)}


def checked(means: Means, form: Form) -> Form:
    """The form with its phone and card as digits, as far as these means need them. Raises FieldWrong."""
    phone = _digits("phone", form.phone, PHONE) if "phone" in means.needs else ""
    card = _digits("card", form.card, CARD) if "card" in means.needs else ""
    return Form(form.name, form.number, form.country, form.born, phone, card)


def _digits(field: str, text: str, length: tuple[int, int]) -> str:
    plain = "".join(text.split()).replace("-", "").removeprefix("+86")
    if not (plain.isascii() and plain.isdigit() and length[0] <= len(plain) <= length[1]):
        told = {"phone": N_("Type the phone number in digits"), "card": N_("Type the card number in digits")}
        raise FieldWrong(told[field], field=field)
    return plain
