"""The steps of signing in and of proving the real name are counted where they happen, each once."""

import pytest
from flask.testing import FlaskClient

from hub import clock
from hub.house import House
from idp import realname
from idp.login import totp
from idp.model.realname import LiveCheckFailed
from tests.idp.citizen import JIA, OUYANG, Citizen, account, shown_face
from tests.idp.rp import Visit
from tests.idp.test_totp import with_app

DESK = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def counted(house: House, flow: str) -> dict[str, int]:
    """The steps of a flow that were counted, all languages and devices together."""
    house.tally.flush()
    found: dict[str, int] = {}
    for name, number in house.tally.waiting().items():
        kind, subject, part, *_ = name.split(" ")
        if (kind, subject) == ("step", flow):
            found[part] = found.get(part, 0) + number
    return found


def test_a_wrong_password_is_a_try_and_a_refusal(citizen: Citizen) -> None:
    citizen.registers()
    other = Citizen(citizen.house, citizen.app, citizen.register)
    other.signs_in("wrong wrong wrong")
    other.signs_in()
    assert counted(citizen.house, "login") == {"shown": 2, "tried": 2, "wrong": 1}


def test_a_second_factor_is_a_step_and_a_wrong_code_a_refusal(citizen: Citizen) -> None:
    key = with_app(citizen)
    other = Citizen(citizen.house, citizen.app, citizen.register)
    before = counted(citizen.house, "login")
    page = other.get(other.signs_in().location)
    other.send(page, "/login/second", code="000000")
    fresh = totp.code(key, clock.timestamp() // totp.STEP + 1)
    assert other.send(page, "/login/second", code=fresh).status_code == 303
    after = counted(citizen.house, "login")
    assert {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)} == {
        "shown": 1,
        "tried": 1,
        "second-factor": 1,
        "wrong": 1,
    }


def test_single_sign_on_is_counted_apart_from_sign_ins_that_show_a_page(visit: Visit) -> None:
    counted(visit.house, "login")
    visit.house.shared.take_all(f"tally:{clock.timestamp() // 60}")
    visit.authorize()  # nobody is signed in
    assert counted(visit.house, "login") == {"begun": 1}
    visit.signs_in()
    for _ in range(3):
        assert "code" in visit.answer()
    assert counted(visit.house, "login") == {"begun": 1, "at-once": 3}


def test_a_request_that_is_refused_is_no_step(visit: Visit) -> None:
    before = counted(visit.house, "login")
    assert visit.authorize(redirect_uri="https://elsewhere.example/").status_code == 400
    assert "error" in visit.answer(scope="nonsense")
    assert counted(visit.house, "login") == before


def test_the_way_to_a_proved_name(citizen: Citizen) -> None:
    citizen.registers()
    citizen.proves((OUYANG[0], "880101198503120015"))
    assert citizen.proves().status_code == 303
    assert citizen.shows_face().status_code == 303
    told = counted(citizen.house, "realname")
    assert told == {"begun": 2, "not-matched": 1, "matched": 1, "live-begun": 1, "live-passed": 1}


@pytest.mark.parametrize("outcome", ["no-match", "cancelled"])
def test_a_live_check_that_fails_is_counted(house: House, register: FlaskClient, outcome: str) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    with pytest.raises(LiveCheckFailed):
        shown_face(house, register, id, outcome)
    assert counted(house, "realname") == {"matched": 1, "live-begun": 1, "live-failed": 1}


def test_a_browser_that_does_not_want_it_is_not_counted(citizen: Citizen) -> None:
    for signal in ({"Sec-GPC": "1"}, {"DNT": "1"}):
        citizen.browser.get("/login", headers={"User-Agent": DESK, **signal})
    assert counted(citizen.house, "login") == {}
    citizen.browser.get("/login", headers={"User-Agent": DESK})
    assert counted(citizen.house, "login") == {"shown": 1}
