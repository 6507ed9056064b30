"""A removal is felt at once: the next request of whoever acted for the company is refused, and nothing slips past it."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from hub import behalf, callers, clock
from hub.house import House
from idp.acting import companies_people, mandates
from idp.model.grant import Code
from idp.model.mandate import Mandate, Role
from idp.provider import clients, codes, grants
from idp.store import grants as grant_store
from idp.store import mandates as store
from tests.idp.citizen import JIA, local
from tests.idp.rp import CALLBACK, Visit, department
from tests.idp.staff import ABDU, CODE, FOOD, YAN, appointed, company, enters, runs, signed_in


def agent_at(house: House, app: Flask, manager: Mandate, now: datetime, *, only: tuple[str, ...] = ("*",)) -> Visit:
    """An agent with a browser, who acts for the company."""
    agent = appointed(house, manager.person, YAN, Role.agent, now, only=only)
    visit = Visit(house, app, department())
    opened = enters(house, agent.person, now)
    visit.person, visit.sid = agent.person, opened.caller.sid or ""
    visit.browser.set_cookie(house.settings.cookie("idp"), opened.cookie)
    visit.agrees()
    return visit


def opens(visit: Visit, path: str) -> int:
    """Go to one of our own sites as a browser does; the status of the page at the end."""
    answer = visit.browser.get(path)
    for _ in range(6):
        if answer.status_code != 303 or "/login" in answer.location:
            break
        answer = visit.browser.get(local(answer.location))
    return answer.status_code


def introspected(visit: Visit, token: str) -> dict[str, object]:
    answer = visit.program.post("/oidc/introspect", data={"token": token}, headers=visit.basic())
    said: dict[str, object] = answer.get_json()
    return said


@pytest.fixture
def manager(house: House, now: datetime) -> Mandate:
    return appointed(house, company(house, now), JIA, Role.manager, now)


def test_when_a_manager_is_removed_the_next_request_of_his_agent_fails_everywhere(
    house: House, app: Flask, manager: Mandate, now: datetime
) -> None:
    visit = agent_at(house, app, manager, now)
    tokens = visit.tokens(scope="openid company offline_access")
    assert visit.userinfo(tokens["access_token"]).json["company"]["role"] == "agent"  # type: ignore[index]
    assert introspected(visit, tokens["access_token"])["active"] is True
    for site in ("/my/", "/wallet/"):
        assert opens(visit, site) == 200
    boss = next(one for one in _left(house, now) if one.role is Role.legal_representative)
    companies_people.remove(house, boss.person, CODE, manager.id, now=clock.now())
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    assert introspected(visit, tokens["access_token"]) == {"active": False}
    assert introspected(visit, tokens["refresh_token"]) == {"active": False}
    assert visit.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"  # type: ignore[index]
    for page in ("/my/", "/my/cases", "/wallet/", "/account", f"/companies/{CODE}"):
        assert visit.browser.get(page).status_code == 303, page  # to the sign-in
    assert not runs(house, visit.person)


def test_a_code_from_before_the_removal_is_worth_nothing(
    house: House, app: Flask, manager: Mandate, now: datetime
) -> None:
    """Even where the person acts for himself again: the code still speaks for the company."""
    visit = agent_at(house, app, manager, now)
    code = visit.code(scope="openid company")
    with house.database.read() as db:
        (mine,) = [one for one, _, _ in callers.sessions(db, visit.person, now)]
    mandates.act(house, mine, None, now=clock.now())
    companies_people.remove(house, manager.person, CODE, _of(house, visit.person, now).id, now=clock.now())
    assert visit.redeem(code).json["error"] == "invalid_grant"  # type: ignore[index]


def test_a_mandate_that_ends_by_its_day_ends_tokens_and_sessions_with_it(
    house: House, app: Flask, manager: Mandate, now: datetime
) -> None:
    visit = agent_at(house, app, manager, now)
    tokens = visit.tokens(scope="openid company offline_access")
    with clock.shifted(seconds=7 * 86_400 + 5):
        assert introspected(visit, tokens["refresh_token"]) == {"active": False}
        assert visit.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"  # type: ignore[index]
        assert not runs(house, visit.person)


def test_our_own_sites_follow_whoever_acts_for_another(
    house: House, app: Flask, manager: Mandate, now: datetime
) -> None:
    visit = agent_at(house, app, manager, now)
    assert opens(visit, "/my/") == 200
    assert opens(visit, "/wallet/") == 200
    assert runs(house, visit.person)
    with house.database.read() as db:
        (mine,) = [one for one, _, _ in callers.sessions(db, visit.person, now)]
    opened = mandates.act(house, mine, None, now=clock.now())
    assert not runs(house, visit.person)  # nothing shows the company under the person's own name
    visit.browser.set_cookie(house.settings.cookie("idp"), opened.cookie)
    assert opens(visit, "/my/") == 200  # signed in again without a question
    with house.database.read() as db:
        (again,) = [one for one, _, _ in callers.sessions(db, visit.person, clock.now(), "my")]
    assert (again.acting_for, again.sid) == (None, mine.sid)


def test_sessions_of_our_own_sites_know_the_matters_and_the_end(
    house: House, app: Flask, manager: Mandate, now: datetime
) -> None:
    visit = agent_at(house, app, manager, now, only=(FOOD,))
    assert opens(visit, "/my/") == 200
    with house.database.read() as db:
        (mine,) = [one for one, _, _ in callers.sessions(db, visit.person, clock.now(), "my")]
    assert behalf.matters(mine) == frozenset({FOOD})
    assert behalf.covers(mine, FOOD)
    with pytest.raises(behalf.NotYourMatter):
        behalf.needs(mine, "another")


def test_select_account_asks_as_whom_one_comes(house: House, app: Flask, manager: Mandate, now: datetime) -> None:
    visit = agent_at(house, app, manager, now)
    answer = visit.authorize(scope="openid company", prompt="select_account")
    page = visit.browser.get(local(answer.location))
    assert page.location.startswith("/as?flow=") or "/as" in page.location
    asked = visit.browser.get(local(page.location))
    assert CODE in asked.text
    assert "again=1" in asked.text  # or as another person
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', asked.text)
    assert token
    done = visit.browser.post(local(page.location), data={"csrf": token[1], "whom": "myself"})
    assert done.location.startswith(CALLBACK), done.location  # nobody signs in again for it
    claims = visit.claims(visit.redeem(visit.answered(done)["code"]).json["id_token"])  # type: ignore[index]
    assert "act" not in claims
    with house.database.read() as db:
        (mine,) = [one for one, _, _ in callers.sessions(db, visit.person, clock.now())]
    assert mine.acting_for is None


# -- at the same moment


@pytest.mark.parametrize("turn", range(2))
def test_a_manager_is_removed_while_his_agents_act(house_on: House, now: datetime, turn: int) -> None:
    """Whatever an agent begins at that moment is either ended by the removal, or is not begun at all."""
    house, boss = house_on, company(house_on, now)
    manager = appointed(house, boss, JIA, Role.manager, now)
    agent = appointed(house, manager.person, YAN, Role.agent, now)
    other = appointed(house, boss, ABDU, Role.agent, now)
    client = department()
    clients.add(house, client, by="test", now=now)
    work = [_acts(house, agent.person, now) for _ in range(4)]
    work += [_redeems(house, agent.person, now) for _ in range(4)]
    work += [_joins(house, agent.person, now) for _ in range(4)]
    stays = _acts(house, other.person, now)
    start = threading.Barrier(len(work) + 2)

    def together(do: Callable[[], object]) -> None:
        start.wait()
        try:
            do()
        except Exception:  # noqa: BLE001  a refusal of whatever kind
            return

    removal = lambda: companies_people.remove(house, boss, CODE, manager.id, now=clock.now())  # noqa: E731
    threads = [threading.Thread(target=together, args=(do,)) for do in (*work, stays, removal)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later = clock.now() + timedelta(seconds=1)
    assert not runs(house, agent.person)
    assert runs(house, other.person)
    with house.database.read() as db:
        living = [one for one in grant_store.living(db, later, person=agent.person) if one.acting_for == CODE]
        assert [one.id for one in store.held_by(db, agent.person, later)] == []
    assert living == []


def _acts(house: House, person: str, now: datetime) -> Callable[[], object]:
    mine = signed_in(house, person, now)
    return lambda: mandates.act(house, mine, CODE, now=clock.now())


def _redeems(house: House, person: str, now: datetime) -> Callable[[], object]:
    caller = enters(house, person, now).caller
    code = Code(
        client="qiyun-market", redirect_uri=CALLBACK, scopes=("openid", "company", "offline_access"), nonce=None,
        challenge=None, person=person, sid=caller.sid or "", level=3, amr=("pwd",), auth_time=now, acting_for=CODE,
        holder_keys=(), made=now,
    )  # fmt: skip
    value = codes.seal(house, code)
    return lambda: grants.redeem(house, value, code, department(), clock.now())


def _joins(house: House, person: str, now: datetime) -> Callable[[], object]:
    """What one of our own sites does when the browser comes back to it."""
    caller = enters(house, person, now).caller

    def join() -> None:
        with house.database.write() as db:
            joined, until = behalf.joins(db, caller, clock.now())
            value = callers.open_session(db, "my", joined, now=clock.now(), hours=1)
            behalf.cap(db, value, until)

    return join


def _left(house: House, now: datetime) -> list[Mandate]:
    with house.database.read() as db:
        return store.not_over(db, CODE, now)


def _of(house: House, person: str, now: datetime) -> Mandate:
    return next(one for one in _left(house, now) if one.person == person)
