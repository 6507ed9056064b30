"""Signing in on a computer with a phone that is signed in: a code to scan, a number to compare, one approval.

Everything is kept where it may be lost; then the computer shows a new code. What decides is atomic there: one phone takes a
request, one answer counts, one browser collects it.
"""

import base64
import hmac
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from hub import callers, inbox, ledger, limits, notices
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import TooMany
from idp.login import qr_memory, session
from idp.login.session import Opened
from idp.model.factor import SignInAgain
from idp.model.person import Level
from idp.model.qr import (
    CHOICES,
    LIVES,
    SHOWN,
    TO_ANSWER,
    TO_SCAN,
    Asking,
    CodeGone,
    OwnFactorNeeded,
    Said,
    SameBrowser,
    Scan,
    Shown,
    Stage,
    methods,
)
from idp.store import people

log = structlog.get_logger("idp")
KEPT = int((TO_SCAN + TO_ANSWER).total_seconds()) + 60  # then a page has said that it is over
ASKED = Limit("qr-asked", 60, 300, guessing=True)  # codes begun from one network: an office, a library
LOOKED = Limit("qr-looked", 240, 300, guessing=True)  # one waiting page asks every two seconds
SCANNED = Limit("qr-scanned", 30, 300, guessing=True)  # by one network
ANSWERED = Limit("qr-answered", 10, 600, guessing=True)  # by one person: a stream of requests must not wear him out
TOLD = Limit("qr-disowned", 5, 86_400, guessing=True)  # letters of one person to the desk: enough to be looked into
DISOWNED = "login.disowned"  # the letter to the desk: {"client", "person"}


# -- on the computer


def ask(
    house: House,
    browser: str,
    flow: str,
    *,
    client: str,
    network: str,
    device: str,
    since: datetime | None,
    now: datetime,
) -> Asking:
    """The open request of this browser for this sign-in; a new one if there is none. Raises TooMany."""
    found = _asking(house, browser, flow)
    if found is not None:
        return found
    limits.check(house.shared, ASKED, network)
    fresh = Asking(secrets.token_urlsafe(32), digest_of(browser), flow, client, now, network, device, since)
    house.shared.put(qr_memory.key("of", qr_memory.of(browser, flow)), fresh.id, KEPT)
    house.shared.put(qr_memory.key("asking", fresh.id), qr_memory.written(fresh), KEPT)
    return fresh


def looked(house: House, network: str) -> None:
    """Count one look of a waiting page. Raises TooMany: nobody may ask faster than a page does."""
    limits.check(house.shared, LOOKED, network)


def found(house: House, browser: str, flow: str) -> Asking | None:
    """The open request of this very browser, if it has one."""
    return _asking(house, browser, flow)


def shown(house: House, asking: Asking, now: datetime) -> Shown:
    """What the computer shows now. A code that is due is made valid with it."""
    said, scan = qr_memory.said(house, asking.id), qr_memory.scan(house, asking.id)
    if said is not None and not said.approved:
        return Shown(Stage.refused)
    if now >= (scan.ends if scan else asking.ends):
        return Shown(Stage.over)
    if said is not None:
        return Shown(Stage.approved)
    return Shown(Stage.scanned, number=scan.number) if scan else Shown(Stage.shown, code=_code(house, asking, now))


def collect(house: House, browser: str, flow: str, *, device: str, before: Caller | None, now: datetime) -> Opened:
    """Open the session of the browser that asked, after the phone's yes. It works once. Raises SignInAgain.

    The new session knows no more than the phone's did: its level, its methods, the moment of its sign-in. Its browser is no known
    device afterwards: nobody has shown a factor on it, and a relayed code must not win the brakes of a device for a stranger.
    """
    asking = _asking(house, browser, flow)
    if asking is None or shown(house, asking, now).stage is not Stage.approved:
        raise SignInAgain("The phone did not agree, or too long ago")
    kept = house.shared.take(qr_memory.key("said", asking.id))
    forget(house, browser, flow)
    if kept is None:
        raise SignInAgain("It was finished in another window")
    said = qr_memory.read(kept)
    with house.database.write() as db:
        person = people.person(db, said.person)
        runs = any(one.sid == said.sid for one, _, _ in callers.sessions(db, said.person, now))
        if person is None or not person.usable or person.needs_second_factor or not runs:
            raise SignInAgain("The login on the phone has ended")
        known = replace(person, level=min(person.level, Level(said.level)))
        opened = session.begin(
            house, db, known, methods(said.amr), now=now, device=device, before=before, auth_time=said.auth_time
        )
        notices.tell(
            db, person.id, N_("You signed in on another device with your phone"), link="/account/sessions", at=now
        )
    return opened


def forget(house: House, browser: str, flow: str) -> None:
    """Give a request up: its codes and its approval are worth nothing from now on."""
    asking = _asking(house, browser, flow)
    if asking is not None:
        house.shared.forget(*(qr_memory.key(kind, asking.id) for kind in ("asking", "said", "scan")))
    house.shared.forget(qr_memory.key("of", qr_memory.of(browser, flow)))


# -- on the phone


def scan(house: House, code: str, phone: str, browser: str, *, network: str, now: datetime) -> None:
    """Take the request of a code for the phone with this secret. A second scan finds nothing.

    Raises CodeGone; SameBrowser when the browser that asks (its secret is `browser`) opened its own code; TooMany.
    """
    limits.check(house.shared, SCANNED, network)
    kept = house.shared.peek(qr_memory.key("code", digest_of(code)))
    about: dict[str, str] = json.loads(kept) if kept else {}
    if not about or now >= datetime.fromisoformat(about["until"]):
        raise CodeGone("Scanned before, too old, or unknown")
    asking = qr_memory.asking(house, about["id"])
    if asking is None or now >= asking.ends:
        raise CodeGone("Scanned before, too old, or unknown")
    if browser and hmac.compare_digest(asking.browser, digest_of(browser)):
        raise SameBrowser(asking.flow)
    if not house.shared.first(qr_memory.key("taken", asking.id), KEPT):  # of many phones, one
        raise CodeGone("Scanned before, too old, or unknown")
    house.shared.put(qr_memory.key("scan", asking.id), qr_memory.written(_first_scan(phone, now)), KEPT)
    house.shared.put(qr_memory.key("phone", digest_of(phone)), asking.id, KEPT)


def held(house: House, phone: str, now: datetime) -> tuple[Asking, Scan]:
    """What this phone scanned and has not answered yet. Raises CodeGone."""
    kept = house.shared.peek(qr_memory.key("phone", digest_of(phone))) if phone else None
    asking = qr_memory.asking(house, kept.decode()) if kept else None
    scan = qr_memory.scan(house, asking.id) if asking else None
    if asking is None or scan is None or now >= scan.ends or not hmac.compare_digest(scan.phone, digest_of(phone)):
        raise CodeGone("Too long ago, or the computer gave it up")
    if house.shared.peek(qr_memory.key("answered", asking.id)) is not None:
        raise CodeGone("It was answered before")
    return asking, scan


def approve(house: House, phone: str, number: int, caller: Caller, now: datetime) -> bool:
    """Say yes with the number that the computer shows; a wrong one is a no, and ends the request. Tells which it was.

    Raises CodeGone, OwnFactorNeeded, TooMany.
    """
    limits.check(house.shared, ANSWERED, caller.person or "")
    asking, scan = held(house, phone, now)
    may_answer(house, caller)
    right = number == scan.number
    said = Said(right)
    if right:
        said = Said(True, caller.person or "", caller.sid or "", caller.level, caller.amr, caller.auth_time)
    _answer(house, asking, said)
    facts = {"client": asking.client, "number": "right" if right else "wrong"}
    with house.database.write() as db:
        kind = "login.approved-by-phone" if right else "login.refused-by-phone"
        ledger.wrote(db, kind, f"person:{caller.person}", by=caller.label, at=now, facts=facts)
    log.info("qr.answered", approved=right)
    return right


def refuse(house: House, phone: str, caller: Caller, now: datetime, *, disown: bool = False) -> None:
    """Say no. `disown`: it was not oneself, so the desk is told, and the person has it in his notices. Raises CodeGone."""
    asking, _ = held(house, phone, now)
    _answer(house, asking, Said(False))
    letter = disown and _is_news(house, caller)
    with house.database.write() as db:
        facts = {"client": asking.client, "number": "disowned" if disown else "none"}
        ledger.wrote(db, "login.refused-by-phone", f"person:{caller.person}", by=caller.label, at=now, facts=facts)
        if letter:
            inbox.put(db, DISOWNED, {"client": asking.client, "person": caller.person or ""}, now)
            title = N_("You refused a sign-in that was not yours. The help desk looks into it")
            notices.tell(db, caller.person or "", title, link="/account/sessions", at=now)
    log.info("qr.answered", approved=False)


def may_answer(house: House, caller: Caller) -> None:
    """Refuse whoever may not let another device in. Raises OwnFactorNeeded."""
    with house.database.read() as db:
        person = people.person(db, caller.person or "")
    if person is None or not person.usable or person.needs_second_factor:
        raise OwnFactorNeeded("An account that opens the console")


def fresh_enough(asking: Asking, caller: Caller, within: timedelta, now: datetime) -> bool:
    """Whether the phone's owner showed a factor lately, and after what the service asks for."""
    at = caller.auth_time
    return at is not None and now - at <= within and (asking.since is None or at >= asking.since)


# -- inside


def _code(house: House, asking: Asking, now: datetime) -> str:
    """The code of these fifteen seconds: 192 bits that follow from the request's secret, kept as a digest."""
    turn = int((now - asking.made) / SHOWN)
    mac = hmac.digest(asking.id.encode(), f"code {turn}".encode(), "sha256")
    code = base64.urlsafe_b64encode(mac[:24]).decode()
    until = asking.made + turn * SHOWN + LIVES
    house.shared.put(
        qr_memory.key("code", digest_of(code)), json.dumps({"id": asking.id, "until": until.isoformat()}), KEPT
    )
    return code


def _first_scan(phone: str, now: datetime) -> Scan:
    choices = secrets.SystemRandom().sample(range(10, 100), CHOICES)
    return Scan(digest_of(phone), secrets.choice(choices), tuple(choices), now)


def _answer(house: House, asking: Asking, said: Said) -> None:
    """Keep the answer, if it is the first. Raises CodeGone."""
    if not house.shared.first(qr_memory.key("answered", asking.id), KEPT):
        raise CodeGone("It was answered before")
    house.shared.put(qr_memory.key("said", asking.id), qr_memory.written(said), KEPT)


def _is_news(house: House, caller: Caller) -> bool:
    """Whether the desk is to be told once more of this person today."""
    try:
        limits.check(house.shared, TOLD, caller.person or "")
    except TooMany:
        return False
    return True


def _asking(house: House, browser: str, flow: str) -> Asking | None:
    kept = house.shared.peek(qr_memory.key("of", qr_memory.of(browser, flow))) if browser else None
    return qr_memory.asking(house, kept.decode()) if kept else None
