"""What may happen once happens once, on both databases, however many try at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

import app as front
from hub import callers, clock, ledger
from hub.house import House
from idp.consent import consents
from idp.model.flow import Refused
from idp.model.grant import Code, Tokens
from idp.provider import clients, codes, grants, logout, revoke
from idp.store import grants as store
from tests.idp.rp import Visit, department, public

TRIES = 16  # at the same moment; each database decides by its unique index, so more change nothing


@pytest.fixture
def anywhere(house_on: House) -> Visit:
    """A relying party and a signed-in person on each of the two databases."""
    visit = Visit(house_on, front.create_app(house_on.settings, rooms=("idp",), house=house_on), department())
    visit.signs_in()
    return visit


@pytest.fixture
def program(anywhere: Visit) -> Visit:
    """The same person at a program that cannot prove itself, whose refresh tokens rotate."""
    visit = Visit(anywhere.house, anywhere.app, public(), browser_of=anywhere)
    visit.agrees()
    return visit


@pytest.fixture
def party(visit: Visit) -> Visit:
    """The same at the provider that these tests share."""
    visit.signs_in()
    return visit


def at_once(verb: Callable[[], Tokens]) -> list[Tokens | Refused]:
    """Do the same thing in many threads that start together."""
    gate = Barrier(TRIES)

    def once(_: int) -> Tokens | Refused:
        gate.wait()
        try:
            return verb()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(TRIES) as threads:
        return list(threads.map(once, range(TRIES)))


def test_of_parallel_redemptions_one_wins_and_the_others_revoke_it(anywhere: Visit) -> None:
    now = clock.now()
    value = codes.seal(anywhere.house, code_of(anywhere))
    code = grants.find_code(anywhere.house, value, anywhere.client, now)
    ends = at_once(lambda: grants.redeem(anywhere.house, value, code, anywhere.client, now))
    won = [end for end in ends if isinstance(end, Tokens)]
    assert len(won) == 1
    assert {end.error for end in ends if isinstance(end, Refused)} == {"invalid_grant"}
    with pytest.raises(Refused):  # RFC 6749 4.1.2: a code used twice takes its tokens with it
        grants.refresh(anywhere.house, str(won[0].refresh_token), anywhere.client, None, now)
    assert [event.facts["why"] for event in events(anywhere, "grant.revoked")] == ["code used twice"]
    assert len(events(anywhere, "grant.made")) == 1


def test_of_parallel_refreshes_all_get_the_one_successor(program: Visit) -> None:
    now = clock.now()
    first = tokens_of(program)
    ends = at_once(lambda: grants.refresh(program.house, str(first.refresh_token), program.client, None, now))
    successors = {end.refresh_token for end in ends if isinstance(end, Tokens)}
    assert len(successors) == 1
    assert not [end for end in ends if isinstance(end, Refused)]
    assert grants.refresh(program.house, str(successors.pop()), program.client, None, now).refresh_token


def test_parallel_reuse_revokes_once(program: Visit) -> None:
    now = clock.now()
    first = tokens_of(program)
    grants.refresh(program.house, str(first.refresh_token), program.client, None, now)
    later = now + timedelta(seconds=11)
    ends = at_once(lambda: grants.refresh(program.house, str(first.refresh_token), program.client, None, later))
    assert all(isinstance(end, Refused) for end in ends)
    assert [event.facts["why"] for event in events(program, "grant.revoked")] == ["refresh token reused"]


def test_a_service_that_renews_without_the_person_is_noted_once_a_day(anywhere: Visit) -> None:
    """A line for each renewal would bury all else that the person should see, and grow without bounds."""
    value, now = str(tokens_of(anywhere, scopes=("openid", "offline_access")).refresh_token), clock.now()

    def lines_after(days: int) -> int:
        ends = at_once(lambda: grants.refresh(anywhere.house, value, anywhere.client, None, now + timedelta(days=days)))
        assert not [end for end in ends if isinstance(end, Exception)]
        return len(events(anywhere, "grant.renewed"))

    assert lines_after(0) == 0  # he is there
    with anywhere.house.database.write() as db:
        callers.end_sessions(db, at=now, sid=anywhere.sid)
    assert [lines_after(days) for days in (0, 0, 1, 1, 2)] == [1, 1, 2, 2, 3]


def test_codes_and_refresh_tokens_stand_nowhere_in_clear(party: Visit) -> None:
    value = codes.seal(party.house, code_of(party))
    code = grants.find_code(party.house, value, party.client, clock.now())
    given = grants.redeem(party.house, value, code, party.client, clock.now())
    with party.house.database.read() as db:
        rows = [tuple(row) for table in (store.grant_table, store.refresh_table) for row in db.execute(table.select())]
    assert rows
    handed_out = [value, given.refresh_token, given.access_token]
    assert not [cell for row in rows for cell in row if cell in handed_out]


def test_withdrawing_consent_takes_the_tokens_of_that_client_only(party: Visit) -> None:
    mine = tokens_of(party)
    other = Visit(party.house, party.app, department(id="other"), person=party.person, sid=party.sid)
    other.agrees()
    others = tokens_of(other)
    with party.house.database.write() as db:
        consents.withdraw(db, party.person, party.client.id, by="person", now=clock.now())
    with pytest.raises(Refused):
        grants.refresh(party.house, str(mine.refresh_token), party.client, None, clock.now())
    assert grants.refresh(party.house, str(others.refresh_token), other.client, None, clock.now()).refresh_token


def test_locking_a_person_takes_offline_access_too(party: Visit) -> None:
    given = tokens_of(party, scopes=("openid", "offline_access"))
    with party.house.database.write() as db:
        revoke.of_person(db, party.person, why="account locked", now=clock.now())
    with pytest.raises(Refused):
        grants.refresh(party.house, str(given.refresh_token), party.client, None, clock.now())


def test_a_revoked_grant_is_told_to_the_one_gate(party: Visit) -> None:
    given = tokens_of(party)
    gid = party.claims(given.access_token)["gid"]
    with party.house.database.write() as db:
        revoke.of_person(db, party.person, why="account locked", now=clock.now())
        assert callers.is_revoked(db, [gid])


def test_ended_grants_are_forgotten(anywhere: Visit) -> None:
    tokens_of(anywhere)
    with anywhere.house.database.write() as db:
        assert store.forget_ended(db, clock.now()) == 0
        assert store.forget_ended(db, clock.now() + timedelta(days=31)) == 1
        assert db.execute(store.refresh_table.select()).all() == []


def test_a_service_that_redeems_while_somebody_signs_out_is_told(anywhere: Visit) -> None:
    """Whoever got tokens in a login hears of its end: a redemption under way is waited for, a later one is refused."""
    house, now = anywhere.house, clock.now()
    client = clients.known(house, "qiyun-market", now)
    assert client is not None
    grant = grants._grant_of("a code", code_of(anywhere, ("openid",)), client, "", now)

    def ends() -> list[str]:
        with house.database.write() as db:
            return [one.client for one in logout.ended(db, now, sid=anywhere.sid, why="test")]

    with ThreadPoolExecutor(1) as threads:
        with house.database.write() as db:
            assert grants._login_runs(db, grant, now, held=True)
            assert store.redeem(db, grant)
            running = threads.submit(ends)
            with pytest.raises(TimeoutError):
                running.result(timeout=0.4)
        assert running.result(timeout=20) == ["qiyun-market"]


def code_of(visit: Visit, scopes: tuple[str, ...] = ("openid",)) -> Code:
    now = clock.now()
    who: dict[str, Any] = {"person": visit.person, "sid": visit.sid, "level": 2, "amr": ("pwd",), "auth_time": now}
    asked: dict[str, Any] = {"redirect_uri": "https://x.example", "scopes": scopes, "nonce": None, "challenge": None}
    return Code(client=visit.client.id, acting_for=None, holder_keys=(), made=now, **who, **asked)


def tokens_of(visit: Visit, scopes: tuple[str, ...] = ("openid",)) -> Tokens:
    value = codes.seal(visit.house, code_of(visit, scopes))
    code = grants.find_code(visit.house, value, visit.client, clock.now())
    return grants.redeem(visit.house, value, code, visit.client, clock.now())


def events(visit: Visit, kind: str) -> list[ledger.Event]:
    with visit.house.database.read() as db:
        return ledger.events(db, kind=kind)
