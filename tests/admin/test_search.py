"""Finding services: by what people say, in both languages, with slips; and whatever is typed, an answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.search import LONGEST, MOST_PARTS, Entry, find, fold, parts_of, slips
from deploy.demo.seed_services import ITEMS

ENTRIES = [
    Entry(
        item["code"],
        (
            (5, item["name"]),
            (5, item["name_en"]),
            *((4, word) for word in item["also"]),
            (1, item["summary"]),
            (1, item["summary_en"]),
        ),
    )
    for item in ITEMS
]
FOOD, RESIDENCE = "11880100DEM000049A-0001", "11870100DEM000065U-0001"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("食品经营许可证", FOOD),
        ("我要办理食品经营许可证", FOOD),
        ("食品经营许可", FOOD),
        ("食品许可证", FOOD),  # words left out
        ("开饭店", FOOD),
        ("怎么开餐馆", FOOD),
        ("食品经营许可政", FOOD),  # a wrong character
        ("food business license", FOOD),
        ("Food Licence", FOOD),  # as others spell it
        ("ＦＯＯＤ", FOOD),  # full width
        ("resturant", FOOD),
        ("restaurants", FOOD),
        ("I want to open a restaurant", FOOD),
        ("居住证", RESIDENCE),
        ("residence permit", RESIDENCE),
        ("residnece", RESIDENCE),
        ("permit residence", RESIDENCE),
        ("搬家", RESIDENCE),
        ("退休", "11880000DEM0000308-0002"),
        ("pension", "11880000DEM0000308-0002"),
        ("上户口", "11880000DEM000022D-0001"),
        ("结婚", "11870100DEM000065U-0002"),
        ("标书 婚姻登记", "11870100DEM000065U-0002"),
        ("买房", "11870000DEM000073H-0001"),
        ("当老师", "11880000DEM000129Q-0001"),
    ],
)
def test_what_people_say_leads_to_the_service(query: str, code: str) -> None:
    assert find(query, ENTRIES)[:1] == [code]


@pytest.mark.parametrize("query", ["潜水艇", "submarine", "zzzz", "我要办理", "how to apply for a", "！？", "☃"])
def test_what_is_not_there_is_not_found(query: str) -> None:
    assert find(query, ENTRIES) == []


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_nothing_typed_means_everything(query: str) -> None:
    assert len(find(query, ENTRIES)) == len(ENTRIES)


def test_what_matches_more_stands_first() -> None:
    found = find("business license", ENTRIES)
    assert {"11880100DEM000049A-0002", FOOD} <= set(found[:3])


def test_small_words_and_words_around_do_not_count() -> None:
    assert parts_of("I want to apply for a permit") == ("permit",)
    assert parts_of("我要办理居住证") == ("居住证",)
    assert parts_of("办 ID卡") == ("办", "卡", "id")


@pytest.mark.parametrize(
    ("one", "other", "most", "near"),
    [
        ("pension", "pension", 1, True),
        ("pensoin", "pension", 1, True),  # neighbours swapped
        ("penson", "pension", 1, True),
        ("pennsion", "pension", 1, True),
        ("panson", "pension", 1, False),
        ("panson", "pension", 2, True),
        ("job", "hotel", 1, False),
        ("居住", "居住证", 1, False),  # Chinese is compared by pairs
    ],
)
def test_a_slip_is_a_letter_or_two(one: str, other: str, most: int, near: object) -> None:
    assert slips(one, other, most) is near


words = st.text(alphabet="abcdé", max_size=8)


@given(words, words)
def test_slips_go_both_ways(one: str, other: str) -> None:
    if len(one) >= 3 and len(other) >= 3:
        assert slips(one, other, 2) == slips(other, one, 2)


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_whatever_is_typed_there_is_an_answer(query: str) -> None:
    found = find(query, ENTRIES)
    assert len(found) == len(set(found)) <= len(ENTRIES)
    assert len(parts_of(query)) <= MOST_PARTS
    assert all(len(part) <= 4 * LONGEST for part in parts_of(query))
    assert fold(fold(query)) == fold(query)


@given(st.sampled_from(ENTRIES), st.data())
def test_a_whole_name_always_finds_its_service(entry: Entry, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([text for worth, text in entry.texts if worth == 5]))
    assert entry.key in find(name, ENTRIES)
    assert entry.key in find(name.upper(), ENTRIES)
