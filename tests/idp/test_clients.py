"""Registered services: rules, files, commands, memory."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hub import clock, ledger, settings, tree
from hub.house import House
from hub.problems import NotFound
from hub.signin import Site, client_secret
from idp import cli
from idp.model.client import POLICIES, Client, ClientAuth, ClientWrong, GrantType, Registration, safe_uri
from idp.provider import clients, registration
from idp.store import clients as store
from tests.idp.rp import AGENCY, CALLBACK, KEY, SECRET, Visit, department, public, with_key

WRONG: list[dict[str, Any]] = [
    {"id": "with space"},
    {"id": ""},
    {"id": "x" * 65},
    {"name": " "},
    {"name_en": ""},
    {"redirect_uris": ()},
    {"redirect_uris": ("http://market.qiyun.example/callback",)},
    {"redirect_uris": ("https://market.qiyun.example/callback#part",)},
    {"redirect_uris": ("https://user@market.qiyun.example/callback",)},
    {"redirect_uris": ("https://*.qiyun.example/callback",)},
    {"redirect_uris": ("javascript:alert(1)",)},
    {"redirect_uris": ("data:text/html,x",)},
    {"redirect_uris": ("/callback",)},
    {"redirect_uris": ("https://a.example/cb", "https://b.example/cb")},
    {"post_logout_uris": ("http://elsewhere.example/",)},
    {"backchannel_logout_uri": "http://elsewhere.example/"},
    {"scopes": ("profile",)},
    {"scopes": ("openid", 'quo"te')},
    {"secret_digest": ""},
    {"auth": ClientAuth.none},
    {"auth": ClientAuth.private_key_jwt},
    {"auth": ClientAuth.private_key_jwt, "secret_digest": "", "keys": ()},
    {"auth": ClientAuth.private_key_jwt, "secret_digest": "", "keys": (dict(KEY.as_dict(private=True)),)},
    {"auth": ClientAuth.private_key_jwt, "secret_digest": "", "keys": ({"kty": "oct", "k": "c2VjcmV0"},)},
    {"auth": ClientAuth.private_key_jwt, "secret_digest": "", "keys": ({"kty": "EC", "crv": "P-256"},)},
    {"auth": ClientAuth.private_key_jwt, "secret_digest": "", "keys": (KEY.as_dict(private=False) | {"use": "enc"},)},
    {"auth": ClientAuth.private_key_jwt, "secret_digest": "", "keys": (KEY.as_dict(private=False) | {"alg": "ES384"},)},
    {
        "auth": ClientAuth.private_key_jwt,
        "secret_digest": "",
        "keys": (KEY.as_dict(private=False),),
        "registered": Registration(token_endpoint_auth_signing_alg="PS256"),
    },
    {"auth": ClientAuth.none, "secret_digest": "", "grant_types": (GrantType.code, GrantType.client_credentials)},
    {"id_token_algorithm": "none"},
    {"id_token_algorithm": "HS256"},
]


@pytest.mark.parametrize("changes", WRONG)
def test_a_wrong_description_is_refused_and_nothing_is_kept(house: House, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientWrong):
        clients.add(house, department(**changes), by="test", now=clock.now())
    with house.database.read() as db:
        assert [one.id for one in store.clients(db)] == ["console", "my", "wallet"]


def test_a_service_stands_in_the_tree(house: House) -> None:
    with pytest.raises(NotFound):
        clients.add(house, department(place="hub/999999"), by="test", now=clock.now())


def test_a_service_comes_back_as_it_was_kept(house: House) -> None:
    for client in (department(), with_key(), public()):
        kept = replace(clients.add(house, client, by="test", now=clock.now()))
        found = clients.known(house, client.id, clock.now())
        assert found is not None
        assert replace(found, created=None) == kept


def test_machines_of_ones_own_may_do_without_tls() -> None:
    assert safe_uri("http://localhost:8003/callback", native=False)
    assert safe_uri("http://127.0.0.1/callback", native=True)
    assert not safe_uri("http://localhost.evil.example/", native=False)


@given(st.text(max_size=60))
def test_any_text_is_a_safe_address_or_not(text: str) -> None:
    if safe_uri(text, native=True):
        assert text.startswith(("https://", "http://localhost", "http://127.0.0.1", "http://[::1]"))


def test_a_changed_service_is_used_within_a_second(house: House) -> None:
    now = clock.now()
    clients.add(house, department(), by="test", now=now)
    clients.known(house, department().id, now)
    with house.database.write() as db:  # by another process
        store.keep(db, department(name="改名"))
    later = clients.known(house, department().id, now + timedelta(seconds=1))
    assert later is not None
    assert later.name == "改名"


def test_an_ended_service_is_unknown(house: House) -> None:
    clients.add(house, department(), by="test", now=clock.now())
    clients.end(house, department().id, by="test", now=clock.now())
    assert clients.known(house, department().id, clock.now()) is None


def test_adding_and_ending_stand_in_the_ledger_and_a_repetition_does_not(house: House) -> None:
    for client in (department(), department(), department(name="改名")):
        clients.add(house, client, by="test", now=clock.now())
    clients.end(house, department().id, by="test", now=clock.now())
    with house.database.read() as db:
        kinds = [event.kind for event in ledger.events(db, subject=department().id)]
    assert kinds == ["client.ended", "client.changed", "client.added"]


# -- our own


def test_wallet_and_console_are_registered_once(house: House) -> None:
    clients.ensure_first_party_clients(house, clock.now())
    with house.database.read() as db:
        assert len(ledger.events(db, subject="wallet")) == 1
    for site in (Site("wallet", "/wallet"), Site("console", "/console")):
        client = clients.known(house, site.kind, clock.now())
        assert client is not None
        assert client.first_party
        assert client.redirects_to(site.callback(house))
        assert clients.secret_fits(client, client_secret(house, site), clock.now())


# -- files

FILE = f"""
[[client]]
id = "qiyun-market"
name = "栖云市市场监管局"
name_en = "Qiyun market regulation"
agency = "11880100DEM000049A"
place = "hub"
redirect_uris = ["https://market.qiyun.example/callback"]
grant_types = ["authorization_code", "refresh_token"]
scopes = ["openid", "realname"]
secret_sha256 = "{clients.secret_digest(SECRET)}"

[[client]]
id = "xicheng-civil"
name = "汐城市民政局"
name_en = "Xicheng civil affairs"
agency = "11870100DEM000065U"
place = "hub"
auth = "client_secret_post"
grant_types = ["client_credentials"]
scopes = ["licenses:issue"]
secret_file = "secret"

[[client]]
id = "keyed"
name = "示范"
name_en = "Demo"
agency = "11880000DEM000014J"
place = "hub"
auth = "private_key_jwt"
grant_types = ["client_credentials"]
scopes = ["licenses:read"]
keys = [{{ kty = "EC", crv = "P-256", x = "{KEY.as_dict()["x"]}", y = "{KEY.as_dict()["y"]}" }}]
"""


def test_a_file_gives_the_three_kinds_of_static_clients(house: House, app: Flask, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "clients.toml").write_text(FILE)
    for _ in range(2):
        found = clients.load(house, tmp_path / "clients.toml", by="test", now=clock.now())
    assert [one.auth.value for one in found] == ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    with house.database.read() as db:
        assert len(ledger.events(db, kind="client.added")) == 3 + len(clients.FIRST_PARTY)
    post = {"grant_type": "client_credentials", "client_id": "xicheng-civil", "client_secret": SECRET}
    assert app.test_client().post("/oidc/token", data=post).status_code == 200


def test_the_file_in_the_documentation_can_be_loaded(house: House, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/clients.md").read_text(encoding="utf-8")
    example = page.split("```toml")[1].split("```")[0]
    for member in ("x", "y"):
        example = example.replace(f'{member} = "…"', f'{member} = "{KEY.as_dict()[member]}"')
    with house.database.write() as db:
        for path in ("hub/880000", "hub/880000/880100", "hub/870000", "hub/870000/870100"):
            tree.keep(db, tree.Place(path, "province", path[-6:], path, path))
    (tmp_path / "clients.toml").write_text(example.replace("…", clients.secret_digest(SECRET)))
    assert len(clients.load(house, tmp_path / "clients.toml", by="test", now=clock.now())) == 2


def test_a_field_that_a_file_lacks_is_named(house: House, tmp_path: Path) -> None:
    (tmp_path / "clients.toml").write_text(FILE.replace('place = "hub"\n', "", 1))
    with pytest.raises(ClientWrong, match="place is missing"):
        clients.load(house, tmp_path / "clients.toml", by="test", now=clock.now())


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "[[client]]\nid = 'x'",
        FILE.replace("secret_sha256", "secret_digest"),
        FILE.replace('name_en = "Demo"', 'name_en = "Demo"\nfirst_party = true'),
        FILE.replace('name_en = "Demo"', 'name_en = "Demo"\nunknown = 1'),
        FILE.replace('"client_secret_post"', '"tls_client_auth"'),
        FILE.replace('["client_credentials"]', '["password"]'),
        FILE.replace('secret_file = "secret"', 'secret_file = "missing"'),
        FILE.replace('secret_file = "secret"', 'secret = "short"'),
        FILE.replace('secret_file = "secret"', 'policy = "none"'),
        FILE.replace('name_en = "Demo"', 'name_en = "Demo"\nid_token_encrypted_response_alg = "RSA-OAEP-256"'),
    ],
)
def test_a_file_with_one_wrong_entry_registers_nothing(house: House, tmp_path: Path, text: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "clients.toml").write_text(text)
    with pytest.raises(ClientWrong):
        clients.load(house, tmp_path / "clients.toml", by="test", now=clock.now())
    with house.database.read() as db:
        assert len(store.clients(db)) == len(clients.FIRST_PARTY)


# -- commands


@pytest.fixture
def command(house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(settings, "read", lambda: house.settings)
    return lambda *words: CliRunner().invoke(cli.client, [str(word) for word in words])


ADD = ("add", "new", "--name", "新", "--name-en", "New", "--agency", "11880100DEM000049A")


KEYED = ("--auth", "private_key_jwt", "--jwks-uri", "https://new.example/jwks")


@pytest.mark.parametrize(
    ("words", "grants", "scopes"),
    [
        (("--redirect", CALLBACK), "code refresh", "openid"),
        (("--redirect", CALLBACK, "--policy", "kiosk"), "code", "openid"),
        (("--redirect", CALLBACK, "--policy", "fapi2", *KEYED), "code refresh", "openid"),
        (("--grant", "device", "--policy", "kiosk", "--auth", "none"), "device", "openid"),
        (("--grant", "exchange", "--resource", "https://new.example/api", "--reaches", "registry"), "exchange", ""),
        (("--grant", "client_credentials", "--scope", "verify"), "client_credentials", "verify"),
        (("--grant", "implicit", "--redirect", CALLBACK, "--policy", "legacy"), "implicit", "openid"),
    ],
    ids=str,
)  # fmt: skip
def test_a_command_adds_a_service_of_each_kind(
    command: Any, house: House, words: tuple[str, ...], grants: str, scopes: str
) -> None:
    said = command(*ADD, *words)
    assert said.exit_code == 0, said.output
    found = clients.known(house, "new", clock.now())
    assert found
    assert {one.name for one in found.grant_types} == set(grants.split())
    assert set(found.scopes) == set(scopes.split())
    assert found.id_token_algorithm == found.policy.id_token_algorithm
    assert found.registered.exchanges_for == (("registry",) if "--reaches" in words else ())
    assert ("--resource: registry" in said.output) == ("--reaches" in words)


@pytest.mark.parametrize(
    "words",
    [
        ("--grant", "device", "--redirect", CALLBACK),  # an address, but nobody comes
        ("--grant", "code"),
        ("--grant", "exchange", "--policy", "kiosk"),
        ("--grant", "implicit", "--redirect", CALLBACK),
        ("--redirect", CALLBACK, "--policy", "fapi2"),  # a secret
    ],
    ids=str,
)
def test_a_command_adds_nothing_that_breaks_a_rule(command: Any, house: House, words: tuple[str, ...]) -> None:
    assert command(*ADD, *words).exit_code == 1
    assert clients.known(house, "new", clock.now()) is None


def test_a_command_adds_a_service_whose_secret_works(command: Any, house: House, app: Flask) -> None:
    said = command(*ADD, "--scope", "licenses:issue")
    assert said.exit_code == 0, said.output
    secret = said.output.split()[-1]
    visit = Visit(house, app, department(id="other"))
    answer = visit.token({"grant_type": "client_credentials"}, headers=visit.basic("new", secret))
    assert answer.status_code == 200
    assert secret not in command("show", "new").output


def test_a_command_adds_a_service_for_people(command: Any, house: House) -> None:
    assert command(*ADD, "--redirect", "https://new.example/cb", "--scope", "realname").exit_code == 0
    client = clients.known(house, "new", clock.now())
    assert client is not None
    assert client.scopes == ("openid", "realname")
    assert client.grant_types == (GrantType.code, GrantType.refresh)


def test_a_command_takes_public_keys(command: Any, house: House, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [KEY.as_dict()]}))
    said = command(*ADD, "--scope", "licenses:issue", "--auth", "private_key_jwt", "--keys", tmp_path / "keys.json")
    assert said.exit_code == 0, said.output
    assert "secret" not in said.output


def test_a_command_lists_loads_and_ends(command: Any, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "clients.toml").write_text(FILE)
    assert "3 services" in command("load", tmp_path / "clients.toml").output
    assert "qiyun-market" in command("list").output
    assert command("end", "qiyun-market").exit_code == 0
    assert "ended" in command("list").output


def test_a_command_says_what_is_wrong(command: Any) -> None:
    said = command(*ADD, "--redirect", "http://new.example/cb")
    assert said.exit_code == 1
    assert "https" in said.output
    assert command("show", "nobody").exit_code == 1
    assert command("end", "nobody").exit_code == 1


def test_a_command_makes_a_secret_and_its_digest(command: Any) -> None:
    words = command("secret").output.split()
    secret, digest = words[words.index("service:") + 1], words[-1]
    assert clients.secret_digest(secret) == digest


# -- secrets that change, policies, tokens for registration, a file at the start


@pytest.fixture
def renewed(house: House) -> tuple[str, str]:
    """A service with a secret of before, good for an hour, and a new one."""
    clients.add(house, department(), by="test", now=clock.now())
    return SECRET, clients.new_secret_of(house, "qiyun-market", hours=1, by="test", now=clock.now())


BEARING = [
    ("/oidc/token", {"grant_type": "client_credentials", "scope": "licenses:read"}),
    ("/oidc/introspect", {"token": "x"}),
    ("/oidc/revoke", {"token": "x"}),
    ("/oidc/par", {"response_type": "code", "redirect_uri": "https://market.qiyun.example/callback"}),
]


@pytest.mark.parametrize(("path", "form"), BEARING, ids=[path for path, _ in BEARING])
def test_an_old_secret_is_refused_after_its_overlap_wherever_one_is_taken(
    house: House, app: Flask, renewed: tuple[str, str], path: str, form: dict[str, str]
) -> None:
    """ASVS 10.4.16, NIST SP 800-57: a secret can be changed without a gap, and the old one ends."""
    with house.database.read() as db:
        kept = store.client(db, "qiyun-market")
    assert kept is not None
    visit, (old, new) = Visit(house, app, kept), renewed

    def refused(secret: str) -> bool:
        return visit.token(form, headers=visit.basic(secret=secret), path=path).status_code == 401

    assert [refused(old), refused(new), refused(new[:-1])] == [False, False, True]
    with clock.shifted(seconds=3600):
        assert [refused(old), refused(new)] == [True, False]


def test_a_secret_without_overlap_ends_at_once(house: House) -> None:
    clients.add(house, department(), by="test", now=clock.now())
    new = clients.new_secret_of(house, "qiyun-market", hours=0, by="test", now=clock.now())
    client = clients.known(house, "qiyun-market", clock.now())
    assert [clients.secret_fits(client, secret, clock.now()) for secret in (SECRET, new)] == [False, True]


def test_who_has_no_secret_gets_none(house: House) -> None:
    clients.add(house, with_key(), by="test", now=clock.now())
    with pytest.raises(ClientWrong):
        clients.new_secret_of(house, "qiyun-keyed", hours=1, by="test", now=clock.now())
    with pytest.raises(NotFound):
        clients.new_secret_of(house, "nobody", hours=1, by="test", now=clock.now())


def test_no_secret_is_kept_readable(house: House, renewed: tuple[str, str]) -> None:
    """ASVS 11.4.1."""
    with house.database.read() as db:
        rows = str(db.exec_driver_sql("SELECT * FROM idp_client").all())
    assert not any(secret in rows for secret in renewed)


PROOFS = {
    ClientAuth.none: public(),
    ClientAuth.secret_basic: department(),
    ClientAuth.secret_post: department(auth=ClientAuth.secret_post),
    ClientAuth.private_key_jwt: with_key(),
    ClientAuth.tls: with_key(auth=ClientAuth.tls),
    ClientAuth.self_signed_tls: with_key(auth=ClientAuth.self_signed_tls),
}
FITS = {
    "fapi2": {ClientAuth.private_key_jwt, ClientAuth.tls, ClientAuth.self_signed_tls},  # ASVS 10.4.16
    "standard": set(ClientAuth),
    "kiosk": set(ClientAuth),
    "legacy": set(ClientAuth),
}


@pytest.mark.parametrize("auth", PROOFS)
@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_holds_its_services_to_their_ways_of_proof(policy: str, auth: ClientAuth) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1, ASVS 10.4.16."""
    client = replace(PROOFS[auth], policy=POLICIES[policy], grant_types=(GrantType.code,))
    if auth in FITS[policy]:
        assert client.checked() is client
    else:
        with pytest.raises(ClientWrong, match=f"{policy} does not allow {auth.value}"):
            client.checked()


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        ("fapi2", {"id_token_algorithm": "RS256"}),
        ("fapi2", {"registered": Registration(userinfo_signed_response_alg="RS256")}),
        ("fapi2", {"registered": Registration(introspection_signed_response_alg="RS256")}),
        ("fapi2", {"registered": Registration(request_object_signing_alg="RS256")}),
        ("standard", {"registered": Registration(request_object_signing_alg="none")}),
        ("fapi2", {"grant_types": (GrantType.code, GrantType.implicit)}),
        ("standard", {"grant_types": (GrantType.code, GrantType.implicit)}),
        ("standard", {"registered": Registration(response_types=("code", "id_token"))}),
        ("standard", {"registered": Registration(response_types=("code id_token",))}),
        ("kiosk", {"grant_types": (GrantType.code, GrantType.refresh)}),
        ("kiosk", {"grant_types": (GrantType.code, GrantType.client_credentials)}),
    ],
    ids=str,
)
def test_what_a_policy_does_not_allow_is_not_registered(policy: str, changes: dict[str, Any]) -> None:
    """RFC 9700 2.1.2, ASVS 10.4.4."""
    with pytest.raises(ClientWrong, match="does not allow"):
        with_key(policy=POLICIES[policy], **({"grant_types": (GrantType.code,)} | changes)).checked()


@pytest.mark.parametrize("client", [department(), public()])
def test_a_service_moves_only_where_it_keeps_the_rules(house: House, client: Client) -> None:
    clients.add(house, client, by="test", now=clock.now())
    with pytest.raises(ClientWrong, match="fapi2 does not allow"):
        clients.move(house, client.id, POLICIES["fapi2"], by="test", now=clock.now())
    with pytest.raises(NotFound):
        clients.move(house, "nobody", POLICIES["fapi2"], by="test", now=clock.now())


def test_commands_make_tokens_secrets_and_move_services(command: Any, house: House) -> None:
    clients.add(house, department(), by="test", now=clock.now())
    clients.add(house, with_key(), by="test", now=clock.now())
    made = command("token", "--agency", AGENCY, "--count", "2").output
    given = registration.register(house, {"redirect_uris": [CALLBACK]}, made.split()[-1], "net", clock.now())
    assert given.client.agency == AGENCY
    renewed = command("renew", "qiyun-market").output
    assert "24 hours" in renewed
    assert "lives under the policy fapi2" in command("policy", "qiyun-keyed", "fapi2").output
    assert "does not allow" in command("policy", "qiyun-market", "fapi2").output
    assert "There is no place" in command("token", "--agency", AGENCY, "--place", "hub/999999").output


EXAMPLE = Path("deploy/demo/clients.toml")


def test_the_example_file_is_loaded_at_the_start_and_what_was_ended_stays_so(house: House) -> None:
    named = replace(house, settings=house.settings.model_copy(update={"clients_file": EXAMPLE}))
    clients.ensure_from_file(house, clock.now())  # no file, nothing to do
    clients.ensure_from_file(named, clock.now())
    clients.end(house, "judge-post", by="test", now=clock.now())
    clients.ensure_from_file(named, clock.now())
    with house.database.read() as db:
        found = {one.id: one for one in store.clients(db) if one.id.startswith("judge-")}
    ways = {id: (one.auth.value, one.policy.name) for id, one in found.items()}
    assert ways == {
        "judge-basic": ("client_secret_basic", "standard"),
        "judge-post": ("client_secret_post", "standard"),
        "judge-keyed": ("private_key_jwt", "fapi2"),
    }
    assert found["judge-post"].ended is not None
    assert found["judge-basic"].agency_name == "栖云市市场监督管理局"
