"""The console's pages of service items: who may open them, what they take, and that what is typed never breaks them."""

import contextlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from admin import item_form
from admin.item_clients import PRIVATE, keys_of
from admin.model.item import ItemWrong, State
from admin.model.operator import Right
from admin.store import items as store
from hub.house import House
from hub.tree import Place, keep
from idp.model.client import Basis
from idp.provider import sandbox
from idp.store import clients as client_store
from seals import store as seals
from seals.model import Agency
from tests.admin import offices
from tests.admin.offices import QIYUN, XICHENG
from tests.admin.test_items import MARKET
from tests.admin.test_services import AT_SITE, PUBLIC
from tests.hub.test_web import token_in
from tests.idp.rp import KEY

CODE = f"{MARKET}-0001"
PAGE = f"/console/services/{CODE}"
TYPED = {name: value for name, value in item_form.typed_of(AT_SITE).items() if isinstance(value, str)}
Office = Callable[..., FlaskClient]


@pytest.fixture
def office(app: Flask, house: House, now: datetime) -> Office:
    """Gives a browser of an officer; the same person again has the same account."""
    offices.places(house)
    with house.database.write() as db:
        keep(db, Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
        seals.keep_agency(db, Agency(MARKET, "栖云市市场监督管理局", "Qiyun Market Regulation", QIYUN))
    known: dict[str, FlaskClient] = {}

    def browser(who: str, *rights: Right, place: str = QIYUN) -> FlaskClient:
        if who not in known:
            known[who] = app.test_client()
            known[who].set_cookie(*offices.cookie(house, offices.officer(house, who, place, *rights, now=now), now))
        return known[who]

    return browser


def post(browser: FlaskClient, path: str, form_at: str = "/console/services/new", **typed: Any) -> Any:
    token = token_in(browser.get(form_at).text)
    return browser.post(path, data={"csrf": token} | typed, headers={"Accept-Language": "en"})


def typed(**changes: Any) -> dict[str, Any]:
    plain = {"code": CODE, "scopes": ["profile", "licenses:read"], "keys": json.dumps({"keys": [PUBLIC]})}
    return TYPED | plain | changes


@pytest.fixture
def drafted(office: Office) -> FlaskClient:
    """An officer who has registered an item."""
    browser = office("anna", Right.services)
    answer = post(browser, "/console/services/new", **typed())
    assert answer.status_code == 303, answer.text
    return browser


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("page", ["", "/new", f"/{CODE}", f"/{CODE}/edit"])
def test_every_page_opens_in_both_languages(drafted: FlaskClient, page: str, language: str) -> None:
    answer = drafted.get(f"/console/services{page}?lang={language}")
    assert answer.status_code == 200, answer.text
    assert f'lang="{language}"' in answer.text


@pytest.mark.parametrize("page", ["/console/services", PAGE, PAGE + "/edit", "/console/services/new"])
def test_a_stranger_is_sent_to_sign_in(client: FlaskClient, page: str) -> None:
    assert "/console/sign-in" in client.get(page).location


@pytest.mark.parametrize(
    "step", ["edit", "propose", "raise", "end", "drop", "testers", "new"], ids=lambda step: f"without-right-{step}"
)
def test_who_may_only_look_changes_nothing(drafted: FlaskClient, office: Office, step: str) -> None:
    looks = office("bo", Right.approve)
    path = "/console/services/new" if step == "new" else f"{PAGE}/{step}"
    assert looks.get(PAGE).status_code == 200
    assert post(looks, path, "/console/approvals", **typed()).status_code == 403


def test_an_officer_of_another_place_finds_nothing(drafted: FlaskClient, office: Office) -> None:
    other = office("chen", Right.services, Right.approve, place=XICHENG)
    assert CODE not in other.get("/console/services").text
    for path in (PAGE, f"{PAGE}/edit"):
        assert other.get(path).status_code == 404
    with_agency = typed(code=f"{MARKET}-0002")
    token = token_in(drafted.get("/console/services/new").text)
    assert token
    assert other.post(f"{PAGE}/drop", data={"csrf": "x"}).status_code == 403
    assert post(other, f"{PAGE}/propose", "/console/operators", reason="x", **with_agency).status_code in (403, 404)


def test_the_whole_path_from_the_draft_to_production(drafted: FlaskClient, office: Office, house: House) -> None:
    page = drafted.get(f"{PAGE}?lang=en").text
    assert f"{CODE}-sandbox" in page
    asked = post(drafted, f"{PAGE}/propose", PAGE, reason="tested by two companies")
    assert asked.status_code == 303
    waiting = asked.location
    mine = drafted.get(waiting, headers={"Accept-Language": "en"}).text
    assert "You asked for this yourself" in mine
    decides = office("bo", Right.approve)
    text = decides.get(waiting, headers={"Accept-Language": "en"}).text
    assert "Level 2: a verified name" in text
    assert not [raw for raw in ("[]", "false", "legal_basis", "redirect_uris") if f">{raw}<" in text]
    digest = text.partition('name="digest" value="')[2].partition('"')[0]
    answer = post(decides, f"{waiting}/decide", waiting, decision="approve", digest=digest)
    assert answer.status_code == 303
    with house.database.read() as db:
        assert store.item(db, CODE).state is State.production
        program = client_store.client(db, CODE)
    assert program is not None
    assert program.scopes == ("openid", "profile", "licenses:read")
    assert post(drafted, f"{PAGE}/raise", PAGE, level="3").status_code == 303
    with house.database.read() as db:
        program = client_store.client(db, CODE)
    assert program is not None
    assert program.level == 3
    assert (
        "Look at the request"
        in drafted.get(
            post(drafted, f"{PAGE}/end", PAGE, basis="Decree 9").location and PAGE, headers={"Accept-Language": "en"}
        ).text
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "nonsense"),
        ("code", "11880100DEM0000575-0001"),
        ("name", ""),
        ("name_en", ""),
        ("level", "9"),
        ("level", "two"),
        ("level", "²"),
        ("life_event", "win-the-lottery"),
        ("audience", "dogs"),
        ("promised_days", "11"),
        ("statutory_days", "-1"),
        ("statutory_days", ""),
        ("where", "elsewhere"),
        ("url", ""),
        ("url", "http://qiyun.example/"),
        ("keys", ""),
        ("keys", "{"),
        ("keys", "[]"),
        ("keys", '{"keys": []}'),
        ("keys", '{"keys": 7}'),
        ("keys", json.dumps({"kty": "oct"})),
        ("keys", json.dumps(KEY.as_dict(private=True))),
        ("jwks_uri", "http://food.qiyun.example/jwks"),
        ("redirect_uris", ""),
        ("redirect_uris", "http://localhost/cb"),
        ("trial_uris", "ftp://x"),
        ("scopes", "everything"),
        ("purpose", ""),
        ("basis", "because"),
        ("materials_en", ""),
    ],
)
def test_a_wrong_field_is_named_and_what_was_typed_stays(office: Office, field: str, value: str) -> None:
    browser = office("anna", Right.services)
    answer = post(browser, "/console/services/new", **typed(**{field: value}))
    if answer.status_code == 404:  # an agency that is not his
        assert field == "code"
        return
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text, answer.text
    assert "Error:" in answer.text
    assert field == "name" or "小餐饮登记" in answer.text
    assert '"d"' not in answer.text or field == "keys"


def test_a_program_may_publish_its_keys_itself(office: Office, house: House) -> None:
    """OpenID Connect Core 10.1.1: then new ones need no second decision."""
    browser, there = office("anna", Right.services), "https://food.qiyun.example/jwks"
    both = post(browser, "/console/services/new", **typed(jwks_uri=there))
    assert both.status_code == 422
    assert 'href="#keys"' in both.text
    assert post(browser, "/console/services/new", **typed(jwks_uri=there, keys="")).status_code == 303
    assert there in browser.get(f"{PAGE}/edit").text
    with house.database.read() as db:
        made = client_store.client(db, f"{CODE}-sandbox")
    assert made is not None
    assert (made.registered.jwks_uri, made.keys) == (there, ())


def test_an_item_that_is_not_online_or_not_shown_needs_a_cited_basis(office: Office) -> None:
    browser = office("anna", Right.services)
    answer = post(browser, "/console/services/new", **typed(where="offline", hidden="yes"))
    assert answer.status_code == 422
    for field in ("offline_basis", "hidden_basis"):
        assert f'href="#{field}"' in answer.text
    rule = {"offline_basis": "《民法典》第1049条", "hidden_basis": "《保守国家秘密法》"}
    assert post(browser, "/console/services/new", **typed(where="offline", hidden="yes", **rule)).status_code == 303


@pytest.mark.parametrize("citation", ["", "   ", "法", "条" * 201])
def test_a_duty_by_law_needs_the_rule_that_gives_it(office: Office, citation: str) -> None:
    answer = post(office("anna", Right.services), "/console/services/new", **typed(basis="duty", citation=citation))
    assert answer.status_code == 422
    assert 'href="#citation"' in answer.text


def test_by_what_right_a_program_is_told_is_chosen_with_the_item(office: Office, house: House) -> None:
    browser, rule = office("anna", Right.services), "《中华人民共和国食品安全法》第三十五条"
    assert post(browser, "/console/services/new", **typed(basis="duty", citation=rule)).status_code == 303
    assert rule in browser.get(f"{PAGE}/edit").text
    with house.database.read() as db:
        trial = client_store.client(db, f"{CODE}-sandbox")
    assert trial is not None
    assert (trial.basis, trial.citation) == (Basis.duty, rule)
    token = token_in(browser.get(f"{PAGE}/edit").text)
    changed = typed(basis="consent", citation=rule) | {"csrf": token}
    assert browser.post(f"{PAGE}/edit", data=changed).status_code == 303
    with house.database.read() as db:
        trial = client_store.client(db, f"{CODE}-sandbox")
    assert trial is not None
    assert (trial.basis, trial.citation) == (Basis.consent, "")  # consent needs no rule, and shows none


@pytest.mark.parametrize("step", ["propose", "end"])
def test_a_request_without_a_reason_is_asked_for_one(drafted: FlaskClient, step: str) -> None:
    answer = post(drafted, f"{PAGE}/{step}", PAGE)
    assert answer.status_code == 422


def test_testers_are_named_by_account_and_let_go(drafted: FlaskClient, house: House) -> None:
    for account, status in (("jia.shili", 303), ("x", 422), ("", 422)):
        assert post(drafted, f"{PAGE}/testers", PAGE, account=account).status_code == status
    assert "jia.shili" not in drafted.get(PAGE).text
    assert post(drafted, f"{PAGE}/testers", PAGE, decision="none").status_code == 303
    with house.database.read() as db:
        trial = client_store.client(db, f"{CODE}-sandbox")
    assert trial is not None
    assert trial.testers == (sandbox.tester(house, "account-anna"),)  # who made it


def test_a_draft_is_thrown_away(drafted: FlaskClient) -> None:
    assert post(drafted, f"{PAGE}/drop", PAGE).status_code == 303
    assert drafted.get(PAGE).status_code == 404


# -- what is typed


@given(st.text(max_size=200) | st.binary(max_size=50).map(repr))
def test_no_pasted_text_breaks_the_reading_of_keys(text: str) -> None:
    try:
        found = keys_of(text)
    except ItemWrong:
        return
    assert 1 <= len(found) <= 5


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["keys", "kty", "d", "x"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_no_json_breaks_the_reading_of_keys(value: Any) -> None:
    try:
        found = keys_of(json.dumps(value))
    except ItemWrong:
        return
    assert not any(name in key for key in found for name in PRIVATE)


@pytest.mark.parametrize("part", PRIVATE)
def test_no_part_of_a_private_key_is_ever_taken(part: str) -> None:
    for pasted in ({"keys": [PUBLIC, PUBLIC | {part: "x"}]}, PUBLIC | {part: ""}):
        with pytest.raises(ItemWrong) as refused:
            keys_of(json.dumps(pasted))
        assert refused.value.fields == ("private_key",)


@given(st.dictionaries(st.sampled_from([*TYPED, "code", "licenses", "scopes", "keys"]), st.lists(st.text(max_size=30))))
def test_no_form_breaks_the_reading_of_an_item(values: dict[str, list[str]]) -> None:
    with contextlib.suppress(ItemWrong):
        item_form.read(values, CODE).checked()


def test_what_the_form_shows_is_what_it_reads() -> None:
    shown = item_form.typed_of(AT_SITE)
    again = item_form.read({name: [value] if isinstance(value, str) else value for name, value in shown.items()}, CODE)
    back = item_form.typed_of(again)
    assert json.loads(str(back.pop("keys"))) == json.loads(str(shown.pop("keys")))
    assert back == shown


def test_the_form_offers_fapi2_first(office: Office) -> None:
    page = office("anna", Right.services).get("/console/services/new").text
    assert 'value="fapi2" checked' in page
    form = {name: [value] if isinstance(value, str) else value for name, value in typed().items() if name != "policy"}
    made = item_form.read(form, CODE)
    assert made.access is not None
    assert made.access.policy == "fapi2"
