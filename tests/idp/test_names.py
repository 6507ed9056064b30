"""Names: kept as given, compared by their key, never cut, and nobody is turned away because of a rare character."""

import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp import names
from idp.names import NameWrong

DOT = "\u00b7"


@pytest.mark.parametrize(
    "name", ["示例甲", "欧阳示例", "示\u4dae", "\U0002cc56示例", "SAMPLE PERSON", "O'Brien-Jürgens", "示〇", "金"]
)
def test_a_name_is_kept_as_given(name: str) -> None:
    assert names.given(f"  {name} ") == name


def test_a_name_of_fifty_characters_is_taken() -> None:
    long = f"买买提示例{DOT}阿卜杜示例" * 4
    assert names.given(long[:50]) == long[:50]
    assert names.given("\U0002cc56" * names.LENGTH)  # counted by character, not by byte
    with pytest.raises(NameWrong):
        names.given("示" * (names.LENGTH + 1))


@pytest.mark.parametrize("dot", list("\u0387\u2022\u2024\u2027\u2219\u22c5\u2e31\u30fb\uff65\uff0e"))
def test_every_look_alike_becomes_the_one_separator(dot: str) -> None:
    assert names.given(f"买买提示例{dot}阿卜杜示例") == f"买买提示例{DOT}阿卜杜示例"
    assert names.same(f"买买提示例{dot}阿卜杜示例", f"买买提示例{DOT}阿卜杜示例")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        DOT,
        "示例\n甲",
        "示例\u202e甲",
        "示例1",
        "示例\x00",
        "示<甲",
        "示例😀",
        "示\ud800例",
        "\u200b示例",
        "示例@",
    ],
    ids=repr,
)
def test_what_cannot_stand_in_a_name_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(NameWrong):
        names.given(name)


def test_an_old_private_code_is_answered_with_the_true_character() -> None:
    with pytest.raises(NameWrong) as refused:
        names.given("示\ue863")
    assert refused.value.suggestion == "示\u4dae"
    assert names.given(refused.value.suggestion) == "示\u4dae"
    assert names.same("示\ue863", "示\u4dae")  # an old record still matches


def test_an_unknown_private_code_is_refused_without_a_guess() -> None:
    with pytest.raises(NameWrong) as refused:
        names.given("示\uf8ff")
    assert refused.value.suggestion == ""


def test_the_table_of_private_codes_knows_the_whole_row_and_leads_to_no_other_private_code() -> None:
    assert len(names.PRIVATE) == 80
    assert names.PRIVATE[0xE863] == "\u4dae"
    assert names.PRIVATE[0xE81E] == "\u9fb4"  # as the 2022 edition has it
    assert not [sign for sign in names.PRIVATE.values() if unicodedata.category(sign) == "Co"]
    assert len(set(names.PRIVATE.values())) == 80


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("不\uf967", "不不"),  # compatibility ideograph
        ("示\U000e0100例", "示例"),  # variation selector
        ("\u2f00示", "一示"),  # Kangxi radical
        ("ＳＡＭＰＬＥ ＰＥＲＳＯＮ", "Sample Person"),
        ("PERSON, SAMPLE", "sample person"),
        ("示例 甲", "示例甲"),
        ("示\u3000例", "示例"),
        ("O\u2019Brien", "O'BRIEN"),
        ("e\u0301va", "\u00c9VA"),
    ],
)
def test_two_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert names.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("示例甲", "示例乙"),
        (f"示{DOT}例", "示例"),
        ("\ufa0e示", "示\ufa0e"),
        ("SAMPLE PERSON", "SAMPLE PERSONS"),
        ("\u4dae", "龙天"),
    ],
)
def test_two_names_have_two_keys(one: str, other: str) -> None:
    assert not names.same(one, other)


def test_the_real_characters_of_the_compatibility_block_stay() -> None:
    assert names.match_key("\ufa0e") == "\ufa0e"


def test_brackets_of_either_width_are_one_in_the_name_of_a_company() -> None:
    assert names.organization_key("望舒（示范）有限公司") == names.organization_key("望舒(示范)有限公司")


@given(st.text(max_size=120))
def test_whatever_is_typed_a_name_is_kept_or_refused(text: str) -> None:
    with contextlib.suppress(NameWrong):
        kept = names.given(text)
        assert names.given(kept) == kept
        assert names.same(kept, text.strip())


@given(st.text(max_size=20), st.sampled_from(sorted(names.PRIVATE)))
def test_a_suggestion_can_be_sent_again(text: str, private: int) -> None:
    with contextlib.suppress(NameWrong):
        kept = names.given(text)
        with pytest.raises(NameWrong) as refused:
            names.given((kept + chr(private))[-names.LENGTH :])
        assert names.given(refused.value.suggestion)


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(text: str) -> None:
    assert names.match_key(names.match_key(text)) == names.match_key(text)
