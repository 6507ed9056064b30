"""The secret under which codes and refresh tokens are sealed is changed while both are on their way (decision 35)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from hub import clock, ledger
from hub.house import House, open_house
from idp.provider import sealed, sealed_secrets
from idp.provider.sealed_secrets import OPENS, WAIT
from tests.idp.rp import Visit, department
from tests.idp.test_token_keys import command

PURPOSE = b"test"
LATER = WAIT.total_seconds() + 1


def look_again(*houses: House) -> None:
    """A second later each process reads again; what it knows of before it keeps until then."""
    for house in houses:
        if kept := house.cache.get("sealed-names"):
            house.cache["sealed-names"] = (kept[0] - sealed_secrets.LOOK, kept[1])


def changed(house: House, *others: House) -> str:
    """A rotation from its beginning to the moment when the new one seals."""
    made = sealed_secrets.rotate(house, "test", clock.now())
    sealed_secrets.keep(house, clock.now() + WAIT)
    look_again(house, *others)
    return made.name


def names(house: House) -> tuple[str, ...]:
    return sealed_secrets.names(house)


@pytest.fixture
def other(house: House) -> Iterator[House]:
    """The same installation in another process, which has sealed already."""
    opened = open_house(house.settings)
    sealed.seal(opened, PURPOSE, b"x")
    yield opened
    opened.close()


def test_a_new_secret_seals_only_when_every_process_can_open(house: House, other: House) -> None:
    before = sealed.seal(house, PURPOSE, b"before")
    made = sealed_secrets.rotate(house, "test", clock.now())
    assert names(house) == ("sealed", made.name)
    sealed_secrets.keep(house, clock.now() + WAIT - timedelta(seconds=1))
    assert names(house)[0] == "sealed"
    sealed_secrets.keep(house, clock.now() + WAIT)
    look_again(house)
    assert names(house) == (made.name, "sealed")
    after = sealed.seal(house, PURPOSE, b"after")
    look_again(other)  # it may have looked a moment before the takeover, never before the secret was there
    assert [sealed.opened(other, PURPOSE, text) for text in (before, after)] == [b"before", b"after"]


def test_a_sign_in_and_what_came_of_one_survive_it(house: House, app: Flask) -> None:
    visit = Visit(house, app, department())
    visit.signs_in()
    code, refresh = visit.code(), visit.tokens()["refresh_token"]
    changed(house)
    assert visit.redeem(code).status_code == 200
    assert visit.refresh(refresh).status_code == 200
    assert visit.refresh(visit.tokens()["refresh_token"]).status_code == 200


def test_an_old_one_is_destroyed_when_its_last_family_is_over_and_not_before(house: House, other: House) -> None:
    before = sealed.seal(house, PURPOSE, b"before")
    name = changed(house, other)
    over = clock.now() + WAIT + OPENS
    sealed_secrets.keep(house, over - timedelta(minutes=1))
    look_again(house)
    assert sealed.opened(house, PURPOSE, before) == b"before"
    sealed_secrets.keep(house, over + timedelta(minutes=1))
    look_again(other)
    assert [names(one) for one in (house, other)] == [(name,), (name,)]
    assert [sealed.opened(one, PURPOSE, before) for one in (house, other)] == [None, None]
    assert not (house.keys.folder / "sealed.secret").exists()
    fresh = open_house(house.settings)
    assert sealed.opened(fresh, PURPOSE, sealed.seal(house, PURPOSE, b"now")) == b"now"
    fresh.close()


def test_two_rotations_keep_both_and_the_newest_is_tried_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [sealed.seal(house, PURPOSE, b"0")]
    for number in (b"1", b"2"):
        changed(house)
        texts.append(sealed.seal(house, PURPOSE, number))
    tried: list[str] = []
    cipher = sealed._cipher

    def counted(house: House, name: str, salt: bytes) -> Any:
        tried.append(name)
        return cipher(house, name, salt)

    monkeypatch.setattr(sealed, "_cipher", counted)
    for text, said, times in zip(texts, (b"0", b"1", b"2"), (3, 2, 1), strict=True):
        tried.clear()
        assert sealed.opened(house, PURPOSE, text) == said
        assert len(tried) == times
    tried.clear()
    assert sealed.opened(house, PURPOSE, "A" * 80) is None
    assert tried == list(names(house))


def test_a_machine_that_lacks_the_new_one_takes_it_over(house: House) -> None:
    name = changed(house)
    text = sealed.seal(house, PURPOSE, b"x")
    (house.keys.folder / f"{name}.secret").unlink()
    elsewhere = open_house(house.settings)
    assert sealed.opened(elsewhere, PURPOSE, text) == b"x"
    elsewhere.close()


def test_many_who_rotate_at_once_make_one(house_on: House) -> None:
    def once(_: int) -> str:
        return sealed_secrets.rotate(house_on, "test", clock.now()).name

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(once, range(4)))) == 1
    assert len(sealed_secrets.known(house_on)) == 2


def test_in_an_emergency_nothing_of_before_is_worth_anything(house: House, other: House, app: Flask) -> None:
    visit = Visit(house, app, department())
    visit.signs_in()
    code, refresh = visit.code(), visit.tokens()["refresh_token"]
    sealed_secrets.replace_now(house, "test", clock.now())
    look_again(other)
    assert len(names(house)) == 1
    assert names(other) == names(house)
    assert visit.redeem(code).status_code == 400
    assert visit.refresh(refresh).status_code == 400
    assert visit.refresh(visit.tokens()["refresh_token"]).status_code == 200
    assert not (house.keys.folder / "sealed.secret").exists()


def test_each_step_stands_in_the_ledger(house: House) -> None:
    name = changed(house)
    sealed_secrets.keep(house, clock.now() + WAIT + OPENS + timedelta(hours=1))
    with house.database.read() as db:
        told = [(one.kind, one.subject) for one in ledger.events(db) if one.kind.startswith("sealing-secret.")]
    assert sorted(told) == [
        ("sealing-secret.destroyed", "key:sealed"),
        ("sealing-secret.in-use", f"key:{name}"),
        ("sealing-secret.made", f"key:{name}"),
    ]


def test_an_operator_types_it(house: House) -> None:
    said = command(house, "keys", "rotate", "--sealed")
    (waiting,) = [one.name for one in sealed_secrets.known(house) if not one.sealed]
    assert waiting in said
    assert "will seal in some seconds" in command(house, "keys", "list")
    assert "worth nothing" in command(house, "keys", "rotate", "--sealed", "--now", "--yes")
    assert len(sealed_secrets.known(house)) == 1
