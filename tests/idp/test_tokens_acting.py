"""Tokens of somebody who acts: about the one who is represented, with the one who acts in `act` (RFC 8693 4.1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub import callers, clock, outbox
from hub.house import House
from idp.account import announce
from idp.acting import handover, mandates
from idp.consent import consents
from idp.model.client import GrantType
from idp.model.mandate import EVERYTHING, PERSON, Mandate, Role
from idp.model.organization import Organization, OrganizationState
from idp.model.person import Level, Person, Profile, State
from idp.model.use import Act
from idp.provider import clients, logout, pseudonyms
from idp.store import mandates as store
from idp.store import organizations, people, uses
from tests.idp.rp import Visit, Visits, department

COMPANY = "91880101DEM000081U"
CHILD = ("示例小甲", "88010120190930007X")
BYE = "https://market.qiyun.example/backchannel"

Begin = Callable[..., Mandate]


def child_of(house: House) -> str:
    """A child without an account; each test its own."""
    now, id = clock.now(), f"child-{clock.now().timestamp()}"
    with house.database.write() as db:
        made = Person(id, now, level=Level.matched, holder_key=f"key-{id}", proved=now)
        people.add(db, house.vault, made, Profile(f"counter:{id}", *CHILD, "111"))
    return id


@pytest.fixture(params=["company", "child"])
def acts(request: pytest.FixtureRequest, visit: Visit) -> Begin:
    """Signs somebody in who acts for a company, or for a child."""

    def begin(**more: Any) -> Mandate:
        now, house = clock.now(), visit.house
        if request.param == "company":
            with house.database.write() as db:
                organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
            principal, role = COMPANY, Role.agent
        else:
            principal, role = f"{PERSON}{child_of(house)}", Role.parent
        visit.signs_in(acting_for=principal)
        mandate = Mandate(f"m-{visit.person}", principal, visit.person, role, now, **more)
        with house.database.write() as db:
            store.add(db, mandate)
            if request.param == "child":
                consents.grant(db, principal.removeprefix(PERSON), visit.client, visit.client.person_scopes, now=now)
        return mandate

    return begin


def subject(visit: Visit, mandate: Mandate) -> str:
    whose = mandate.principal.removeprefix(PERSON) if PERSON in mandate.principal else f"organization:{COMPANY}"
    return pseudonyms.subject(visit.house, visit.client, whose)


def test_all_tokens_are_about_the_one_who_is_represented(visit: Visit, acts: Begin) -> None:
    until = clock.now() + timedelta(days=7)
    mandate = acts(matters=("a-1", "b-2"), until=until)
    tokens = visit.tokens(scope="openid profile")
    actor = pseudonyms.subject(visit.house, visit.client, visit.person)
    introspected = visit.token({"token": tokens["access_token"]}, path="/oidc/introspect").json
    told = [
        visit.claims(tokens["id_token"]),
        visit.claims(tokens["access_token"]),
        visit.userinfo(tokens["access_token"]).json,
        introspected,
        visit.token({"token": tokens["refresh_token"]}, path="/oidc/introspect").json,
    ]
    for claims in told:
        assert claims is not None
        assert claims["sub"] == subject(visit, mandate) != actor
        assert claims["act"]["sub"] == actor
        (detail,) = claims["authorization_details"]
        assert detail["type"] == "urn:yinxin:mandate"
        assert detail["principal_type"] == ("person" if PERSON in mandate.principal else "organization")
        assert (detail["role"], detail["matters"]) == (mandate.role.value, ["a-1", "b-2"])
        assert detail["until"].startswith(f"{until:%Y-%m-%dT%H:%M}")
        assert mandate.id not in str(claims)
        assert visit.person not in str(claims)
    assert "authorization_details" not in tokens  # those that the client asked for, and it asked for none


def test_all_matters_are_one_star_and_no_end_is_none(visit: Visit, acts: Begin) -> None:
    acts()
    (detail,) = visit.claims(visit.tokens(scope="openid")["id_token"])["authorization_details"]
    assert detail["matters"] == list(EVERYTHING)
    assert "until" not in detail


def test_who_acts_for_nobody_has_neither(visit: Visit) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    for token in (tokens["id_token"], tokens["access_token"]):
        assert not {"act", "authorization_details"} & visit.claims(token).keys()


def test_a_child_has_the_subject_that_it_would_have_itself(visit: Visit, visits: Visits) -> None:
    child = child_of(visit.house)
    visit.signs_in(acting_for=f"{PERSON}{child}")
    with visit.house.database.write() as db:
        store.add(db, Mandate(f"m-{visit.person}", f"{PERSON}{child}", visit.person, Role.parent, clock.now()))
        consents.grant(db, child, visit.client, visit.client.person_scopes, now=clock.now())
    assert visit.claims(visit.tokens()["id_token"])["sub"] == pseudonyms.subject(visit.house, visit.client, child)


def test_a_mandate_has_another_name_in_each_sector(visit: Visit, visits: Visits, acts: Begin) -> None:
    mandate = acts()
    names = set()
    for client in (department(id="other", sector="civil.xicheng.example"), visit.client):
        other = visits(client, browser_of=visit) if client.id == "other" else visit
        with visit.house.database.write() as db:
            whose = mandate.principal.removeprefix(PERSON) if PERSON in mandate.principal else visit.person
            consents.grant(db, whose, client, client.person_scopes, now=clock.now())
        claims = other.claims(other.tokens()["id_token"])
        names.add((claims["authorization_details"][0]["mandate"], claims["act"]["sub"], claims["sub"]))
    assert len({one for pair in names for one in pair}) == 6


def test_userinfo_describes_the_represented_one_and_names_the_actor(visit: Visit, acts: Begin) -> None:
    mandate = acts()
    company = PERSON not in mandate.principal
    name = ("望舒示范餐饮有限公司", COMPANY, "001") if company else (*CHILD, "111")
    told = visit.userinfo(visit.tokens(scope="openid profile")["access_token"]).json or {}
    assert told["name"] == name[0]
    assert told["act"].keys() == {"sub", "name"}
    assert not {"number", "number_type"} & told.keys()
    told = visit.userinfo(visit.tokens(scope="openid realname")["access_token"]).json or {}
    assert (told["name"], told["number"], told["number_type"]) == name
    assert (told["act"]["name"], told["act"]["number"]) == ("示例甲", "880101198503120015")
    told = visit.userinfo(visit.tokens(scope="openid")["access_token"]).json or {}
    assert told.keys() == {"sub", "act", "authorization_details"}
    assert told["act"].keys() == {"sub"}
    told = visit.userinfo(visit.tokens(scope="openid company")["access_token"]).json or {}
    assert ("company" in told) is company


def test_a_child_s_data_are_told_only_after_a_yes_for_the_child(visit: Visit) -> None:
    child = child_of(visit.house)
    visit.signs_in(acting_for=f"{PERSON}{child}")  # the parent agreed for himself
    with visit.house.database.write() as db:
        store.add(db, Mandate(f"m-{visit.person}", f"{PERSON}{child}", visit.person, Role.parent, clock.now()))
    assert visit.answer(prompt="none")["error"] == "consent_required"
    with visit.house.database.write() as db:
        consents.grant(db, child, visit.client, visit.client.person_scopes, now=clock.now(), by="person:x for person:y")
    tokens = visit.tokens()
    with visit.house.database.write() as db:  # a yes that is taken back takes the tokens with it
        consents.withdraw(db, child, visit.client.id, by="person:x", now=clock.now())
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    assert visit.answer(prompt="none")["error"] == "consent_required"


# -- the end of a mandate


ENDS: dict[str, Callable[[House, Mandate], None]] = {}


def ends(way: Callable[[House, Mandate], None]) -> Callable[[House, Mandate], None]:
    ENDS[way.__name__.replace("_", " ")] = way
    return way


@ends
def it_is_ended(house: House, mandate: Mandate) -> None:
    with house.database.write() as db:
        mandates.end(db, mandate, "test", clock.now())


@ends
def the_represented_one_cannot_be_acted_for(house: House, mandate: Mandate) -> None:
    with house.database.write() as db:
        if PERSON in mandate.principal:
            id = mandate.principal.removeprefix(PERSON)
            people.set_state(db, id, State.deceased, why="test", at=clock.now(), over=State.active)
        else:
            found = organizations.organization(db, COMPANY)
            assert found is not None
            organizations.keep(db, replace(found, state=OrganizationState.suspended))


@pytest.mark.parametrize("way", ENDS)
def test_the_next_request_fails_everywhere(visit: Visit, acts: Begin, way: str) -> None:
    mandate = acts()
    tokens = visit.tokens(scope="openid profile offline_access")
    code = visit.code()
    ENDS[way](visit.house, mandate)
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert visit.token({"token": token}, path="/oidc/introspect").json == {"active": False}
    assert (visit.refresh(tokens["refresh_token"]).json or {})["error"] == "invalid_grant"
    assert (visit.redeem(code).json or {})["error"] == "invalid_grant"


def test_tokens_end_with_the_day_of_the_mandate(visit: Visit, acts: Begin) -> None:
    acts(until=clock.now() + timedelta(seconds=90))
    tokens = visit.tokens(scope="openid profile offline_access")
    assert tokens["expires_in"] <= 90
    with clock.shifted(80):
        assert visit.userinfo(tokens["access_token"]).status_code == 200
        assert "access_token" in (visit.refresh(tokens["refresh_token"]).json or {})
    with clock.shifted(91):
        assert visit.userinfo(tokens["access_token"]).status_code == 401
        assert (visit.refresh(tokens["refresh_token"]).json or {})["error"] == "invalid_grant"


def test_tokens_of_the_person_himself_go_on(visit: Visit, acts: Begin) -> None:
    mandate = acts()
    visit.signs_in()
    own = visit.tokens()
    with visit.house.database.write() as db:
        mandates.end(db, mandate, "test", clock.now())
    assert visit.userinfo(own["access_token"]).status_code == 200


# -- hints, sign-out, uses


def test_a_hint_names_the_one_who_is_represented(visit: Visit, acts: Begin) -> None:
    mandate = acts()
    hint = visit.tokens()["id_token"]
    assert "code" in visit.answer(id_token_hint=hint, prompt="none")
    visit.signs_in()  # the same person, for himself: he has to choose, not to sign in again
    assert visit.answer(id_token_hint=hint, prompt="none")["error"] == "account_selection_required"
    with visit.house.database.write() as db:
        mandates.end(db, mandate, "test", clock.now())
    visit.signs_in()
    assert visit.answer(id_token_hint=hint, prompt="none")["error"] == "login_required"


def test_a_hint_to_the_person_himself_asks_for_whom_he_acts(visit: Visit, acts: Begin) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    acts()
    assert visit.answer(id_token_hint=hint, prompt="none")["error"] == "account_selection_required"


def test_a_sign_out_with_the_hint_needs_no_question(visit: Visit, acts: Begin) -> None:
    acts()
    hint = visit.tokens()["id_token"]
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": "https://market.qiyun.example/bye"}
    answer = visit.browser.get("/oidc/logout", query_string=asked)
    assert answer.location == "https://market.qiyun.example/bye"


def told(visit: Visit) -> set[tuple[str, str]]:
    """What waits to be sent to the service: whom each notice names, in which login."""
    with visit.house.database.read() as db:
        bodies = [one.body for one in outbox.deliveries(db, to=BYE) if one.kind == logout.KIND]
    return {(body["person"], body["sid"]) for body in bodies if body["sid"] == visit.sid}


def test_the_logout_token_names_the_subject_of_the_id_token(visits: Visits) -> None:
    visit = visits(department(id="told", backchannel_logout_uri=BYE))
    now = clock.now()
    with visit.house.database.write() as db:
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
    visit.signs_in(acting_for=COMPANY)
    mandate = Mandate(f"m-{visit.person}", COMPANY, visit.person, Role.agent, now)
    with visit.house.database.write() as db:
        store.add(db, mandate)
    visit.tokens()
    with visit.house.database.write() as db:
        mandates.end(db, mandate, "test", clock.now())
    assert told(visit) == {(f"organization:{COMPANY}", visit.sid)}


def test_our_own_sites_know_who_acts_and_for_whom(visits: Visits) -> None:
    visit = visits(department(id="own", first_party=True, pairwise=False))
    now = clock.now()
    with visit.house.database.write() as db:
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
    visit.signs_in(acting_for=COMPANY)
    with visit.house.database.write() as db:
        store.add(db, Mandate(f"m-{visit.person}", COMPANY, visit.person, Role.agent, now))
    caller = callers.read_token(visit.house, visit.tokens(scope="openid")["access_token"], clock.now())
    assert (caller.person, caller.acting_for) == (visit.person, COMPANY)


def test_each_sign_in_is_a_use_and_a_renewal_is_none(visit: Visit, acts: Begin) -> None:
    mandate = acts()
    tokens = visit.tokens(scope="openid profile offline_access")
    visit.refresh(tokens["refresh_token"])
    with visit.house.database.read() as db:
        (use,) = uses.of_mandate(db, mandate.id)
    assert (use.what, use.site, use.person, use.principal) == (
        Act.signed_in,
        visit.client.id,
        visit.person,
        mandate.principal,
    )


def test_a_sandbox_learns_of_no_real_matters(visits: Visits) -> None:
    trial = department(
        id="sandbox-1",
        sandbox=True,
        sector="sandbox-1",
        grant_types=(GrantType.code, GrantType.refresh),
        scopes=("openid", "profile", "company"),
    )
    visit, now = visits(trial), clock.now()
    visit.signs_in(acting_for=COMPANY)
    with visit.house.database.write() as db:
        key = people.account_key_of(db, visit.person)
        assert key is not None
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
        store.add(db, Mandate(f"m-{visit.person}", COMPANY, visit.person, Role.agent, now, matters=("secret-1",)))
    clients.add(visit.house, replace(trial, testers=(key,)), by="test", now=now)
    tokens = visit.tokens(scope="openid company")
    for claims in (visit.claims(tokens["id_token"]), visit.userinfo(tokens["access_token"]).json):
        assert claims is not None
        assert claims["authorization_details"][0]["matters"] == ["*"]
        assert "secret-1" not in str(claims)


def events(visit: Visit, to: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What waits to be told a service of accounts: whose, which event, its facts."""
    with visit.house.database.read() as db:
        bodies = [one.body for one in outbox.deliveries(db, to=to) if one.kind == announce.KIND]
    return [(body["person"], body["event"], body["facts"]) for body in bodies]


def test_services_where_a_mandate_was_used_are_told_of_its_end_and_no_others(visits: Visits) -> None:
    here, there = "https://here.qiyun.example/events", "https://there.qiyun.example/events"
    visit = visits(department(id="here", events_uri=here))
    other = visits(department(id="there", events_uri=there))
    now = clock.now()
    with visit.house.database.write() as db:
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
    visit.signs_in(acting_for=COMPANY)
    mandate = Mandate(f"m-{visit.person}", COMPANY, visit.person, Role.agent, now)
    with visit.house.database.write() as db:
        store.add(db, mandate)
        consents.grant(db, visit.person, other.client, other.client.person_scopes, now=now)
    visit.tokens()
    with visit.house.database.write() as db:
        mandates.end(db, mandate, "test", now)
    assert events(visit, here) == [(visit.person, announce.Event.mandate_ended.value, {"role": "agent"})]
    assert events(visit, there) == []


def test_services_learn_the_new_subject_of_a_child_that_has_an_account_now(visits: Visits) -> None:
    uri = "https://school.qiyun.example/events"
    visit = visits(department(id="school", events_uri=uri))
    now, child = clock.now(), child_of(visit.house)
    visit.signs_in()
    with visit.house.database.write() as db:
        consents.grant(db, child, visit.client, visit.client.person_scopes, now=now)
        entry = people.person(db, child)
        assert entry is not None
        handover.take(db, entry, visit.person, now)
    assert events(visit, uri) == [(child, announce.Event.account_merged.value, {"into": visit.person})]
    with visit.house.database.read() as db:
        assert consents.all_of(db, child) == []  # it is asked itself from now on


def test_when_its_day_is_over_services_are_told_though_nobody_came(visits: Visits) -> None:
    visit = visits(department(id="daily", backchannel_logout_uri=BYE))
    now = clock.now()
    with visit.house.database.write() as db:
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
    visit.signs_in(acting_for=COMPANY)
    until = now + timedelta(minutes=5)
    with visit.house.database.write() as db:
        store.add(db, Mandate(f"m-{visit.person}", COMPANY, visit.person, Role.agent, now, until=until))
    visit.tokens()
    mandates.expire(visit.house, until - timedelta(seconds=1))
    assert told(visit) == set()
    assert [mandates.expire(visit.house, until) for _ in range(2)] == [1, 0]
    with visit.house.database.read() as db:
        found = store.mandate(db, f"m-{visit.person}")
    assert found is not None
    assert found.ended == until
    assert told(visit) == {(f"organization:{COMPANY}", visit.sid)}
