"""The signed lists: every way in which they can be wrong, old or rolled back is its own reason to say nothing."""

import zlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import trust as trust_of
from tests.verification.desk import Desk, b64
from verification.lists import StatusList, TrustList, Unusable, read_status_list, read_trust_list
from verification.model import Reason
from verification.trust import Trust, read_list

BOMB = b64(zlib.compress(bytes(9 * 1024 * 1024)))


@pytest.fixture(scope="session")
def trusted(desk: Desk) -> TrustList:
    held = desk.trust().list
    assert held
    return held


def url(desk: Desk) -> str:
    return f"{desk.house.settings.verify_url}/status/1"


def read(desk: Desk, trusted: TrustList, token: str, now: datetime | None = None, least: int = 0) -> StatusList:
    return read_status_list(token, url(desk), trusted, now or desk.now, least=least)


def test_a_status_list_tells_the_state_of_each_license(desk: Desk, trusted: TrustList) -> None:
    held = read(desk, trusted, desk.status_list({7: 1, 8: 2, 4095: 3}))
    assert [held.at(index) for index in (6, 7, 8, 4095)] == [None, Reason.revoked, Reason.suspended, Reason.replaced]
    assert held.counter == 5


def test_a_place_beyond_the_list_is_unknown(desk: Desk, trusted: TrustList) -> None:
    held = read(desk, trusted, desk.status_list())
    for index in (-1, 4096, 2**32):
        with pytest.raises(Unusable) as caught:
            held.at(index)
        assert caught.value.reason is Reason.status_wrong


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": "http://localhost:8001/status/2"}, Reason.status_wrong),
        ({"status_list": {"bits": 1, "lst": "eJwDAAAAAAE"}}, Reason.status_wrong),
        ({"status_list": {"bits": 2, "lst": "not deflated"}}, Reason.status_wrong),
        ({"status_list": {"bits": 2, "lst": BOMB}}, Reason.status_wrong),
        ({"status_list": {"bits": 2, "lst": b64(zlib.compress(bytes(99))[:-3])}}, Reason.status_wrong),
        ({"status_list": {"bits": 2, "lst": b64(zlib.compress(bytes(99)) + b"more")}}, Reason.status_wrong),
        ({"status_list": None}, Reason.status_wrong),
        ({"iat": None}, Reason.status_wrong),
        ({"ctr": "5"}, Reason.status_wrong),
        ({"ctr": True}, Reason.status_wrong),
        ({"exp": 2**60}, Reason.status_wrong),
        ({"ctr": 4}, Reason.status_rolled_back),
        ({"exp": 1}, Reason.status_old),
    ],
)
def test_a_status_list_that_is_wrong_is_not_used(
    desk: Desk, trusted: TrustList, changes: dict[str, object], reason: Reason
) -> None:
    with pytest.raises(Unusable) as caught:
        read(desk, trusted, desk.status_list(**changes), least=5)  # type: ignore[arg-type]
    assert caught.value.reason is reason


def test_a_status_list_ends_after_a_day(desk: Desk, trusted: TrustList) -> None:
    token = desk.status_list()
    read(desk, trusted, token, desk.now + timedelta(hours=23))
    with pytest.raises(Unusable) as caught:
        read(desk, trusted, token, desk.now + timedelta(days=1, seconds=1))
    assert caught.value.reason is Reason.status_old


@pytest.mark.parametrize(("behind", "reason"), [(100, None), (130, Reason.clock_wrong), (86400, Reason.clock_wrong)])
def test_a_clock_that_is_behind_is_named(desk: Desk, trusted: TrustList, behind: int, reason: Reason | None) -> None:
    token = desk.status_list()
    now = desk.now - timedelta(seconds=behind)
    held = TrustList(
        tuple({**key, "since": 0} for key in trusted.keys), (), trusted.verify_url, True, now, now, 1
    )  # fmt: skip
    if reason is None:
        read(desk, held, token, now)
        return
    with pytest.raises(Unusable) as caught:
        read(desk, held, token, now)
    assert caught.value.reason is reason


@pytest.mark.parametrize("key", ["code-1", "receipt", "tokens-1"])
def test_only_the_key_for_status_lists_signs_them(desk: Desk, trusted: TrustList, key: str) -> None:
    token = desk.status_list()
    claims = token.split(".")[1]
    forged = desk.jws({"typ": "statuslist+jwt"}, {}, key).split(".")
    with pytest.raises(Unusable) as caught:
        read(desk, trusted, f"{forged[0]}.{claims}.{forged[2]}")
    assert caught.value.reason is Reason.status_wrong


def test_a_statement_of_another_type_is_no_status_list(desk: Desk, trusted: TrustList) -> None:
    token = desk.jws({"typ": "JWT"}, {"sub": url(desk)}, "status-list")
    with pytest.raises(Unusable) as caught:
        read(desk, trusted, token)
    assert caught.value.reason is Reason.status_wrong


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"crit": ["x"], "x": 1}, {"jwk": {}}, {"b64": False}]
)
def test_no_header_decides_how_a_list_is_checked(desk: Desk, trusted: TrustList, header: dict[str, object]) -> None:
    token = desk.jws({"typ": "statuslist+jwt", **header}, {"sub": url(desk)}, "status-list")
    with pytest.raises(Unusable):
        read(desk, trusted, token)


@given(st.text(max_size=300))
def test_any_text_is_no_list(desk: Desk, trusted: TrustList, text: str) -> None:
    with pytest.raises(Unusable):
        read(desk, trusted, text)
    with pytest.raises(Unusable):
        read_trust_list(text, [], desk.now)
    with pytest.raises(Unusable):
        read_list(text, (), desk.now)


# -- the trust list


def test_the_trust_list_is_signed_by_whom_the_root_certified(desk: Desk) -> None:
    token = trust_of.trust_list(desk.house, desk.now)
    roots = desk.trust().roots
    held = read_list(token, roots, desk.now)
    assert held.test_edition
    assert [key["use"] for key in held.keys].count("code") == 1
    with pytest.raises(Unusable) as caught:
        read_list(token, (), desk.now)
    assert caught.value.reason is Reason.trust_list_wrong


@pytest.mark.parametrize(
    ("later", "least", "reason"),
    [
        (timedelta(days=8), 0, Reason.trust_list_old),
        (timedelta(), 10**6, Reason.trust_list_old),
        (timedelta(days=-2), 0, None),
    ],
)
def test_an_old_trust_list_is_not_used(desk: Desk, later: timedelta, least: int, reason: Reason | None) -> None:
    token = trust_of.trust_list(desk.house, desk.now)
    with pytest.raises(Unusable) as caught:
        read_list(token, desk.trust().roots, desk.now + later, least=least)
    assert caught.value.reason is (reason or caught.value.reason)


def test_a_changed_trust_list_is_not_used(desk: Desk) -> None:
    head, body, signature = trust_of.trust_list(desk.house, desk.now).split(".")
    other = "A" if body[100] != "A" else "B"
    with pytest.raises(Unusable):
        read_list(f"{head}.{body[:100]}{other}{body[101:]}.{signature}", desk.trust().roots, desk.now)


def test_a_seal_cannot_sign_a_trust_list(desk: Desk) -> None:
    """Certified by our CA, but not for this."""
    from base64 import b64encode

    from certs import store

    with desk.house.database.read() as db:
        own = store.certificate(db, desk.seal.certificate)
        above = store.chain(db, own)
    x5c = [b64encode(one.der).decode() for one in (own, *above)]
    token = desk.jws({"typ": "trust-list+jwt", "x5c": x5c}, {"keys": []}, desk.seal.key_name)
    with pytest.raises(Unusable) as caught:
        read_list(token, desk.trust().roots, desk.now)
    assert caught.value.reason is Reason.trust_list_wrong


def test_a_key_is_trusted_for_its_use_and_time_only(desk: Desk, trusted: TrustList) -> None:
    (code,) = trusted.trusted("code", desk.now)
    assert not [key for key in trusted.trusted("status-list", desk.now) if key["kid"] == code["kid"]]
    ended = tuple({**key, "until": int(desk.now.timestamp()) - 10} for key in trusted.keys)
    held = Trust((), TrustList(ended, (), "", True, desk.now, desk.now, 1))
    assert held.list
    assert not held.list.trusted("code", desk.now)
