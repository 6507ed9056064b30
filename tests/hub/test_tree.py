"""The tree of places: what a path means, and what is no path."""

import contextlib

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hub import tree
from hub.cli import place_group
from hub.house import House
from hub.problems import BadRequest, NotFound


@pytest.mark.parametrize(
    ("path", "kind", "region"),
    [
        ("hub", "hub", ""),
        ("hub/880000", "province", "880000"),
        ("hub/880000/880100", "city", "880100"),
        ("hub/880000/880100/880101", "county", "880101"),
        ("hub/ministry-of-trade", "ministry", ""),
    ],
)
def test_kind_and_region_follow_from_the_path(path: str, kind: str, region: str) -> None:
    assert tree.at(path, "名", "name") == tree.Place(path, kind, region, "名", "name")


@pytest.mark.parametrize(
    "path", ["", "/hub", "hub/", "hub//880000", "elsewhere", "hub/Trade", "hub/a b", "hub/trade/880100x", "hub/1/2/3/4"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadRequest):
        tree.at(path, "名", "name")


@given(st.text(max_size=40))
def test_no_text_is_more_than_a_place_or_a_refusal(path: str) -> None:
    with contextlib.suppress(BadRequest):
        assert tree.at(path, "", "").path == path


def test_a_place_needs_the_place_above_it(house: House) -> None:
    with pytest.raises(NotFound), house.database.write() as db:
        tree.keep(db, tree.at("hub/880000/880100", "栖云市", "Qiyun City"))


def test_an_operator_adds_places_and_sees_the_tree(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("data", "redis_url"):
        monkeypatch.setenv(f"YINXIN_{name.upper()}", str(getattr(house.settings, name)))
    said = CliRunner().invoke(place_group, ["add", "hub/880000", "云岚省", "--name-en", "Yunlan Province"])
    assert (said.exit_code, said.output) == (0, "hub/880000 云岚省\n")
    refused = CliRunner().invoke(place_group, ["add", "hub/870000/870100", "汐城市", "--name-en", "Xicheng"])
    assert refused.exit_code == 1
    assert "There is no place hub/870000 in the tree" in refused.output
    assert CliRunner().invoke(place_group, ["list"]).output.splitlines()[1:] == ["  880000  云岚省 (Yunlan Province)"]
