"""My name or number has changed: the register is asked at once, and whoever it does not help is told what to bring."""

import pytest
from flask.testing import FlaskClient

from hub import clock
from idp.account import recheck
from idp.model.person import Level
from idp.store import people
from tests.idp.citizen import JIA, Citizen

PAGE = "/account/profile/changed"


@pytest.fixture
def jia(citizen: Citizen) -> Citizen:
    return citizen.is_proved()


def test_a_person_has_the_register_asked_himself(jia: Citizen) -> None:
    assert PAGE in jia.get("/account/profile").text
    assert jia.post(PAGE).location == f"{PAGE}?found=same"
    with clock.shifted(16 * 60):  # an account left open on a table asks nothing
        assert jia.get(PAGE).location.startswith("/login?again=1")


def test_a_new_name_that_the_register_confirms_anew_keeps_its_level(jia: Citizen, register: FlaskClient) -> None:
    form = register.get("/people").text.partition('name="csrf" value="')[2].partition('"')[0]
    assert register.post("/people/renamed", data={"number": JIA[1], "name": "示例新名", "csrf": form}).status_code < 400
    assert jia.post(PAGE).location == f"{PAGE}?found=renamed"
    with jia.house.database.read() as db:
        person, profile = people.person(db, jia.person), people.profile(db, jia.house.vault, jia.person)
    assert person is not None
    assert (profile.name, person.level) == ("示例新名", Level.present)
    assert "示例新名" in jia.get(f"{PAGE}?found=renamed").text


def test_a_new_name_that_the_register_does_not_confirm_with_the_number_is_proved_anew(
    jia: Citizen, register: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = register.get("/people").text.partition('name="csrf" value="')[2].partition('"')[0]
    register.post("/people/renamed", data={"number": JIA[1], "name": "示例新名", "csrf": form})
    id = jia.person
    # Between its two answers the register changes its mind, which the demo's register cannot do.
    monkeypatch.setattr(recheck, "_confirmed", lambda *_: False)
    assert recheck.recheck(jia.house, id, now=clock.now()) is recheck.Found.renamed
    with jia.house.database.read() as db:
        person = people.person(db, id)
    assert person is not None
    assert person.level is Level.stated
    assert not jia.signed_in  # sessions carry a level


def test_it_is_not_asked_without_end(jia: Citizen) -> None:
    for _ in range(recheck.BY_HIMSELF.times):
        assert jia.post(PAGE).status_code == 303
    assert jia.post(PAGE).status_code == 429


def test_a_silent_register_is_said(jia: Citizen, register: FlaskClient) -> None:
    register.post("/faults", data={"fault": "down"})
    assert jia.post(PAGE).status_code == 503


@pytest.mark.parametrize("found", ["same", "renamed", "unknown", "nonsense"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_the_register_said_is_told_and_what_to_bring(jia: Citizen, found: str, language: str) -> None:
    jia.language = language
    assert jia.get(f"{PAGE}?found={found}").status_code == 200
