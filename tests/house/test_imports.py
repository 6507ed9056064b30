"""Imports point down the house, and inside a room from the edge to the noun."""

import sys
from fnmatch import fnmatch

import pytest

from tests.house import source
from tests.house.source import ROOMS, Import

BELOW = {
    "hub": set[str](),
    "certs": {"hub"},
    "seals": {"hub", "certs"},
    "licenses": {"hub", "certs", "seals"},
    "verification": {"hub", "certs", "seals", "licenses"},
    "idp": {"hub"},
    "admin": {"hub", "certs", "seals", "licenses", "verification", "idp"},
}
EDGES = ("web", "web_*", "api", "api_*", "cli", "endpoints", "endpoints_*", "pages")


def role(path: str) -> str:
    """What the name of a file says it is: init, model, store, edge or verb."""
    parts = path.split("/")[1:]
    first = parts[0].removesuffix(".py")
    if parts == ["__init__.py"]:
        return "init"
    if first in {"model", "store"}:
        return first
    return "edge" if any(fnmatch(first, edge) for edge in EDGES) else "verb"


def within(imported: Import) -> str:
    """The role of what is imported from the same room; empty if it comes from elsewhere."""
    room = imported.path.split("/")[0]
    parts = imported.name.split(".")
    if parts[0] != room or len(parts) < 2:
        return ""
    module = (source.ROOT / room / parts[1]).with_suffix(".py")
    package = source.ROOT / room / parts[1]
    return role(f"{room}/{parts[1]}") if module.is_file() or package.is_dir() else ""


def every_import(room: str, *roles: str) -> list[Import]:
    found = [imported for path in source.python(room) for imported in source.imports(path)]
    return [imported for imported in found if not roles or role(imported.path) in roles]


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_down(room: str) -> None:
    above = set(ROOMS) - BELOW[room] - {room}
    assert not [str(imported) for imported in every_import(room) if imported.name.split(".")[0] in above | {"yinxin"}]


@pytest.mark.parametrize("room", [*ROOMS, "yinxin"])
def test_nobody_imports_the_front_door_or_the_tests(room: str) -> None:
    assert not [str(found) for found in every_import(room) if found.name.split(".")[0] in {"app", "tests", "bench"}]


def test_the_public_face_shows_what_outsiders_need_and_nothing_of_the_house_behind() -> None:
    assert not [
        str(found) for found in every_import("yinxin") if found.name.split(".")[0] in {"admin", "seals", "certs"}
    ]


def test_the_demo_sites_and_the_register_are_outsiders() -> None:
    sites = [path for path in source.python("deploy") if path.parent.parent.name == "demo"]
    found = [imported for path in sites for imported in source.imports(path)]
    assert not [str(imported) for imported in found if imported.name.split(".")[0] in {*ROOMS, "app"}]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_s_init_is_words(room: str) -> None:
    assert not [str(imported) for imported in every_import(room, "init")]


@pytest.mark.parametrize("room", ROOMS)
def test_a_model_knows_the_standard_library_and_problems(room: str) -> None:
    def may(name: str) -> bool:
        return name.split(".", maxsplit=1)[0] in sys.stdlib_module_names or name.startswith(
            ("hub.problems", f"{room}.model")
        )

    assert not [str(imported) for imported in every_import(room, "model") if not may(imported.name)]


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "hub"])
def test_a_store_knows_the_nouns_and_no_verb(room: str) -> None:
    assert not [str(imported) for imported in every_import(room, "store") if within(imported) in {"verb", "edge"}]


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "hub"])
def test_a_verb_does_not_know_who_calls(room: str) -> None:
    assert not [str(imported) for imported in every_import(room, "verb") if within(imported) == "edge"]
