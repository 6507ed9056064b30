"""What is over by itself ends as if somebody had signed out: services are told, tokens fall."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask, request

from hub import callers, clock, outbox
from hub.house import House
from idp.login import session
from idp.model.person import Level, Person, Profile
from idp.provider import expiry
from idp.store import grants as grant_store
from idp.store import people
from tests.idp.rp import Visit, department


def test_expiry_tells_every_service_as_a_sign_out_does(house: House, app: Flask) -> None:
    """OpenID Connect Back-Channel Logout 2.5; ASVS 7.4.2."""
    visit = Visit(house, app, department(backchannel_logout_uri="https://market.qiyun.example/told"))
    site, got = Flask("site"), list[str]()

    @site.post("/told")
    def take() -> str:
        got.append(request.form["logout_token"])
        return ""

    house.fetch.serve_here("https://market.qiyun.example", site)
    visit.signs_in()
    tokens = visit.tokens()
    late = timedelta(hours=12, seconds=1).total_seconds()
    with clock.shifted(late - 10):
        assert expiry.expire(house, clock.now()) == 0
        assert "error" not in visit.answer(prompt="none")
    with clock.shifted(late):
        assert expiry.expire(house, clock.now()) == 1
        assert expiry.expire(house, clock.now()) == 0
        assert outbox.deliver(house, clock.now()) == 1
        assert visit.refresh(tokens["refresh_token"]).status_code == 400
        assert visit.answer(prompt="none")["error"] == "login_required"
    assert visit.claims(got[0])["aud"] == visit.client.id


def test_who_rests_too_long_is_signed_out_everywhere(visit: Visit) -> None:
    now = clock.now()
    caller = visit.signs_in()
    visit.tokens()
    with visit.house.database.write() as db:  # as a login with two factors is opened
        callers.end_sessions(db, at=now, digest=caller.session)
        two = callers.Caller(person=visit.person, level=2, amr=("pwd", "otp", "mfa"), auth_time=now, sid=caller.sid)
        callers.begin(db, "idp", two, now=now, most_hours=12)
    assert expiry.expire(visit.house, now + timedelta(minutes=61)) >= 1
    with visit.house.database.read() as db:
        assert callers.is_revoked(db, [caller.sid])
        assert grant_store.living(db, now, sids=[caller.sid or ""]) == []


def test_a_service_that_renews_its_tokens_is_a_sign_of_life(visit: Visit) -> None:
    now = clock.now()
    caller = visit.signs_in()
    with visit.house.database.write() as db:
        two = replace(caller, amr=("pwd", "otp", "mfa"), session=None)
        value = callers.begin(db, "idp", two, now=now, most_hours=12)
    visit.browser.set_cookie(visit.house.settings.cookie("idp"), value)
    tokens = visit.tokens()
    with visit.house.database.write() as db:
        callers.end_sessions(db, at=now, digest=caller.session)  # the one without a limit
    for minutes in (50, 100, 150):
        with clock.shifted(minutes * 60):
            answer = visit.refresh(tokens["refresh_token"])
            assert answer.status_code == 200, minutes
            tokens = answer.get_json()
    with clock.shifted(211 * 60):
        assert visit.refresh(tokens["refresh_token"]).status_code == 400


def test_pages_and_single_sign_on_write_a_sign_of_life_once_a_minute_at_most(visit: Visit) -> None:
    now = clock.now()
    caller = visit.signs_in()
    with visit.house.database.write() as db:
        callers.end_sessions(db, at=now, digest=caller.session)
        two = replace(caller, amr=("pwd", "otp", "mfa"), session=None, sid="another-login")
        value = callers.begin(db, "idp", two, now=now, most_hours=12)
    visit.browser.set_cookie(visit.house.settings.cookie("idp"), value)
    seen = set()
    for second in (1, 20, 59, 61, 62, 100, 125):
        with clock.shifted(second):
            assert "code" in visit.answer(prompt="none")
            with visit.house.database.read() as db:
                seen.add(callers.sessions(db, visit.person, clock.now())[0][0].seen)
    assert len(seen) == 3  # at the sign-in, after one minute, after two


@pytest.mark.parametrize(
    ("methods", "level", "rest"),
    [
        (("pwd",), 3, None),
        (("pwd", "otp", "mfa"), 3, timedelta(hours=1)),
        (("hwk", "user", "mfa"), 4, timedelta(minutes=15)),
    ],
)
def test_a_login_at_the_provider_rests_as_long_as_its_factors_allow(
    house: House, methods: tuple[str, ...], level: int, rest: timedelta | None
) -> None:
    """NIST SP 800-63B-4 2.2.3, 2.3.3; ASVS 7.3.1."""
    now = clock.now()
    person = Person("rests", now, level=Level(level))
    with house.database.write() as db:
        people.add(db, house.vault, person, Profile("who.rests"))
        session.begin(house, db, person, methods, now=now)
        ((first, _, _),) = callers.sessions(db, "rests", now)
    assert first.idle_ends == (now + rest if rest else None)
    later = now + timedelta(minutes=10)
    with house.database.write() as db:  # one step more moves neither the sign-in nor the end
        session.stepped_up(house, db, first, person, now=later)
        ((second, _, _),) = callers.sessions(db, "rests", later)
    assert second.ends == first.ends
    assert second.idle_ends == (later + rest if rest else None)
