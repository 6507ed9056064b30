"""Reports that somebody uses my name: they reach the desk whole, with a number, and hold nothing in clear."""

import re

import pytest
import sqlalchemy as sa

from admin import suspicions
from admin.model.ticket import Severity, TicketKind
from admin.store import tickets
from hub import clock, inbox
from hub.inbox import letter_table
from idp.account import misuse
from idp.store import leaving
from tests.idp.citizen import Citizen

WORDS = "somebody opened a company in my name"


@pytest.fixture
def someone(citizen: Citizen) -> Citizen:
    citizen.registers()
    return citizen


def test_a_report_becomes_an_urgent_ticket_that_its_sender_follows(someone: Citizen) -> None:
    page = someone.post("/account/report", words=WORDS)
    number = re.search(r"R-\d{8}-[0-9A-Z]{10}-[0-9A-Z]", page.text)
    assert number
    assert suspicions.open_letters(someone.house, clock.now()) == 1
    assert suspicions.open_letters(someone.house, clock.now()) == 0
    with someone.house.database.read() as db:
        (ticket,) = tickets.of_person(db, someone.person)
        assert tickets.said(db, someone.house.vault, ticket.id, "words") == WORDS
    assert (ticket.kind, ticket.severity, ticket.channel) == (TicketKind.suspicion, Severity.high, "account")
    followed = someone.get(f"/desk/{number[0]}")
    assert followed.status_code == 200
    assert number[0] in followed.text


def test_the_letter_holds_no_word_in_clear(someone: Citizen) -> None:
    misuse.report(someone.house, someone.person, WORDS, "en", now=clock.now())
    with someone.house.database.read() as db:
        (letter,) = inbox.read(db, misuse.LETTER)
        raw = str(db.execute(sa.select(letter_table.c.body)).scalars().all())
    assert WORDS not in raw
    assert set(letter.body) == {"ticket", "person", "language", "words"}


@pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
def test_a_report_without_words_or_without_end_is_refused(someone: Citizen, words: str) -> None:
    assert someone.post("/account/report", words=words).status_code == 422
    with someone.house.database.read() as db:
        assert inbox.read(db, misuse.LETTER) == []


def test_reports_are_not_a_flood(someone: Citizen) -> None:
    for _ in range(5):
        assert someone.post("/account/report", words=WORDS).status_code == 200
    assert someone.post("/account/report", words=WORDS).status_code == 429


def test_large_text_follows_the_person_to_another_device(someone: Citizen) -> None:
    assert someone.post("/account/large-text", form_at="/account/privacy", large="yes").status_code == 303
    assert 'class="yx-large"' in someone.get("/account").text
    other = Citizen(someone.house, someone.app, someone.register)
    assert 'class="yx-large"' not in other.get("/login").text
    assert other.signs_in().status_code == 303
    assert 'class="yx-large"' in other.get("/account").text
    assert someone.post("/account/large-text", form_at="/account/privacy", large="no").status_code == 303
    with someone.house.database.read() as db:
        assert not leaving.large_text(db, someone.person)
    assert 'class="yx-large"' not in someone.get("/account").text
