"""Numbers: each kind keeps its own rules; a refusal names the rule that failed first and never repeats the number."""

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from idp.numbers import citizen, detect, foreigner, residence_permit, unified_code
from idp.numbers.person import Kind, Note
from idp.numbers.rules import ALPHABET_31, NumberWrong, Rule, check_11, check_11_2, check_31, masked

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
BODIES = (
    "11880000DEM000014J", "11880000DEM000022D", "11880000DEM0000308", "11880100DEM000049A", "11880100DEM0000575",
    "11870100DEM000065U", "11870000DEM000073H", "91880101DEM000081U", "92880101DEM00009XG", "52880000DEM000102R",
    "N2880101DEM000110N",
)  # fmt: skip


def numbered(region: str, day: date, order: str) -> str:
    first = f"{region}{day:%Y%m%d}{order}"
    return first + check_11_2(first)


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


def test_a_small_x_and_blanks_of_copying_are_taken() -> None:
    assert detect.read(" 880101 20190930 007x\t", NOW).value == "88010120190930007X"


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
    assert masked(read.value) == "8801************15"
    assert "1985" not in repr(read)


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


@given(st.text(max_size=40))
def test_whatever_is_typed_there_is_an_answer(text: str) -> None:
    for read in (lambda: detect.read(text, NOW), lambda: unified_code.read(text), lambda: citizen.from_old(text, NOW)):
        with contextlib.suppress(NumberWrong):
            read()


@given(DAYS, ORDERS, st.data())
def test_stdnum_agrees_on_citizens_of_regions_it_knows(day: date, order: str, data: st.DataObject) -> None:
    number = numbered(data.draw(st.sampled_from(["110101", "310101"])), day, order)
    assert ric.is_valid(number)
    assert detect.read(number, NOW).value == number
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert not ric.is_valid(wrong)
    with pytest.raises(NumberWrong):
        detect.read(wrong, NOW)


# -- unified codes


@pytest.mark.parametrize("code", BODIES)
def test_each_listed_body_has_a_right_code(code: str) -> None:
    assert unified_code.read(code).notes == ()


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("91880101DEM000081V", Rule.characters),  # V is not in the alphabet
        ("91880101DEM000081I", Rule.characters),
        ("9188010IDEM000081U", Rule.characters),
        ("9188A101DEM000081U", Rule.characters),  # the region is digits
        ("91880101DEM000081X", Rule.check),
        ("91880101DEM000018U", Rule.check),
        ("91880101DEM000081", Rule.length),
        ("９1880101DEM000081U", Rule.characters),
        ("", Rule.length),
    ],
)
def test_a_wrong_code_is_refused_by_the_rule_it_breaks(code: str, rule: Rule) -> None:
    with pytest.raises(NumberWrong) as refused:
        unified_code.read(code)
    assert refused.value.rule is rule


def test_a_wrong_inner_check_is_a_note_and_no_refusal() -> None:
    first = "91880101DEM000082"  # the organisation code DEM00008 has the check character 1
    assert unified_code.read(first + check_31(first)).notes == (unified_code.Note.inner_check,)


def test_a_code_tells_its_parts() -> None:
    code = unified_code.read("n2880101dem000110n")
    assert (code.authority, code.kind, code.region) == ("N", "village-collective", "880101")
    assert code.organization_code == "DEM000110"
    assert unified_code.read("91880101DEM000081U").kind == "enterprise"


@given(st.text(ALPHABET_31, min_size=8, max_size=8), st.integers(0, 16), st.sampled_from(ALPHABET_31))
def test_a_code_made_by_the_rules_is_read_back_and_no_other(organization: str, at: int, sign: str) -> None:
    first = f"91880101{organization}"
    inner = check_11(organization)
    code = first + inner + check_31(first + inner)
    assert unified_code.read(code).notes == ()
    wrong = code[:at] + sign + code[at + 1 :]
    if wrong != code:
        with pytest.raises(NumberWrong):
            unified_code.read(wrong)


@given(st.text("0123456789ABCDEFGH", min_size=8, max_size=8))
def test_stdnum_agrees_on_codes_of_companies(organization: str) -> None:
    first = f"91880101{organization}{check_11(organization)}"
    code = first + check_31(first)
    assert uscc.is_valid(code)
    assert unified_code.read(code).value == code
