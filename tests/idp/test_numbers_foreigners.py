"""Old foreigner's cards, passports, and which kind a number is: what cannot be told from a number is not made up."""

import contextlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.numbers import citizen, detect, foreigner, foreigner_old, organization_code, passport, unified_code
from idp.numbers.person import Kind, Note, Number
from idp.numbers.rules import NumberCharacters, NumberCheck, NumberLength, NumberWrong, Rule

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = st.dates(date(1900, 1, 1), NOW.date())
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
OLD_CARD = "ZZZ880082050501"  # ZZZ is nobody's country


# -- cards of before 2023


def test_an_old_card_tells_its_country_and_no_day_of_birth() -> None:
    card = foreigner_old.read("zzz 8800 8205 0501")
    assert (card.value, card.country, card.type_code) == (OLD_CARD, "ZZZ", "553")
    assert not hasattr(card, "born")
    assert "8205" not in f"{card!r}{card}"


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("", Rule.length),
        (OLD_CARD[:-1], Rule.length),
        (OLD_CARD + "1", Rule.length),
        ("880101850312001", Rule.characters),  # an old citizen's number has as many
        ("ZZ1880082050501", Rule.characters),
        ("ZZZ88008205050A", Rule.characters),
        ("ＺＺＺ880082050501", Rule.characters),
        ("ZZZ-88008205050", Rule.characters),
    ],
)
def test_a_wrong_old_card_is_refused_by_the_rule_it_breaks(number: str, rule: Rule) -> None:
    with pytest.raises(NumberWrong) as refused:
        foreigner_old.read(number)
    assert refused.value.rule is rule


@given(st.text(LETTERS, min_size=3, max_size=3), st.text(DIGITS, min_size=12, max_size=12))
def test_an_old_card_is_read_as_it_was_made(country: str, digits: str) -> None:
    made = foreigner_old.make(country, digits)
    read = foreigner_old.read(made)
    assert (read.value, read.country) == (made, country)
    assert detect.read_any(made, NOW) == read


# -- passports


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("L898902C3", "UTO", "L898902C3"),  # the specimen of Doc 9303
        ("ab 00 000", "UTO", "AB00000"),
        ("00000000<", "UTO", "00000000"),  # as the machine-readable zone fills it up
        ("e00000000", "CHN", "E00000000"),
        ("EA0000000", "CHN", "EA0000000"),
        ("PE0000000", "CHN", "PE0000000"),
        ("KJ0000000", "CHN", "KJ0000000"),
    ],
)
def test_a_passport_s_number_is_taken_as_its_country_writes_it(typed: str, country: str, number: str) -> None:
    read = passport.read(typed, country)
    assert (read.value, read.country, read.notes, read.type_code) == (number, country, (), "414")


@pytest.mark.parametrize("number", ["EO0000000", "EI0000000", "X0000000", "E0000000"])
def test_a_form_that_we_do_not_know_is_a_note_and_no_refusal(number: str) -> None:
    assert passport.read(number, "CHN").notes == (Note.form_unknown,)
    assert passport.read(number, "UTO").notes == ()


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("", Rule.length),
        ("A123", Rule.length),
        ("A123456789", Rule.length),
        ("ABCDEFGH", Rule.characters),
        ("P.0000000", Rule.characters),
        ("E0000<000", Rule.characters),
        ("Ｅ00000000", Rule.characters),
    ],
)
def test_a_wrong_passport_s_number_is_refused_by_the_rule_it_breaks(number: str, rule: Rule) -> None:
    with pytest.raises(NumberWrong) as refused:
        passport.read(number, "UTO")
    assert refused.value.rule is rule
    assert not number or number not in str(refused.value)


@given(st.from_regex("[0-9A-Z]{4,8}", fullmatch=True), st.sampled_from(DIGITS), st.sampled_from(["", "UTO", "CHN"]))
def test_a_passport_s_number_comes_back_as_it_was_given(first: str, last: str, country: str) -> None:
    read = passport.read(first + last, country)
    assert (read.value, read.country) == (first + last, country)
    assert read.masked.count("*") * 3 >= len(read.value) * 2
    assert detect.read_any(first + last, NOW).value == read.value


# -- which kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("880101198503120015", Kind.citizen),
        ("88010120190930007x", Kind.citizen),
        ("820000190001010028", Kind.residence_permit),
        ("988999198205050012", Kind.foreigner),
        (OLD_CARD, Kind.foreigner_old),
        ("L898902C3", Kind.passport),
        ("91880101DEM000081U", Kind.organization),
        ("N2880101DEM000110N", Kind.organization),
    ],
)
def test_the_kind_of_a_number_is_seen_and_its_rules_are_kept(number: str, kind: Kind) -> None:
    assert detect.kind_of(f" {number.lower()}\n") is kind
    read = detect.read_any(number, NOW)
    assert isinstance(read, Number)
    assert (read.kind, read.value) == (kind, number.upper())


def test_a_code_of_digits_alone_is_a_code_unless_it_keeps_the_rules_of_a_person() -> None:
    codes = [unified_code.make("91880101", organization_code.make(f"{serial:08}")) for serial in range(100)]
    digits = [code for code in codes if code.isdigit()]
    assert digits
    for code in digits:
        assert detect.kind_of(code) is Kind.foreigner
        assert detect.read_any(code, NOW).kind is Kind.organization


def test_what_looks_like_a_person_s_number_is_refused_by_a_person_s_rules() -> None:
    for wrong, refusal in (
        ("880101198503120016", NumberCheck),
        ("88010119850312001", NumberLength),
        ("?", NumberCharacters),
    ):
        with pytest.raises(refusal):
            detect.read_any(wrong, NOW)


@given(DAYS, st.integers(0, 999), st.sampled_from(["88", "87"]))
def test_each_kind_reads_its_own_and_none_of_the_others(day: date, order: int, province: str) -> None:
    person, guest = citizen.make(f"{province}0101", day, order), foreigner.make(province, "999", day, order)
    for number, kind in ((person, Kind.citizen), (guest, Kind.foreigner)):
        assert detect.read_any(number, NOW).kind is kind
        for reader in (foreigner_old.read, passport.read, organization_code.read):
            with pytest.raises(NumberLength):
                reader(number)
    with pytest.raises(NumberWrong):
        citizen.read(guest, NOW)


@given(st.text(max_size=40) | st.text(DIGITS + "ZX<. ", max_size=20))
def test_whatever_is_typed_there_is_an_answer(text: str) -> None:
    assert detect.kind_of(text) in Kind
    for read in (foreigner_old.read, passport.read):
        with contextlib.suppress(NumberWrong):
            number = read(text)
            assert read(number.value) == number
