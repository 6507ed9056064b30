"""Numbers: each kind keeps its own rules; a refusal names the rule that failed first and never repeats the number."""

import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.numbers import citizen, detect, foreigner, residence_permit, rules, unified_code
from idp.numbers.checks import check_11_2
from idp.numbers.foreigner import ForeignerNumber
from idp.numbers.person import Kind, Note, Sex
from idp.numbers.rules import NumberCharacters, NumberKind, NumberLength, NumberWrong, Rule, masked

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = st.dates(date(1900, 1, 1), NOW.date())
ORDERS = st.integers(0, 999).map("{:03}".format)
LISTED = {
    "880101198503120015": Kind.citizen,
    "880101199107260029": Kind.citizen,
    "870101197801010045": Kind.citizen,
    "880301200311150050": Kind.citizen,
    "88010120190930007X": Kind.citizen,
    "810000190001010018": Kind.residence_permit,
    "820000190001010028": Kind.residence_permit,
    "830000190001010038": Kind.residence_permit,
    "988999198205050012": Kind.foreigner,
}


def numbered(region: str, day: date, order: str) -> str:
    first = f"{region}{day:%Y%m%d}{order}"
    return first + check_11_2(first)


@pytest.mark.parametrize("read", [citizen.read, unified_code.read])
def test_an_empty_field_is_asked_for_and_not_counted(read: Callable[..., object]) -> None:
    with pytest.raises(NumberLength, match="Enter the number"):
        read("") if read is unified_code.read else read("", NOW)


@pytest.mark.parametrize(("number", "kind"), LISTED.items())
def test_each_listed_person_has_a_right_number_of_the_right_kind(number: str, kind: Kind) -> None:
    read = detect.read(number, NOW)
    assert (read.value, read.kind) == (number, kind)
    assert read.type_code == ("553" if kind is Kind.foreigner else "111")


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("880101199902290032", Rule.date),  # no leap year, right check character
        ("88010119851312001" + check_11_2("88010119851312001"), Rule.date),
        ("880101198503120016", Rule.check),
        ("880101199902290038", Rule.check),
        ("88010119850312001", Rule.length),
        ("880101850312001", Rule.length),  # the old form proves nothing
        ("8801011985031200155", Rule.length),
        ("", Rule.length),
        ("８８０１０１１９８５０３１２００１５", Rule.characters),  # full width is not silently converted
        ("88010119850312001O", Rule.characters),
        ("8801011985X3120015", Rule.characters),
        ("88010119850312001\u0661", Rule.characters),
        (numbered("880101", date(2999, 1, 1), "001"), Rule.future),
        (numbered("880101", date(1899, 12, 31), "001"), Rule.too_old),
    ],
)
def test_a_wrong_number_is_refused_by_the_rule_it_breaks(number: str, rule: Rule) -> None:
    with pytest.raises(NumberWrong) as refused:
        detect.read(number, NOW)
    assert refused.value.rule is rule
    assert refused.value.extras == {"rule": rule.value}
    assert not number or number not in str(refused.value)


@pytest.mark.parametrize("kind", rules.NumberWrong.__subclasses__(), ids=lambda kind: kind.__name__)
def test_each_rule_has_a_problem_of_its_own_that_says_what_to_do(kind: type[NumberWrong]) -> None:
    assert kind("").code == f"number-{kind.rule}"
    assert {one.rule for one in NumberWrong.__subclasses__()} == set(Rule)
    assert kind.advice
    assert kind.title != NumberWrong.title


@pytest.mark.parametrize(
    "typed",
    [
        " 880101 20190930 007x\t",
        "880101\u00a020190930\u2009007X",
        "\u202d88010120190930007X\u202c",  # how telephones hand over a number
        "88010120190930007x\r\n",
        "\ufeff88010120190930\u200b007X",
    ],
)
def test_a_small_x_blanks_and_what_nobody_sees_are_no_mistake(typed: str) -> None:
    assert detect.read(typed, NOW).value == "88010120190930007X"


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("８８０１０１２０１９０９３０００７Ｘ", "88010120190930007X"),
        ("８８０１０１ ２０１９０９３０ ００７ｘ", "88010120190930007X"),
        ("88O1O120190930007x", "88010120190930007X"),  # the letter O for a zero
        ("88010l20190930007X", "88010120190930007X"),  # a small L for a one
        ("88010120190930007Y", ""),
        ("八八〇一", ""),
    ],
)
def test_full_width_and_look_alikes_are_refused_with_what_was_meant(typed: str, suggestion: str) -> None:
    with pytest.raises(NumberCharacters) as refused:
        detect.read(typed, NOW)
    assert refused.value.suggestion == suggestion
    assert not suggestion or suggestion not in f"{refused.value}{refused.value.extras}{refused.value.values}"


@pytest.mark.parametrize("sign", ["\u00df", "\ufb00", "\u0131", "\u017f", "\u0661", "\u4e00", "\u2460"])
def test_no_other_script_becomes_a_digit_or_a_letter_by_itself(sign: str) -> None:
    for read in (lambda text: detect.read(text, NOW), unified_code.read):
        with pytest.raises(NumberCharacters):
            read("88010120190930007" + sign)


def test_an_unknown_region_is_a_note_and_no_refusal() -> None:
    assert detect.read("880101198503120015", NOW).notes == (Note.region_unknown,)
    assert detect.read(numbered("110000", date(1990, 1, 1), "001"), NOW).notes == ()


def test_each_kind_refuses_the_other_kinds() -> None:
    for reader, stranger in ((citizen, "988999198205050012"), (foreigner, "880101198503120015")):
        with pytest.raises(NumberWrong) as refused:
            reader.read(stranger, NOW)
        assert refused.value.rule is Rule.kind
    with pytest.raises(NumberWrong):
        residence_permit.read("880101198503120015", NOW)


def test_an_old_number_links_to_its_present_form() -> None:
    assert citizen.from_old("880101850312001", NOW).value == "880101198503120015"
    with pytest.raises(NumberWrong):
        citizen.from_old("880101198503120015", NOW)


def test_someone_born_today_has_a_number_and_someone_born_tomorrow_has_none() -> None:
    detect.read(numbered("880101", NOW.date(), "001"), NOW)
    with pytest.raises(NumberWrong):
        detect.read(numbered("880101", NOW.date() + timedelta(days=1), "001"), NOW)


def test_a_number_shows_little_of_itself() -> None:
    read = detect.read("880101198503120015", NOW)
    assert masked(read.value) == read.masked == "8801************15"
    assert "1985" not in f"{read!r}{read}"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("ZZZ880082050501", "ZZZ**********01"), ("X00000000", "X******00"), ("12345", "****5"), ("12", "**"), ("", "")],
)
def test_a_short_number_hides_as_much_of_itself(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.text(max_size=40))
def test_a_mask_keeps_the_length_and_hides_two_thirds(number: str) -> None:
    shown = masked(number)
    assert len(shown) == len(number)
    assert sum(one == other for one, other in zip(number.replace("*", "-"), shown, strict=True)) <= len(number) // 3


def test_a_number_tells_region_day_and_sex_where_it_holds_them() -> None:
    jia, ouyang = detect.read("880101198503120015", NOW), detect.read("880101199107260029", NOW)
    assert (jia.region, jia.born, jia.sex) == ("880101", date(1985, 3, 12), Sex.male)
    assert ouyang.sex is Sex.female
    assert detect.read("830000190001010038", NOW).region == "830000"
    guest = detect.read("988999198205050012", NOW)
    assert isinstance(guest, ForeignerNumber)
    assert (guest.region, guest.country, guest.born, guest.sex) == ("88", "999", date(1982, 5, 5), None)


def test_a_code_of_an_organisation_is_named_as_one_where_a_person_is_asked_for() -> None:
    for code in ("91880101DEM000081U", "n2880101 dem000110n"):
        with pytest.raises(NumberKind):
            detect.read(code, NOW)
    with pytest.raises(NumberKind):
        detect.read("ZZZ880082050501", NOW)


@given(st.sampled_from(["880101", "870101", "000000"]), DAYS, st.integers(0, 999))
def test_a_citizen_s_number_is_read_as_it_was_made(region: str, day: date, order: int) -> None:
    made = citizen.make(region, day, order)
    read = citizen.read(made, NOW)
    assert (read.value, read.region, read.born) == (made, region, day)
    assert read.sex is (Sex.male if order % 2 else Sex.female)


@given(st.sampled_from(sorted(residence_permit.REGIONS)), DAYS, st.integers(0, 999))
def test_a_residence_permit_s_number_is_read_as_it_was_made(region: str, day: date, order: int) -> None:
    made = residence_permit.make(region, day, order)
    read = residence_permit.read(made, NOW)
    assert (read.value, read.region, read.born) == (made, region, day)
    assert detect.read(made, NOW) == read


@given(st.integers(0, 99), st.integers(900, 999), DAYS, st.integers(0, 999))
def test_a_foreigner_s_number_is_read_as_it_was_made(region: int, country: int, day: date, order: int) -> None:
    made = foreigner.make(f"{region:02}", str(country), day, order)
    read = foreigner.read(made, NOW)
    assert (read.value, read.region, read.country, read.born) == (made, f"{region:02}", str(country), day)
    assert detect.read(made, NOW) == read


@given(DAYS, st.integers(0, 999))
def test_a_number_from_before_1999_links_to_the_one_made_of_its_parts(day: date, order: int) -> None:
    day = day.replace(year=1900 + day.year % 100, day=min(day.day, 28))
    made = citizen.make("880101", day, order)
    assert citizen.from_old(made[:6] + made[8:17], NOW).value == made


@given(st.sampled_from(["880101", "870101", "810000", "988999"]), DAYS, ORDERS)
def test_a_number_made_by_the_rules_is_read_back(region: str, day: date, order: str) -> None:
    read = detect.read(numbered(region, day, order), NOW)
    kind = {"81": Kind.residence_permit, "98": Kind.foreigner}.get(region[:2], Kind.citizen)
    assert read.kind is kind
    assert kind is Kind.foreigner or read.born == day


@given(DAYS, ORDERS, st.integers(0, 17), st.integers(1, 9))
def test_no_single_mistyped_digit_is_taken(day: date, order: str, at: int, shift: int) -> None:
    right = numbered("880101", day, order)
    if not right[at].isdigit():
        return
    wrong = right[:at] + str((int(right[at]) + shift) % 10) + right[at + 1 :]
    with pytest.raises(NumberWrong):
        detect.read(wrong, NOW)


@given(DAYS, ORDERS, st.integers(0, 16))
def test_no_two_swapped_neighbours_are_taken(day: date, order: str, at: int) -> None:
    right = numbered("880101", day, order)
    wrong = right[:at] + right[at + 1] + right[at] + right[at + 2 :]
    if wrong != right:
        with pytest.raises(NumberWrong):
            detect.read(wrong, NOW)


@given(st.text(max_size=40) | st.text("0123456789OXxＸ５ ", min_size=15, max_size=20))
def test_whatever_is_typed_there_is_an_answer(text: str) -> None:
    for read in (detect.read, detect.read_any, citizen.from_old):
        with contextlib.suppress(NumberWrong):
            number = read(text, NOW)
            assert detect.read_any(number.value, NOW).value == number.value


@given(st.text("0123456789OIlXx０１Ｘ ", min_size=1, max_size=20))
def test_a_suggestion_is_another_text_and_leads_to_no_further_one(text: str) -> None:
    suggestion = suggested(text)
    assert suggestion != text
    assert not suggestion or not suggested(suggestion)


def suggested(text: str) -> str:
    try:
        detect.read(text, NOW)
    except NumberWrong as refused:
        return refused.suggestion
    return ""
