"""The identifier of GB/T 36904: one form, every part checked."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from licenses.identifier import DIGITS, Identifier, check_character
from licenses.model import NotAnIdentifier

KIND, MARKET = "11880000DEM000014J001", "11880100DEM000049A"
FIRST = Identifier.make(KIND, MARKET, "20260000307", test_edition=True)

bodies = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18)
kinds = st.builds("{}{:03}".format, bodies, st.integers(0, 999))
serials = st.text(DIGITS, min_size=1, max_size=32)
identifiers = st.builds(
    Identifier.make, kinds, bodies, serials, version=st.integers(1, 999), test_edition=st.booleans()
)


def test_it_reads_as_on_the_paper() -> None:
    assert str(FIRST) == "2.999.11880000DEM000014J001.11880100DEM000049A.20260000307.001.0"
    assert Identifier.parse(str(FIRST)) == FIRST


def test_outside_a_test_edition_the_root_is_the_national_one() -> None:
    assert str(Identifier.make(KIND, MARKET, "1", test_edition=False)).startswith("1.2.156.3005.2.11880000DEM")


def test_a_correction_keeps_the_serial_and_counts_on() -> None:
    second = FIRST.corrected()
    assert (second.serial, second.version) == (FIRST.serial, 2)
    assert Identifier.parse(str(second)) == second


@given(identifiers)
def test_what_is_written_is_read_back(identifier: Identifier) -> None:
    assert Identifier.parse(str(identifier)) == identifier
    assert Identifier.unjoined(identifier.joined, test_edition=identifier.test_edition) == identifier


@given(st.text(DIGITS, min_size=1, max_size=80))
def test_the_check_character_agrees_with_another_hand(text: str) -> None:
    assert check_character(text) == mod_37_36.calc_check_digit(text)


@given(identifiers, st.data())
def test_one_wrong_character_is_noticed(identifier: Identifier, data: st.DataObject) -> None:
    joined = identifier.joined
    place = data.draw(st.integers(0, len(joined) - 1))
    other = data.draw(st.sampled_from(DIGITS.replace(joined[place], "")))
    with pytest.raises(NotAnIdentifier):
        Identifier.unjoined(joined[:place] + other + joined[place + 1 :], test_edition=True)


near = st.from_regex(r"2\.999\.[0-9A-Z]{0,24}\.[0-9A-Z]{0,20}\.[0-9A-Z]{0,40}\.[0-9]{0,4}\.[0-9A-Z]?")


@given(st.text(max_size=100) | near)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(NotAnIdentifier):
        assert str(Identifier.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2.999",
        str(FIRST).lower(),
        " " + str(FIRST),
        str(FIRST) + "\n",
        str(FIRST)[:-1] + "1",
        str(FIRST).replace("2.999", "2.998"),
        str(FIRST).replace(".001.", ".1."),
        str(FIRST).replace(".001.", ".000."),
        str(FIRST).replace(".001.", ".00１."),
        str(FIRST).replace("001.1188", "00.11188"),
        "2.999.11880000DEM000014J0011.1880100DEM000049A.20260000307.001.0",
        "2.999.11880000DEM000014J001.11880100DEM000049A2.0260000307.001.0",
        "2.999.11880000DEM000014J001.11880100DEM000049A.2026000030.7001.0",
        "2.999.11880000DEM000014J001.11880100DEM000049A.20260000307001..0",
    ],
)
def test_no_other_form_is_accepted(text: str) -> None:
    with pytest.raises(NotAnIdentifier):
        Identifier.parse(text)


def test_a_city_may_stand_by_its_region_code() -> None:
    city = Identifier.make(KIND, "880100", "16", test_edition=True)
    assert Identifier.parse(str(city)) == city
    with pytest.raises(NotAnIdentifier):  # but the joined form could not be told apart
        Identifier.unjoined(city.joined, test_edition=True)
