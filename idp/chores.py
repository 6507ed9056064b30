"""This room's periodic work, and the sender of its deliveries. The front door calls `register`."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub import jobs, outbox, ticks, token_keys
from hub.held import tells
from idp import realname, retention
from idp.account import announce, closing, export, held, letters, recheck, recovery
from idp.acting import companies_watch, mandates, uses, wards
from idp.consent import consents
from idp.login import devices
from idp.provider import expiry, logout, registration, revoke, sealed_secrets
from idp.provider.tokens import sign
from idp.store import clients, grants, logos, registration_tokens, upstreams

if TYPE_CHECKING:
    from hub.house import House

KEPT = timedelta(days=2)  # an ended grant still tells who took part in a login, and no login runs longer than a day


UPSTREAM_LOGINS = timedelta(days=40)  # no session runs longer than thirty


def register() -> None:
    """Name everything to the modules that run it. Once per process."""
    outbox.sends(logout.KIND, logout.send)
    outbox.sends(announce.KIND, announce.send)
    ticks.every(3600, "grants", forget_ended)
    ticks.every(600, "recoveries", recovery.clean)
    ticks.every(600, "register", recheck.some)
    ticks.every(3600, "proofs", _age)
    ticks.every(3600, "old traces", retention.forget)
    jobs.handles(export.KIND, export.make)
    jobs.handles(revoke.KIND, revoke.finish)
    ticks.every(600, "copies of data", export.forget)
    ticks.every(600, "agreements of the dead", consents.end_of_the_dead)
    ticks.every(3600, "accounts that close", closing.finish_due)
    ticks.every(3600, "accounts that close soon", closing.remind)
    for title, part in held.PARTS.items():
        tells(title, part)
    for kind, sender in letters.SENDERS.items():
        outbox.sends(kind, sender)
    ticks.every(5, "expired logins", _expire)
    ticks.every(5, "token keys", _keep_keys)
    ticks.every(5, "sealing secrets", _keep_sealing)
    ticks.every(2, "uses of mandates", uses.take_letters)
    ticks.every(86_400, "old uses of mandates", uses.forget_old)
    ticks.every(30, "mandates that are over", mandates.expire)
    ticks.every(3600, "wards", wards.ask_all_again)
    ticks.every(600, "mandates for persons that end", wards.warn)
    ticks.every(10, "copies of notices", _copy_notices)
    ticks.every(86_400, "unused devices", devices.forget_unused)
    ticks.every(3600, "logins by province", _forget_upstream)
    ticks.every(60, "companies", companies_watch.look_again)
    ticks.every(600, "mandates that end", companies_watch.warn)


def forget_ended(house: "House", now: datetime) -> None:
    """Delete grants, their refresh tokens and used-up permits to register, which can matter to nobody any more."""
    with house.database.write() as db:
        grants.forget_ended(db, now - KEPT)
        registration_tokens.forget_ended(db, now)
        clients.forget_waiting(db, now - registration.WAITS)
        logos.forget(db, clients.living())


def _expire(house: "House", now: datetime) -> None:
    expiry.expire(house, now)


def _keep_keys(house: "House", now: datetime) -> None:
    token_keys.keep(house, now, life=sign.longest(house), days=house.settings.token_key_days)


def _keep_sealing(house: "House", now: datetime) -> None:
    sealed_secrets.keep(house, now)


def _age(house: "House", now: datetime) -> None:
    realname.forget_forms(house, now)
    realname.remind(house, now)
    realname.fall_back(house, now)


def _forget_upstream(house: "House", now: datetime) -> None:
    with house.database.write() as db:
        upstreams.forget_logins(db, now - UPSTREAM_LOGINS)


def _copy_notices(house: "House", now: datetime) -> None:
    letters.copy_notices(house, now)
