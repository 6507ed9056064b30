"""Rules of signing in, each named by its public source: what holds for the whole room, whichever page does it."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

import app as front
from hub import callers, clock, notices
from hub.caller import Caller
from hub.house import House
from hub.web import routes
from idp.account import accounts
from idp.login import onetime, passkey, password, session, throttle, totp
from idp.model.factor import Kind, LastFactor, combined, is_strongest, methods
from idp.model.flow import Asked, SignedIn, Step, missing
from idp.store import factors as factor_store
from idp.store import people
from tests.idp.citizen import PASSWORD, Authenticator, Citizen, options
from tests.idp.rp import department

ROOT = Path(front.__file__).parent
CHANGES = ("/account/passkey", "/account/app", "/account/factors/remove", "/account/factors/name",
           "/account/sms", "/account/recovery-codes", "/account/contact/phone", "/account/contact/email")  # fmt: skip


@pytest.mark.parametrize("url", ["https://id.gov.example", "http://localhost:8000"])
def test_asvs_3_3_1_cookies_are_bound_to_this_host_wherever_browsers_allow_it(house: House, url: str) -> None:
    secure = replace(house, settings=house.settings.model_copy(update={"issuer_url": url}))
    for kind in ("idp", "my", "console", "device", "idp-half"):
        assert secure.settings.cookie(kind).startswith("__Host-") is url.startswith("https://")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_two_installations_on_one_host_do_not_share_a_cookie(house: House, scheme: str) -> None:
    """RFC 6265 8.5: browsers send a cookie to every port."""
    urls = [f"{scheme}://localhost:8000", f"{scheme}://localhost:8006", f"{scheme}://localhost"]
    names = {house.settings.model_copy(update={"issuer_url": url}).cookie("idp") for url in urls}
    assert len(names) == 3


def test_asvs_7_2_3_a_session_id_has_256_random_bits(house: House) -> None:
    now = clock.now()
    who = Caller(person="p", amr=("pwd",), auth_time=now)
    with house.database.write() as db:
        values = {callers.begin(db, "idp", who, now=now, most_hours=1) for _ in range(50)}
    assert len(values) == 50
    assert {len(value) for value in values} == {43}


def test_asvs_7_2_4_the_session_id_is_new_at_sign_in_at_signing_in_again_and_at_each_step_up(citizen: Citizen) -> None:
    citizen.registers()
    seen = [citizen.cookie("yinxin-8000-idp")]
    citizen.signs_in(at="/login?again=1")
    seen.append(citizen.cookie("yinxin-8000-idp"))
    page = citizen.get("/account/passkey")
    citizen.send(page, "/account/passkey", answer=Authenticator().create(options(page)), label="key")
    seen.append(citizen.cookie("yinxin-8000-idp"))
    assert len(set(seen)) == 3
    for old in seen[:-1]:
        citizen.browser.set_cookie("yinxin-8000-idp", old)
        assert citizen.get("/account").status_code == 303


def test_asvs_7_5_1_each_change_of_factors_or_contacts_needs_a_factor_shown_lately(citizen: Citizen) -> None:
    citizen.registers()
    page = citizen.get("/account/security")
    with clock.shifted(15 * 60 + 1):
        for path in CHANGES:
            answer = citizen.send(page, path, factor="x", label="x", value="x", code="x", answer="{}")
            assert answer.status_code == 303, path
            assert answer.location.startswith("/login?again=1"), path


def test_asvs_6_3_7_the_owner_is_told_of_each_change(citizen: Citizen) -> None:
    citizen.registers()
    house, now = citizen.house, clock.now()
    key = accounts.new_totp_key(house, citizen.session)
    app = accounts.add_totp(house, citizen.session, totp.code(key, int(now.timestamp()) // totp.STEP), now=now)
    accounts.new_recovery_codes(house, citizen.session, now=now)
    paper = next(one for one in accounts.factors_of(house, citizen.person) if one.kind is Kind.recovery)
    accounts.remove_factor(house, citizen.session, paper.id, now=now)
    accounts.remove_factor(house, citizen.session, app.id, now=now)
    accounts.change_password(house, citizen.session, PASSWORD, "eight quiet lanterns upstream", now=now)
    with house.database.read() as db:
        told = [one.title for one in notices.of_person(db, citizen.person)]
    expected = ("factor.added", "recovery-codes.made", "factor.removed", "factor.removed", "password.changed")
    assert told[::-1][-5:] == [accounts.TOLD[what] for what in expected]


# -- which factors count for what


@pytest.mark.parametrize(
    ("kind", "facts", "amr"),
    [
        (Kind.password, {}, ("pwd",)),
        (Kind.totp, {}, ("otp",)),
        (Kind.recovery, {}, ("otp",)),
        (Kind.sms, {}, ("sms",)),
        (Kind.passkey, {"synced": False}, ("hwk", "user")),
        (Kind.passkey, {"synced": True}, ("swk", "user")),
    ],
)
def test_rfc_8176_each_factor_has_its_method_reference(
    kind: Kind, facts: dict[str, bool], amr: tuple[str, ...]
) -> None:
    assert methods(kind, facts) == amr


@pytest.mark.parametrize(
    ("used", "two"),
    [
        ([("pwd",)], False),
        ([("otp",)], False),
        ([("otp",), ("sms",)], False),  # two things that one has are one kind of proof
        ([("pwd",), ("otp",)], True),
        ([("pwd",), ("sms",)], True),
        ([("swk", "user")], True),
        ([("hwk",)], False),
    ],
)
def test_rfc_8176_mfa_is_two_kinds_of_proof(used: list[tuple[str, ...]], two: object) -> None:
    assert ("mfa" in combined(*used)) is two


@pytest.mark.parametrize(
    ("amr", "step"),
    [
        (("pwd",), (Step.login,)),
        (("pwd", "otp", "mfa"), (Step.login,)),
        (("pwd", "sms", "mfa"), (Step.login,)),
        (("swk", "user", "mfa"), (Step.login,)),
        (("hwk", "user", "mfa"), ()),
    ],
)
def test_nist_800_63b_2_3_the_highest_level_takes_only_a_key_that_stays_on_its_device(
    amr: tuple[str, ...], step: tuple[Step, ...]
) -> None:
    now = clock.now()
    client = replace(department(), first_party=True)
    who = SignedIn(sid="s", person="p", subject="x", level=4, amr=amr, at=now)
    asked = Asked(client=client.id, redirect_uri="https://x.example/cb", scopes=("openid",), level=4)
    assert missing(asked, now, client, who, None, now) == step
    assert is_strongest(amr) is (step == ())
    assert missing(replace(asked, level=3), now, client, who, None, now) == ()


def test_nist_800_63b_2_2_a_way_that_no_forged_page_can_use_is_always_on_offer(citizen: Citizen) -> None:
    assert "data-passkey" in citizen.get("/login").text
    citizen.registers()
    assert "/account/passkey" in citizen.get("/account/security").text


def test_nist_800_63b_3_2_2_no_way_in_takes_more_than_a_hundred_failures_in_a_row() -> None:
    assert throttle.ANYWHERE.times <= 100
    assert throttle.SECOND_EVER.times <= 100
    assert throttle.DEVICE_EVER.times <= 100
    assert throttle.HERE.times == 5


def test_asvs_6_5_5_codes_live_as_short_as_they_should() -> None:
    assert totp.STEP <= 30
    assert onetime.SECONDS <= 600
    assert 10**onetime.DIGITS >= 2**20
    assert passkey.CHALLENGE_BYTES * 8 == 256


def test_the_last_strong_way_in_cannot_be_removed(citizen: Citizen) -> None:
    citizen.registers()
    house, now = citizen.house, clock.now()
    lone = next(one for one in accounts.factors_of(house, citizen.person) if one.kind is Kind.password)
    with pytest.raises(LastFactor):
        accounts.remove_factor(house, citizen.session, lone.id, now=now)
    key = accounts.new_totp_key(house, citizen.session)
    code = totp.code(key, int(now.timestamp()) // totp.STEP)
    app = accounts.add_totp(house, citizen.session, code, now=now)
    with pytest.raises(LastFactor):  # nobody signs in by a code alone
        accounts.remove_factor(house, citizen.session, lone.id, now=now)
    accounts.change_password(house, citizen.session, PASSWORD, "xk7 qp2z wv", now=now)  # short, beside the code
    with pytest.raises(LastFactor):
        accounts.remove_factor(house, citizen.session, app.id, now=now)


# -- nobody else gets in


def test_asvs_6_3_2_there_are_no_default_accounts(house: House) -> None:
    """A fresh installation has nobody who could sign in."""
    with house.database.read() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(people.person_table)).scalar_one() == 0
        assert db.execute(sa.select(sa.func.count()).select_from(factor_store.factor_table)).scalar_one() == 0


def test_asvs_6_4_6_no_operator_sees_or_sets_a_password() -> None:
    """Operators may begin a reset. The verbs that take or make a password are called by the owner's own pages alone."""
    verbs = {"change_password", "replace_password", "hashed", "change_secret"}
    callers_of = {path for path in _sources("admin", "hub", "certs", "seals", "licenses") if verbs & _called(path)}
    assert callers_of == set()
    for path in _sources("admin"):
        assert not re.search(r"type=\"password\"|name=\"password\"", path.read_text(encoding="utf-8")), path
    for path in (ROOT / "admin" / "templates").rglob("*.html"):
        assert 'type="password"' not in path.read_text(encoding="utf-8"), path


def test_asvs_6_4_2_there_are_no_hints_and_no_questions(app: Flask) -> None:
    assert not [rule.rule for rule in app.url_map.iter_rules() if re.search("hint|question|secret-answer", rule.rule)]
    columns = {column.name for column in factor_store.factor_table.columns}
    assert not {name for name in columns if "hint" in name or "question" in name}


def test_asvs_6_2_10_passwords_never_grow_old() -> None:
    assert "created" not in inspect.getsource(password)


def test_asvs_6_3_6_mail_is_no_way_to_sign_in(app: Flask) -> None:
    assert "email" not in {kind.value for kind in Kind}
    assert "mail" not in inspect.getsource(session)
    logins = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/login")]
    assert not [rule for rule in logins if "mail" in rule or "magic" in rule]


def test_every_page_that_changes_an_account_is_behind_the_session(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/account/") and rule.rule != "/account/merged":  # that one says where an account went
            gate = getattr(app.view_functions[rule.endpoint], "__gate__", None)
            assert isinstance(gate, callers.Session), rule.rule
    assert {"GET", "HEAD", "OPTIONS"} == routes.SAFE


def _sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def _called(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {one.attr for one in calls if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
            and one.value.id in {"accounts", "password", "factor_store", "factors"}}  # fmt: skip
