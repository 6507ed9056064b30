"""The end of a recovery: a new password, what is lost falls, everything that runs ends, and everybody concerned is told.

A second factor is never passed by. Who still has it shows it; who lost it waits three days, in which the owner is told and can
say stop, or stands before an officer (NIST SP 800-63B-4 4.2, ASVS 6.4.3, 6.4.4). Nobody but the owner ever sees a password.
"""

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hub import ledger, limits, notices
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from idp.account import announce, life, recovery
from idp.account.announce import Event
from idp.account.recovery import Found
from idp.login import password, second, sign_in, throttle
from idp.login.sign_in import Passed
from idp.model.factor import Factor, Kind, NotOffered, WrongCredentials
from idp.model.recovery import (
    CODE_HOURS,
    OPEN,
    WAIT,
    Recovery,
    RecoveryGone,
    RecoveryStopped,
    ResetCodeWrong,
    Stage,
    Wait,
    Way,
)
from idp.store import factors as factor_store
from idp.store import people
from idp.store import recoveries as store
from idp.store import recovery_codes as code_store

OFFICIAL = ZoneInfo("Asia/Shanghai")
CODES = Limit("recover-code", 10, 900, guessing=True)  # typed in one network
HANDED = Limit("recover-handed", 30, 86_400)  # by one officer
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # no letter that is read as another, or as a digit
LENGTH = 16  # 78 bits
SECOND = (Kind.totp, Kind.sms, Kind.recovery)
BEGUN = N_(
    "Somebody who proved to be you says that your second factor is lost. It falls on %(opens)s unless you stop it"
)
STOPPED = N_("You stopped the recovery of your account")
DONE = N_("Your account was recovered: it has a new password, and all its sign-ins were ended")
GIVEN = N_("An officer at a counter gave out a code with which your account can be recovered")


def finish(
    house: House,
    browser: str,
    chosen: str,
    *,
    code: str = "",
    sent: bool = False,
    lost: bool = False,
    keep: bool = True,
    net: str,
    now: datetime,
) -> str:
    """Set the new password; gives the account name. `sent`: the code came by text message; `lost`: the second
    factors fall; `keep`: the passkeys stay.

    Raises RecoveryGone, PasswordWrong, WrongCredentials for a wrong code, RecoveryStopped, TooMany, and what
    `recovery.account` raises.
    """
    found = recovery.account(house, browser, now)
    if found.protected and not lost:
        _still_has(house, found, code, net, now, sent=sent)
    if lost and not found.may_drop(now):
        raise RecoveryStopped("The waiting time is not over")
    rest = _rest(found, lost=lost, keep=keep)
    alone = not any(one.kind is not Kind.password for one in rest)
    accepted = password.accepted(chosen, alone=alone, context=(found.account,))
    facts, hashed = {"alone": len(accepted) >= password.ALONE}, password.hashed(house, accepted)
    new = Factor(secrets.token_hex(16), found.person.id, Kind.password, "", hashed, now, facts=facts)
    with house.database.write() as db:
        _finish(house, db, found, new, rest, now, lost=lost)
    with house.database.read() as db:
        key = people.account_key_of(db, found.person.id) or ""
    throttle.succeeded(house, key, net)
    return found.account


def send_code(house: House, browser: str, *, language: str, now: datetime) -> None:
    """Send a code to the phone of who has shown who he is and uses such codes. Raises NotOffered, TooMany."""
    found = recovery.account(house, browser, now)
    if Kind.sms not in {factor.kind for factor in found.factors}:
        raise NotOffered("This account uses no codes by text message")
    second.send_code(house, Passed(found.person, (), SECOND), found.recovery.id, language=language, now=now)


def wait(house: House, browser: str, now: datetime) -> Wait:
    """Begin the waiting time after which lost second factors fall; the owner is told on every way to him.

    Raises RecoveryStopped, and what `recovery.account` raises. A second time tells when the first one is over.
    """
    found = recovery.account(house, browser, now)
    if found.wait is not None and found.wait.stopped is not None and not found.wait.over_at(now):
        raise RecoveryStopped("Its owner stopped it")
    if found.wait is not None and not found.wait.over_at(now):
        return found.wait
    fresh = Wait(found.person.id, now, now + WAIT)
    with house.database.write() as db:
        if not store.begin_wait(db, fresh, found.wait):
            raise RecoveryGone("It was continued in another window")
        day = f"{fresh.opens.astimezone(OFFICIAL):%Y-%m-%d %H:%M} (UTC+8)"
        notices.tell(db, found.person.id, BEGUN, link="/recover/stop", at=now, opens=day)
        facts = {"way": found.recovery.way.value, "opens": fresh.opens.isoformat()}
        ledger.wrote(db, "person.recovery-begun", found.person.label, by=found.person.label, at=now, facts=facts)
    return fresh


def waiting(house: House, person: str, now: datetime) -> Wait | None:
    """The waiting time that runs on an account, for its owner's page."""
    with house.database.read() as db:
        found = store.wait(db, person)
    return found if found is not None and found.stopped is None and not found.over_at(now) else None


def stop(house: House, caller: Caller, now: datetime) -> bool:
    """The owner says that it was not he: nothing falls, and for thirty days only a counter helps. Tells whether one ran."""
    person = caller.person or ""
    with house.database.write() as db:
        if not store.stop_wait(db, person, now):
            return False
        notices.tell(db, person, STOPPED, link="/account/security", at=now)
        ledger.wrote(db, "person.recovery-stopped", f"person:{person}", by=caller.label, at=now)
    return True


# -- at the counter


def give_code(house: House, person: str, *, visit: str, by: Caller, now: datetime) -> str:
    """A code for the person whom an officer has identified. It opens the way to a new password, which only its owner sees.

    Raises NothingToRecover, AccountEnded, OfficerAccount, TooMany.
    """
    limits.check(house.shared, HANDED, by.person or "")
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    ends = now + OPEN * (2 * CODE_HOURS)
    given = Recovery(secrets.token_hex(16), Stage.given, Way.counter, now, ends, person=person, by=by.label)
    with house.database.write() as db:
        found = recovery.found(house, db, given)
        store.add(db, house.vault, given, code=_kept(code))
        notices.tell(db, person, GIVEN, link="/account/security", at=now)
        facts = {"visit": visit}
        ledger.wrote(
            db, "person.recovery-code-given", found.person.label, by=by.label, at=now, place=by.place, facts=facts
        )
    return "-".join(code[at : at + 4] for at in range(0, LENGTH, 4))


def take_code(house: House, typed: str, *, browser: str, net: str, now: datetime) -> None:
    """Begin in this browser what a counter's code allows. It works once. Raises ResetCodeWrong, TooMany."""
    limits.check(house.shared, CODES, net)
    with house.database.write() as db:
        given = store.by_code(db, house.vault, _kept(typed))
        if given is None or given.stage is not Stage.given or now >= given.ends:
            raise ResetCodeWrong("Used, replaced, too old or unknown")
        before = store.of_browser(db, house.vault, digest_of(browser))
        store.forget(db, house.vault, [before.id] if before else [])
        taken = {"browser": digest_of(browser), "code": None, "ends": now + OPEN}
        if not store.move(db, given, Stage.proved, **taken):
            raise ResetCodeWrong("Used, replaced, too old or unknown")


# -- inside


def _still_has(house: House, found: Found, code: str, net: str, now: datetime, *, sent: bool) -> None:
    """The second factor, shown as in any sign-in: a code of the app, one that was sent, or one from the list on paper."""
    half, typed = Passed(found.person, (), SECOND), "".join(code.split())
    if not typed:
        raise WrongCredentials("Enter a code, or say that you have lost it")
    if not typed.isdigit():
        second.with_recovery_code(house, half, typed, now=now, net=net)
    elif sent:
        second.with_sms(house, half, found.recovery.id, typed, now=now, net=net)
    else:
        sign_in.with_code(house, half, typed, now=now, net=net)


def _rest(found: Found, *, lost: bool, keep: bool) -> list[Factor]:
    """What stays beside the new password."""
    gone = {Kind.password, *((*SECOND, Kind.passkey) if lost else ())}
    return [one for one in found.factors if one.kind not in gone and (keep or one.kind is not Kind.passkey)]


def _finish(
    house: House, db: Connection, found: Found, new: Factor, rest: list[Factor], now: datetime, *, lost: bool
) -> None:
    person, waited = found.person, found.wait
    if not store.move(db, found.recovery, Stage.done):
        raise RecoveryGone("It was finished in another window")
    current = people.person(db, person.id)
    if current is None or not current.usable or current.needs_second_factor:
        raise RecoveryGone("The account was changed meanwhile")
    if lost and found.recovery.way is not Way.counter and (waited is None or not store.take_wait(db, waited)):
        raise RecoveryStopped("Its owner stopped it")
    store.drop_wait(db, person.id)
    for one in {factor.id for factor in found.factors} - {factor.id for factor in rest}:
        factor_store.remove(db, person.id, one)
    if lost:
        code_store.replace(db, person.id, (), now)
    factor_store.add(db, new)
    life.stop(db, person.id, "account recovered", now)
    announce.announce(db, person.id, Event.credential_change, now=now, credential_type="password", change_type="update")
    facts = {"way": found.recovery.way.value, "lost": lost, "removed": len(found.factors) - len(rest)}
    facts |= {"officer": found.recovery.by} if found.recovery.by else {}
    ledger.wrote(db, "person.recovered", person.label, by=person.label, at=now, facts=facts)
    notices.tell(db, person.id, DONE, link="/account/security", at=now)


def _kept(typed: str) -> str:
    return digest_of("".join(sign for sign in typed.upper() if sign in ALPHABET))
