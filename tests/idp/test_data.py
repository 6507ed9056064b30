"""A person allows a service to ask another body for data: one question for each permission, and a no that works at once."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from hub import callers, clock, ledger
from hub.house import House
from hub.problems import NotSignedIn
from idp.consent import consents, data
from idp.model.data import MOST, TYPE, DataField, DataPermission
from idp.model.flow import Asked, Refused
from idp.provider import flows
from idp.provider.tokens import sign
from idp.store import data as store
from tests.hub.test_web import token_in
from tests.idp.rp import Visit, department, public

Visits = Callable[..., Visit]


def permission(now: datetime, id: str = "g1", **changes: Any) -> DataPermission:
    values: dict[str, Any] = {
        "id": id,
        "client": "qiyun-market",
        "provider": "11870100DEM000065U",
        "provider_name": "汐城市民政局",
        "provider_name_en": "Xicheng Civil Affairs Bureau",
        "place": "hub",
        "entry": "e1",
        "entry_name": "居住证信息",
        "entry_name_en": "Residence permits",
        "fields": (DataField("name", "姓名", "Name"), DataField("residence", "住址", "Residence")),
        "item": "11880100DEM000049A-0001",
        "purpose": "核对经营场所",
        "purpose_en": "To check the place of business",
        "basis": "示范依据",
        "since": now - timedelta(days=1),
        "until": now + timedelta(days=30),
    }
    return DataPermission(**(values | changes))


@pytest.fixture
def visits(house: House, app: Flask) -> Visits:
    """Each test has an installation of its own: permissions have fixed names here."""
    return lambda client, **more: Visit(house, app, client, **more)


@pytest.fixture
def asker(house: House, visits: Visits, now: datetime) -> Visit:
    """A service with one permission, and a person who signed in there before."""
    visit = visits(department())
    visit.signs_in()
    permit(house, permission(now))
    return visit


def permit(house: House, *permissions: DataPermission) -> None:
    with house.database.write() as db:
        for one in permissions:
            store.keep(db, one)


def details(*ids: str) -> str:
    return json.dumps([{"type": TYPE, "grant": id} for id in ids or ("g1",)])


def page_of(asker: Visit, **asked: str) -> Any:
    """The page on which the person decides."""
    return follow(asker, asker.authorize(**({"authorization_details": details()} | asked)))


def follow(asker: Visit, answer: Any) -> Any:
    while answer.status_code == 303 and not answer.location.startswith("https://market"):
        answer = asker.browser.get(answer.location.replace("http://localhost:8000", "") + "&lang=en")
    return answer


def says(asker: Visit, page: Any, decision: str, grant: str = "g1") -> Any:
    form = {"csrf": token_in(page.text), "grant": grant, "decision": decision}
    return follow(asker, asker.browser.post(page.request.full_path, data=form))


def allowed(asker: Visit, **asked: str) -> dict[str, Any]:
    """The tokens of a person who said yes."""
    answer = asker.answered(says(asker, page_of(asker, **asked), "allow"))
    response = asker.redeem(answer["code"])
    assert response.status_code == 200, response.text
    return dict(response.json or {})


def test_the_person_reads_who_asks_whom_for_what_and_why(asker: Visit) -> None:
    page = page_of(asker).text
    for words in ("Qiyun market", "Xicheng Civil", "Name", "Residence", "To check the place of business", "示范依据"):
        assert words in page


def test_a_yes_is_carried_into_the_token_and_told_to_the_client(asker: Visit, house: House) -> None:
    given = allowed(asker)
    detail = {
        "type": TYPE,
        "grant": "g1",
        "provider": "11870100DEM000065U",
        "fields": ["name", "residence"],
        "purpose": "11880100DEM000049A-0001",
    }
    assert given["authorization_details"] == [detail]  # RFC 9396 7
    claims = asker.claims(given["access_token"])
    assert claims["authorization_details"] == [detail]
    assert claims["aud"] == [sign.userinfo_audience(house), sign.data_audience(house)]
    assert asker.userinfo(given["access_token"]).status_code == 200
    with pytest.raises(NotSignedIn):  # for this one address of our API only
        callers.read_token(house, given["access_token"], clock.now())


def test_a_no_is_told_as_access_denied(asker: Visit) -> None:
    assert asker.answered(says(asker, page_of(asker), "refuse"))["error"] == "access_denied"
    assert "authorization_details" not in asker.tokens()


def test_signing_in_allows_no_data(asker: Visit) -> None:
    given = asker.tokens()
    assert "authorization_details" not in given
    assert asker.claims(given["access_token"])["aud"] == sign.userinfo_audience(asker.house)


def test_data_are_asked_for_apart_from_the_sign_in(house: House, visits: Visits, now: datetime) -> None:
    visit = visits(department())
    visit.signs_in(agrees=False)
    permit(house, permission(now))
    page = page_of(visit)
    assert "Do you agree?" in page.text
    form = {"csrf": token_in(page.text), "decision": "agree"}
    assert (
        "May this service use your data?" in follow(visit, visit.browser.post(page.request.full_path, data=form)).text
    )


def test_each_permission_is_a_question_of_its_own(asker: Visit, house: House, now: datetime) -> None:
    permit(house, permission(now, "g2", purpose_en="Another purpose"))
    page = page_of(asker, authorization_details=details("g1", "g2"))
    assert "Another purpose" not in page.text
    second = says(asker, page, "allow")
    assert "Another purpose" in second.text
    assert "code" in asker.answered(says(asker, second, "allow", "g2"))


def test_a_no_to_one_of_two_is_a_no(asker: Visit, house: House, now: datetime) -> None:
    permit(house, permission(now, "g2"))
    second = says(asker, page_of(asker, authorization_details=details("g1", "g2")), "allow")
    assert asker.answered(says(asker, second, "refuse", "g2"))["error"] == "access_denied"


def test_only_what_was_shown_is_allowed(asker: Visit, house: House, now: datetime) -> None:
    permit(house, permission(now, "g2"))
    says(asker, page_of(asker), "allow", "g2")
    with house.database.read() as db:
        assert not data.standing(db, asker.person, None)


def test_a_standing_yes_is_not_asked_for_again(asker: Visit) -> None:
    allowed(asker)
    assert "code" in asker.answer(authorization_details=details(), prompt="none")


def test_without_a_yes_silence_is_refused(asker: Visit) -> None:
    assert asker.answer(authorization_details=details(), prompt="none")["error"] == "consent_required"


def test_prompt_consent_asks_again(asker: Visit) -> None:
    allowed(asker)
    with clock.shifted(seconds=2):
        page = page_of(asker, prompt="consent")
        assert "Do you agree?" in page.text


def test_a_program_without_a_secret_is_asked_each_time(house: House, visits: Visits, now: datetime) -> None:
    visit = visits(public())
    visit.signs_in()
    permit(house, permission(now, client="qiyun-program"))
    with house.database.write() as db:
        data.allow(db, visit.person, None, permission(now, client="qiyun-program"), now=now - timedelta(minutes=1))
    assert visit.answer(authorization_details=details(), prompt="none")["error"] == "consent_required"


def test_data_need_a_verified_name(house: House, visits: Visits, now: datetime) -> None:
    visit = visits(department())
    visit.signs_in(level=1)
    permit(house, permission(now))
    assert visit.answer(authorization_details=details(), prompt="none")["error"] == "interaction_required"


WRONG = {
    "not JSON": "[",
    "no list": json.dumps({"type": TYPE, "grant": "g1"}),
    "an empty list": "[]",
    "too many": details(*(f"g{n}" for n in range(MOST + 1))),
    "another type": json.dumps([{"type": "account_information", "grant": "g1"}]),
    "no type": json.dumps([{"grant": "g1"}]),
    "no grant": json.dumps([{"type": TYPE}]),
    "a grant that no database keeps": json.dumps([{"type": TYPE, "grant": "g\0"}]),
    "half a character": json.dumps([{"type": TYPE, "grant": "\ud800"}]),
    "a grant that is no text": json.dumps([{"type": TYPE, "grant": 1}]),
    "a member that we do not know": json.dumps([{"type": TYPE, "grant": "g1", "fields": ["number"]}]),
    "an unknown grant": details("g9"),
    "the same grant twice": details("g1", "g1"),
    "one good, one unknown": details("g1", "g9"),
    "a text instead of an object": '["g1"]',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_wrong_details_are_refused_by_their_own_error(asker: Visit, text: str) -> None:
    assert asker.answer(authorization_details=text)["error"] == "invalid_authorization_details"  # RFC 9396 5


@pytest.mark.parametrize(
    "changes",
    [{"client": "somebody-else"}, {"until": -1}, {"since": 1}, {"ended": -1}],
    ids=["of another client", "over", "not yet", "ended"],
)
def test_a_permission_that_is_not_in_force_is_refused(
    house: House, visits: Visits, now: datetime, changes: dict[str, Any]
) -> None:
    visit = visits(department())
    visit.signs_in()
    moved: dict[str, Any] = {
        name: now + timedelta(days=value) if isinstance(value, int) else value for name, value in changes.items()
    }
    permit(house, permission(now, **moved))
    assert visit.answer(authorization_details=details())["error"] == "invalid_authorization_details"


def test_a_flow_of_the_release_before_goes_on(asker: Visit, house: House, now: datetime) -> None:
    flow = flows.keep(house, Asked("qiyun-market", "https://market.qiyun.example/callback", ("openid",)), "b", now)
    key = f"idp:flow:{hashlib.sha256(flow.id.encode()).hexdigest()}"
    kept = json.loads(house.shared.peek(key) or b"")
    del kept["asked"]["data"]
    house.shared.put(key, json.dumps(kept), 60)
    assert flows.of_browser(house, flow.id, "b", now).asked.data == ()


def test_withdrawal_revokes_the_tokens_and_the_next_sign_in_asks(asker: Visit, house: House) -> None:
    given = allowed(asker)
    with house.database.write() as db:
        assert data.withdraw(db, asker.person, None, "g1", now=clock.now())
        assert not data.withdraw(db, asker.person, None, "g1", now=clock.now())
    assert asker.userinfo(given["access_token"]).status_code == 401
    assert asker.refresh(given["refresh_token"]).json == {"error": "invalid_grant"} | {
        "error_description": "The refresh token is unknown, revoked or expired"
    }
    with pytest.raises(NotSignedIn):
        callers.read_token(house, given["access_token"], clock.now(), audience_is=sign.data_audience(house))
    assert asker.answer(authorization_details=details(), prompt="none")["error"] == "consent_required"


def test_withdrawal_at_the_account(asker: Visit, house: House) -> None:
    allowed(asker)
    page = asker.browser.get("/account/services?lang=en").text
    assert "Name, Residence, from Xicheng Civil Affairs Bureau" in page
    asker.browser.post("/account/data/withdraw", data={"csrf": token_in(page), "grant": "g1"})
    assert "Xicheng Civil Affairs Bureau" not in asker.browser.get("/account/services?lang=en").text


def test_who_withdraws_from_a_service_withdraws_data_too(asker: Visit, house: House) -> None:
    allowed(asker)
    with house.database.write() as db:
        consents.withdraw(db, asker.person, asker.client.id, by="test", now=clock.now())
        assert not data.standing(db, asker.person, None)


def test_a_permission_that_ends_takes_its_tokens_along(asker: Visit, house: House) -> None:
    given = allowed(asker)
    with house.database.write() as db:
        assert data.end(db, "g1", now=clock.now())
        assert not data.end(db, "g1", now=clock.now())
    assert asker.userinfo(given["access_token"]).status_code == 401


def test_a_refreshed_token_carries_what_is_still_in_force(asker: Visit, house: House, now: datetime) -> None:
    permit(house, permission(now, "g2", until=now + timedelta(days=2)))
    page = page_of(asker, authorization_details=details("g1", "g2"))
    answer = asker.answered(says(asker, says(asker, page, "allow"), "allow", "g2"))
    given = asker.redeem(answer["code"]).json or {}
    assert [one["grant"] for one in given["authorization_details"]] == ["g1", "g2"]
    with clock.shifted(seconds=3 * 86_400), house.database.write() as db:
        value = callers.open_session(  # the login of the grant still runs
            db, "idp", callers.Caller(person=asker.person, sid=asker.sid, auth_time=now), now=clock.now(), hours=1
        )
        assert value
    with clock.shifted(seconds=3 * 86_400):
        renewed = asker.refresh(given["refresh_token"]).json or {}
    assert [one["grant"] for one in renewed["authorization_details"]] == ["g1"]


def test_what_a_person_allows_for_a_company_is_not_allowed_for_himself(
    asker: Visit, house: House, now: datetime
) -> None:
    with house.database.write() as db:
        data.allow(db, asker.person, "91880101DEM000081U", permission(now), now=now)
    assert asker.answer(authorization_details=details(), prompt="none")["error"] == "consent_required"


def test_the_ledger_tells_of_yes_and_no_without_a_name(asker: Visit, house: House) -> None:
    allowed(asker)
    with house.database.write() as db:
        data.withdraw(db, asker.person, None, "g1", now=clock.now())
    with house.database.read() as db:
        told = [(one.kind, one.facts) for one in ledger.events(db, subject="data-grant:g1")]
    facts = {"grant": "g1", "client": "qiyun-market"}
    assert told == [("data.withdrawn", facts), ("data.allowed", facts)]


def test_the_metadata_name_the_type(asker: Visit) -> None:
    found = asker.program.get("/.well-known/oauth-authorization-server").json or {}
    assert found["authorization_details_types_supported"] == [TYPE]  # RFC 9396 10


@tries(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps)))
def test_whatever_is_sent_is_refused_in_words(asker: Visit, text: str) -> None:
    with pytest.raises(Refused, match="invalid_authorization_details"):
        data.asked_for(asker.house, asker.client, text, clock.now())
