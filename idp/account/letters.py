"""Text messages and mails to persons: queued like every call to the outside, their text sealed until it is handed over.

A text message carries a code for one moment, or tells a number that it is none of the account's any more. A mail carries notices
and, once, the code that confirms the address: never a factor, never a link that signs in (NIST SP 800-63B-4 3.1.3.1, ASVS 6.3.6).
"""

import base64
import json
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub import mail, notices, outbox
from hub.house import House
from hub.i18n import N_, translated
from hub.outbox import Declined, Delivery, NotTaken
from hub.vault import Erased
from idp.store import people

SMS, NEWS, MAIL, COPY = "sms", "sms-news", "mail", "mail-copy"  # kinds of deliveries; a copy holds no text
PURPOSE = "letter"  # in the vault
FRESH = timedelta(minutes=10)  # a code that comes later is of no use, and might mislead
COPIED = timedelta(days=1)  # a notice that is older is no news
AT_ONCE = 200

CODE = N_("%(code)s is your code at %(site)s. It is valid for 10 minutes. Give it to nobody; we never ask for it.")
GONE = N_(
    "%(site)s: this number is no longer the phone number of your account. If you did not do this, sign in and lock your account."
)
SUBJECT = N_("%(site)s: your confirmation code")
COPY_SUBJECT = N_("%(site)s: a notice about your account")
COPY_TEXT = N_("Look at it on the site, where you sign in as always. This mail holds no link that signs you in.")


def code_by_sms(house: House, db: Connection, person: str, number: str, code: str, to: str, now: datetime) -> None:
    """Queue a code for a phone, in the language `to`."""
    _queue(house, db, SMS, person, {"to": number, "text": _from_us(house, CODE, to, code=code)}, now)


def code_by_mail(house: House, db: Connection, person: str, address: str, code: str, to: str, now: datetime) -> None:
    """Queue the code that confirms an address, in the language `to`."""
    text = {"to": address, "subject": _from_us(house, SUBJECT, to), "text": _from_us(house, CODE, to, code=code)}
    _queue(house, db, MAIL, person, text, now)


def news_by_sms(house: House, db: Connection, person: str, number: str, now: datetime) -> None:
    """Queue the news for a phone number that it is none of the person's any more: without a name, a code or a link."""
    _queue(house, db, NEWS, person, {"to": number, "text": _from_us_in_both(house, GONE)}, now)


def news_by_mail(house: House, db: Connection, person: str, address: str, title: str, now: datetime) -> None:
    """Queue a notice for an address that is none of the person's any more."""
    text = {"to": address, "subject": _from_us_in_both(house, COPY_SUBJECT), "text": _both(title)}
    _queue(house, db, MAIL, person, text, now)


def copy_notices(house: House, now: datetime) -> int:
    """Queue a mail for each fresh notice of somebody who confirmed an address; gives how many."""
    if not mail.possible(house.settings):
        return 0
    queued = 0
    with house.database.write() as db:
        for notice in notices.not_mailed(db, AT_ONCE):
            notices.mailed(db, notice.id, now)
            if now - notice.at <= COPIED and _address(house, db, notice.person):
                outbox.queue(db, COPY, MAIL, {"person": notice.person, "notice": notice.id}, now)
                queued += 1
    return queued


def send_sms(house: House, delivery: Delivery, now: datetime) -> None:
    """Hand a text message to the gateway, unless its code is stale by now."""
    if now - delivery.at > FRESH:
        raise Declined("Too late for a code")
    _to_gateway(house, delivery)


def send_news(house: House, delivery: Delivery, now: datetime) -> None:
    """Hand a text message without a code to the gateway, unless it is no news any more."""
    if now - delivery.at > COPIED:
        raise Declined("Too late for news")
    _to_gateway(house, delivery)


def _to_gateway(house: House, delivery: Delivery) -> None:
    letter = _opened(house, delivery)
    token = house.settings.sms_token
    headers = {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    answer = house.fetch.post(house.settings.sms, json=letter | {"id": delivery.id}, headers=headers)
    if not 200 <= answer.status < 300:
        raise NotTaken(f"HTTP {answer.status}")


def send_mail(house: House, delivery: Delivery, now: datetime) -> None:
    """Hand a mail to the mail server."""
    letter = _opened(house, delivery)
    mail.send(house.settings, letter["to"], letter["subject"], letter["text"], now)


def send_copy(house: House, delivery: Delivery, now: datetime) -> None:
    """Mail what a notice says, in both languages: nobody knows in which one a mail is read. No name, no number, no way in."""
    person = delivery.body["person"]
    with house.database.read() as db:
        address = _address(house, db, person)
        notice = notices.one(db, delivery.body["notice"])
    if address and notice is not None:
        said = f"{_both(notice.title, **notice.values)}\n\n{_both(COPY_TEXT)}\n{house.settings.home_url}/my/notices\n"
        mail.send(house.settings, address, _from_us_in_both(house, COPY_SUBJECT), said, now)


SENDERS = {SMS: send_sms, NEWS: send_news, MAIL: send_mail, COPY: send_copy}


def _from_us(house: House, message: str, to: str, **values: str) -> str:
    """A text that says by its first words who writes, in one language."""
    return translated(message, to, site=house.settings.called(to), **values)


def _from_us_in_both(house: House, message: str) -> str:
    return f"{_from_us(house, message, 'zh-Hans')} / {_from_us(house, message, 'en')}"


def _both(message: str, **values: str) -> str:
    return f"{translated(message, 'zh-Hans', **values)} / {translated(message, 'en', **values)}"


def _address(house: House, db: Connection, person: str) -> str:
    found = people.person(db, person)
    try:
        return people.profile(db, house.vault, person).email if found is not None else ""
    except Erased:
        return ""


def _queue(house: House, db: Connection, kind: str, person: str, letter: dict[str, str], now: datetime) -> None:
    sealed = house.vault.encrypt(db, person, json.dumps(letter, ensure_ascii=False).encode(), PURPOSE)
    outbox.queue(db, kind, kind, {"person": person, "sealed": base64.b64encode(sealed).decode()}, now)


def _opened(house: House, delivery: Delivery) -> dict[str, str]:
    """What is to be sent. Declined when its person was erased meanwhile: nobody may read it any more."""
    try:
        with house.database.read() as db:
            sealed = base64.b64decode(delivery.body["sealed"])
            letter: dict[str, str] = json.loads(house.vault.decrypt(db, delivery.body["person"], sealed, PURPOSE))
    except Erased as error:
        raise Declined("The receiver was erased") from error
    return letter
