"""A sign-in that somebody refused because it was not his is looked into by the desk, which does not learn who he is."""

from admin import account_reports
from admin.model.ticket import TicketKind
from admin.store import tickets
from hub import clock, inbox
from hub.house import House
from idp.login.qr import DISOWNED


def letter(house: House, client: str = "qiyun-market") -> None:
    with house.database.write() as db:
        inbox.put(db, DISOWNED, {"client": client, "person": "somebody"}, clock.now())


def test_each_letter_becomes_one_ticket(house: House) -> None:
    letter(house)
    letter(house, "")
    assert account_reports.open_letters(house, clock.now()) == 2
    assert account_reports.open_letters(house, clock.now()) == 0
    with house.database.read() as db:
        found = tickets.of_person(db, "somebody")
    assert [(one.kind, one.channel) for one in found] == [(TicketKind.complaint, "sign-in")] * 2


def test_the_ticket_names_the_service_and_nobody(house: House) -> None:
    letter(house)
    account_reports.open_letters(house, clock.now())
    with house.database.read() as db:
        (found,) = tickets.of_person(db, "somebody")
        words = tickets.said(db, house.vault, found.id, "words")
    assert "qiyun-market" in words
    assert "somebody" not in words
