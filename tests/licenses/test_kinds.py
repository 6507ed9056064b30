"""The kinds: what an application must hold, in words for whoever fills it in."""

from datetime import date
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from licenses import fields, kinds
from licenses.model import FieldError, FieldsWrong, KindWrong, NoSuchKind
from tests.licenses.samples import BUSINESS, FOOD, NOW, RESIDENCE, SAMPLES

SLUGS = list(SAMPLES)
BUSINESS_KIND = kinds.named("business-license")
HALF = (kinds.FOLDER / "residence_permit.toml").read_text("utf-8")

anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.text())
    | st.dictionaries(st.text(), st.text())
)


def refused(slug: str, **changed: Any) -> dict[str, str]:
    """The errors, by field, of a sample with some fields changed (None takes one out)."""
    wanted = {key: value for key, value in (SAMPLES[slug][0] | changed).items() if value is not None}
    with pytest.raises(FieldsWrong) as caught:
        kinds.named(slug).check(wanted, NOW)
    return {error.field: error.detail for error in caught.value.errors}


def test_three_kinds_ship_and_are_found_by_code_and_by_name() -> None:
    assert [kind.slug for kind in kinds.all_kinds()] == SLUGS
    assert all(kinds.named(kind.code) is kinds.named(kind.slug) is kind for kind in kinds.all_kinds())
    with pytest.raises(NoSuchKind):
        kinds.named("driving-license")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_right_application_passes_check_and_schema(slug: str) -> None:
    kind, wanted = kinds.named(slug), SAMPLES[slug][0]
    checked = kind.check(dict(reversed(wanted.items())), NOW)
    assert checked == wanted
    assert list(checked) == [key for item in kind.items for key in (item.key, f"{item.key}_en") if key in wanted]
    jsonschema.Draft202012Validator.check_schema(kind.schema())
    jsonschema.validate(wanted, kind.schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("slug", SLUGS)
@given(data=st.data())
def test_any_data_pass_or_are_refused_field_by_field(slug: str, data: st.DataObject) -> None:
    kind = kinds.named(slug)
    keys = st.sampled_from([item.key for item in kind.items]) | st.text(max_size=8)
    wanted = SAMPLES[slug][0] | data.draw(st.dictionaries(keys, anything, min_size=1, max_size=3))
    errors: list[FieldError] = []
    try:
        checked = kind.check(wanted, NOW)
    except FieldsWrong as problem:
        errors = problem.errors
    else:
        assert kind.check(checked, NOW) == checked
    assert {error.field for error in errors} <= set(wanted) | {item.key for item in kind.items}
    assert all(error.detail for error in errors)


def test_every_wrong_field_is_named_at_once() -> None:
    errors = refused("business-license", name=None, established="yesterday", registered_capital=-1, colour="red")
    assert list(errors) == ["name", "registered_capital", "established", "colour"]
    assert errors["name"] == "This field is required"
    assert errors["established"] == "Give a day of the calendar as YYYY-MM-DD"


WRONG = {
    "a wrong check character": ("business-license", "unified_code", "91880101DEM0000810"),
    "a letter that no code has": ("business-license", "unified_code", "91880101DEM00OO81U"),
    "full-width digits": ("business-license", "unified_code", "９1880101DEM000081U"),
    "lower case": ("business-license", "unified_code", "91880101dem000081u"),
    "a name beyond the limit": ("business-license", "name", "示" * 81),
    "a private-use character": ("residence-permit", "name", "示\ue863"),
    "a character that turns the text round": ("business-license", "name", "望舒\u202e示范"),
    "a zero-width space": ("business-license", "name", "望舒\u200b示范"),
    "a line break": ("business-license", "scope", "餐饮服务\n食品销售"),
    "a full-width space": ("business-license", "scope", "餐饮服务\u3000食品销售"),
    "a variation selector": ("residence-permit", "name", "示例\ufe00"),
    "half a character": ("residence-permit", "name", "示\ud800"),
    "only spaces": ("business-license", "name", "   "),
    "a number for a text": ("business-license", "name", 7),
    "a day that does not exist": ("business-license", "established", "2019-02-29"),
    "a day in another form": ("business-license", "established", "2019/04/18"),
    "a week for a day": ("business-license", "established", "2019-W16-4"),
    "a day to come": ("business-license", "established", "2026-11-23"),
    "a sum with a fraction": ("business-license", "registered_capital", 0.5),
    "true for a sum": ("business-license", "registered_capital", True),
    "a sum of nothing": ("business-license", "registered_capital", 0),
    "a kind that is not listed": ("food-business-license", "business_kind", "餐饮"),
    "a number of another kind": ("food-business-license", "license_number", "SC10688010100017"),
    "words for a telephone": ("food-business-license", "complaints", "call us"),
    "a day of birth that does not exist": ("residence-permit", "citizen_number", "880201199902290038"),
    "a birth to come": ("residence-permit", "citizen_number", "880101202701010017"),
    "a number with a wrong check digit": ("residence-permit", "citizen_number", "880101198503120016"),
    "an old number": ("residence-permit", "citizen_number", "880101850312001"),
    "a sex that is not listed": ("residence-permit", "sex", "male"),
}


@pytest.mark.parametrize(("slug", "field", "value"), WRONG.values(), ids=WRONG.keys())
def test_it_is_refused_in_words(slug: str, field: str, value: Any) -> None:
    assert list(refused(slug, **{field: value})) == [field]


@pytest.mark.parametrize(
    "name",
    [
        "买买提示例·阿卜杜示例",
        "买买提示例•阿卜杜示例",
        "买买提示例・阿卜杜示例",
        "买买提示例･阿卜杜示例",
        "买买提示例⋅阿卜杜示例",
    ],
)
def test_the_separator_of_a_name_is_always_the_same_one(name: str) -> None:
    assert kinds.named("residence-permit").check(RESIDENCE | {"name": name}, NOW)["name"] == "买买提示例·阿卜杜示例"


@pytest.mark.parametrize("name", ["示䶮", "示\U0002cc56", "示" * 50])
def test_rare_characters_and_long_names_are_names(name: str) -> None:
    assert kinds.named("residence-permit").check(RESIDENCE | {"name": name}, NOW)["name"] == name


def test_a_number_ending_in_a_small_x_is_written_large() -> None:
    checked = kinds.named("residence-permit").check(RESIDENCE | {"citizen_number": "88010120190930007x"}, NOW)
    assert checked["citizen_number"] == "88010120190930007X"


def test_numbers_from_a_file_may_come_as_digits() -> None:
    assert BUSINESS_KIND.check(BUSINESS | {"registered_capital": "5000000"}, NOW)["registered_capital"] == 5_000_000


@given(st.from_regex(f"[{fields.UNIFIED}]{{17}}", fullmatch=True), st.sampled_from(fields.UNIFIED))
def test_the_check_of_unified_codes_agrees_with_another_hand(body: str, last: str) -> None:
    right = uscc.calc_check_digit(body)
    assert BUSINESS_KIND.check(BUSINESS | {"unified_code": body + right}, NOW)["unified_code"] == body + right
    assert last == right or "unified_code" in refused("business-license", unified_code=body + last)


def test_validity_follows_the_rule_of_the_kind() -> None:
    since = date(2028, 2, 29)
    food, permit = kinds.named("food-business-license"), kinds.named("residence-permit")
    assert food.valid_until(since, None, FOOD) == date(2033, 2, 28)
    assert permit.valid_until(date(2026, 11, 22), None, RESIDENCE) == date(2027, 11, 21)
    assert permit.valid_until(date(2026, 11, 22), date(2027, 1, 31), RESIDENCE) == date(2027, 1, 31)
    assert BUSINESS_KIND.valid_until(since, None, BUSINESS) is None
    assert BUSINESS_KIND.valid_until(since, None, BUSINESS | {"term_until": "2039-04-17"}) == date(2039, 4, 17)
    for kind, asked, given_fields in (
        (permit, date(2027, 11, 22), RESIDENCE),
        (permit, date(2026, 1, 1), RESIDENCE),
        (BUSINESS_KIND, date(2030, 1, 1), BUSINESS),
        (BUSINESS_KIND, None, BUSINESS | {"term_until": "2020-01-01"}),
    ):
        with pytest.raises(FieldsWrong):
            kind.valid_until(date(2026, 11, 22), asked, given_fields)


def test_only_the_named_agencies_issue() -> None:
    assert BUSINESS_KIND.may_issue("11880100DEM000049A")
    assert not BUSINESS_KIND.may_issue("11870000DEM000073H")


def test_others_see_a_person_masked() -> None:
    seen = kinds.named("residence-permit").masked(RESIDENCE)
    assert (seen["name"], seen["citizen_number"], seen["birth_date"]) == ("示*甲", "880*************15", "1985")
    assert "401" not in seen["registered_address"]


def test_a_card_code_shows_what_the_kind_says_and_a_static_one_nothing() -> None:
    assert BUSINESS_KIND.shown(BUSINESS) == {"name": "望舒示范餐饮有限公司"}
    assert kinds.named("residence-permit").shown(RESIDENCE) == {}


def test_number_and_holder_come_from_the_fields_that_the_kind_names() -> None:
    assert BUSINESS_KIND.number(BUSINESS, "20260000307") == "91880101DEM000081U"
    assert kinds.named("residence-permit").number(RESIDENCE, "20260000307") == "20260000307"
    assert kinds.named("residence-permit").holder(RESIDENCE).indexed == "111:880101198503120015"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sequence = 3", 'sequence = 3\ncolour = "red"'),
        ('holder_number_type = "111"', 'holder_number_type = "112"'),
        ('holder_name = "name"', 'holder_name = "nobody"'),
        ('code = "static"', 'code = "card"'),
        ('code = "static"', 'code = "none"'),
        ('mask = "year"', 'mask = "month"'),
        ('group = "permit"', 'group = "other"'),
        ('type = "past-date"', 'type = "moment"'),
        ('rule = "years"', 'rule = "moons"'),
        ("[style]", "[stile]"),
        ("[type]", "[type"),
        ('compare = ["name"', 'compare = ["nom"'),
    ],
)
def test_a_slip_in_a_kinds_file_is_found_when_it_is_read(old: str, new: str) -> None:
    assert kinds.read(HALF, "residence-permit").slug == "residence-permit"
    with pytest.raises(KindWrong):
        kinds.read(HALF.replace(old, new), "residence-permit")


@pytest.mark.parametrize(
    ("yuan", "written"),
    [
        (1, "人民币壹元整"),
        (105, "人民币壹佰零伍元整"),
        (10_500, "人民币壹万零伍佰元整"),
        (5_000_000, "人民币伍佰万元整"),
        (100_000_001, "人民币壹亿零壹元整"),
        (100_100_000, "人民币壹亿零壹拾万元整"),
        (1_234_567_890, "人民币壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元整"),
    ],
)
def test_a_sum_is_written_in_the_numerals_of_contracts(yuan: int, written: str) -> None:
    assert fields.capitals(yuan) == written
