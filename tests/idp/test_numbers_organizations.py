"""Unified codes and the organisation codes inside them: a wrong outer check is a refusal, a wrong inner one a note."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.numbers import organization_code, unified_code
from idp.numbers.checks import ALPHABET_31
from idp.numbers.rules import NumberCheck, NumberLength, NumberWrong, Rule
from idp.numbers.unified_code import Note

BODIES = (
    "11880000DEM000014J", "11880000DEM000022D", "11880000DEM0000308", "11880100DEM000049A", "11880100DEM0000575",
    "11870100DEM000065U", "11870000DEM000073H", "91880101DEM000081U", "92880101DEM00009XG", "52880000DEM000102R",
    "N2880101DEM000110N",
)  # fmt: skip
ORGANIZATIONS = st.text(ALPHABET_31, min_size=8, max_size=8)
HEADS = st.sampled_from(["91880101", "12870000", "N2880101", "Y1880101", "53880301"])


@pytest.mark.parametrize("code", BODIES)
def test_each_listed_body_has_a_right_code_with_a_right_code_inside(code: str) -> None:
    read = unified_code.read(code)
    assert read.notes == ()
    assert (read.value, read.type_code) == (code, "001")
    assert organization_code.read(read.organization_code) == code[8:17]


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


def test_the_letters_o_and_i_are_no_part_of_a_code_and_the_refusal_knows_what_was_meant() -> None:
    for typed in ("9188O1O1DEMOOO081U", "9188010IDEM00008IU", "９１８８０１０１ｄｅｍ００００８１ｕ"):
        with pytest.raises(NumberWrong) as refused:
            unified_code.read(typed)
        assert refused.value.suggestion == "91880101DEM000081U"


def test_a_wrong_inner_check_is_a_note_and_no_refusal() -> None:
    # The organisation code DEM00008 has the check character 1.
    assert unified_code.read(unified_code.make("91880101", "DEM000082")).notes == (Note.inner_check,)


def test_an_unknown_authority_is_a_note_and_no_refusal() -> None:
    code = unified_code.make("G1880101", "DEM000081")
    assert unified_code.read(code).notes == (Note.authority_unknown,)


def test_a_code_tells_its_parts() -> None:
    code = unified_code.read("n2880101 dem000110n")
    assert (code.authority, code.body, code.region) == ("N", "village-collective", "880101")
    assert code.organization_code == "DEM000110"
    assert unified_code.read("91880101DEM000081U").body == "enterprise"
    assert unified_code.read(unified_code.make("Y1880101", "DEM000081")).body == "other"


@given(HEADS, ORGANIZATIONS, st.integers(0, 17), st.sampled_from(ALPHABET_31))
def test_a_code_is_read_as_it_was_made_and_no_other(head: str, body: str, at: int, sign: str) -> None:
    made = unified_code.make(head, organization_code.make(body))
    read = unified_code.read(made)
    assert (read.value, read.value[:8], read.organization_code[:8], read.notes) == (made, head, body, ())
    wrong = made[:at] + sign + made[at + 1 :]
    if wrong != made:
        with pytest.raises(NumberWrong):
            unified_code.read(wrong)


@given(ORGANIZATIONS)
def test_an_organisation_code_is_read_with_and_without_its_dash(body: str) -> None:
    made = organization_code.make(body)
    assert organization_code.read(made) == organization_code.read(f"{made[:8]}-{made[8:]}".lower()) == made


@given(ORGANIZATIONS, st.integers(0, 8), st.sampled_from(ALPHABET_31))
def test_a_mistyped_digit_of_an_organisation_code_is_noticed(body: str, at: int, sign: str) -> None:
    made = organization_code.make(body)
    wrong = made[:at] + sign + made[at + 1 :]
    noticed = not organization_code.fits(wrong)
    # MOD 11 over letters that count up to 34: two letters eleven apart look the same to it. Digits never do.
    assert noticed or wrong == made or (int(sign, 36) - int(made[at], 36)) % 11 == 0
    if noticed:
        with pytest.raises(NumberCheck):
            organization_code.read(wrong)


def test_an_organisation_code_has_nine_characters() -> None:
    for code in ("", "DEM00008", "DEM000081U"):
        with pytest.raises(NumberLength):
            organization_code.read(code)


@given(st.text(max_size=40) | st.text(ALPHABET_31 + "-OIx ", min_size=8, max_size=20))
def test_whatever_is_typed_there_is_an_answer(text: str) -> None:
    with contextlib.suppress(NumberWrong):
        read = unified_code.read(text)
        assert unified_code.read(read.value) == read
    with contextlib.suppress(NumberWrong):
        code = organization_code.read(text)
        assert organization_code.read(code) == code
