"""Services register themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0) and look after it (RFC 7592)."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from hub import clock, ledger
from hub.house import House
from hub.problems import NotFound, TooMany
from idp import chores
from idp.model.client import Client, ClientAuth
from idp.provider import client_keys, clients, pseudonyms, registration
from idp.store import clients as store
from idp.store import logos as logo_store
from idp.store.registration_tokens import Allowance
from tests.idp.rp import AGENCY, CALLBACK, KEY, Visit, department
from tests.idp.site import site

Registers = Callable[..., TestResponse]
PUBLIC_KEY = KEY.as_dict(private=False)
PLAIN: dict[str, Any] = {"redirect_uris": [CALLBACK]}


@pytest.fixture
def opened(provider: tuple[House, Flask]) -> tuple[House, FlaskClient]:
    house, served = provider
    return house, served.test_client()


def initial(house: House, *, count: int = 100, hours: int = 1) -> str:
    """An initial access token of a department."""
    until = clock.now() + timedelta(hours=hours)
    given = Allowance(AGENCY, "栖云市市场监督管理局", "Qiyun market regulation", "hub", count, until)
    return registration.allow(house, given, by="test", now=clock.now())


@pytest.fixture
def register(opened: tuple[House, FlaskClient]) -> Registers:
    house, program = opened
    token = initial(house)

    def registers(said: Any = None, *, bearer: str | None = token, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
        body = json.dumps(PLAIN | more if said is None else said)
        return program.post("/oidc/register", data=body, content_type="application/json", headers=headers)

    return registers


def kept(house: House, answer: TestResponse) -> Client:
    assert answer.status_code == 201, answer.text
    with house.database.read() as db:
        found = store.client(db, (answer.json or {})["client_id"])
    assert found is not None
    return found


# -- what is registered is used and told


def test_the_defaults_are_those_of_the_standard(opened: tuple[House, FlaskClient], register: Registers) -> None:
    answer = register()
    said, client = answer.json or {}, kept(opened[0], answer)
    wanted = {
        "redirect_uris": [CALLBACK],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "application_type": "web",
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
        "client_secret_expires_at": 0,
        "subject_type": "pairwise",
        "scope": "openid profile offline_access",
    }
    assert {name: said.get(name) for name in wanted} == wanted
    assert answer.headers["Cache-Control"] == "no-store"
    assert (client.policy.name, client.agency, client.agency_name, client.waiting) == (
        "standard",
        AGENCY,
        "栖云市市场监督管理局",
        False,
    )
    assert abs(said["client_id_issued_at"] - clock.timestamp()) < 10
    assert client.secret_digest == clients.secret_digest(said["client_secret"])
    assert said["client_secret"] not in repr(client)
    assert said["registration_client_uri"].endswith(f"/oidc/register/{client.id}")


FULL: dict[str, Any] = {
    "redirect_uris": [CALLBACK, "https://market.qiyun.example/second"],
    "post_logout_redirect_uris": ["https://market.qiyun.example/bye"],
    "response_types": ["code"],
    "grant_types": ["authorization_code", "refresh_token"],
    "application_type": "web",
    "contacts": ["desk@qiyun.example"],
    "client_name": "Market",
    "client_name#zh-Hans": "市场",
    "client_name#en": "Market",
    "logo_uri": "https://market.qiyun.example/logo.png",
    "client_uri": "https://market.qiyun.example/",
    "policy_uri": "https://market.qiyun.example/policy",
    "tos_uri": "https://market.qiyun.example/terms",
    "jwks": {"keys": [PUBLIC_KEY]},
    "subject_type": "public",
    "id_token_signed_response_alg": "ES256",
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "ES256",
    "default_max_age": 3600,
    "require_auth_time": True,
    "default_acr_values": ["urn:yinxin:loa:2"],
    "initiate_login_uri": "https://market.qiyun.example/start",
    "request_uris": ["https://market.qiyun.example/request.jwt#sha"],
    "backchannel_logout_uri": "https://market.qiyun.example/logout",
    "backchannel_logout_session_required": True,
    "frontchannel_logout_uri": "https://market.qiyun.example/front",
    "frontchannel_logout_session_required": True,
    "software_id": "market",
    "software_version": "2",
    "scope": "openid realname",
}


def test_what_is_told_is_what_is_used(opened: tuple[House, FlaskClient], register: Registers) -> None:
    answer = register(FULL | {"unknown": {"x": 1}, "logo_uri#en": "ignored"})
    said, client = answer.json or {}, kept(opened[0], answer)
    assert {name: said.get(name) for name in FULL} == FULL
    assert not {"client_secret", "client_secret_expires_at", "unknown"} & said.keys()
    assert (client.name, client.name_en, client.pairwise) == ("市场", "Market", False)
    assert client.registered.default_max_age == 3600
    again = opened[1].get(
        f"/oidc/register/{client.id}", headers={"Authorization": f"Bearer {said['registration_access_token']}"}
    )
    assert {name: (again.json or {}).get(name) for name in FULL} == FULL
    assert "registration_access_token" not in (again.json or {})


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ({}, ("market.qiyun.example", "market.qiyun.example")),
        ({"client_name": "Market"}, ("Market", "Market")),
        ({"client_name": "Market", "client_name#zh-Hans": "市场"}, ("市场", "Market")),
        ({"client_name#zh": "市场", "client_name#en-GB": "Market"}, ("市场", "Market")),
        ({"client_name": "市场", "client_name#fr": "Marché"}, ("市场", "市场")),
    ],
)
def test_a_name_in_two_languages(
    opened: tuple[House, FlaskClient], register: Registers, names: dict[str, str], wanted: tuple[str, str]
) -> None:
    client = kept(opened[0], register(**names))
    assert (client.name, client.name_en) == wanted


@pytest.mark.parametrize("method", ["none", "private_key_jwt"])
def test_no_secret_for_who_needs_none(register: Registers, method: str) -> None:
    """RFC 7591 3.2.1: a secret is told only if it is used."""
    answer = register(token_endpoint_auth_method=method, jwks={"keys": [PUBLIC_KEY]})
    assert answer.status_code == 201
    assert not {"client_secret", "client_secret_expires_at"} & (answer.json or {}).keys()


# -- what is refused


BAD_ADDRESSES = [
    "http://market.qiyun.example/callback",
    "http://localhost/callback",
    "http://127.0.0.1/callback",
    "https://*.qiyun.example/callback",
    "https://market.qiyun.example/callback#part",
    "https://market.qiyun.example/callback#",
    "https://user:pass@market.qiyun.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "urn:ietf:wg:oauth:2.0:oob",
    "com.example.app:/callback",
    "//market.qiyun.example/",
    "/callback",
    "https:///callback",
    "https://market.qiyun.example/\r\nX: y",
    "https://market.qiyun.example\\@evil.example/",
    "",
]


@pytest.mark.parametrize("uri", BAD_ADDRESSES)
def test_an_unsafe_redirect_uri_is_refused(register: Registers, uri: str) -> None:
    """ASVS 10.4.1, RFC 9700 2.1, RFC 7591 3.2.2."""
    answer = register(redirect_uris=[CALLBACK, uri])
    assert (answer.status_code, (answer.json or {})["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize("uris", [None, [], CALLBACK, [7], {"a": 1}, [CALLBACK] * 21])
def test_redirect_uris_are_a_short_list(register: Registers, uris: Any) -> None:
    assert (register(redirect_uris=uris).json or {})["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize("uri", ["http://127.0.0.1/callback", "http://[::1]:7000/callback"])
def test_an_installed_program_listens_on_its_own_machine(register: Registers, uri: str) -> None:
    """RFC 8252 7.3."""
    answer = register(redirect_uris=[uri], application_type="native", token_endpoint_auth_method="none")
    assert answer.status_code == 201, answer.text
    wrong = register(redirect_uris=["http://localhost.example/"], application_type="native")
    assert wrong.status_code == 400


BAD: list[dict[str, Any]] = [
    {"response_types": ["token"]},
    {"response_types": ["id_token"]},
    {"response_types": ["code id_token"]},
    {"response_types": ["id_token code token"]},
    {"response_types": ["none"]},
    {"response_types": "code"},
    {"grant_types": ["implicit"]},
    {"grant_types": ["authorization_code", "implicit"]},
    {"grant_types": ["password"]},
    {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]},
    {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]},
    {"token_endpoint_auth_method": "client_secret_jwt"},
    {"token_endpoint_auth_method": ["none"]},
    {"token_endpoint_auth_method": "private_key_jwt"},
    {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "client_credentials"]},
    {"token_endpoint_auth_signing_alg": "none"},
    {"token_endpoint_auth_signing_alg": "HS256"},
    {"id_token_signed_response_alg": "none"},
    {"id_token_signed_response_alg": "HS256"},
    {"userinfo_signed_response_alg": "none"},
    {"request_object_signing_alg": "none"},
    {"id_token_encrypted_response_enc": "A128CBC-HS256"},
    {"id_token_encrypted_response_alg": "RSA1_5"},
    {"id_token_encrypted_response_alg": "ECDH-ES"},
    {"userinfo_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [PUBLIC_KEY | {"use": "sig"}]}},
    {"id_token_encrypted_response_alg": "RSA-OAEP-256", "jwks": {"keys": [PUBLIC_KEY]}},
    {"authorization_signed_response_alg": "ES256"},
    {"request_object_encryption_alg": "ECDH-ES"},
    {"application_type": "desktop"},
    {"subject_type": "transient"},
    {"default_max_age": -1},
    {"default_max_age": True},
    {"default_max_age": "3600"},
    {"require_auth_time": "yes"},
    {"contacts": "desk@qiyun.example"},
    {"contacts": [""]},
    {"client_name": 7},
    {"client_name": "x" * 101},
    {"client_name": "line\nbreak"},
    {"client_name": "\ud800"},
    {"client_name#zh": "\u202eevil"},
    {"logo_uri": "javascript:alert(1)"},
    {"policy_uri": "http://market.qiyun.example/policy"},
    {"client_uri": "data:text/html,x"},
    {"tos_uri": ["https://market.qiyun.example/"]},
    {"initiate_login_uri": "http://market.qiyun.example/start"},
    {"backchannel_logout_uri": "http://market.qiyun.example/logout"},
    {"backchannel_logout_uri": "https://market.qiyun.example/logout#part"},
    {"frontchannel_logout_uri": "http://market.qiyun.example/logout"},
    {"post_logout_redirect_uris": ["http://market.qiyun.example/"]},
    {"request_uris": ["http://market.qiyun.example/request"]},
    {"jwks_uri": "http://market.qiyun.example/jwks"},
    {"jwks_uri": "https://market.qiyun.example/jwks", "jwks": {"keys": [PUBLIC_KEY]}},
    {"jwks": {"keys": [KEY.as_dict(private=True)]}},
    {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
    {"jwks": {"keys": [{"kty": "RSA", "n": "y" * 171, "e": "AQAB"}]}},  # 1024 bits
    {"jwks": {"keys": [{"kty": "RSA", "n": "y" * 342, "e": "AQ"}]}},
    {"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "\ud800", "y": ["x"]}]}},
    {"jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "short"}]}},
    {"jwks": {"keys": [{"kty": "EC", "crv": "P-256"}]}},
    {"jwks": {"keys": ["key"]}},
    {"jwks": {"keys": []}},
    {"jwks": {}},
    {"jwks": "keys"},
    {"sector_identifier_uri": "http://market.qiyun.example/sector"},
    {"redirect_uris": [CALLBACK, "https://other.example/callback"]},
    {"software_id": {"a": 1}},
    {"scope": ["openid"]},
    {"tls_client_auth_subject_dn": "CN=x"},
]


@pytest.mark.parametrize("wrong", BAD, ids=[f"{number}-{next(iter(wrong), None)}" for number, wrong in enumerate(BAD)])
def test_wrong_metadata_is_refused_and_nothing_is_kept(
    opened: tuple[House, FlaskClient], register: Registers, wrong: dict[str, Any]
) -> None:
    with opened[0].database.read() as db:
        before = len(store.clients(db))
    answer = register(**wrong)
    assert (answer.status_code, (answer.json or {}).get("error")) == (400, "invalid_client_metadata"), answer.text
    assert (answer.json or {})["error_description"].isascii()
    with opened[0].database.read() as db:
        assert len(store.clients(db)) == before


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"7", b'"x"', b"[" * 60_000, b'{"a":' * 12_000, b" " * 70_000, b"\xff\xfe", b"null"]
)
def test_a_body_that_is_no_object_is_refused(opened: tuple[House, FlaskClient], body: bytes) -> None:
    answer = opened[1].post("/oidc/register", data=body, content_type="application/json")
    assert (answer.status_code, (answer.json or {})["error"]) == (400, "invalid_client_metadata")


def test_nobody_registers_himself_for_our_api(opened: tuple[House, FlaskClient], register: Registers) -> None:
    client = kept(opened[0], register(scope="openid licenses:issue realname verify"))
    assert client.scopes == ("openid", "realname")
    assert client.first_party is False


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([CALLBACK, "code"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    changed=st.dictionaries(st.sampled_from([*FULL, "client_name#zh-Hans", "sector_identifier_uri"]), _JSON, max_size=4)
)
def test_never_a_500(register: Registers, changed: dict[str, Any]) -> None:
    answer = register(PLAIN | changed, bearer="")
    assert answer.status_code == 401
    answer = register(PLAIN | changed)
    assert answer.status_code in (201, 400, 401), answer.text


# -- who is let in


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000])
def test_a_token_that_is_none_is_refused(register: Registers, token: str) -> None:
    answer = register(bearer=token)
    assert (answer.status_code, (answer.json or {})["error"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_lets_in_as_many_as_it_says_and_no_longer_than_it_says(
    opened: tuple[House, FlaskClient], register: Registers
) -> None:
    house, _ = opened
    token = initial(house, count=2)
    assert [register(bearer=token).status_code for _ in range(3)] == [201, 201, 401]
    late = initial(house, hours=1)
    with clock.shifted(seconds=3600):
        assert register(bearer=late).status_code == 401
    with pytest.raises(NotFound):
        registration.allow(house, Allowance(AGENCY, "", "", "hub/nowhere", 1, clock.now()), by="test", now=clock.now())


def test_two_at_once_use_up_two(house_on: House) -> None:
    """One act decides, on both databases: a token for three lets in three, however many come at once."""
    token = initial(house_on, count=3)

    def one(_: int) -> bool:
        try:
            registration.register(house_on, PLAIN, token, "net", clock.now())
        except registration.NotTheirs:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(12))) == 3


def test_a_refused_registration_uses_nothing_up(opened: tuple[House, FlaskClient], register: Registers) -> None:
    token = initial(opened[0], count=1)
    assert register(bearer=token, response_types=["token"]).status_code == 400
    assert register(bearer=token).status_code == 201


def test_the_token_is_kept_as_a_digest_and_forgotten_when_it_is_over(opened: tuple[House, FlaskClient]) -> None:
    house, _ = opened
    token = initial(house)
    with house.database.read() as db:
        rows = db.exec_driver_sql("SELECT * FROM idp_registration_token").all()
        assert token not in str(rows)
    chores.forget_ended(house, clock.now() + timedelta(hours=2))
    with house.database.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM idp_registration_token").scalar_one() == 0


def test_without_a_token_it_waits_and_nothing_works(opened: tuple[House, FlaskClient], register: Registers) -> None:
    """RFC 7591 3: until two persons have approved it, the service does not exist for anybody."""
    house, program = opened
    answer = register(bearer=None)
    said, client = answer.json or {}, kept(house, answer)
    assert client.waiting
    assert clients.known(house, client.id, clock.now()) is None
    page = program.get(f"/oidc/authorize?client_id={client.id}&redirect_uri={CALLBACK}&response_type=code&scope=openid")
    assert page.status_code == 400
    assert "Location" not in page.headers
    form = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": said["client_secret"]}
    assert program.post("/oidc/token", data=form).status_code == 401
    own = {"Authorization": f"Bearer {said['registration_access_token']}"}
    assert program.get(f"/oidc/register/{client.id}", headers=own).status_code == 200
    changed = program.put(f"/oidc/register/{client.id}", headers=own, json=PLAIN | {"client_id": client.id})
    assert changed.status_code == 200
    with house.database.read() as db:
        assert [one.id for one in store.waiting(db) if one.id == client.id]
    chores.forget_ended(house, clock.now() + registration.WAITS + timedelta(seconds=1))
    with house.database.read() as db:
        assert store.client(db, client.id) is None


def test_one_network_cannot_fill_the_list(register: Registers) -> None:
    statuses = [register(bearer=None).status_code for _ in range(registration.WAITING.times + 1)]
    assert statuses[-1] == 429


def test_who_comes_slowly_does_not_fill_it_either(
    opened: tuple[House, FlaskClient], register: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many wait of one network, and so many at all; what was decided makes room."""
    house, _ = opened
    monkeypatch.setattr(registration, "WAITING", replace(registration.WAITING, times=10**6))
    monkeypatch.setattr(registration, "MOST_OF_NETWORK", 3)
    made = [registration.register(house, PLAIN, None, "10.0.0.0/24", clock.now()) for _ in range(3)]
    with pytest.raises(TooMany):
        registration.register(house, PLAIN, None, "10.0.0.0/24", clock.now())
    assert made[0].client.registered.network_digest not in json.dumps(registration.answer(house, made[0]))
    registration.remove(house, made[0].client.id, made[0].token, clock.now())
    registration.register(house, PLAIN, None, "10.0.0.0/24", clock.now())
    monkeypatch.setattr(registration, "MOST_WAITING", 1)
    full = register(bearer=None)
    assert (full.status_code, (full.json or {})["error"]) == (429, "temporarily_unavailable")
    assert int(full.headers["Retry-After"]) > 0
    assert register().status_code == 201  # with a token one does not wait


def test_nobody_sends_us_out_without_end_by_changing_what_waits(
    opened: tuple[House, FlaskClient], register: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger holds the token of his own registration; each change may read addresses that he names."""
    house, program = opened
    monkeypatch.setattr(registration, "WAITING", replace(registration.WAITING, times=10**6))
    monkeypatch.setattr(registration, "CHANGED", replace(registration.CHANGED, times=2))
    pictures = site(house, "https://pictures.example", pages={"/logo": b"none"})
    told = register(bearer=None).json or {}
    own = {"Authorization": f"Bearer {told['registration_access_token']}"}
    said = PLAIN | {"client_id": told["client_id"], "logo_uri": LOGO}
    answers = [program.put(f"/oidc/register/{told['client_id']}", headers=own, json=said) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 429, 429]
    assert pictures.asked == ["/logo", "/logo"]


# -- the picture


PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
LOGO = "https://pictures.example/logo"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (PNG, True),
        (b"\xff\xd8\xff\xe0 photo", True),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", False),
        (b"<html>no picture</html>", False),
        (PNG + b"x" * 65_536, False),
    ],
    ids=["png", "jpeg", "svg", "html", "large"],
)
def test_a_picture_is_read_once_and_shown_from_here(
    opened: tuple[House, FlaskClient], register: Registers, body: bytes, shown: object
) -> None:
    """OpenID Connect Registration 2, logo_uri: its server does not learn who signs in."""
    house, program = opened
    pictures = site(house, "https://pictures.example", pages={"/logo": body})
    client = kept(house, register(logo_uri=LOGO))
    at = f"/oidc/authorize?client_id={client.id}&redirect_uri={CALLBACK}&response_type=code&scope=openid"
    page = program.get(at, follow_redirects=True)
    assert "pictures.example" not in page.text + page.headers["Content-Security-Policy"]
    assert ("data-logo" in page.text) == shown
    assert pictures.asked == ["/logo"]
    if shown:
        path = "/oidc/logos/" + page.text.partition('<img src="/oidc/logos/')[2].partition('"')[0]
        answer = program.get(path)
        assert (answer.data, answer.headers["X-Content-Type-Options"]) == (body, "nosniff")
        assert answer.content_type in {"image/png", "image/jpeg"}
        assert program.get(path[:-1] + "x").status_code == 404
        clients.end(house, client.id, by="test", now=clock.now())
        chores.forget_ended(house, clock.now())
        assert program.get(path).status_code == 404


def test_no_picture_fails_no_registration(register: Registers) -> None:
    assert register(logo_uri="https://nowhere.example/logo.png").status_code == 201


def test_a_demo_may_let_anybody_in(opened: tuple[House, FlaskClient]) -> None:
    house, _ = opened
    free = replace(house, settings=house.settings.model_copy(update={"open_registration": True}))
    done = registration.register(free, PLAIN, None, "net", clock.now())
    assert not done.client.waiting
    assert clients.known(house, done.client.id, clock.now()) is not None


# -- sectors


def test_oidcc_registration_sector_uri(opened: tuple[House, FlaskClient], register: Registers) -> None:
    """OIDCCRegistrationSectorUri: two hosts under one list share their subjects, also after registering anew."""
    house, _ = opened
    both = [CALLBACK, "https://other.example/callback"]
    site(house, "https://sector.example", pages={"/uris": both})
    asked = {"redirect_uris": both, "sector_identifier_uri": "https://sector.example/uris"}
    first, second = (kept(house, register(**asked)) for _ in range(2))
    assert first.sector == "sector.example"
    assert pseudonyms.subject(house, first, "p") == pseudonyms.subject(house, second, "p")
    assert pseudonyms.subject(house, first, "p") != pseudonyms.subject(house, department(), "p")


@pytest.mark.parametrize(
    "page", [["https://other.example/callback"], [], {"uris": [CALLBACK]}, b"no", b"[" * 60_000, b" " * 70_000, None]
)
def test_oidcc_registration_sector_bad(opened: tuple[House, FlaskClient], register: Registers, page: Any) -> None:
    """OIDCCRegistrationSectorBad: each redirect URI must stand in the list (OpenID Connect Registration 5)."""
    site(opened[0], "https://sector.example", pages={} if page is None else {"/uris": page})
    answer = register(sector_identifier_uri="https://sector.example/uris")
    assert (answer.status_code, (answer.json or {})["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "nowhere.example"])
def test_no_address_inside_is_called_for_a_sector(register: Registers, host: str) -> None:
    answer = register(sector_identifier_uri=f"https://{host}/uris")
    assert (answer.json or {})["error"] == "invalid_client_metadata"


def test_a_subject_stays_when_a_service_registers_anew(
    opened: tuple[House, FlaskClient], register: Registers, visit: Visit
) -> None:
    """OpenID Connect Core 8.1: it hangs on the sector, is the same in the ID token and at userinfo, and tells nothing."""
    house, _ = opened
    subjects = set()
    for _ in range(2):
        answer = register(scope="openid", post_logout_redirect_uris=["https://market.qiyun.example/bye"])
        visit.client = kept(house, answer)
        visit.signs_in()
        form = visit.basic(secret=(answer.json or {})["client_secret"])
        got = visit.redeem(visit.code(scope="openid"), headers=form).json or {}
        subject = visit.claims(got["id_token"])["sub"]
        assert (visit.userinfo(got["access_token"]).json or {})["sub"] == subject
        subjects.add(subject)
    assert len(subjects) == 1
    assert visit.person not in subjects.pop()
    shared = [register(subject_type="public"), register(subject_type="public", redirect_uris=["https://x.example/"])]
    known = {pseudonyms.subject(house, kept(house, answer), "person-1") for answer in shared}
    assert len(known) == 1, "the public form is the same for all that ask for it"
    assert "person-1" not in known, "and is not our own name for him"


# -- looking after it


def managed(register: Registers, **said: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
    told = register(**said).json or {}
    return (
        f"/oidc/register/{told['client_id']}",
        {"Authorization": f"Bearer {told['registration_access_token']}"},
        told,
    )


def test_a_service_is_changed_as_a_whole(opened: tuple[House, FlaskClient], register: Registers) -> None:
    """RFC 7592 2.2: what is left out is taken away; the secret stays, and is not told again."""
    house, program = opened
    path, own, told = managed(register, client_name="Old", software_id="1", backchannel_logout_uri=CALLBACK)
    said = {"client_id": told["client_id"], "redirect_uris": ["https://market.qiyun.example/new"], "client_name": "Old"}
    answer = program.put(path, headers=own, json=said | {"client_secret": told["client_secret"]})
    assert answer.status_code == 200, answer.text
    now_told = answer.json or {}
    assert not {"software_id", "backchannel_logout_uri", "client_secret", "waiting_for_approval"} & now_told.keys()
    client = clients.known(house, told["client_id"], clock.now())
    assert client is not None
    assert client.redirect_uris == ("https://market.qiyun.example/new",)
    assert clients.secret_fits(client, told["client_secret"], clock.now())
    assert client.agency == AGENCY


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"client_secret": "chosen by the client, long enough for a secret"},
        {"client_secret": 7},
        {"registration_access_token": "x"},
        {"registration_client_uri": "https://elsewhere.example/"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 0},
        {"response_types": ["token"]},
        {"redirect_uris": ["http://market.qiyun.example/"]},
    ],
    ids=str,
)
def test_a_wrong_change_changes_nothing(
    opened: tuple[House, FlaskClient], register: Registers, wrong: dict[str, Any]
) -> None:
    house, program = opened
    path, own, told = managed(register)
    before = clients.known(house, told["client_id"], clock.now())
    answer = program.put(path, headers=own, json=PLAIN | {"client_id": told["client_id"]} | wrong)
    assert answer.status_code == 400
    assert clients.known(house, told["client_id"], clock.now()) == before


def test_another_way_of_proof_brings_its_own_secret_and_ends_the_old_one(
    opened: tuple[House, FlaskClient], register: Registers
) -> None:
    house, program = opened
    path, own, told = managed(register)
    keyed = {"client_id": told["client_id"], "token_endpoint_auth_method": "private_key_jwt"}
    answer = program.put(path, headers=own, json=PLAIN | keyed | {"jwks": {"keys": [PUBLIC_KEY]}})
    assert "client_secret" not in (answer.json or {})
    client = clients.known(house, told["client_id"], clock.now())
    assert client is not None
    assert client.auth is ClientAuth.private_key_jwt
    assert not clients.secret_fits(client, told["client_secret"], clock.now())
    again = program.put(path, headers=own, json=PLAIN | {"client_id": told["client_id"]}).json or {}
    assert again["client_secret"] != told["client_secret"]


def test_a_service_goes_with_all_that_it_was_given(opened: tuple[House, FlaskClient], register: Registers) -> None:
    """RFC 7592 2.3."""
    house, program = opened
    path, own, told = managed(register)
    answer = program.delete(path, headers=own)
    assert (answer.status_code, answer.data) == (204, b"")
    assert clients.known(house, told["client_id"], clock.now()) is None
    for method in (program.get, program.delete):
        assert method(path, headers=own).status_code == 401


def test_what_waited_and_was_removed_leaves_nothing_but_its_lines(
    opened: tuple[House, FlaskClient], register: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing ever worked under its name, so nobody needs to know that the name is taken."""
    house, program = opened
    monkeypatch.setattr(registration, "WAITING", replace(registration.WAITING, times=10**6))
    site(house, "https://pictures.example", pages={"/logo": PNG})
    path, own, told = managed(register, bearer=None, logo_uri=LOGO)
    assert program.delete(path, headers=own).status_code == 204
    with house.database.read() as db:
        assert store.client(db, told["client_id"]) is None
        assert logo_store.logo(db, told["client_id"]) is None
        kinds = [event.kind for event in ledger.events(db, subject=told["client_id"])]
    assert kinds == ["client.ended", "client.added"]
    assert program.delete(path, headers=own).status_code == 401


def test_only_who_registered_it_looks_after_it(opened: tuple[House, FlaskClient], register: Registers) -> None:
    """RFC 7592 2: another's token, an access token of a service that is not there, none at all: the same answer."""
    house, program = opened
    path, own, told = managed(register)
    _, others, _ = managed(register)
    clients.add(house, department(), by="test", now=clock.now())
    refused = [
        program.get(path),
        program.get(path, headers=others),
        program.get(path, headers={"Authorization": own["Authorization"].replace("Bearer", "Basic")}),
        program.get("/oidc/register/nobody", headers=own),
        program.get("/oidc/register/qiyun-market", headers=own),
        program.get("/oidc/register/qiyun-market", headers={"Authorization": "Bearer "}),
        program.put("/oidc/register/nobody", headers=own, json=PLAIN | {"client_id": "nobody"}),
        program.put(path, headers=others, json=PLAIN | {"client_id": told["client_id"]}),
        program.delete(path, headers=others),
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.data for answer in refused}) == 1
    assert clients.known(house, told["client_id"], clock.now()) is not None


def test_moved_keys_are_forgotten(opened: tuple[House, FlaskClient], register: Registers) -> None:
    house, program = opened
    site(house).publishes(KEY)
    keyed = {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://market.qiyun.example/jwks"}
    path, own, told = managed(register, **keyed)
    client = clients.known(house, told["client_id"], clock.now())
    assert client is not None
    assert client_keys.keys_of(house, client, clock.now())
    assert client_keys.status(house, client)
    moved = keyed | {"jwks_uri": "https://market.qiyun.example/moved"}
    assert program.put(path, headers=own, json=PLAIN | moved | {"client_id": client.id}).status_code == 200
    assert client_keys.status(house, client) is None


def test_a_registered_service_signs_people_in(opened: tuple[House, FlaskClient], visit: Visit) -> None:
    """OIDCCIdTokenRS256 with a service that registered itself."""
    house, program = opened
    answer = program.post("/oidc/register", json=PLAIN, headers={"Authorization": f"Bearer {initial(house)}"})
    visit.client = kept(house, answer)
    visit.signs_in()
    token = visit.redeem(visit.code(), headers=visit.basic(secret=(answer.json or {})["client_secret"]))
    assert token.status_code == 200, token.text
    claims = visit.claims((token.json or {})["id_token"])
    assert claims["aud"] == visit.client.id
