"""Another implementation as a judge, where its rules are ours; and the kinds on which it is wrong, one by one."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_11_2

from idp.numbers import citizen, detect, foreigner, organization_code, residence_permit, unified_code
from idp.numbers.checks import ALPHABET_31, check_11_2, check_31
from idp.numbers.person import Kind
from idp.numbers.rules import NumberCharacters, NumberFuture, NumberWrong

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = st.dates(date(1900, 1, 1), NOW.date())
REGIONS = st.sampled_from(["110101", "310101"])  # these have been there all the time
CHECKS = st.sampled_from("0123456789X")


def keeps(text: str) -> bool:
    try:
        return bool(detect.read(text, NOW))
    except NumberWrong:
        return False


@given(REGIONS, DAYS, st.integers(0, 999), CHECKS)
def test_both_say_the_same_of_citizens_in_regions_that_it_knows(region: str, day: date, order: int, last: str) -> None:
    made = citizen.make(region, day, order)
    assert ric.is_valid(made)
    assert ric.get_birth_date(made) == detect.read(made, NOW).born
    assert ric.is_valid(made[:-1] + last) == keeps(made[:-1] + last)


@given(REGIONS, st.integers(1900, 2026), st.integers(0, 19), st.integers(0, 39), st.integers(0, 999))
def test_both_have_the_same_calendar(region: str, year: int, month: int, day: int, order: int) -> None:
    first = f"{region}{year}{month:02}{day:02}{order:03}"
    number = first + check_11_2(first)
    if f"{year}{month:02}{day:02}" <= f"{NOW:%Y%m%d}":
        assert ric.is_valid(number) == keeps(number)


@given(st.text("0123456789", min_size=17, max_size=17))
def test_both_find_the_same_check_character_of_a_person(first: str) -> None:
    assert check_11_2(first) == ric.calc_check_digit(first + "0") == mod_11_2.calc_check_digit(first)


@given(st.text(ALPHABET_31, min_size=17, max_size=17))
def test_both_find_the_same_check_character_of_an_organisation(first: str) -> None:
    assert check_31(first) == uscc.calc_check_digit(first)


@given(st.text(ALPHABET_31, min_size=8, max_size=8), st.sampled_from(ALPHABET_31))
def test_both_say_the_same_of_codes_with_a_digit_in_front(body: str, last: str) -> None:
    inner = organization_code.make(body)
    code = unified_code.make("91880101", inner)[:-1] + last
    if set(inner) <= set(ALPHABET_31):
        try:
            kept = bool(unified_code.read(code))
        except NumberWrong:
            kept = False
        assert uscc.is_valid(code) == kept


# -- where it is wrong


@pytest.mark.parametrize("region", sorted(residence_permit.REGIONS))
def test_it_refuses_residence_permits_of_hong_kong_macao_and_taiwan(region: str) -> None:
    made = residence_permit.make(region, date(1900, 1, 1), 1)
    assert not ric.is_valid(made)
    assert detect.read(made, NOW).kind is Kind.residence_permit


def test_it_refuses_foreigner_s_cards_of_2023() -> None:
    made = foreigner.make("88", "999", date(1982, 5, 5), 1)
    assert not ric.is_valid(made)
    assert detect.read(made, NOW).kind is Kind.foreigner


@pytest.mark.parametrize("head", ["N2880101", "Y1880101", "A1880101"])
def test_it_refuses_organisations_whose_authority_is_a_letter(head: str) -> None:
    code = unified_code.make(head, organization_code.make("DEM00011"))
    assert not uscc.is_valid(code)
    assert unified_code.read(code).notes == ()


def test_it_takes_people_who_are_not_born_yet() -> None:
    made = citizen.make("110101", date(2999, 1, 1), 1)
    assert ric.is_valid(made)
    with pytest.raises(NumberFuture):
        detect.read(made, NOW)


def test_it_does_not_look_at_the_organisation_code_inside() -> None:
    code = unified_code.make("91880101", "DEM000082")  # DEM00008 has the check character 1
    assert uscc.is_valid(code)
    assert unified_code.read(code).notes == (unified_code.Note.inner_check,)


def test_it_converts_full_width_digits_without_a_word() -> None:
    made = citizen.make("110101", date(1900, 1, 1), 1)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in made)
    assert ric.is_valid(wide)
    with pytest.raises(NumberCharacters) as refused:
        detect.read(wide, NOW)
    assert refused.value.suggestion == made


def test_it_turns_away_people_whose_region_was_abolished_before_they_were_registered() -> None:
    made = citizen.make("110103", date(2015, 1, 1), 1)  # a district of 1949 to 2010
    assert not ric.is_valid(made)
    assert keeps(made)
