"""How long a session runs: the absolute end, the end for want of a sign of life, and what that costs."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from hub import callers, sessions
from hub.caller import Caller
from hub.digest import digest_of
from hub.house import House

NIST_2_1_3 = timedelta(days=30)  # SP 800-63B-4: absolute limit of AAL1
HARDWARE, SYNCED, PASSWORD = ("hwk", "user", "mfa"), ("swk", "user", "mfa"), ("pwd",)


def who(now: datetime, amr: tuple[str, ...] = SYNCED, level: int = 3) -> Caller:
    return Caller(person="p1", level=level, amr=amr, auth_time=now, sid="login-1")


def begun(house: House, caller: Caller, now: datetime, *, most_hours: int = 24 * 365, kind: str = "idp") -> str:
    with house.database.write() as db:
        return digest_of(callers.begin(db, kind, caller, now=now, most_hours=most_hours))


def runs(house: House, digest: str, at: datetime, kind: str = "idp") -> bool:
    with house.database.read() as db:
        return callers.session(db, digest, kind, at) is not None


def seen(house: House, at: datetime) -> None:
    with house.database.write() as db:
        callers.saw(db, "login-1", at)


@pytest.mark.parametrize(
    ("amr", "level", "assurance"),
    [
        (PASSWORD, 4, 1),
        (("otp",), 3, 1),
        (SYNCED, 4, 2),
        (("pwd", "otp", "mfa"), 4, 2),
        (("pwd", "sms", "mfa"), 4, 2),
        (HARDWARE, 3, 2),  # a stronger key than needed is no reason to sign a citizen out after a quarter of an hour
        (HARDWARE, 4, 3),
    ],
)
def test_the_assurance_of_a_login_is_that_of_its_factors(
    now: datetime, amr: tuple[str, ...], level: int, assurance: int
) -> None:
    assert callers.assurance(who(now, amr, level)) == assurance


@pytest.mark.parametrize(
    ("amr", "level", "hours"), [(PASSWORD, 1, NIST_2_1_3 / timedelta(hours=1)), (SYNCED, 3, 24), (HARDWARE, 4, 12)]
)
def test_no_activity_moves_the_absolute_end(
    house_on: House, now: datetime, amr: tuple[str, ...], level: int, hours: float
) -> None:
    digest = begun(house_on, who(now, amr, level), now)
    end = now + timedelta(hours=hours)
    moment = now
    while moment < end:
        assert runs(house_on, digest, moment)
        seen(house_on, moment)
        moment += timedelta(minutes=14) if amr != PASSWORD else timedelta(days=1)
    assert runs(house_on, digest, end - timedelta(seconds=1)) or amr != PASSWORD
    assert not runs(house_on, digest, end)


@pytest.mark.parametrize(("amr", "level", "minutes"), [(SYNCED, 3, 60), (HARDWARE, 4, 15)])
def test_without_a_sign_of_life_it_is_over(
    house_on: House, now: datetime, amr: tuple[str, ...], level: int, minutes: int
) -> None:
    digest = begun(house_on, who(now, amr, level), now)
    rest = timedelta(minutes=minutes)
    assert runs(house_on, digest, now + rest - timedelta(seconds=1))
    assert not runs(house_on, digest, now + rest)
    seen(house_on, now + rest)  # too late: what is over is not woken
    assert not runs(house_on, digest, now + rest)
    with house_on.database.read() as db:
        assert callers.sessions(db, "p1", now + rest) == []


def test_one_factor_alone_may_rest(house: House, now: datetime) -> None:
    digest = begun(house, who(now, PASSWORD), now, most_hours=12)
    assert runs(house, digest, now + timedelta(hours=11, minutes=59))


def test_the_settings_can_only_shorten(house: House, now: datetime) -> None:
    digest = begun(house, who(now, HARDWARE, 4), now, most_hours=8)
    with house.database.read() as db:
        found = callers.session(db, digest, "idp", now)
    assert found is not None
    limits = callers.limits_of(found)
    assert limits == callers.Limits(now + timedelta(hours=8), now + timedelta(minutes=15))


def test_a_site_that_is_opened_later_ends_with_the_login(house: House, now: datetime) -> None:
    later = now + timedelta(hours=3)
    digest = begun(house, who(now, PASSWORD), later, most_hours=12, kind="my")
    assert not runs(house, digest, now + timedelta(hours=12), "my")


def test_work_at_one_site_keeps_the_whole_login_alive(house: House, now: datetime) -> None:
    provider, site = begun(house, who(now), now), begun(house, who(now), now, kind="my")
    for minutes in range(0, 180, 40):
        seen(house, now + timedelta(minutes=minutes))
        assert runs(house, provider, now + timedelta(minutes=minutes))
        assert runs(house, site, now + timedelta(minutes=minutes), "my")


def test_a_sign_of_life_is_written_once_a_minute_at_most(house: House, now: datetime) -> None:
    digest = begun(house, who(now), now)
    with house.database.read() as db:
        caller = callers.session(db, digest, "idp", now)
    assert caller is not None
    assert not sessions.is_due(caller, now + timedelta(seconds=59))
    assert sessions.is_due(caller, now + timedelta(seconds=60))
    assert not sessions.is_due(replace(caller, idle_ends=None), now + timedelta(hours=1))


def test_what_expired_is_found_once_and_a_login_that_goes_on_is_not(house_on: House, now: datetime) -> None:
    old = begun(house_on, who(now), now)
    with house_on.database.write() as db:
        callers.end_sessions(db, at=now, digest=old)  # a step-up puts another row in its place
    begun(house_on, who(now), now)
    with house_on.database.read() as db:
        assert callers.expired(db, now + timedelta(minutes=59)) == []
        assert callers.expired(db, now + timedelta(minutes=61)) == ["login-1"]
    with house_on.database.write() as db:
        assert callers.end_sessions(db, at=now + timedelta(minutes=61), sid="login-1") == ["login-1"]
        assert callers.expired(db, now + timedelta(minutes=62)) == []


def test_a_login_that_nobody_was_told_of_is_not_forgotten(house: House, now: datetime) -> None:
    begun(house, who(now), now)
    late = now + timedelta(days=3)
    with house.database.write() as db:
        callers.forget_ended(db, late)
        assert callers.expired(db, late) == ["login-1"]
        callers.end_sessions(db, at=late, sid="login-1")
        callers.forget_ended(db, late + timedelta(days=2))
        assert db.execute(sa.select(sa.func.count()).select_from(callers.session_table)).scalar_one() == 0
