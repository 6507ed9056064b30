"""Second factors that are sent or printed: a code by text message, and a recovery code in place of what was lost."""

from datetime import datetime

import structlog

from hub import ledger, notices
from hub.house import House
from hub.i18n import N_
from idp.account import letters
from idp.login import onetime, recovery_codes, sign_in
from idp.login.sign_in import Passed
from idp.model.factor import Factor, Kind, NotOffered, WrongCredentials
from idp.store import factors as factor_store
from idp.store import people as store
from idp.store import recovery_codes as code_store

log = structlog.get_logger("idp")
USED = N_("A recovery code was used to sign in to your account. %(left)s codes are left.")


def send_code(house: House, half: Passed, half_cookie: str, *, language: str, now: datetime) -> None:
    """Send a code to the phone of who is half-way signed in. Raises NotOffered, TooMany."""
    if Kind.sms not in half.due:
        raise NotOffered("This account uses no codes by text message")
    code = onetime.fresh(house, half.person.id, _bound(half_cookie))
    with house.database.write() as db:
        phone = store.profile(db, house.vault, half.person.id).phone
        if not phone:
            raise NotOffered("This account uses no codes by text message")
        letters.code_by_sms(house, db, half.person.id, phone, code, language, now)


def with_sms(
    house: House, half: Passed, half_cookie: str, typed: str, *, now: datetime, net: str = "", device: str = ""
) -> Passed:
    """The second step with a code that was sent for this very sign-in. Raises WrongCredentials, TooMany."""
    known = sign_in.guarded(house, half, Kind.sms, net, device, now)
    factor = next((one for one in _factors(house, half) if one.kind is Kind.sms), None)
    closed = factor is None or (factor.disabled is not None and not known)
    if not onetime.fits(house, _bound(half_cookie), typed) or closed or factor is None or Kind.sms not in half.due:
        log.info("login.refused", method="sms")
        raise WrongCredentials("The code is wrong, too old or was used already")
    sign_in.enable(house, factor)
    with house.database.write() as db:
        factor_store.touch(db, factor, now)
    return sign_in.completed(house, half, Kind.sms, net, known)


def with_recovery_code(
    house: House, half: Passed, typed: str, *, now: datetime, net: str = "", device: str = ""
) -> Passed:
    """The second step with one of the printed codes. It stands for the second factor, after the first one: nothing is passed by.

    Raises WrongCredentials, TooMany.
    """
    known = sign_in.guarded(house, half, Kind.recovery, net, device, now)
    person = half.person
    with house.database.write() as db:
        if Kind.recovery in half.due and recovery_codes.use(house, db, person.id, typed, now):
            left = str(code_store.left(db, person.id))
            notices.tell(db, person.id, USED, link="/account/security", at=now, left=left)
            ledger.wrote(db, "person.recovery-code.used", person.label, by=person.label, at=now)
            passed = True
        else:
            passed = False
    if not passed:
        log.info("login.refused", method="recovery")
        raise WrongCredentials("The code is wrong or was used already")
    return sign_in.completed(house, half, Kind.recovery, net, known)


def _factors(house: House, half: Passed) -> list[Factor]:
    with house.database.read() as db:
        return factor_store.of_person(db, half.person.id)


def _bound(half_cookie: str) -> str:
    return f"sign-in|{half_cookie}"
