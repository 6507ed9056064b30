"""The other ways to prove who one is: bank, phone company, the national network identity.

Each may be another register than that of the population; what it cannot answer is `later`, as there.
"""

from datetime import datetime

from hub.house import House
from idp.model.realname import Form, Source
from idp.registers.seam import Answer, Question, ask


def bank(house: House, form: Form, card: str, phone: str, now: datetime) -> Answer:
    """Do name, number, bank card and the phone noted there belong together? Raises RegisterLater."""
    question = Question("bank", "/v1/bank", [*form.asked, card, phone], form.words | {"card": card, "phone": phone})
    return ask(house, Source.bank, question, now)


def telecom(house: House, form: Form, phone: str, now: datetime) -> Answer:
    """Is this phone number registered to this name and number? Raises RegisterLater."""
    question = Question("telecom", "/v1/telecom", [*form.asked, phone], form.words | {"phone": phone})
    return ask(house, Source.telecom, question, now)


def begin_network_id(house: House, return_url: str, now: datetime) -> Answer:
    """Ask for a network identity; the answer's `page` is where the person approves, `request` its id. Raises RegisterLater."""
    question = Question("network-id", "/v1/network-id", [return_url], {"return_url": return_url})
    return ask(house, Source.network_id, question, now)


def network_id(house: House, request: str, ticket: str, now: datetime) -> Answer:
    """Who approved: `pseudonym` and `level`, and nothing else. `ticket` came with his browser. Raises RegisterLater."""
    body = {"request": request, "ticket": ticket}
    question = Question("network-id-result", "/v1/network-id/result", [request, ticket], body)
    return ask(house, Source.network_id, question, now)
