"""A hundred redemptions at once, in two processes, on each database: what happens once happens once.

RFC 6749 4.1.2, RFC 8628 3.5, RFC 9700 4.14.2, ASVS 10.4.2, 10.4.5.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

import app as front
from hub import clock, ledger
from hub.digest import digest_of
from hub.house import House
from idp.model.client import GrantType
from idp.model.flow import Refused, SignedIn
from idp.provider import codes, device, flows, grants, sealed
from idp.store import grants as store
from tests.idp import racers
from tests.idp.racers import TRIES, race
from tests.idp.rp import Visit, public
from tests.idp.test_grants import code_of, tokens_of

ALL = 2 * TRIES


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Two processes, started once."""
    with racers.processes() as both:
        yield both


@pytest.fixture
def program(house_on: House) -> Visit:
    """A person at a program whose refresh tokens rotate, and that may be a device."""
    served = front.create_app(house_on.settings, rooms=("idp",), house=house_on)
    kinds = (GrantType.code, GrantType.refresh, GrantType.device)
    visit = Visit(house_on, served, public(grant_types=kinds))
    visit.signs_in()
    return visit


def revocations(visit: Visit) -> list[str]:
    with visit.house.database.read() as db:
        return [str(event.facts["why"]) for event in ledger.events(db, kind="grant.revoked")]


def test_of_a_hundred_redemptions_of_a_code_one_wins_and_loses_what_it_won(
    program: Visit, pool: ProcessPoolExecutor
) -> None:
    now = clock.now()
    value = codes.seal(program.house, code_of(program))
    ends = race(pool, program.house, "code", value, program.client, now)
    assert Counter(error for error, _ in ends) == {"ok": 1, "invalid_grant": ALL - 1}
    assert revocations(program) == ["code used twice"]
    (token,) = {token for _, token in ends} - {""}
    with pytest.raises(Refused):
        grants.refresh(program.house, token, program.client, None, now)


def test_of_a_hundred_redemptions_of_a_device_code_one_wins(program: Visit, pool: ProcessPoolExecutor) -> None:
    now = clock.now()
    asked = program.token({"scope": "openid"}, path="/oidc/device").json or {}
    digest, waiting = device.found(program.house, asked["user_code"], "net", now)
    flow = device.begin(program.house, digest, waiting, "b", now)
    device.allow(program.house, flow.asked, SignedIn(program.sid, program.person, "x", 2, (), now), now)
    ends = race(pool, program.house, "device", asked["device_code"], program.client, now)
    assert Counter(error for error, _ in ends) == {"ok": 1, "invalid_grant": ALL - 1}
    assert revocations(program) == ["code used twice"]


def test_of_a_hundred_finishes_of_one_pushed_request_one_gives_a_code(
    program: Visit, pool: ProcessPoolExecutor
) -> None:
    """RFC 9126 7.3: twenty pages that began with one request_uri, each finished five times."""
    pushed = program.token(program.asked(), headers={}, path="/oidc/par").json or {}
    program.browser.delete_cookie(cookie := program.house.settings.cookie("idp"))
    at = f"/oidc/authorize?{urlencode({'client_id': program.client.id, 'request_uri': pushed['request_uri']})}"
    opened = [parse_qs(urlsplit(program.browser.get(at).location).query)["flow"][0] for _ in range(20)]
    program.signs_in()
    program.agrees(clock.now())  # a public client is agreed to in each sign-in
    held = [program.browser.get_cookie(name) for name in (cookie, flows.cookie_name(program.house))]
    value = " ".join([*(one.value for one in held if one), *opened])
    ends = race(pool, program.house, "pushed", value, program.client, clock.now())
    assert Counter(error for error, _ in ends) == {"ok": 1, "gone": ALL - 1}
    assert ["code=" in url for error, url in ends if error == "ok"] == [True]


def test_a_hundred_renewals_get_the_one_successor_and_later_reuse_ends_the_family(
    program: Visit, pool: ProcessPoolExecutor
) -> None:
    now = clock.now()
    first, other = str(tokens_of(program).refresh_token), str(tokens_of(program).refresh_token)
    ends = race(pool, program.house, "refresh", first, program.client, now)
    successors = {token for _, token in ends}
    assert Counter(error for error, _ in ends) == {"ok": ALL}
    assert len(successors) == 1
    (successor,) = successors
    with program.house.database.read() as db:
        rows = db.execute(
            store.refresh_table.select().where(store.refresh_table.c.parent == sealed.digest(first))
        ).all()
    assert [row.digest for row in rows] == [digest_of(successor)]
    later = now + timedelta(seconds=11)
    ends = race(pool, program.house, "refresh", first, program.client, later)
    assert Counter(error for error, _ in ends) == {"invalid_grant": ALL}
    assert revocations(program) == ["refresh token reused"]
    with pytest.raises(Refused):
        grants.refresh(program.house, successor, program.client, None, later)
    assert grants.refresh(program.house, other, program.client, None, later).access_token  # that family only
