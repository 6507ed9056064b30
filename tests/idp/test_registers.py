"""The seam to the registers: one shape of question, one shape of answer, and nothing that goes wrong is a no."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from deploy.demo.register.people import Person as Who
from deploy.demo.register.site import create_app as create_register
from hub import clock
from hub.fetch import Fetch
from hub.house import House
from idp import registers
from idp.model.realname import Form, RegisterLater, Source
from idp.registers import Answer, NoRegister
from tests.idp.citizen import COMPANY, JIA, OUYANG

FAULTS = ("down", "garbage", "wrong-signature", "wrong-audience", "wrong-nonce", "old")
CHILD = Form("示例小甲", "88010120190930007X")
WARD = Form("示例老丙", "88030119481109013X")
ORDER = "（2026）云8801民特1号"
FATHER, MOTHER = Form(*JIA), Form(*OUYANG)
STRANGER = Form("买买提示例·阿卜杜示例", "870101197801010045")


@pytest.mark.parametrize("parent", [FATHER, MOTHER], ids=["father", "mother"])
def test_the_register_knows_the_parents_of_a_child(house: House, register: FlaskClient, parent: Form) -> None:
    answer = registers.guardian(house, CHILD, parent, clock.now())
    assert (answer.match, answer.text("relation"), answer.source) == (True, "parent", Source.population)


@pytest.mark.parametrize(
    ("child", "guardian"),
    [
        (CHILD, STRANGER),
        (FATHER, CHILD),
        (replace(CHILD, name="示例小乙"), FATHER),
        (CHILD, replace(FATHER, name="示例乙")),
        (replace(CHILD, number="880101199999999999"), FATHER),
    ],
    ids=["a stranger", "the wrong way round", "a wrong name of the child", "a wrong name", "no such child"],
)
def test_whoever_is_no_parent_is_none_and_nothing_says_why(
    house: House, register: FlaskClient, child: Form, guardian: Form
) -> None:
    answer = registers.guardian(house, child, guardian, clock.now())
    assert not answer.match
    assert set(answer.facts) == {"iss", "aud", "iat", "txn", "nonce", "question", "asked", "match"}


def test_a_court_order_names_matters_and_an_end(house: House, register: FlaskClient) -> None:
    answer = registers.court_order(house, ORDER, WARD, FATHER, clock.now())
    assert answer.match
    assert (answer.texts("scope"), answer.text("until")) == (("*",), "2036-12-31")
    assert registers.court_order(house, "(2026)云8801民特1号", WARD, FATHER, clock.now()).match


@pytest.mark.parametrize(
    ("order", "ward", "guardian"),
    [(ORDER, WARD, MOTHER), (ORDER, CHILD, FATHER), ("（2026）云8801民特2号", WARD, FATHER), (ORDER, FATHER, WARD)],
    ids=["another guardian", "another ward", "another order", "the wrong way round"],
)
def test_a_court_order_is_for_two_persons_alone(
    house: House, register: FlaskClient, order: str, ward: Form, guardian: Form
) -> None:
    answer = registers.court_order(house, order, ward, guardian, clock.now())
    assert (answer.match, answer.texts("scope"), answer.text("until")) == (False, (), "")


def test_the_register_tells_a_death_and_then_confirms_nothing_more(house: House, register: FlaskClient) -> None:
    assert registers.civil_status(house, MOTHER, clock.now()).text("status") == "living"
    register.post("/people/died", data={"number": MOTHER.number})
    answer = registers.civil_status(house, MOTHER, clock.now())
    assert (answer.match, answer.text("status"), answer.text("name")) == (True, "deceased", MOTHER.name)
    assert answer.text("died")
    assert not registers.match(house, MOTHER, clock.now()).match
    assert not registers.begin_live_check(house, MOTHER, "http://localhost:8000/", clock.now()).match
    assert not registers.representative(house, COMPANY[1], MOTHER, clock.now()).match
    assert not registers.guardian(house, CHILD, MOTHER, clock.now()).match


def test_whoever_asks_with_the_old_name_hears_the_new_one(house: House, register: FlaskClient) -> None:
    register.post("/people/renamed", data={"number": FATHER.number, "name": "示例新"})
    answer = registers.civil_status(house, FATHER, clock.now())
    assert (answer.match, answer.text("status"), answer.text("name")) == (True, "living", "示例新")
    assert not registers.match(house, FATHER, clock.now()).match
    assert registers.match(house, replace(FATHER, name="示例新"), clock.now()).match
    assert not registers.civil_status(house, replace(FATHER, name="示例乙"), clock.now()).match


OLD_CARD = Form("VISITOR SAMPLE", "ZZZ880188010203", "ZZZ", "1988-01-02")
PASSPORT = Form("TRAVELLER SAMPLE ANN", "P8800001", "UTO", "1979-04-12")


@pytest.mark.parametrize("paper", [OLD_CARD, PASSPORT], ids=["old card", "passport"])
def test_a_paper_whose_number_tells_little_is_known_with_country_and_birth(
    house: House, register: FlaskClient, paper: Form
) -> None:
    assert registers.match(house, paper, clock.now()).match
    for wrong in (replace(paper, born="1988-01-03"), replace(paper, country="XXA"), Form(paper.name, paper.number)):
        assert not registers.match(house, wrong, clock.now()).match


QUESTIONS: dict[str, Callable[[House], Answer]] = {
    "match": lambda house: registers.match(house, FATHER, clock.now()),
    "live": lambda house: registers.begin_live_check(house, FATHER, "http://localhost:8000/", clock.now()),
    "representative": lambda house: registers.representative(house, COMPANY[1], MOTHER, clock.now()),
    "guardian": lambda house: registers.guardian(house, CHILD, FATHER, clock.now()),
    "court-order": lambda house: registers.court_order(house, ORDER, WARD, FATHER, clock.now()),
    "status": lambda house: registers.civil_status(house, FATHER, clock.now()),
    "bank": lambda house: registers.bank(house, FATHER, "8800000000000000", "10000000000", clock.now()),
    "telecom": lambda house: registers.telecom(house, FATHER, "10000000000", clock.now()),
    "network-id": lambda house: registers.begin_network_id(house, "http://localhost:8000/", clock.now()),
}


@pytest.mark.parametrize(("question", "fault"), list(itertools.product(QUESTIONS, FAULTS)))
def test_no_fault_of_a_question_is_a_no_and_the_others_go_on(
    house: House, register: FlaskClient, question: str, fault: str
) -> None:
    registers.match(house, STRANGER, clock.now())  # the key is pinned
    register.post("/faults", data={"fault": fault, "question": question})
    for name, ask in QUESTIONS.items():
        if name == question:
            with pytest.raises(RegisterLater):
                ask(house)
        else:
            ask(house)


def test_each_register_may_stand_somewhere_else_with_a_key_of_its_own(house: House, tmp_path: Path) -> None:
    bank = "http://bank.example"
    made = create_register(tmp_path / "bank", bank)
    key = json.dumps(made.test_client().get("/v1/keys").get_json()["keys"][0])
    settings = house.settings.model_copy(update={"bank_url": bank, "bank_key": key})
    far = replace(house, settings=settings, fetch=Fetch(settings))
    far.fetch.serve_here(bank, made)
    asked = Who(JIA[1], JIA[0])
    answer = registers.bank(far, FATHER, asked.card, asked.phone, clock.now())
    assert (answer.match, answer.register, answer.source) == (True, bank, Source.bank)
    forged = create_register(tmp_path / "forged", bank)
    far.fetch.serve_here(bank, forged)
    with pytest.raises(RegisterLater):
        registers.bank(far, FATHER, asked.card, asked.phone, clock.now())


def test_in_production_a_register_without_a_key_is_never_believed(house: House, register: FlaskClient) -> None:
    settings = house.settings.model_copy(update={"profile": "production", "bank_url": house.settings.register_url})
    with pytest.raises(NoRegister):
        registers.bank(replace(house, settings=settings), FATHER, "8800000000000000", "10000000000", clock.now())
    alone = house.settings.model_copy(update={"profile": "production"})
    with pytest.raises(NoRegister):
        registers.telecom(replace(house, settings=alone), FATHER, "10000000000", clock.now())
