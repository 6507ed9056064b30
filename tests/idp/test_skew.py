"""Two machines whose clocks differ by ten seconds: no sign-in, token or key meets another answer for it."""

import pytest

from hub import callers, clock, token_keys
from hub.problems import NotSignedIn
from idp.provider.tokens import read, sign
from tests.idp.rp import Visit, Visits, department, with_key

SKEWS = (-10, 10)


@pytest.mark.parametrize("seconds", SKEWS)
def test_each_step_of_a_sign_in_may_happen_on_another_machine(visits: Visits, seconds: int) -> None:
    visit = visits(department(id=f"skew{seconds}"))
    visit.signs_in()
    with clock.shifted(seconds):
        code = visit.code(scope="openid offline_access")
    answer = visit.redeem(code)
    assert answer.status_code == 200, answer.text
    first = answer.json or {}
    with clock.shifted(seconds):
        assert visit.userinfo(first["access_token"]).status_code == 200
        again = visit.refresh(first["refresh_token"])
        assert again.status_code == 200, again.text
        assert read.hint(visit.house, first["id_token"])["aud"] == visit.client.id
    assert visit.userinfo((again.json or {})["access_token"]).status_code == 200


@pytest.mark.parametrize("seconds", SKEWS)
def test_a_fresh_login_counts_as_fresh_on_another_machine(visits: Visits, seconds: int) -> None:
    visit = visits(department(id=f"fresh{seconds}"))
    visit.signs_in()
    with clock.shifted(seconds):
        assert "code" in visit.answer(prompt="none", max_age="60")


@pytest.mark.parametrize("seconds", SKEWS)
def test_our_api_takes_a_token_of_another_machine(visits: Visits, seconds: int) -> None:
    visit = visits(with_key(id=f"api{seconds}"))
    token = sign.client_token(visit.house, visit.client, scopes=["licenses:read"], now=clock.now())
    with clock.shifted(seconds):
        assert callers.read_token(visit.house, token, clock.now()).client == visit.client.id


def test_a_token_from_further_ahead_is_refused(visit: Visit) -> None:
    with clock.shifted(30):
        token = sign.client_token(visit.house, visit.client, scopes=["licenses:read"], now=clock.now())
    with pytest.raises(NotSignedIn):
        callers.read_token(visit.house, token, clock.now())


@pytest.mark.parametrize("seconds", SKEWS)
def test_whichever_machine_signs_while_keys_change_everybody_can_know_the_key(visit: Visit, seconds: int) -> None:
    """A machine ahead changes over early, one behind late: the set of the other shows both keys all the while."""
    house = visit.house
    visit.signs_in()
    (fresh,) = token_keys.rotate(house, "test", clock.now(), life=sign.longest(house), algorithms=["ES256"])
    fetched = house.settings.jwks_seconds  # the last moment at which somebody may hold a set of before
    assert (fresh.signs - fresh.published).total_seconds() > fetched + 10
    change = token_keys.wait(house).total_seconds()
    for moment in (change - 1, change + 1):
        with clock.shifted(moment + seconds):
            token = visit.tokens()["id_token"]
        with clock.shifted(moment):
            assert visit.claims(token)["aud"] == visit.client.id
