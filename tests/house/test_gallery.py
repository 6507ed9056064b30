"""docs/gallery: small enough for a repository, whole, and in both languages."""

import re

import pytest

from tests.house import source

FOLDER = source.ROOT / "docs/gallery"
MOST_BYTES = 6_000_000
PICTURES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.png"))


def test_the_pictures_are_small() -> None:
    assert sum((FOLDER / path).stat().st_size for path in PICTURES) < MOST_BYTES


def test_the_index_shows_each_picture() -> None:
    shown = re.findall(r'<img src="([^"]+)"', (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(shown) == PICTURES


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_each_page_is_shown_in_both_languages(size: str) -> None:
    titles = [
        {
            path.rpartition("/")[2]
            for path in PICTURES
            if path.startswith(f"{language}/") and path.endswith(f"-{size}.png")
        }
        for language in ("zh-Hans", "en")
    ]
    assert titles[0] == titles[1]
    assert len(titles[0]) > 40
