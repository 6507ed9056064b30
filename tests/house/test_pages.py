"""The pages of docs/ say what the code does."""

import re
from itertools import pairwise

import pytest

from hub.house import House
from tests.house import pages, source


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    assert (source.ROOT / name).read_text(encoding="utf-8") == pages.PAGES[name](), "run `make docs`"


def test_every_problem_tells_its_reader_what_to_do() -> None:
    silent = [kind.__qualname__ for kind in pages.problems() if kind.status < 500 and not (kind.title and kind.advice)]
    assert not silent


def test_codes_of_problems_are_unique() -> None:
    codes = sorted(pages.code(kind) for kind in pages.problems())
    assert not [one for one, other in pairwise(codes) if one == other]


def test_the_page_of_keys_names_every_key_of_an_installation(house: House) -> None:
    rows = [row.split("|")[1:5] for row in keys_page()[0]]
    documented = {tuple(cell.strip(" `") for cell in row[:2]): row[3].strip() for row in rows}
    for path in house.keys.folder.glob("*.json"):
        name = path.stem
        about = house.keys.jwk(name)
        algorithm = about.get("crv") or f"RSA-{len(about['n']) * 6 // 8 * 8}"
        matching = [stated for (key, _), stated in documented.items() if re.fullmatch(pattern(key), name)]
        assert matching, f"docs/keys.md does not know {name}"
        assert matching[0] == algorithm, name
    for name, purpose in documented:
        assert "<" in name or name in house.keys.named(purpose), f"an installation has no {name}"


def test_the_page_of_keys_names_every_secret_in_the_code() -> None:
    documented = [pattern(row.split("|")[1].strip(" `")) for row in keys_page()[1]]
    used = set()
    for path in source.python(*source.ROOMS, "app.py"):
        used |= set(re.findall(r'\.secret\(f?"([^"]+)"\)', path.read_text(encoding="utf-8")))
    plain = {re.sub(r"\{[^}]*\}", "x", name) for name in used}
    assert not [name for name in plain if not any(re.fullmatch(known, name) for known in documented)]


def keys_page() -> tuple[list[str], list[str]]:
    """The rows of the two tables of docs/keys.md: keys, secrets."""
    keys, _, secrets = (source.ROOT / "docs/keys.md").read_text(encoding="utf-8").partition("## Secrets")
    return tuple([line for line in part.splitlines() if line.startswith("| `")] for part in (keys, secrets))  # type: ignore[return-value]


def pattern(name: str) -> str:
    """A documented name as a pattern: `<...>` stands for anything."""
    return re.sub(r"<[^>]+>", ".+", name)
