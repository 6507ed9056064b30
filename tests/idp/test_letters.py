"""Mails, handed to a real mail server: they carry notices and the code that confirms the address, and never a way in."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask
from pydantic import SecretStr

import app as front
from hub import clock, mail, notices, outbox
from hub import settings as all_settings
from hub.house import House, open_house
from hub.settings import Settings
from idp.account import contacts, letters
from idp.store import people
from tests.idp.citizen import PASSWORD, Citizen

ADDRESS = "jia@example.com"


class Inbox:
    """What a mail server got."""

    def __init__(self) -> None:
        self.got = list[tuple[list[str], EmailMessage]]()
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  the library's name
        if self.refuses:
            return "451 Try again later"
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"

    def said(self) -> str:
        return str(self.got[-1][1].get_content())


def started(inbox: Inbox, host: str = "127.0.0.1", **more: Any) -> tuple[Controller, str]:
    """A mail server on a free port; gives it and where it is."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port = probe.getsockname()[1]
    server = Controller(inbox, hostname=host, port=port, **more)
    server.start()
    return server, f"{host}:{port}"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def house(settings: Settings, inbox: Inbox) -> Iterator[House]:
    """An installation that sends mail to a server on this machine."""
    server, where = started(inbox)
    opened = open_house(settings.model_copy(update={"smtp_url": SecretStr(f"smtp://{where}")}))
    opened.shared._redis.flushall()
    yield opened
    opened.close()
    server.stop()


@pytest.fixture
def app(house: House) -> Flask:
    made = front.create_app(house.settings, house=house)
    made.testing = True
    return made


def confirms(citizen: Citizen, inbox: Inbox, address: str = ADDRESS) -> None:
    citizen.post("/account/contact/email", value=address)
    outbox.deliver(citizen.house, clock.now())
    code = next(word for word in inbox.said().split() if word.isdigit() and len(word) == 8)
    assert citizen.post("/account/contact/email", code=code).status_code == 303


def test_an_address_is_confirmed_by_typing_the_code_and_not_by_a_link(citizen: Citizen, inbox: Inbox) -> None:
    citizen.registers()
    confirms(citizen, inbox)
    with citizen.house.database.read() as db:
        assert people.profile(db, citizen.house.vault, citizen.person).email == ADDRESS
    receivers, sent = inbox.got[0]
    assert receivers == [ADDRESS]
    assert "http" not in inbox.said()
    assert sent["From"] == "no-reply@localhost"
    assert sent["Auto-Submitted"] == "auto-generated"


def test_each_notice_is_copied_once_in_both_languages_without_a_way_in(citizen: Citizen, inbox: Inbox) -> None:
    """ASVS 6.3.6, 6.3.7: told by mail as well; the mail itself opens nothing."""
    citizen.registers()
    confirms(citizen, inbox)
    letters.copy_notices(citizen.house, clock.now())
    outbox.deliver(citizen.house, clock.now())
    before = len(inbox.got)
    assert citizen.post("/account/password", old=PASSWORD, new="eight quiet lanterns upstream").status_code == 303
    assert letters.copy_notices(citizen.house, clock.now()) == 1
    assert letters.copy_notices(citizen.house, clock.now()) == 0
    outbox.deliver(citizen.house, clock.now())
    assert len(inbox.got) == before + 1
    assert "The password of your account was changed" in inbox.said()
    assert "密码" in inbox.said()
    links = [word for word in inbox.said().split() if word.startswith("http")]
    assert links == [f"{citizen.house.settings.home_url}/my/notices"]
    assert "jia.shili" not in inbox.said()


def test_the_address_of_before_is_told_that_it_is_none_any_more(citizen: Citizen, inbox: Inbox) -> None:
    citizen.registers()
    confirms(citizen, inbox)
    confirms(citizen, inbox, "new@example.com")
    outbox.deliver(citizen.house, clock.now())
    told = [message for to, message in inbox.got if to == [ADDRESS]]
    assert "The e-mail address of your account was changed" in told[-1].get_content()


def test_old_notices_and_those_of_people_without_an_address_are_not_mailed(citizen: Citizen, inbox: Inbox) -> None:
    citizen.registers()
    house, now = citizen.house, clock.now()
    with house.database.write() as db:
        notices.tell(db, citizen.person, contacts.CHANGED["phone"], link="/account", at=now)
        notices.tell(db, "nobody", contacts.CHANGED["phone"], link="/account", at=now)
    assert letters.copy_notices(house, now) == 0
    confirms(citizen, inbox)
    with house.database.write() as db:
        notices.tell(db, citizen.person, contacts.CHANGED["phone"], link="/account", at=now - timedelta(days=2))
    letters.copy_notices(house, now)
    outbox.deliver(house, clock.now())
    assert "phone" not in inbox.said()


def test_a_server_that_refuses_is_asked_again(citizen: Citizen, inbox: Inbox) -> None:
    citizen.registers()
    inbox.refuses = True
    citizen.post("/account/contact/email", value=ADDRESS)
    assert outbox.deliver(citizen.house, clock.now()) == 0
    inbox.refuses = False
    with clock.shifted(60):
        assert outbox.deliver(citizen.house, clock.now()) == 1
    assert len(inbox.got) == 1


def test_what_waits_for_the_mail_server_is_sealed(citizen: Citizen) -> None:
    citizen.registers()
    citizen.post("/account/contact/email", value=ADDRESS)
    with citizen.house.database.read() as db:
        assert ADDRESS not in str([(one.to, one.body) for one in outbox.deliveries(db)])


def test_whoever_was_erased_meanwhile_gets_nothing(citizen: Citizen, inbox: Inbox) -> None:
    citizen.registers()
    citizen.post("/account/contact/email", value=ADDRESS)
    with citizen.house.database.write() as db:
        citizen.house.vault.erase(db, citizen.person)
    outbox.deliver(citizen.house, clock.now())
    assert inbox.got == []
    with citizen.house.database.read() as db:
        assert [one.state for one in outbox.deliveries(db) if one.kind == letters.MAIL] == ["failed"]


def test_mail_goes_to_another_machine_in_tls_alone(settings: Settings) -> None:
    """RFC 8314 3, RFC 3207: a server that offers no TLS gets nothing."""
    inbox = Inbox()
    server, where = started(inbox, "127.0.0.2")
    elsewhere = settings.model_copy(update={"smtp_url": SecretStr(f"smtp://{where}")})
    with pytest.raises(mail.MailNotTaken):
        mail.send(elsewhere, ADDRESS, "s", "t", clock.now())
    server.stop()
    assert inbox.got == []


def test_the_password_of_the_mail_server_is_used_and_shown_nowhere(settings: Settings) -> None:
    asked = list[tuple[bytes, bytes]]()

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        asked.append((data.login, data.password))
        return AuthResult(success=True)

    inbox = Inbox()
    server, where = started(inbox, authenticator=check, auth_require_tls=False)
    url = SecretStr(f"smtp://us%40er:p%2Fw@{where}")
    mail.send(settings.model_copy(update={"smtp_url": url}), ADDRESS, "s", "t", clock.now())
    server.stop()
    assert asked == [(b"us@er", b"p/w")]
    assert "p/w" not in repr(url)


@pytest.mark.parametrize(
    "given",
    [{"smtp_url": "mail.example"}, {"smtp_url": "http://mail.example"}, {"sms_url": "ftp://x"}, {"sms_url": "x"}],
)
def test_a_wrong_address_stops_the_start(given: dict[str, str]) -> None:
    with pytest.raises(all_settings.BadSetting):
        all_settings.read(profile="demo", **given)
