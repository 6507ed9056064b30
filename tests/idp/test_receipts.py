"""Receipts: what both sides keep of a yes or a no, and that nobody can make, change or borrow one."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

import app as front
from hub import clock, ledger, notices
from hub.keys import Keys
from idp.consent import consent_text, consents, receipts
from idp.model import claims
from idp.model.client import PERSON_SCOPES, Basis, GrantType, Registration
from idp.model.consent import TEXT_VERSION
from idp.model.receipt import Receipt, Said
from idp.store import receipts as store
from tests.idp.rp import AGENCY, Visit, Visits, department
from yinxin.receipt import NotAReceipt, check_receipt


@pytest.fixture
def party(visit: Visit) -> Visit:
    visit.signs_in(agrees=False)
    return visit


def agree(visit: Visit, *scopes: str, language: str = "en") -> Receipt:
    scopes = scopes or ("openid", "realname")
    text = consent_text.text(visit.client, scopes, "Qiyun", language)
    return consents.agree(visit.house, visit.person, visit.client, scopes, text, now=clock.now())


def read(visit: Visit, signed: str) -> dict[str, Any]:
    return dict(check_receipt(signed, receipts.keys(visit.house)["keys"]))


def test_a_receipt_says_who_what_why_how_long_and_how_to_take_it_back(party: Visit) -> None:
    record = read(party, agree(party, "openid", "realname", "offline_access").signed)
    assert record["aud"] == party.client.id
    assert record["event"][0]["event_state"] == "given"
    owner = record["party_identification"][0]
    assert (owner["party_id"], owner["party_role"], owner["party_name"]) == (
        AGENCY,
        "PII controller",
        party.client.name,
    )
    purpose = record["pii_processing"]["purposes"][0]
    assert [one["pii_attribute_id"] for one in purpose["pii_information"]] == ["subject", "name", "number", "level"]
    assert purpose["lawful_basis"] == "consent"
    assert purpose["retention_period"] == "offline"
    assert purpose["withdrawal_method"] == "http://localhost:8000/account/services"
    notice = record["pii_processing"]["privacy_notice"]
    assert notice["version"] == TEXT_VERSION
    assert "it may ask again while you are not there" in notice["text"].lower()


def test_it_names_the_person_by_the_number_of_this_service_and_holds_nothing_of_him(party: Visit) -> None:
    signed = agree(party).signed
    record = read(party, signed)
    assert record["pii_principal_id"] == party.claims(party.tokens(scope="openid realname")["id_token"])["sub"]
    body = base64.urlsafe_b64decode(signed.split(".")[1] + "==").decode()
    assert party.person not in body
    assert "示例甲" not in body
    assert "880101198503120015" not in body


def test_a_duty_by_law_stands_as_such_in_page_and_receipt(visits: Visits) -> None:
    visit = visits(department(id="duty", basis=Basis.duty))
    visit.signs_in(agrees=False)
    record = read(visit, agree(visit).signed)
    assert record["pii_processing"]["purposes"][0]["lawful_basis"] == "duty"
    assert "a duty or power that the body has by law" in record["pii_processing"]["privacy_notice"]["text"]


def test_the_page_shows_the_very_words_that_the_receipt_keeps(party: Visit) -> None:
    party.browser.set_cookie("lang", "en")
    page = party.browser.get(party.authorize(scope="openid realname").location, follow_redirects=True)
    assert "What you agree to" in page.text
    party.browser.post(page.request.full_path, data={"csrf": csrf(page.text), "decision": "agree"})
    with party.house.database.read() as db:
        (kept,) = store.of_person(db, party.person)
    text = read(party, kept.signed)["pii_processing"]["privacy_notice"]["text"]
    for line in text.strip().split("\n"):
        assert line.partition(": ")[2] in page.text or line in page.text


def test_page_and_receipt_name_the_service_that_is_called_in_the_persons_name(visits: Visits) -> None:
    """RFC 8707: nobody agrees to a token for somebody of whom he was not told."""
    api = "https://api.registry.example/v1"
    plain = department(id="registry", name="栖云登记", name_en="Qiyun registry", agency_name_en="Registry office")
    visits(
        replace(
            plain,
            redirect_uris=(),
            grant_types=(GrantType.client_credentials,),
            registered=Registration(resource=api),
        )
    )
    visit = visits(department(id="caller", registered=Registration(exchanges_for=("registry",))))
    visit.signs_in(agrees=False)
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, visit.client.person_scopes, now=clock.now())
    assert "code" in visit.answer(prompt="none")
    assert visit.answer(prompt="none", resource=api)["error"] == "consent_required"
    visit.browser.set_cookie("lang", "zh-Hans")
    assert "栖云登记" in visit.browser.get(visit.authorize(resource=api).location, follow_redirects=True).text
    visit.browser.set_cookie("lang", "en")
    page = visit.browser.get(visit.authorize(resource=api).location, follow_redirects=True)
    assert "Qiyun registry (Registry office)" in page.text
    visit.browser.post(page.request.full_path, data={"csrf": csrf(page.text), "decision": "agree"})
    with visit.house.database.read() as db:
        (kept,) = store.of_person(db, visit.person)
    record = read(visit, kept.signed)["pii_processing"]
    assert "Qiyun registry (Registry office)" in record["privacy_notice"]["text"]
    (purpose,) = record["purposes"]
    assert [one["service"] for one in purpose["recipient_third_parties"]] == ["registry"]
    assert set(purpose["scopes"]) == {"openid", "profile"}
    assert "code" in visit.answer(prompt="none", resource=api)
    assert "Qiyun registry" in visit.browser.get(f"/account/services/{visit.client.id}").text


def csrf(page: str) -> str:
    return page.partition('name="csrf" value="')[2].partition('"')[0]


def test_the_ledger_holds_the_digest_of_each_receipt(party: Visit) -> None:
    receipt = agree(party)
    with party.house.database.read() as db:
        (event,) = ledger.events(db, subject=f"person:{party.person}", kind="consent.granted")
    assert event.facts["receipt"] == receipt.id
    assert len(event.facts["digest"]) == 64


def test_taking_back_makes_a_receipt_that_names_the_yes(party: Visit) -> None:
    yes = agree(party)
    no = consents.take_back(party.house, party.person, party.client.id, by="person", now=clock.now())
    assert no
    record = read(party, no.signed)
    assert record["event"][0]["event_state"] == "withdrawn"
    assert record["withdraws"] == yes.id
    with party.house.database.read() as db:
        assert [one.said for one in store.of_person(db, party.person)] == [Said.withdrawn, Said.given]
        assert len(notices.of_person(db, party.person)) == 1
    assert consents.take_back(party.house, party.person, party.client.id, by="person", now=clock.now()) is None


def test_what_was_never_agreed_is_not_taken_back(party: Visit) -> None:
    assert consents.take_back(party.house, party.person, party.client.id, by="person", now=clock.now()) is None
    assert consents.take_back(party.house, party.person, "no-such-client", by="person", now=clock.now()) is None
    with party.house.database.read() as db:
        assert store.of_person(db, party.person) == []


# -- the service fetches its copy


def test_the_service_fetches_the_same_bytes_with_its_token(party: Visit) -> None:
    kept = agree(party, "openid", "profile")
    token = party.tokens()["access_token"]
    answer = party.program.get("/oidc/consent-receipt", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.mimetype == "application/consent-receipt+jwt"
    assert answer.text == kept.signed
    keys = party.program.get("/oidc/consent-receipt/keys").json
    assert keys
    assert check_receipt(answer.text, keys["keys"])["record_id"] == kept.id


def test_nobody_fetches_a_receipt_without_a_living_token(party: Visit) -> None:
    agree(party, "openid", "profile")
    token = party.tokens()["access_token"]
    path = "/oidc/consent-receipt"
    assert party.program.get(path).status_code == 401
    assert party.program.get(f"{path}?access_token={token}").status_code == 401
    assert party.program.get(path, headers={"Authorization": "Bearer nonsense"}).status_code == 401
    consents.take_back(party.house, party.person, party.client.id, by="person", now=clock.now())
    assert party.program.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_another_service_gets_its_own_receipt_or_none(party: Visit, visits: Visits) -> None:
    agree(party, "openid", "profile")
    other = visits(department(id="other-service"), browser_of=party)
    other.agrees()
    token = other.tokens()["access_token"]
    assert other.program.get("/oidc/consent-receipt", headers={"Authorization": f"Bearer {token}"}).status_code == 404


# -- checking without us


def change(signed: str, part: int, edit: Callable[[dict[str, Any]], None]) -> str:
    parts = signed.split(".")
    said = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    edit(said)
    parts[part] = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    return ".".join(parts)


FORGERIES: dict[str, Callable[[str], str]] = {
    "another service": lambda s: change(s, 1, lambda c: c.update(aud="other")),
    "another text": lambda s: change(s, 1, lambda c: c["pii_processing"]["privacy_notice"].update(text="nothing")),
    "withdrawn made given": lambda s: change(s, 1, lambda c: c["event"][0].update(event_state="withdrawn")),
    "no signature": lambda s: s.rpartition(".")[0] + ".",
    "alg none": lambda s: change(s, 0, lambda h: h.update(alg="none")),
    "a token's type": lambda s: change(s, 0, lambda h: h.update(typ="JWT")),
    "a key in the header": lambda s: change(s, 0, lambda h: h.update(jwk={})),
    "another key": lambda s: change(s, 0, lambda h: h.update(kid="other")),
    "a part too many": lambda s: s + ".x",
    "empty": lambda s: s[:0],
    "too long": lambda s: s + "A" * 60_000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forgery_is_genuine(party: Visit, forgery: str) -> None:
    signed = agree(party).signed
    with pytest.raises(NotAReceipt):
        check_receipt(FORGERIES[forgery](signed), receipts.keys(party.house)["keys"])


def test_a_receipt_of_another_installation_is_not_trusted(party: Visit, tmp_path: Any) -> None:
    other = Keys(tmp_path / "keys", "a passphrase of some length")
    other.create("consent-1", purpose="consent")
    with pytest.raises(NotAReceipt):
        check_receipt(agree(party).signed, [other.jwk("consent-1")])


def test_our_other_signatures_are_no_receipts(party: Visit) -> None:
    agree(party, "openid", "profile")
    token = party.tokens()["id_token"]
    every = [party.house.keys.jwk(name) for name in ("tokens-1", "consent-1")]
    with pytest.raises(NotAReceipt):
        check_receipt(token, every)


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_whatever_is_handed_in_is_answered(text: str | bytes) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    size = {"x": key.x, "y": key.y}
    jwk = {
        name: base64.urlsafe_b64encode(value.to_bytes(32, "big")).decode().rstrip("=") for name, value in size.items()
    }
    with pytest.raises(NotAReceipt):
        check_receipt(text, [{"kty": "EC", "crv": "P-256", "kid": "k"} | jwk])


def test_the_command_says_genuine_not_or_cannot_say(party: Visit, tmp_path: Any) -> None:
    receipt = tmp_path / "receipt.jwt"
    receipt.write_text(agree(party).signed)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(receipts.keys(party.house)))
    run = CliRunner().invoke(front.main, ["check-receipt", str(receipt), "--key", str(keys)])
    assert run.exit_code == 0
    assert "Genuine: given" in run.output
    assert CliRunner().invoke(front.main, ["check-receipt", str(receipt)]).exit_code == 2
    receipt.write_text("a.b.c")
    assert CliRunner().invoke(front.main, ["check-receipt", str(receipt), "--key", str(keys)]).exit_code == 1


# -- the texts


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("version", range(1, TEXT_VERSION + 1))
def test_every_published_text_can_still_be_shown(language: str, version: int) -> None:
    shown = consent_text.text(department(), ["openid", "realname", "company"], "栖云市", language, version)
    assert all(shown.lines)
    assert "%" not in shown.whole
    assert shown.digest.startswith("sha-256:")


@pytest.mark.parametrize(
    ("language", "changes", "wanted"),
    [
        ("zh-Hans", {"agency_name": "栖云市市场监督管理局", "agency_name_en": "Qiyun Market"}, "栖云市市场监督管理局"),
        ("en", {"agency_name": "栖云市市场监督管理局", "agency_name_en": "Qiyun Market"}, "Qiyun Market"),
        ("en", {"agency_name": "栖云市市场监督管理局"}, "栖云市市场监督管理局"),
        ("en", {}, "Qiyun 11880100DEM000049A"),
        ("en", {"agency": ""}, "qiyun-market"),
    ],
)
def test_who_asks_is_named_by_its_name(language: str, changes: dict[str, str], wanted: str) -> None:
    """Personal Information Protection Law 17: the name of who handles the data."""
    shown = consent_text.text(department(**changes), ["openid"], "Qiyun", language)
    assert any(line.removesuffix("。").removesuffix(".").endswith(wanted) for line in shown.lines), shown.lines


PUBLISHED = {  # SHA-256 of each file, as it was when it was published
    1: "cf5814c7043e5cf47dacc615d833d4c75535a33c3c893903a9dc17dba7f8a93a",
    "2-apis": "75eae126de40358dc04c0f864c1cd3a2d54b3cf6173fe82f2c57aebc9e5965f2",
    2: "b56feba9e2adb017ea986cf78b27df66113fec90a234fe7f48263fbd2eda6d94",
}


def test_a_published_text_is_never_changed() -> None:
    folder = Path(consent_text.__file__).parent / "texts"
    found = {
        version: hashlib.sha256((folder / f"consent-{version}.toml").read_bytes()).hexdigest() for version in PUBLISHED
    }
    assert found == PUBLISHED


def test_every_scope_says_what_it_tells() -> None:
    by_name = set(claims.AGREED_AS.values())
    assert set(consent_text.FIELDS) | {"offline_access"} == set(PERSON_SCOPES) | by_name
    assert consent_text.fields(["openid", "company", "profile"]) == ("subject", "name", "acting_for", "level")


def test_the_language_changes_the_words_and_not_the_fields(party: Visit) -> None:
    english, chinese = (
        consent_text.text(replace(party.client), ["openid", "realname"], "", language) for language in ("en", "zh-Hans")
    )
    assert english.digest != chinese.digest
    assert len(english.parts) == len(chinese.parts)
    assert [bool(before) for before, _ in english.parts] == [bool(before) for before, _ in chinese.parts]
