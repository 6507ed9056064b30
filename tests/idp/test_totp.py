"""Codes of an authenticator app: RFC 6238, each once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import clock, limits
from hub.problems import TooMany
from idp.account import accounts
from idp.login import sign_in, throttle, totp
from idp.model.factor import Kind, SignInAgain, WrongCredentials
from tests.idp.citizen import PASSWORD, Citizen

KEY = b"12345678901234567890"  # RFC 6238 appendix B


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.code(KEY, seconds // totp.STEP) == code
    assert totp.matching_step(KEY, f" {code[:3]} {code[3:]} ", datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_a_code_of_the_step_before_or_after_is_taken_and_no_other() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    step = int(now.timestamp()) // 30
    taken = [at for at in range(-4, 5) if totp.matching_step(KEY, totp.code(KEY, step + at), now) is not None]
    assert taken == [-1, 0, 1]


@given(st.text(max_size=20))
def test_whatever_is_typed_is_compared(text: str) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    step = totp.matching_step(KEY, text, now)
    assert step is None or totp.code(KEY, step) == "".join(text.split())


def code_of(key: bytes, ahead: int = 0) -> str:
    return totp.code(key, clock.timestamp() // totp.STEP + ahead)


def with_app(citizen: Citizen) -> bytes:
    citizen.registers()
    page = citizen.get("/account/app")
    assert citizen.signed_in
    key = accounts.new_totp_key(citizen.house, citizen.session)
    assert totp.shown(key) in page.text
    wrong = citizen.send(page, "/account/app", code="000000")
    assert wrong.status_code == 422
    assert totp.shown(key) in wrong.text  # the same key: nothing has to be set up again
    assert citizen.send(wrong, "/account/app", code=code_of(key)).status_code == 303
    assert set(citizen.session.amr) == {"pwd", "otp", "mfa"}
    return key


def test_after_the_password_the_code_is_asked_and_then_the_session_says_two_factors(citizen: Citizen) -> None:
    key = with_app(citizen)
    other = Citizen(citizen.house, citizen.app, citizen.register)
    half = other.signs_in()
    assert half.location == "/login/second"
    assert other.get("/account").status_code == 303  # half a sign-in is none
    wrong = other.post("/login/second", code="123456")
    assert wrong.status_code == 401
    done = other.send(wrong, "/login/second", code=code_of(key, 1))
    assert done.location == "/account"
    assert other.signed_in
    assert other.session.amr == ("pwd", "otp", "mfa")


def test_a_code_works_once(citizen: Citizen) -> None:
    key = with_app(citizen)
    code = code_of(key, 1)
    passed = sign_in.with_password(citizen.house, "jia.shili", PASSWORD, net="n", now=clock.now())
    assert passed.due == (Kind.totp,)
    sign_in.with_code(citizen.house, passed, code, now=clock.now())
    with pytest.raises(WrongCredentials):
        sign_in.with_code(citizen.house, passed, code, now=clock.now())
    with pytest.raises(WrongCredentials):  # nor does an earlier one
        sign_in.with_code(citizen.house, passed, code_of(key), now=clock.now())


def test_codes_cannot_be_guessed(citizen: Citizen) -> None:
    with_app(citizen)
    passed = sign_in.with_password(citizen.house, "jia.shili", PASSWORD, net="n", now=clock.now())
    for _ in range(throttle.SECOND.times):
        with pytest.raises(WrongCredentials):
            sign_in.with_code(citizen.house, passed, "000000", now=clock.now())
    with pytest.raises(TooMany):
        sign_in.with_code(citizen.house, passed, "000000", now=clock.now())


def test_nor_by_somebody_who_has_the_password_and_a_lot_of_patience(citizen: Citizen) -> None:
    key = with_app(citizen)
    passed = sign_in.with_password(citizen.house, "jia.shili", PASSWORD, net="n", now=clock.now())
    for _ in range(throttle.SECOND_EVER.times):
        limits.forgive(citizen.house.shared, throttle.SECOND, f"{passed.person.id}|")  # five minutes later
        with pytest.raises(WrongCredentials):
            sign_in.with_code(citizen.house, passed, "no code", now=clock.now())
    limits.forgive(citizen.house.shared, throttle.SECOND, f"{passed.person.id}|")
    with pytest.raises(TooMany):
        sign_in.with_code(citizen.house, passed, code_of(key, 1), now=clock.now())


def test_half_a_sign_in_ends_soon_and_leads_to_one_session(citizen: Citizen) -> None:
    with_app(citizen)
    passed = sign_in.with_password(citizen.house, "jia.shili", PASSWORD, net="n", now=clock.now())
    value = sign_in.keep_half(citizen.house, passed, clock.now())
    assert sign_in.half(citizen.house, value, clock.now()).methods == ("pwd",)
    with pytest.raises(SignInAgain):
        sign_in.half(citizen.house, value, clock.now() + timedelta(seconds=sign_in.HALF_SECONDS + 1))
    sign_in.end_half(citizen.house, value)
    for again in (sign_in.end_half, lambda house, value: sign_in.half(house, value, clock.now())):
        with pytest.raises(SignInAgain):
            again(citizen.house, value)
    with pytest.raises(SignInAgain):
        sign_in.half(citizen.house, "", clock.now())


def test_the_key_is_sealed_in_the_database(citizen: Citizen) -> None:
    key = with_app(citizen)
    dump = b"".join(path.read_bytes() for path in citizen.house.settings.data.glob("yinxin.db*"))
    assert key not in dump
