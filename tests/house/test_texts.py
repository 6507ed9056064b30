"""Two languages, always both: every text has its Chinese, and no word stands outside translation."""

import ast
import re
from pathlib import Path

import pytest

from tests.house import source, texts
from tests.house.source import ROOMS

CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_has_its_chinese(room: str) -> None:
    known = texts.chinese("hub") | texts.chinese(room)
    words = [text for text in texts.used(room) if texts.WORD.search(re.sub(r"%\(\w+\)s", "", text.message))]
    assert not sorted(str(text) for text in words if not known.get(text.message))


@pytest.mark.parametrize("room", ROOMS)
def test_no_chinese_text_is_left_over(room: str) -> None:
    everywhere = {text.message for other in ROOMS for text in texts.used(other)}
    constants = {value for path in source.python(*ROOMS) for value in strings(path)}
    assert not sorted(set(texts.chinese(room)) - everywhere - constants)


@pytest.mark.parametrize("room", ROOMS)
def test_both_languages_have_the_same_places_for_values(room: str) -> None:
    pairs = texts.chinese(room).items()
    assert not [
        message for message, text in pairs if set(texts.PLACE.findall(message)) != set(texts.PLACE.findall(text))
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_each_place_for_a_value_is_written_whole(room: str) -> None:
    """`%(count)台` without its `s` breaks the page, in that language alone."""
    broken = re.compile(r"%\([^)]*\)(?!s)")
    assert not [text for pair in texts.chinese(room).items() for text in pair if broken.search(text)]


def test_a_text_means_the_same_in_every_room() -> None:
    meanings: dict[str, set[str]] = {}
    for path in source.ROOT.glob("*/translations/*.po"):
        for message, text in texts.entries(path).items():
            meanings.setdefault(message, set()).add(text)
    assert not {message: found for message, found in meanings.items() if len(found) > 1}


def test_a_text_stands_once_in_its_file() -> None:
    """A second entry would win over the first without a word."""
    for path in source.ROOT.glob("*/translations/*.po"):
        begun = path.read_text(encoding="utf-8").split('\nmsgid "')[1:]
        known = [entry.partition("\nmsgstr")[0] for entry in begun]
        assert len(known) == len(set(known)), (path, sorted({one for one in known if known.count(one) > 1}))


@pytest.mark.parametrize("room", ROOMS)
def test_message_ids_are_english_and_texts_chinese(room: str) -> None:
    pairs = texts.chinese(room).items()
    assert not [message for message, _ in pairs if CHINESE.search(message)]
    assert not [message for message, text in pairs if not CHINESE.search(text) and re.search("[a-z]{3} [a-z]{3}", text)]


def every_template() -> list[Path]:
    return [path for room in ROOMS for path in texts.templates(room)]


@pytest.mark.parametrize("path", every_template(), ids=source.relative)
def test_no_word_stands_in_a_template_outside_translation(path: Path) -> None:
    assert not texts.hard_coded(path)


@pytest.mark.parametrize("path", every_template(), ids=source.relative)
def test_no_mark_stands_in_a_template_outside_translation(path: Path) -> None:
    """Chinese has its own comma, colon, full stop and brackets (GB/T 15834)."""
    marks = [line.strip() for text in texts.plain(path) for line in text.splitlines() if re.search("[,.:;!?()]", line)]
    assert not marks, 'write {{ _(": ") }}, or " · " between two facts'


@pytest.mark.parametrize("path", every_template(), ids=source.relative)
def test_no_script_or_style_stands_in_a_template(path: Path) -> None:
    """The Content-Security-Policy would refuse it."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|\sstyle=|\son[a-z]+=", text)


def strings(path: Path) -> set[str]:
    """Every constant string in a file: a text may be chosen from a table before it is translated."""
    return {
        node.value
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
