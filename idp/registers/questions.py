"""What the population register is asked: about one person, about two who belong together, about one who stands for a company.

Every answer repeats what was asked as a digest, and says of a pair only whether it is so, never which half of it is wrong.
"""

from datetime import datetime

from hub.house import House
from idp.model.realname import Form, Source
from idp.registers.seam import Answer, Question, ask


def match(house: House, form: Form, now: datetime) -> Answer:
    """Do this name and this number belong to one living person? Raises RegisterLater."""
    return _ask(house, Question("match", "/v1/match", form.asked, form.words), now)


def begin_live_check(house: House, form: Form, return_url: str, now: datetime) -> Answer:
    """Begin a live check; the answer's `page` is where the person goes, `check` its id. Raises RegisterLater."""
    return _ask(house, Question("live", "/v1/live", form.asked, form.words | {"return_url": return_url}), now)


def live_check(house: House, form: Form, check: str, ticket: str, now: datetime) -> Answer:
    """How a live check of this person ended. `ticket` came back with the browser in which it ended. Raises RegisterLater."""
    body = {"check": check, "ticket": ticket}
    return _ask(house, Question("live-result", "/v1/live/result", [check, ticket, *form.asked], body), now)


def representative(house: House, code: str, form: Form, now: datetime) -> Answer:
    """Is this person the legal representative of this organisation? Raises RegisterLater."""
    asked = [code, *form.asked]
    return _ask(house, Question("representative", "/v1/representative", asked, form.words | {"code": code}), now)


def guardian(house: House, child: Form, guardian: Form, now: datetime) -> Answer:
    """Is this person a parent or guardian of that child? `match`, and then `relation`: parent or guardian.

    Raises RegisterLater.
    """
    body = _named("child", child) | _named("guardian", guardian)
    return _ask(house, Question("guardian", "/v1/guardian", [*child.asked, *guardian.asked], body), now)


def court_order(house: House, order: str, ward: Form, guardian: Form, now: datetime) -> Answer:
    """Does this order of a court let the one act for the other? `match`, and then `scope`, a list, and `until`, a day or empty.

    `scope` holds codes of matters, or `*` for all of them. Raises RegisterLater.
    """
    body = _named("ward", ward) | _named("guardian", guardian) | {"order": order}
    asked = [order, *ward.asked, *guardian.asked]
    return _ask(house, Question("court-order", "/v1/court-order", asked, body), now)


def civil_status(house: House, form: Form, now: datetime) -> Answer:
    """Whether a person lives, and under which name: `match`, and then `status` (living, deceased), `name`, `died`.

    `form` may hold a former name: the register answers with the present one. Raises RegisterLater.
    """
    return _ask(house, Question("status", "/v1/person/status", form.asked, form.words), now)


def _ask(house: House, question: Question, now: datetime) -> Answer:
    return ask(house, Source.population, question, now)


def _named(who: str, form: Form) -> dict[str, str]:
    return {f"{who}_{name}": value for name, value in form.words.items()}
