"""A code carries what it stands for: nobody reads, makes or changes one, and each way to write one down is the same code."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock
from hub.digest import digest_of
from idp.model.flow import Refused
from idp.model.grant import Refresh
from idp.provider import codes, device, grants, sealed
from idp.store import grants as store
from tests.idp.rp import CALLBACK, Visit, Visits, public
from tests.idp.test_grants import code_of

ANY_HOUSE = [HealthCheck.function_scoped_fixture]


@pytest.fixture
def party(visit: Visit) -> Visit:
    visit.signs_in()
    return visit


def test_a_code_gives_back_all_that_it_stands_for(party: Visit) -> None:
    code = code_of(party, ("openid", "offline_access"))
    assert codes.opened(party.house, codes.seal(party.house, code)) == code


def test_two_codes_for_the_same_are_two(party: Visit) -> None:
    code = code_of(party)
    assert sealed.digest(codes.seal(party.house, code)) != sealed.digest(codes.seal(party.house, code))


def test_a_code_tells_nothing_to_the_browser_that_carries_it(party: Visit) -> None:
    code = code_of(party)
    value = codes.seal(party.house, code)
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    assert code.person.encode() not in raw
    assert code.client.encode() not in raw
    assert len(value) < 700  # it stands in an address


def test_a_code_with_much_in_it_is_packed(party: Visit) -> None:
    """A proxy takes headers of a few kilobytes."""
    claims = json.dumps(
        {"id_token": {f"https://claims.example/{number}": {"essential": True} for number in range(120)}}
    )
    code = replace(code_of(party), claims=claims)
    value = codes.seal(party.house, code)
    assert len(claims) > 5000
    assert len(value) < 2000
    assert codes.opened(party.house, value) == code


def test_what_a_device_waits_for_is_no_code(party: Visit) -> None:
    value = codes.seal(party.house, code_of(party), purpose=device.ANSWER)
    assert codes.opened(party.house, value) is None
    assert codes.opened(party.house, value, purpose=device.ANSWER)


def test_a_code_with_one_bit_changed_is_none(party: Visit) -> None:
    value = codes.seal(party.house, code_of(party))
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    for at in range(len(raw)):
        forged = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        assert codes.opened(party.house, base64.urlsafe_b64encode(forged).rstrip(b"=").decode()) is None


def test_a_code_of_another_installation_is_none(party: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    value = codes.seal(party.house, code_of(party))
    monkeypatch.setitem(party.house.keys._secrets, "sealed", b"another installation's secret...")
    with pytest.raises(Refused, match="invalid_grant"):
        grants.find_code(party.house, value, party.client, clock.now())


def test_a_code_written_in_another_way_is_the_same_code(party: Visit) -> None:
    """Base64url leaves bits of its last character open: they must not make a second code out of a used one."""
    code = next(code for code in iter(party.code, None) if len(code) % 4)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [code[:-1] + letters[letters.index(code[-1]) ^ 1], code + "=" * (-len(code) % 4)]
    first = party.redeem(code)
    assert first.status_code == 200
    assert {party.redeem(other).status_code for other in others} == {400}
    assert party.userinfo((first.json or {})["access_token"]).status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"redirect_uri": CALLBACK + "/else"}, {"code_verifier": "v" * 43}, {"code_verifier": None}]
)
def test_a_used_code_revokes_what_came_of_it_even_when_it_comes_with_something_wrong(
    party: Visit, wrong: dict[str, Any]
) -> None:
    code = party.code()
    access = (party.redeem(code).json or {})["access_token"]
    assert (party.redeem(code, **wrong).json or {})["error"] == "invalid_grant"
    assert party.userinfo(access).status_code == 401


def test_something_wrong_with_an_unused_code_costs_it_nothing(party: Visit) -> None:
    code = party.code()
    assert (party.redeem(code, code_verifier="v" * 43).json or {})["error"] == "invalid_grant"
    assert party.redeem(code).status_code == 200


def test_a_used_code_revokes_what_came_of_it_after_it_has_expired_too(party: Visit) -> None:
    code = party.code()
    access = (party.redeem(code).json or {})["access_token"]
    with clock.shifted(party.house.settings.code_seconds + 1):
        party.redeem(code)
        assert party.userinfo(access).status_code == 401


def test_another_client_can_neither_redeem_a_code_nor_revoke_what_came_of_it(party: Visit, visits: Visits) -> None:
    code = party.code()
    access = (party.redeem(code).json or {})["access_token"]
    other = visits(public(), browser_of=party)
    answer = other.redeem(code, headers={}, client_id=other.client.id)
    assert (answer.json or {})["error"] == "invalid_grant"
    assert party.userinfo(access).status_code == 200


def test_a_code_that_nobody_redeemed_in_time_is_gone(party: Visit) -> None:
    value = codes.seal(party.house, code_of(party))
    late = clock.now() + timedelta(seconds=party.house.settings.code_seconds)
    with pytest.raises(Refused, match="invalid_grant"):
        grants.find_code(party.house, value, party.client, late)


def test_a_code_of_the_release_before_is_redeemed_after_an_update(party: Visit) -> None:
    """It knew fewer fields; those that came since have what they begin with."""
    kept = json.loads(codes._dump(code_of(party)))[: codes.NAMES.index("data")]
    assert codes._load(json.dumps(kept).encode()).data == ()


@settings(max_examples=200, deadline=None, suppress_health_check=ANY_HOUSE)
@given(
    st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
)
def test_whatever_comes_as_a_code_is_refused(visit: Visit, value: str) -> None:
    with pytest.raises(Refused, match="invalid_grant"):
        grants.find_code(visit.house, value, visit.client, clock.now())
    assert len(sealed.digest(value)) == 64


# -- refresh tokens


def test_a_refresh_token_holds_nothing_but_its_grant_and_stands_nowhere(party: Visit) -> None:
    value = party.tokens()["refresh_token"]
    assert (codes.opened(party.house, value), sealed.opened(party.house, codes.PURPOSE, value)) == (None, None)
    with party.house.database.read() as db:
        assert store.grant(db, (sealed.opened(party.house, grants.REFRESH, value) or b"").decode())
        assert store.refresh(db, digest_of(value)) is None


@pytest.mark.parametrize("more", ["=", "==", "====", "\n", "A"])
def test_a_used_refresh_token_written_in_another_way_renews_nothing(party: Visit, visits: Visits, more: str) -> None:
    native = visits(public(), browser_of=party)
    native.agrees()
    first = native.tokens()["refresh_token"]
    assert native.refresh(first).status_code == 200
    with clock.shifted(11):
        assert native.refresh(first + more).status_code == 400


def test_a_refresh_token_of_another_installation_is_none(party: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    value = party.tokens()["refresh_token"]
    monkeypatch.setitem(party.house.keys._secrets, "sealed", b"another installation's secret...")
    assert party.refresh(value).status_code == 400


def test_a_code_is_no_refresh_token_and_the_reverse(party: Visit) -> None:
    assert party.refresh(party.code()).status_code == 400
    assert party.redeem(party.tokens()["refresh_token"]).status_code == 400


def test_a_refresh_token_of_the_release_before_is_renewed_after_an_update(party: Visit) -> None:
    """It was a random name for a row."""
    gid = party.claims(party.tokens()["access_token"])["gid"]
    with party.house.database.write() as db:
        store.keep_refresh(db, Refresh(digest_of("an older one"), gid, None, clock.now()))
    assert party.refresh("an older one").status_code == 200
