"""Names: kept as given, compared by their key, never cut, and nobody is turned away because of a rare character."""

import contextlib
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from idp import names
from idp.names import CharacterMissing, NameWrong, PrivateCharacter

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


@pytest.mark.parametrize(
    "name",
    [
        "\u0628\u0647\u0631\u0627\u0645 \u0646\u0645\u0648\u0646\u06d5",  # Uyghur letters
        "\u0628\u0647\u200c\u0646\u0645",  # with a joiner that shapes its neighbours
        "\u0f56\u0f66\u0fa1\u0f53\u0f0b\u0f60\u0f5b\u0f72\u0f53\u0f0b",  # Tibetan, its syllables marked
        "\u182a\u1820\u1832\u1824\u180b",  # Mongolian, with a selector
        "\ua00a\ua0b7",  # Yi
        "Sawcuengh S\u0268",  # Zhuang
    ],
)
def test_names_in_the_scripts_of_minorities_are_kept_as_given(name: str) -> None:
    assert names.given(name) == name


@pytest.mark.parametrize("name", ["SUHARTO", "金", "示\U0002ebf0", "\U00031350", "\U000323b0例"])
def test_a_name_of_one_field_or_of_the_newest_characters_is_kept(name: str) -> None:
    """Python 3.11 knows Unicode 14; extension I, for people's names, came with 15.1."""
    assert names.given(name) == name


@pytest.mark.parametrize(
    "name", ["不\uf967", "\U0002f800示", "示\U000e0100例", "e\u0301va", "ＳＡＭＰＬＥ", "示\u3000例"]
)
def test_no_normal_form_changes_what_is_printed(name: str) -> None:
    assert names.given(name) == name


@pytest.mark.parametrize("dot", [*names.LOOK_ALIKES, ".", "\u3002", "\ufe52", "\uff61"])
def test_every_look_alike_becomes_the_one_separator(dot: str) -> None:
    assert names.given(f"买买提示例{dot}阿卜杜示例") == f"买买提示例{DOT}阿卜杜示例"


def test_the_full_stop_of_a_latin_name_is_no_separator() -> None:
    assert names.given("S. PERSON JR.") == "S. PERSON JR."


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


@pytest.mark.parametrize("private", ["\uf8ff", "\ue000", "\U000f0000", "\U0010fffd"])
def test_an_unknown_private_code_is_refused_without_a_guess(private: str) -> None:
    for name in (f"示{private}", f"示{private}\ue863"):  # nor is half of it guessed
        with pytest.raises(PrivateCharacter) as refused:
            names.given(name)
        assert refused.value.suggestion == ""
        assert refused.value.values["at"] == 2


def test_a_private_code_of_a_radical_is_refused_without_a_guess() -> None:
    with pytest.raises(PrivateCharacter) as refused:
        names.given("示\ue815")  # it was U+2E81, no character of any name
    assert refused.value.suggestion == ""


def test_the_table_of_private_codes_knows_the_whole_row_and_leads_to_no_other_private_code() -> None:
    assert len(names.PRIVATE) == 80
    assert names.PRIVATE[0xE863] == "\u4dae"
    assert names.PRIVATE[0xE81E] == "\u9fb4"  # as the 2022 edition has it
    assert not [sign for sign in names.PRIVATE.values() if unicodedata.category(sign) == "Co"]
    assert len(set(names.PRIVATE.values())) == 80


@pytest.mark.parametrize("sign", [*"□■〓?？*＊_\ufffd", "\u2ff0火星", "\u303e"])
def test_a_sign_that_stands_in_for_a_character_is_refused_as_such(sign: str) -> None:
    with pytest.raises(CharacterMissing) as refused:
        names.given(f"示{sign}")
    assert refused.value.suggestion == ""


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("\u2f00示", "一示"),  # a radical of the dictionary that looks like a character
        ("\u2ef3示", "\u9f9f示"),
        ("\u2e8c示", ""),
        ("示\u200b例", "示例"),
        ("\ufeff示例", "示例"),
        ("示例\u202e甲", "示例甲"),
        ("SAMPLE\u00a0PERSON", "SAMPLE PERSON"),
        ("SAMPLE\u2009PERSON", "SAMPLE PERSON"),
        ("示\u3164例", "示例"),  # a letter that prints nothing
        ("示\u200c例", "示例"),  # this shapes no neighbours
        ("PERSON<<SAMPLE", "PERSON SAMPLE"),
        ("P<UTOPERSON<<SAMPLE<LONG".ljust(44, "<"), "PERSON SAMPLE LONG"),
        ("<<<", ""),
        ("person<sample", ""),
        ("\u2f00\ue863\u200b", "一\u4dae"),  # all at once
        ("\u200b", ""),
        ("\u3164", ""),
    ],
)
def test_what_was_meant_is_suggested_and_never_taken_by_itself(typed: str, suggestion: str) -> None:
    with pytest.raises(NameWrong) as refused:
        names.given(typed)
    assert refused.value.suggestion == suggestion
    assert not suggestion or names.given(suggestion) == suggestion


def test_a_passport_s_name_is_kept_in_its_capitals() -> None:
    assert names.given("SAMPLE PERSON") == "SAMPLE PERSON"
    assert names.given("PERSON, Sample") == "PERSON, Sample"


@given(st.text(max_size=120))
def test_whatever_is_typed_a_name_is_kept_or_refused(text: str) -> None:
    with contextlib.suppress(NameWrong):
        kept = names.given(text)
        assert names.given(kept) == kept
        assert names.same(kept, text.strip())


@given(st.text(st.characters(min_codepoint=0x20000, max_codepoint=0x3FFFD), min_size=1, max_size=50))
def test_a_name_beyond_the_first_plane_is_kept_or_is_of_no_character(text: str) -> None:
    if "\U0002fffe" not in text and "\U0002ffff" not in text:
        assert names.given(text) == text


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=25))
def test_a_name_of_twenty_five_ideographs_is_kept_whole(text: str) -> None:
    assert names.given(text) == text


@example("AAAAAAA AAAAAAA AAAAAAA AAAAAAA AAAAAA")
@given(st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=7), min_size=1, max_size=5).map(" ".join))
def test_a_name_of_the_machine_readable_zone_is_read_as_the_printed_one(printed: str) -> None:
    line = printed.replace(" ", "<<", 1).replace(" ", "<")
    assume(len(line) <= 39)  # the room for a name in the first line of a passport (ICAO 9303-4)
    for typed in (line + "<", f"P<UTO{line}".ljust(44, "<")):
        with pytest.raises(NameWrong) as refused:
            names.given(typed)
        assert refused.value.suggestion == printed
    assert names.same(line, printed)


@given(st.text("示例甲A \u00b7", max_size=20), st.sampled_from(sorted(names.PRIVATE)))
def test_a_private_code_is_never_taken_and_a_suggestion_can_be_sent_again(text: str, private: int) -> None:
    with pytest.raises(PrivateCharacter) as refused:
        names.given(text + chr(private))
    if refused.value.suggestion:
        assert names.given(refused.value.suggestion) == refused.value.suggestion
        assert names.same(refused.value.suggestion, text + chr(private))


@given(st.text(max_size=60) | st.text("示A<\u2f00\u2e8c\ue863\u200b\u00a0\u3164\u202e .,\u00b7", max_size=12))
def test_a_suggestion_is_a_name_that_can_be_taken(text: str) -> None:
    try:
        names.given(text)
    except NameWrong as refused:
        suggestion = refused.suggestion
    else:
        return
    assert not suggestion or names.given(suggestion) == suggestion != text
    assert names.mended(names.mended(text)) == names.mended(text)
