"""Numbers that people write down: nobody guesses one, a slip is noticed, and rows do not keep them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import numbers
from hub.house import House
from hub.numbers import NumberMistyped

DAY = date(2026, 11, 22)
fresh = st.builds(numbers.fresh, st.sampled_from("QTR"), st.dates(date(2000, 1, 1), date(2999, 12, 31)))


@given(fresh)
def test_a_number_is_read_back(number: str) -> None:
    assert numbers.parse(number) == number


@given(fresh)
def test_how_it_was_typed_is_forgiven(number: str) -> None:
    assert numbers.parse(number.lower().replace("-", " ")) == number
    assert numbers.parse(number.replace("-", "").replace("0", "o").replace("1", "l")) == number
    assert numbers.parse("".join(chr(ord(one) + 0xFEE0) for one in number)) == number


@given(fresh, st.data())
def test_one_wrong_character_is_noticed(number: str, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([place for place, one in enumerate(number) if one != "-"]))
    other = data.draw(st.sampled_from([one for one in numbers.PLAIN if one != number[at]]))
    with pytest.raises(NumberMistyped):
        numbers.parse(number[:at] + other + number[at + 1 :])


@given(st.text(max_size=150))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NumberMistyped):
        numbers.parse(text)


def test_numbers_of_a_day_differ() -> None:
    made = {numbers.fresh("R", DAY) for _ in range(1000)}
    assert len(made) == 1000
    assert all(not set("ILOU") & set(one[1:]) for one in made)


def test_rows_name_it_without_leading_back(house: House) -> None:
    number = numbers.fresh("Q", DAY)
    key = numbers.key(house.vault, number)
    assert key == numbers.key(house.vault, number)
    assert key.startswith("Q20261122-")
    assert number[11:21] not in key
