"""A service's keys are read where it publishes them: new ones work at once, forged names do not make us call on and on."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from hub import clock
from hub.digest import digest_of
from hub.house import House
from idp.model.client import Client
from idp.model.registration import Registration
from idp.provider import client_keys
from idp.provider.client_keys import keys_of
from idp.store import client_keys as store
from tests.idp.rp import ASSERTION, KEY, Visit, Visits, with_key
from tests.idp.site import ORIGIN, Site, key, site

ONE, TWO = key("one"), key("two")


def published(**changes: Any) -> Client:
    """A service whose keys stand at its own site."""
    return with_key(keys=(), registered=Registration(jwks_uri=f"{ORIGIN}/jwks"), **changes)


def kids(house: House, client: Client, now: datetime, **asked: Any) -> list[str]:
    return [str(one.get("kid")) for one in keys_of(house, client, now, **asked)]


@pytest.fixture
def theirs(house: House) -> Site:
    return site(house).publishes(ONE)


def test_registered_keys_need_no_call(house: House, theirs: Site, now: datetime) -> None:
    assert kids(house, with_key(), now, kid="unknown", again=True) == ["rp-1"]
    assert theirs.asked == []


def test_keys_are_read_once_and_kept(house: House, theirs: Site, now: datetime) -> None:
    client = published()
    first = keys_of(house, client, now)
    assert keys_of(house, client, now, kid="one") is first
    house.cache.clear()  # another process: what one has read, all know
    assert kids(house, client, now) == ["one"]
    assert theirs.asked == ["/jwks"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("max-age=600", 600),
        ('public, MAX-AGE="600"', 600),
        ("no-store", 60),
        ("max-age=0", 60),
        ("max-age=9999999", 86_400),
        ("", 3600),
        ("s-maxage=7", 3600),
        ("max-age=-1", 3600),
    ],
)
def test_cache_control_decides_how_long_within_a_day(
    house: House, theirs: Site, now: datetime, said: str, seconds: int
) -> None:
    theirs.headers.append(("Cache-Control", said))
    client = published()
    keys_of(house, client, now)
    keys_of(house, client, now + timedelta(seconds=seconds - 1))
    assert len(theirs.asked) == 1
    keys_of(house, client, now + timedelta(seconds=seconds))
    assert len(theirs.asked) == 2


def test_an_unknown_key_name_reads_the_address_again(house: House, theirs: Site, now: datetime) -> None:
    client = published()
    keys_of(house, client, now)
    theirs.publishes(ONE, TWO)
    assert kids(house, client, now, kid="two") == ["one", "two"]


def test_forged_key_names_do_not_make_us_call_on_and_on(house: House, theirs: Site, now: datetime) -> None:
    client = published()
    for number in range(30):
        keys_of(house, client, now, kid=f"forged-{number}")
        keys_of(house, client, now, again=True)
    assert len(theirs.asked) == client_keys.REREAD.times
    assert kids(house, client, now, kid="one") == ["one"]  # what is known goes on working


def test_what_is_known_is_believed_for_a_day_while_the_address_is_down(
    house: House, theirs: Site, now: datetime
) -> None:
    client = published()
    keys_of(house, client, now)
    theirs.down = True
    assert kids(house, client, now + timedelta(hours=23, minutes=59)) == ["one"]
    assert kids(house, client, now + timedelta(hours=24)) == []
    kept = client_keys.status(house, client)
    assert kept is not None
    assert kept.read == now
    assert "503" in kept.problem
    theirs.down = False
    assert kids(house, client, now + timedelta(hours=24, seconds=30)) == ["one"]


def test_nobody_waits_behind_an_address_that_was_down_a_moment_ago(house: House, theirs: Site, now: datetime) -> None:
    theirs.down = True
    for _ in range(5):
        assert kids(house, published(), now) == []
    assert theirs.asked == ["/jwks"]


def test_another_address_means_other_keys(house: House, theirs: Site, now: datetime) -> None:
    client = published()
    keys_of(house, client, now)
    theirs.pages["/new"] = {"keys": [TWO.as_dict(private=False)]}
    moved = replace(client, registered=Registration(jwks_uri=f"{ORIGIN}/new"))
    assert kids(house, moved, now) == ["two"]


def test_a_key_for_encryption_checks_no_signature(house: House, theirs: Site, now: datetime) -> None:
    theirs.publishes(key("s", use="sig"), key("e", use="enc"), key("both"))
    assert kids(house, published(), now) == ["s", "both"]
    assert kids(house, published(), now, use="enc") == ["e", "both"]


REFUSED = [
    KEY.as_dict(private=True),
    {"kty": "oct", "k": "c2VjcmV0"},
    {"kty": "EC", "crv": "P-256", "k": "c2VjcmV0"},
    {"kty": "later"},
    {"kty": ["EC"]},
    {},
    [],
    None,
    "key",
    {"kty": "EC", "kid": 7},
    {"kty": "EC", "use": {}},
    {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    {"kty": "RSA", "n": "A" * 342, "e": "AQAB"},
]


@pytest.mark.parametrize("wrong", REFUSED, ids=range(len(REFUSED)))
def test_private_symmetric_and_unknown_keys_are_passed_over(
    house: House, theirs: Site, now: datetime, wrong: Any
) -> None:
    theirs.pages["/jwks"] = {"keys": [wrong, ONE.as_dict(private=False)]}
    assert kids(house, published(), now) == ["one"]


@pytest.mark.parametrize(
    "page", [b"", b"keys", b"[]", b'{"keys": {}}', b"[" * 50_000, b'{"keys": []}' + b" " * 70_000, b"\xff\xfe"], ids=len
)
def test_what_is_no_key_set_gives_no_keys(house: House, theirs: Site, now: datetime, page: bytes) -> None:
    theirs.pages["/jwks"] = page
    assert kids(house, published(), now) == []
    kept = client_keys.status(house, published())
    assert kept is not None
    assert kept.problem


def test_a_redirect_is_not_followed(house: House, now: datetime) -> None:
    def elsewhere(environ: Any, start: Any) -> list[bytes]:
        start("302 Found", [("Location", "http://169.254.169.254/latest")])
        return [b""]

    house.fetch.serve_here(ORIGIN, elsewhere)
    assert kids(house, published(), now) == []


@pytest.mark.parametrize("host", ["127.0.0.1:9", "[::1]", "169.254.169.254", "10.0.0.1", "elsewhere.example"])
def test_no_address_inside_is_called(house: House, now: datetime, host: str) -> None:
    client = replace(published(), registered=Registration(jwks_uri=f"https://{host}/jwks"))
    assert kids(house, client, now) == []
    kept = client_keys.status(house, client)
    assert kept is not None
    assert "not among the allowed hosts" in kept.problem


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    page=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["EC", "P-256"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["keys", "kty", "kid", "use", "d", "x"]), inner, max_size=4)
        ),
    )
)
def test_no_answer_does_harm(house: House, page: Any) -> None:
    house.cache.clear()
    site(house, origin="https://odd.example", pages={"/jwks": page})
    client = published(id=f"odd-{digest_of(str(page))[:20]}")
    client = replace(client, registered=Registration(jwks_uri="https://odd.example/jwks"))
    assert all("d" not in one for one in keys_of(house, client, clock.now(), again=True))


def test_both_databases_keep_what_two_read_at_once(house_on: House, now: datetime) -> None:
    with house_on.database.write() as db:
        for moment in (now, now + timedelta(seconds=1)):
            store.keep(db, store.Held("x", "https://a.example/jwks", ({"kty": "EC"},), moment, moment, moment))
    with house_on.database.read() as db:
        kept = store.held(db, "x")
    assert kept is not None
    assert kept.read == now + timedelta(seconds=1)


# -- the token endpoint


@pytest.fixture
def keyed(visits: Visits, provider: tuple[House, Flask]) -> Visit:
    house, _ = provider
    house.cache.clear()
    return visits(published(id=f"keyed-{secrets.token_hex(8)}"))


def proved(visit: Visit, **given: Any) -> dict[str, Any]:
    """A token request that proves the client by an assertion."""
    form = {"grant_type": "client_credentials", "scope": "licenses:read"}
    form |= {"client_assertion_type": ASSERTION, "client_assertion": visit.assertion(**given)}
    return dict(visit.token(form, headers={}).json or {})


def test_oidcc_refresh_token_rp_key_rotation(keyed: Visit) -> None:
    """OIDCCRefreshTokenRPKeyRotation: a service changes its keys between two renewals; nothing is restarted."""
    theirs = site(keyed.house).publishes(ONE)
    keyed.signs_in()
    form = {"client_assertion_type": ASSERTION}
    proof: dict[str, Any] = {"key": ONE, "header": {"kid": "one"}}
    got = keyed.redeem(
        keyed.code(scope="openid offline_access"),
        headers={},
        client_assertion=keyed.assertion(**proof),
        **form,
    ).json
    assert got is not None
    assert "refresh_token" in got, got
    renewal = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"], **form}
    assert keyed.token(renewal | {"client_assertion": keyed.assertion(**proof)}, headers={}).status_code == 200
    theirs.publishes(TWO)
    fresh: dict[str, Any] = {"key": TWO, "header": {"kid": "two"}}
    assert keyed.token(renewal | {"client_assertion": keyed.assertion(**fresh)}, headers={}).status_code == 200
    old = keyed.token(renewal | {"client_assertion": keyed.assertion(**proof)}, headers={})
    assert (old.status_code, (old.json or {})["error"]) == (401, "invalid_client")


def test_a_key_that_kept_its_name_is_read_again_once(keyed: Visit) -> None:
    theirs = site(keyed.house).publishes(ONE)
    assert "access_token" in proved(keyed, key=ONE, header={"kid": "one"})
    successor = key("one")
    theirs.publishes(successor)
    assert "access_token" in proved(keyed, key=successor, header={"kid": "one"})
    assert len(theirs.asked) == 2


def test_a_wrong_signature_stays_wrong(keyed: Visit) -> None:
    theirs = site(keyed.house).publishes(ONE)
    for _ in range(3):
        assert proved(keyed, key=TWO, header={"kid": "one"})["error"] == "invalid_client"
    assert 1 <= len(theirs.asked) <= client_keys.REREAD.times


def test_a_service_whose_keys_cannot_be_read_is_not_let_in(keyed: Visit) -> None:
    site(keyed.house, down=True)
    assert proved(keyed, key=ONE, header={"kid": "one"})["error"] == "invalid_client"


def test_a_broken_key_beside_a_good_one_does_no_harm(keyed: Visit) -> None:
    site(keyed.house).publishes({"kty": "EC", "crv": "P-256", "kid": "broken", "x": "!", "y": "?"}, ONE)
    assert "access_token" in proved(keyed, key=ONE, header={"kid": "one"})
