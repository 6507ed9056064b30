"""My account, page by page: what stands there is true, belongs to the reader alone, and can be taken back."""

import json

import pytest

from hub import callers, clock, ledger
from idp.consent import consent_text, consents, receipts
from idp.model.life import Former
from idp.store import life, releases
from idp.store import receipts as receipt_store
from tests.idp.citizen import JIA, Citizen
from tests.idp.rp import Visit, department
from yinxin.proof import check_proof
from yinxin.receipt import check_receipt

PAGES = ("/account", "/account/profile", "/account/sessions", "/account/services", "/account/uses", "/account/privacy",
         "/account/lock")  # fmt: skip


@pytest.fixture
def jia(citizen: Citizen) -> Citizen:
    return citizen.is_proved()


def service_of(citizen: Citizen, **changes: object) -> Visit:
    """A department's site that this citizen uses with the same browser."""
    visit = Visit(
        citizen.house, citizen.app, department(**changes), person=citizen.person, sid=citizen.session.sid or ""
    )
    visit.browser = citizen.browser
    return visit


def agrees(citizen: Citizen, visit: Visit, *scopes: str) -> None:
    text = consent_text.text(visit.client, scopes, "", "en")
    consents.agree(citizen.house, citizen.person, visit.client, scopes, text, now=clock.now())


@pytest.mark.parametrize("path", PAGES)
def test_nobody_reads_a_page_without_signing_in(citizen: Citizen, path: str) -> None:
    assert citizen.get(path).location.startswith("/login?next=")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_has_the_way_to_every_other(jia: Citizen, path: str, language: str) -> None:
    jia.language = language
    page = jia.get(path)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    for there in ("/account", "/account/profile", "/account/security", "/account/sessions", "/account/services",
                  "/account/uses", "/account/mandates", "/companies", "/account/privacy"):  # fmt: skip
        assert f'href="{there}"' in page.text
    for there in ("/my/", "/wallet/", "/my/notices"):
        assert there in page.text


# -- profile


def test_each_field_says_where_it_comes_from(jia: Citizen) -> None:
    page = jia.get("/account/profile").text
    assert "confirmed by the register" in page
    assert "your own statement" in page
    assert "3 of 4" in page


def test_the_whole_number_is_shown_only_shortly_after_a_factor(jia: Citizen) -> None:
    assert JIA[1] not in jia.get("/account/profile").text
    assert JIA[1] in jia.get("/account/profile/number").text
    with clock.shifted(16 * 60):
        answer = jia.get("/account/profile/number")
        assert answer.location == "/login?again=1&next=/account/profile/number"


def test_earlier_names_stand_with_their_last_day_and_earlier_numbers_are_masked(jia: Citizen) -> None:
    with jia.house.database.write() as db:
        life.keep_former(db, jia.house.vault, jia.person, Former("name", "示例旧", clock.now(), "rename"))
        life.keep_former(db, jia.house.vault, jia.person, Former("number", JIA[1], clock.now(), "renumber"))
    page = jia.get("/account/profile").text
    assert "示例旧" in page
    assert JIA[1] not in page


# -- sessions


def test_a_session_says_device_both_limits_and_which_services_took_part(jia: Citizen) -> None:
    visit = service_of(jia)
    agrees(jia, visit, "openid", "profile")
    assert visit.redeem(visit.code()).status_code == 200
    page = jia.get("/account/sessions").text
    assert "Ends at the latest" in page
    assert "Last used" in page
    assert "Qiyun market regulation" in page


def test_ending_a_session_asks_for_a_factor_when_the_last_was_long_ago(citizen: Citizen) -> None:
    citizen.registers()
    page = citizen.get("/account/sessions")
    with clock.shifted(16 * 60):
        for path in ("/account/sessions/end", "/account/sign-out-everywhere"):
            assert citizen.send(page, path, session="x").location == "/login?again=1&next=/account/sessions"
    assert citizen.signed_in


# -- services


def test_a_service_is_shown_with_owner_fields_right_and_use(jia: Citizen) -> None:
    visit = service_of(jia, purpose_en="To handle your food license")
    agrees(jia, visit, "openid", "realname")
    assert visit.redeem(visit.code(scope="openid realname")).status_code == 200
    page = jia.get("/account/services").text
    for said in ("Qiyun market regulation", visit.client.agency, "the number of your paper", "your consent", "1 open"):
        assert said in page, said
    detail = jia.get(f"/account/services/{visit.client.id}").text
    assert "To handle your food license" in detail
    assert "What it is not told" in detail


def test_taking_back_works_at_once_everywhere(jia: Citizen) -> None:
    visit = service_of(jia)
    agrees(jia, visit, "openid", "profile", "offline_access")
    tokens = visit.redeem(visit.code(scope="openid profile offline_access")).json
    assert tokens
    waiting = visit.code(scope="openid profile")
    answer = jia.post("/account/services/withdraw", form_at="/account/services", client=visit.client.id)
    assert answer.location == "/account/services?done=withdrawn"
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    assert visit.refresh(tokens["refresh_token"]).status_code == 400
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert visit.token({"token": token}, path="/oidc/introspect").json == {"active": False}
    assert visit.redeem(waiting).json == {
        "error": "invalid_grant",
        "error_description": "The code is unknown, used or expired",
    }
    page = jia.get(answer.location).text
    assert "Taken back" in page


def test_a_person_downloads_his_receipts_and_nobody_elses(jia: Citizen) -> None:
    visit = service_of(jia)
    agrees(jia, visit, "openid", "profile")
    with jia.house.database.read() as db:
        (kept,) = receipt_store.of_person(db, jia.person)
    answer = jia.get(f"/account/receipts/{kept.id}.jwt")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert check_receipt(answer.text, receipts.keys(jia.house)["keys"])["record_id"] == kept.id
    stranger = Citizen(jia.house, jia.app, jia.register, account="some.body")
    stranger.registers()
    assert stranger.get(f"/account/receipts/{kept.id}.jwt").status_code == 404
    assert stranger.get(f"/account/services/{visit.client.id}").status_code == 404
    assert jia.get("/account/services/no-such-service").status_code == 404


# -- who used my data


def test_each_letting_in_stands_there_with_a_proof(jia: Citizen) -> None:
    visit = service_of(jia)
    agrees(jia, visit, "openid", "profile", "offline_access")
    tokens = visit.redeem(visit.code(scope="openid profile offline_access")).json
    assert tokens
    with jia.house.database.write() as db:
        callers.end_sessions(db, at=clock.now(), sid=visit.sid)
    assert visit.refresh(tokens["refresh_token"]).status_code == 200
    jia.signs_in()
    page = jia.get("/account/uses").text
    assert "you signed in there" in page
    assert "without you: it renewed its access" in page
    ledger.sequence(jia.house, clock.now())
    with jia.house.database.read() as db:
        newest = releases.of_person(db, jia.person)[0]
    proof = jia.get(f"/account/uses/{newest}/proof.json")
    proved = check_proof(proof.text, [jia.house.keys.jwk("checkpoint")])
    assert proved.event["kind"] == "grant.renewed"
    assert json.loads(proof.text)["event"]["facts"]["scopes"]


@pytest.mark.parametrize("event", ["0", "999999999", "x", "-1", "1" * 40, "１"])
def test_a_line_about_somebody_else_is_not_proved_to_me(jia: Citizen, event: str) -> None:
    assert jia.get(f"/account/uses/{event}/proof.json").status_code == 404
    assert jia.get(f"/account/uses?before={event}").status_code == 200


def test_the_lists_are_read_by_page(jia: Citizen) -> None:
    with jia.house.database.write() as db:
        for _ in range(35):
            facts = {"grant": "g", "scopes": ["openid"], "level": 3}
            event = ledger.wrote(db, "grant.made", "client:x", by=f"person:{jia.person}", at=clock.now(), facts=facts)
            releases.add(db, event, jia.person, "x", clock.now())
    page = jia.get("/account/uses").text
    assert page.count("proof.json") == 30
    assert "Next page" in page
    older = page.partition("/account/uses?before=")[2].partition('"')[0]
    assert jia.get(f"/account/uses?before={older}").text.count("proof.json") == 5


def test_the_overview_says_what_waits(citizen: Citizen) -> None:
    citizen.registers()
    page = citizen.get("/account").text
    assert "Only a password protects this account" in page
    assert "Verify your real name" in page
