"""A key that signed wrongly, as the operator at the machine meets it."""

from datetime import datetime

import pytest
from click.testing import CliRunner, Result

from hub import custody, ledger
from hub.house import House
from hub.keys import KeyQuarantined, WrongSignature
from idp.cli_keys import keys as command
from tests.faults.crew import environment_of


@pytest.fixture
def wrong(house: House) -> House:
    """The public half of `code-1` is another key's, in this process alone: a bit flipped in its memory."""
    house.keys.create("other", purpose="test")
    house.keys._publics["code-1"] = house.keys.public("other")
    house.keys.quarantine.alarm = str  # here the periodic work tells it
    with pytest.raises(WrongSignature):
        house.keys.sign("code-1", b"x")
    return house


def yinxin(house: House, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, env=environment_of(house))


def test_an_operator_sees_the_key_and_releases_it(wrong: House, now: datetime) -> None:
    listed = yinxin(wrong, "quarantined")
    assert listed.output == "code-1  (file)\n"
    released = yinxin(wrong, "release", "code-1", "--because", "memory replaced")
    assert released.exit_code == 0, released.output
    assert released.output == "code-1 signs again\n"
    assert yinxin(wrong, "quarantined").output == "No key is in quarantine\n"
    with wrong.database.read() as db:
        kinds = [(event.kind, event.by) for event in ledger.events(db, subject="code-1", kind="key.")]
    assert kinds == [("key.released", "operator"), ("key.quarantined", "keys")]


def test_a_key_that_still_signs_wrongly_stays_there(wrong: House, now: datetime) -> None:
    with pytest.raises(WrongSignature):
        custody.release(wrong, "code-1", by="operator", because="hope", now=now)
    with pytest.raises(KeyQuarantined):
        wrong.keys.sign("code-1", b"x")
    custody.tell(wrong, now)
    with wrong.database.read() as db:
        assert [event.kind for event in ledger.events(db, subject="code-1", kind="key.")] == ["key.quarantined"]


@pytest.mark.parametrize(
    "arguments", [("release", "code-1"), ("release", "nobody", "--because", "x"), ("release", "../x")]
)
def test_what_cannot_be_released_is_said_in_words(house: House, arguments: tuple[str, ...]) -> None:
    said = yinxin(house, *arguments)
    assert said.exit_code in {1, 2}
    assert "Traceback" not in said.output
    assert "Error:" in said.output


def test_a_key_that_gave_way_takes_its_mark_with_it(wrong: House) -> None:
    wrong.keys.forget("code-1")
    wrong.keys.create("code-1", purpose="code")
    assert wrong.keys.sign("code-1", b"x")
