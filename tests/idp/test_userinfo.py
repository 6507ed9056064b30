"""What services are told: for each scope the least that it is good for."""

from datetime import timedelta

import pytest

from hub import callers, clock
from hub.problems import NotSignedIn
from idp.model.mandate import Mandate, Role
from idp.model.organization import Organization
from idp.store import mandates as mandate_store
from idp.store import organizations
from tests.idp.rp import Visit, Visits, department

COMPANY = "91880101DEM000081U"


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", {"sub"}),
        ("openid profile", {"sub", "name"}),
        ("openid realname", {"sub", "name", "number", "number_type", "acr"}),
        ("openid company", {"sub"}),
        ("openid offline_access", {"sub"}),
    ],
)
def test_each_scope_tells_its_part_and_no_more(visit: Visit, scope: str, names: set[str]) -> None:
    visit.signs_in()
    tokens = visit.tokens(scope=scope)
    claims = visit.userinfo(tokens["access_token"]).json or {}
    assert claims.keys() == names
    assert claims["sub"] == visit.claims(tokens["id_token"])["sub"]
    assert not {"name", "number"} & visit.claims(tokens["id_token"]).keys()


def test_who_proved_no_name_has_none_to_tell(visit: Visit) -> None:
    visit.signs_in(level=1)
    claims = visit.userinfo(visit.tokens(scope="openid realname")["access_token"]).json or {}
    assert claims.keys() == {"sub", "acr"}


def test_who_acts_for_a_company_says_so_while_he_may(visit: Visit) -> None:
    now = clock.now()
    visit.signs_in(acting_for=COMPANY)
    mandate = Mandate("m1", COMPANY, visit.person, Role.legal_representative, since=now)
    with visit.house.database.write() as db:
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
        mandate_store.add(db, mandate)
    token = visit.tokens(scope="openid company")["access_token"]
    company = (visit.userinfo(token).json or {})["company"]
    assert company == {"code": COMPANY, "name": "望舒示范餐饮有限公司", "role": "legal-representative"}
    with visit.house.database.write() as db:
        mandate_store.end(db, mandate.ended_at(now, "left"))
    assert visit.userinfo(token).status_code == 401


def test_a_person_has_another_name_in_each_sector_and_the_same_in_one(visit: Visit, visits: Visits) -> None:
    visit.signs_in()
    mine = visit.claims(visit.tokens()["id_token"])
    elsewhere = department(id="other", sector="civil.xicheng.example")
    sibling = department(id="sibling")
    names = {}
    for client in (elsewhere, sibling):
        other = visits(client, browser_of=visit)
        other.agrees()
        names[client.id] = other.claims(other.tokens()["id_token"])
    assert names["other"]["sub"] != mine["sub"]
    assert names["sibling"]["sub"] == mine["sub"]
    assert visit.person not in str([mine, names])


def test_a_login_has_another_name_at_each_client(visits: Visits) -> None:
    told = {"backchannel_logout_uri": "https://market.qiyun.example/told"}
    visit = visits(department(**told))
    visit.signs_in()
    mine = visit.claims(visit.tokens()["id_token"])["sid"]
    other = visits(department(id="other", **told), browser_of=visit)
    other.agrees()
    assert other.claims(other.tokens()["id_token"])["sid"] != mine
    assert mine != visit.sid


def test_our_own_sites_know_persons_and_logins_by_their_internal_names(visits: Visits) -> None:
    visit = visits(department(first_party=True, pairwise=False))
    visit.signs_in(holder_keys=("key-1",))
    tokens = visit.tokens(scope="openid")
    caller = callers.read_token(visit.house, tokens["access_token"], clock.now())
    assert caller.person == visit.person == visit.claims(tokens["id_token"])["sub"]
    assert caller.sid == visit.sid
    assert caller.holder_keys == ("key-1",)
    assert caller.level == 2


def test_a_departments_token_is_no_key_to_our_api(visit: Visit) -> None:
    visit.signs_in()
    token = visit.tokens()["access_token"]
    with pytest.raises(NotSignedIn):
        callers.read_token(visit.house, token, clock.now())


# -- the endpoint


def test_a_token_in_a_form_is_taken_and_one_in_the_address_is_not(visit: Visit) -> None:
    visit.signs_in()
    token = visit.tokens()["access_token"]
    assert visit.program.post("/oidc/userinfo", data={"access_token": token}).status_code == 200
    assert visit.program.post("/oidc/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert visit.program.get(f"/oidc/userinfo?access_token={token}").status_code == 401
    assert visit.program.post(f"/oidc/userinfo?access_token={token}").status_code == 401


def test_no_token_and_a_wrong_token_are_answered_as_rfc_6750_says(visit: Visit) -> None:
    nothing = visit.program.get("/oidc/userinfo").headers["WWW-Authenticate"]
    assert nothing.startswith("Bearer ")
    assert "error" not in nothing
    wrong = visit.userinfo("nonsense")
    assert wrong.status_code == 401
    assert wrong.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert wrong.headers["Cache-Control"] == "no-store"


def test_other_tokens_of_ours_are_refused(visit: Visit) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    own = (visit.token({"grant_type": "client_credentials"}).json or {})["access_token"]
    for token in (tokens["id_token"], tokens["refresh_token"], own):
        assert visit.userinfo(token).status_code == 401


def test_an_access_token_ends(visit: Visit) -> None:
    visit.signs_in()
    token = visit.tokens()["access_token"]
    with clock.shifted(visit.house.settings.access_seconds - 1):
        assert visit.userinfo(token).status_code == 200
    with clock.shifted(visit.house.settings.access_seconds):
        assert visit.userinfo(token).status_code == 401


def test_a_token_without_openid_is_not_enough(visit: Visit) -> None:
    visit.signs_in()
    refresh_token = visit.tokens()["refresh_token"]
    token = (visit.refresh(refresh_token, scope="profile").json or {})["access_token"]
    answer = visit.userinfo(token)
    assert answer.status_code == 403
    assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


def test_a_second_person_does_not_see_the_first(visit: Visit) -> None:
    visit.signs_in(now=clock.now() - timedelta(minutes=1))
    first = visit.userinfo(visit.tokens()["access_token"]).json or {}
    visit.person = ""
    visit.signs_in()
    second = visit.userinfo(visit.tokens()["access_token"]).json or {}
    assert first["sub"] != second["sub"]
