"""What we sign, and what we believe."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from hub import clock, token_keys
from hub.keys import Keys
from idp.provider import discovery, pseudonyms
from idp.provider.tokens import read, sign
from idp.provider.tokens.read import NotAToken
from tests.idp.rp import Visit, Visits, department


def header(token: str) -> dict[str, Any]:
    part = token.split(".", maxsplit=1)[0]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_each_kind_of_token_names_its_kind_and_its_key(visit: Visit) -> None:
    visit.signs_in()
    given_out = visit.tokens()
    access, identity = header(given_out["access_token"]), header(given_out["id_token"])
    logout = header(sign.logout_token(visit.house, visit.client, "p", "s", clock.now()))
    assert [one["typ"] for one in (access, identity, logout)] == ["at+jwt", "JWT", "logout+jwt"]
    assert {one["kid"] for one in (access, identity, logout)} == {visit.house.keys.kid("tokens-1")}
    assert {frozenset(one) for one in (access, identity, logout)} == {frozenset({"alg", "typ", "kid"})}


def test_a_client_that_names_no_algorithm_gets_rs256(visits: Visits) -> None:
    """OpenID Connect Registration 2; our own access tokens stay ES256."""
    visit = visits(department(id_token_algorithm="RS256"))
    visit.signs_in()
    given_out = visit.tokens()
    assert header(given_out["id_token"])["alg"] == "RS256"
    assert visit.claims(given_out["id_token"])["aud"] == visit.client.id
    assert header(given_out["access_token"])["alg"] == "ES256"


def test_one_key_signs_however_many_there_are(visit: Visit) -> None:
    """Authlib draws a key of a set at random for each token: a new one would sign before anybody can know it."""
    visit.house.keys.create("tokens-2", purpose="tokens")
    visit.signs_in()
    kids = {header(visit.tokens()["id_token"])["kid"] for _ in range(8)}
    assert kids == {visit.house.keys.kid("tokens-1")}


def test_no_two_tokens_are_equal(visit: Visit) -> None:
    """Two logins of one person in one second must not give one token (RSA signatures are deterministic)."""
    visit.signs_in()
    assert len({visit.tokens()["access_token"] for _ in range(4)}) == 4


def test_no_key_is_imported_while_signing_and_believing(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """An RSA key import per token once cost 40 ms; keys are wrapped once per process."""
    visit.signs_in()
    visit.userinfo(visit.tokens()["access_token"])

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a key was read again")

    monkeypatch.setattr(Keys, "signer", never)
    monkeypatch.setattr(Keys, "jwk", never)
    monkeypatch.setattr(ECKey, "import_key", never)
    code = visit.code()
    response = visit.redeem(code)
    assert response.status_code == 200
    assert visit.userinfo((response.json or {})["access_token"]).status_code == 200


# -- access tokens

FORGERIES = (
    "altered",
    "alg none",
    "hs256 with our public key",
    "foreign key",
    "foreign key inside",
    "crit",
    "id token",
)


def forged(visit: Visit, how: str) -> str:
    given_out = visit.tokens()
    token: str = given_out["access_token"]
    head, body, signature = token.split(".")
    claims = visit.claims(token)
    stranger = ECKey.generate_key("P-256")

    def coded(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    match how:
        case "altered":
            return f"{head}.{coded(claims | {'scope': 'openid realname'})}.{signature}"
        case "alg none":
            return f"{coded({'alg': 'none', 'typ': 'at+jwt'})}.{body}."
        case "hs256 with our public key":
            secret = OctKey.import_key(json.dumps(visit.house.keys.jwk("tokens-1")))
            return jws.serialize_compact(
                header(token) | {"alg": "HS256"}, json.dumps(claims), secret, algorithms=["HS256"]
            )
        case "foreign key":
            return jws.serialize_compact(header(token), json.dumps(claims), stranger, algorithms=["ES256"])
        case "foreign key inside":
            with_key = header(token) | {"jwk": stranger.as_dict()}
            return jws.serialize_compact(with_key, json.dumps(claims), stranger, algorithms=["ES256"])
        case "crit":
            return f"{coded(header(token) | {'crit': ['exp'], 'exp': 1})}.{body}.{signature}"
        case _:
            return str(given_out["id_token"])


@pytest.mark.parametrize("how", FORGERIES)
def test_no_forgery_is_believed(visit: Visit, how: str) -> None:
    visit.signs_in()
    token = forged(visit, how)
    with pytest.raises(NotAToken):
        read.access_token(visit.house, token, clock.now())
    assert visit.userinfo(token).status_code == 401


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=100),
        st.binary(max_size=60).map(lambda data: ".".join([base64.urlsafe_b64encode(data).decode()] * 3)),
    )
)
def test_any_text_is_believed_or_not_without_a_fault(visit: Visit, text: str) -> None:
    for reading in (
        lambda: read.access_token(visit.house, text, clock.now()),
        lambda: read.hint(visit.house, text),
        lambda: read.claimed_client(text),
        lambda: read.assertion(visit.house, department(), text, ["x"], clock.now()),
    ):
        with pytest.raises(NotAToken):
            reading()


def test_a_token_of_enormous_length_is_not_even_read(visit: Visit) -> None:
    with pytest.raises(NotAToken, match="too long"):
        read.hint(visit.house, "a" * 10_000)


def test_a_clock_ten_seconds_off_changes_nothing(visit: Visit) -> None:
    visit.signs_in()
    token = visit.tokens()["access_token"]
    assert read.access_token(visit.house, token, clock.now() - timedelta(seconds=9))
    with pytest.raises(NotAToken):
        read.access_token(visit.house, token, clock.now() - timedelta(seconds=60))


def test_an_expired_hint_still_says_whom_it_named(visit: Visit) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    with clock.shifted(86400):
        assert read.hint(visit.house, hint)["aud"] == visit.client.id


def test_pseudonyms_cannot_be_derived_without_our_secret(visit: Visit) -> None:
    client = department()
    name = pseudonyms.subject(visit.house, client, "person-1")
    assert name != pseudonyms.subject(visit.house, client, "person-2")
    assert len(name) == 43
    assert name == pseudonyms.subject(visit.house, client, "person-1")
    assert pseudonyms.successor(visit.house, "t") == pseudonyms.successor(visit.house, "t")
    assert pseudonyms.successor(visit.house, "t") != pseudonyms.successor(visit.house, "u")


def test_the_key_set_holds_public_halves_of_every_token_key(visit: Visit) -> None:
    keys = json.loads(discovery.jwks(visit.house, clock.now()))["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256", "PS256", "EdDSA"}
    for key in keys:
        assert not {"d", "p", "q", "k", "dp", "dq", "qi"} & key.keys()
        assert key["use"] == "sig"
        assert key["kid"]


# -- what was seen before


def test_a_token_of_ours_is_verified_once_and_looked_at_each_time(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.signs_in()
    token, now = visit.tokens()["access_token"], clock.now()
    claims = read.access_token(visit.house, token, now)
    claims["scope"] = "everything"  # what one asker does with the answer is nothing to the next
    monkeypatch.setattr(read, "_verified", lambda *_: pytest.fail("verified again"))
    assert read.access_token(visit.house, token, now)["scope"] == "openid profile"
    with pytest.raises(NotAToken, match="expired"):
        read.access_token(visit.house, token, now + timedelta(hours=1))
    with pytest.raises(NotAToken, match="typ"):
        read.hint(visit.house, token)


def test_a_token_that_was_seen_vouches_for_no_other(visit: Visit) -> None:
    visit.signs_in()
    token, now = visit.tokens()["access_token"], clock.now()
    read.access_token(visit.house, token, now)
    for forged in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), token + "=", token.replace(".", ".e", 1)):
        with pytest.raises(NotAToken):
            read.access_token(visit.house, forged, now)


def test_a_token_that_was_seen_is_not_believed_when_its_key_is_withdrawn(visit: Visit) -> None:
    visit.signs_in()
    token, now = visit.tokens()["access_token"], clock.now()
    read.access_token(visit.house, token, now)
    token_keys.replace_now(visit.house, "operator", now, algorithms=("ES256",))
    with pytest.raises(NotAToken, match="no such key"):
        read.access_token(visit.house, token, now)


def test_only_so_many_tokens_are_remembered(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MOST_SEEN", 2)
    visit.signs_in()
    visit.house.cache.pop("idp-seen", None)
    for _ in range(4):
        read.access_token(visit.house, visit.tokens()["access_token"], clock.now())
    assert len(visit.house.cache["idp-seen"]) == 2


def test_remembering_goes_on_when_another_thread_comes_between(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(dict[str, Any]):
        """Another thread adds one, once, between the look for the oldest and taking it."""

        def __iter__(self) -> Iterator[str]:
            monkeypatch.setattr(Busy, "__iter__", dict.__iter__)
            ours = super().__iter__()
            self["another"] = ({}, {})
            return ours

    monkeypatch.setattr(read, "MOST_SEEN", 2)
    visit.signs_in()
    tokens = [visit.tokens()["access_token"] for _ in range(3)]
    visit.house.cache["idp-seen"] = seen = Busy()
    for token in tokens:
        read.access_token(visit.house, token, clock.now())
    assert len(seen) == 2
