"""Acts on accounts at the command line: two proved people answer for them."""

from typing import Any

import pytest
from click.testing import CliRunner

from hub import clock, ledger, settings
from hub.house import House
from idp import cli_people
from idp.model.person import Level, Person, Profile, State
from idp.store import people

NUMBERS = {"jia": "880101198503120015", "anna": "880101198001050117", "bobo": "880101198202060127", "unproved": ""}
WHY = ("--ground", "court", "--document", "(2026)栖云民初1号")


@pytest.fixture
def command(house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(settings, "read", lambda: house.settings)
    now = clock.now()
    with house.database.write() as db:
        for id, number in NUMBERS.items():
            key = people.holder_key(house.vault, "111", number) if number else None
            level = Level.present if number else Level.stated
            made = Person(id, now, level=level, holder_key=key, proved=now)
            people.add(db, house.vault, made, Profile(id, "示例甲" if number else "", number, "111" if number else ""))
    return lambda *words, typed="": CliRunner().invoke(cli_people.person, [str(word) for word in words], input=typed)


def two(first: str = "anna", second: str = "bobo") -> tuple[str, ...]:
    return ("--first", first, "--second", second, "--office", "栖云市 (Qiyun)")


def state(house: House) -> State:
    with house.database.read() as db:
        found = people.person(db, "jia")
    assert found is not None
    return found.state


def test_an_account_is_found_and_its_number_never_shown(command: Any, house: House) -> None:
    said = command("find", *WHY, typed=f"示例甲\n{NUMBERS['jia']}\n")
    assert said.exit_code == 0, said.output
    assert "jia  active, level 3" in said.output
    assert NUMBERS["jia"] not in said.output
    with house.database.read() as db:
        assert [one.kind for one in ledger.events(db, subject="person:jia")] == ["person.searched"]


@pytest.mark.parametrize("typed", ["示例乙\n880101198503120015\n", "示例甲\n880101199107260029\n", "示例甲\n1\n"])
def test_what_does_not_belong_together_finds_nothing(command: Any, typed: str) -> None:
    assert command("find", *WHY, typed=typed).exit_code == 1


def test_an_act_names_both_who_answer_for_it(command: Any, house: House) -> None:
    said = command("act", "suspend", "jia", *WHY, *two())
    assert said.exit_code == 0, said.output
    assert state(house) is State.suspended
    with house.database.read() as db:
        event = next(one for one in ledger.events(db, subject="person:jia") if one.kind == "person.suspended")
    assert event.by == "person:anna with person:bobo at the command line"
    assert command("act", "reinstate", "jia", *WHY, *two()).exit_code == 0
    assert state(house) is State.active


@pytest.mark.parametrize(
    ("first", "second"), [("anna", "anna"), ("anna", "unproved"), ("nobody", "bobo"), ("anna", "")], ids=str
)
def test_one_person_is_not_two(command: Any, house: House, first: str, second: str) -> None:
    assert command("act", "suspend", "jia", *WHY, *two(first, second)).exit_code == 1
    assert state(house) is State.active


@pytest.mark.parametrize("words", [("act", "revive", "jia"), ("act", "split", "jia"), ("act", "suspend", "nobody")])
def test_what_cannot_be_done_is_refused_in_words(command: Any, words: tuple[str, ...]) -> None:
    said = command(*words, *WHY, *two())
    assert said.exit_code == 1
    assert said.output.startswith("Error: ")


def test_a_number_of_a_person_is_no_document(command: Any, house: House) -> None:
    said = command("act", "suspend", "jia", "--ground", "court", "--document", NUMBERS["jia"], *two())
    assert said.exit_code == 1
    assert state(house) is State.active
