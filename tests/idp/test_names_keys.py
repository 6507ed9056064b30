"""The match key: what two spellings of one name have in common, and nothing that two names have."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp import names

DOT = "\u00b7"
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FEF) | st.sampled_from("\u3007\u4dae\U0002cc56\U0002ebf0")
HAN_NAMES = st.text(HAN, min_size=1, max_size=25)
LATIN_WORDS = st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=8), min_size=1, max_size=4)
COMPATIBILITY = [
    chr(at)
    for at in (*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20))
    if unicodedata.category(chr(at)) == "Lo" and unicodedata.normalize("NFC", chr(at)) != chr(at)
]
STRANGE = st.text(
    st.characters(codec="utf-8")
    | st.sampled_from(
        "\u0149\u0345\u1fb3\u01f0\u0390\u00df'\u2019\u02bc-.\uff0e\u3002<, \u0301\u0323示\u2f00\u200c\ufe00\ue863\u0387"
    )
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("不\uf967", "不不"),  # compatibility ideograph
        ("\U0002f800示", "\u4e3d示"),
        ("示\U000e0100例", "示例"),  # variation selector
        ("示\ufe00例", "示例"),
        ("\u2f00示", "一示"),  # Kangxi radical
        ("\u2ef3示", "\u9f9f示"),
        ("ＳＡＭＰＬＥ ＰＥＲＳＯＮ", "Sample Person"),
        ("PERSON, SAMPLE", "sample person"),
        ("PERSON<<SAMPLE<<<<<", "Sample Person"),
        ("示例 甲", "示例甲"),
        ("示\u3000例", "示例"),
        ("O\u2019Brien", "O'BRIEN"),
        ("O'BRIEN SAMPLE", "OBRIEN<<SAMPLE"),  # Doc 9303-3: no apostrophe in the machine-readable zone
        ("JEAN-SAMPLE PERSON", "PERSON<<JEAN<SAMPLE"),  # and a filler for a hyphen
        ("S. PERSON", "S PERSON"),
        ("e\u0301va", "\u00c9VA"),
        ("买买提示例.阿卜杜示例", f"买买提示例{DOT}阿卜杜示例"),
        ("买买提示例 \u3002 阿卜杜示例", f"买买提示例{DOT}阿卜杜示例"),
        (f"买买提示例 {DOT} 阿卜杜示例", f"买买提示例{DOT}阿卜杜示例"),
        ("示\ue863", "示\u4dae"),
    ],
)
def test_two_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert names.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("示例甲", "示例乙"),
        (f"示{DOT}例", "示例"),
        (f"示{DOT}例甲", f"示例{DOT}甲"),
        ("\ufa0e示", "示\ufa0e"),
        ("SAMPLE PERSON", "SAMPLE PERSONS"),
        ("SAMPLE PERSON", "SAMPLE"),
        ("SAMPLE SAMPLE", "SAMPLE"),
        ("J\u00dcRGENS", "JURGENS"),  # no transliteration: papers do not agree on one
        ("J\u00dcRGENS", "JUERGENS"),
        ("\u4dae", "龙天"),
        ("示例馬", "示例马"),  # traditional and simplified are two characters
        ("", ""),
        ("-", "'"),
    ],
)
def test_two_names_have_two_keys_and_no_name_is_like_nothing(one: str, other: str) -> None:
    assert not names.same(one, other)


def test_every_compatibility_ideograph_matches_the_one_that_it_is_compatible_with() -> None:
    assert len(COMPATIBILITY) > 900
    for sign in COMPATIBILITY:
        assert names.same(f"示{sign}", f"示{unicodedata.normalize('NFC', sign)}")


def test_the_twelve_real_characters_of_the_compatibility_block_stay() -> None:
    real = [chr(at) for at in range(0xFA0E, 0xFA2A) if unicodedata.normalize("NFKC", chr(at)) == chr(at)]
    assert len(real) == 12
    assert [names.match_key(sign) for sign in real] == real


def test_brackets_of_either_width_are_one_in_the_name_of_a_company() -> None:
    assert names.organization_key("望舒（示范）有限公司") == names.organization_key("望舒(示范) 有限公司")
    assert names.organization_key("ＳＡＭＰＬＥ Ltd.") == names.organization_key("Sample LTD")
    assert names.organization_key("望舒示范") != names.organization_key("示范望舒")


def test_the_words_of_a_company_keep_their_order() -> None:
    assert names.organization_key("Bank of Sample") != names.organization_key("Sample of Bank")


def test_a_key_is_its_own_key_for_every_character() -> None:
    signs = [
        chr(at) for at in range(sys.maxunicode + 1) if unicodedata.category(chr(at)) not in {"Cn", "Cs", "Co", "Lo"}
    ]
    assert not [sign for sign in signs if names.match_key(names.match_key(sign)) != names.match_key(sign)]


@given(STRANGE)
def test_a_key_is_its_own_key(text: str) -> None:
    for key in (names.match_key, names.organization_key):
        assert key(key(text)) == key(text)


@given(HAN_NAMES, HAN_NAMES, st.sampled_from(names.LOOK_ALIKES), st.sampled_from(["", " ", "\u3000"]))
def test_the_separator_matches_whatever_was_typed_for_it(one: str, other: str, dot: str, blank: str) -> None:
    assert names.same(f"{one}{blank}{dot}{blank}{other}", f"{one}{DOT}{other}")
    assert not names.same(f"{one}{DOT}{other}", f"{one}{other}")


@given(HAN_NAMES, HAN_NAMES)
def test_plain_names_are_the_same_only_if_they_are_equal(one: str, other: str) -> None:
    assert names.same(one, other) == (one == other)


@given(LATIN_WORDS, st.data())
def test_the_order_of_latin_words_and_what_stands_between_them_do_not_matter(
    words: list[str], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(words))
    between = data.draw(st.sampled_from([" ", ", ", "<", "<<", "\u3000", "-"]))
    assert names.same(between.join(shuffled).lower(), " ".join(words))
    assert not names.same(" ".join(words), " ".join([*words, "X"]))


@given(LATIN_WORDS)
def test_the_width_of_latin_letters_does_not_matter(words: list[str]) -> None:
    wide = " ".join("".join(chr(ord(letter) + 0xFEE0) for letter in word) for word in words)
    assert names.same(wide, " ".join(words))
