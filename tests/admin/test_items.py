"""Service items: every rule of their description, their versions as rows, and the items that the demo starts with."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from admin.model.item import (
    RULES,
    Access,
    Audience,
    ItemWrong,
    LifeEvent,
    NoItem,
    ServiceItem,
    State,
    safe_url,
)
from admin.store import items
from deploy.demo.seed import seed
from hub.house import House
from hub.tree import Place, keep
from licenses import kinds

MARKET, QIYUN = "11880100DEM000049A", "hub/880000/880100"
ITEM = ServiceItem(
    code=f"{MARKET}-0009",
    name="小餐饮登记",
    name_en="Small food business",
    agency=MARKET,
    place=QIYUN,
    region="880100",
    life_event=LifeEvent.business,
    audience=Audience.company,
    level=2,
    kind="",
    licenses=(),
    materials=("照片",),
    materials_en=("A photograph",),
    legal_basis="《食品安全法》第三十六条",
    legal_basis_en="Food Safety Law, Article 36",
    promised_days=5,
    statutory_days=10,
    online=True,
)


def test_a_good_item_keeps_every_rule() -> None:
    assert ITEM.checked() is ITEM
    assert ITEM.here


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("code", {"code": "11880100DEM0000575-0009"}),  # another agency's
        ("code", {"code": f"{MARKET}-9"}),
        ("code", {"code": f"{MARKET}-0009/../x"}),
        ("name", {"name": ""}),
        ("name", {"name": "好\n的"}),
        ("name_en", {"name_en": " "}),
        ("summary", {"summary": "好" * 501}),
        ("summary_en", {"summary_en": "x\x00"}),
        ("level", {"level": 0}),
        ("level", {"level": 4}),
        ("legal_basis", {"legal_basis": ""}),
        ("legal_basis_en", {"legal_basis_en": "law"}),
        ("statutory_days", {"statutory_days": -1, "promised_days": -1}),
        ("statutory_days", {"statutory_days": 366}),
        ("promised_days", {"promised_days": 11}),
        ("materials", {"materials": ("",), "materials_en": ("a",)}),
        ("materials", {"materials": ("a",) * 21, "materials_en": ("a",) * 21}),
        ("materials_en", {"materials_en": ()}),
        ("also", {"also": ("x" * 41,)}),
        ("url", {"url": "http://elsewhere.example/"}),
        ("url", {"url": "javascript:alert(1)"}),
        ("url", {"online": False, "offline_basis": "《民法典》第1049条", "url": "https://x.example/"}),
        ("offline_basis", {"online": False}),
        ("offline_basis", {"online": False, "offline_basis": "   "}),
        ("hidden_basis", {"hidden": True}),
        ("access", {"client": "somebody"}),
        ("access", {"access": Access(("https://x.example/",), ())}),
    ],
)
def test_each_rule_refuses_and_names_its_field(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ItemWrong) as refused:
        replace(ITEM, **changes).checked()
    assert field in refused.value.fields


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ItemWrong) as refused:
        replace(ITEM, name="", level=9, promised_days=99).checked()
    assert refused.value.fields == ("name", "level", "promised_days")
    assert {name for name, _ in RULES} >= set(refused.value.fields)


@pytest.mark.parametrize(
    "url",
    ["https://a@b.example/", "https:///x", "https://x.example/ y", "ftp://x.example/", "//x.example", "https://[", "x"],
)
def test_an_address_that_could_mislead_is_refused(url: str) -> None:
    assert not safe_url(url)


def test_an_item_that_cannot_be_online_cites_why() -> None:
    assert replace(ITEM, online=False, offline_basis="《民法典》第1049条").checked().here is False


@pytest.fixture
def place(house_on: House) -> House:
    with house_on.database.write() as db:
        for path in ("hub/880000", QIYUN, "hub/870000"):
            keep(db, Place(path, "place", path[-6:], path, path))
    return house_on


def test_every_field_comes_back_from_the_database(place: House, now: datetime) -> None:
    access = Access(("https://x.example/cb",), ({"kty": "EC", "crv": "P-256", "x": "a", "y": "b"},), purpose="办事")
    given = replace(ITEM, url="https://x.example/", access=access, also=("开店",), changed=now, changed_by="operator x")
    with place.database.write() as db:
        items.keep(db, given)
        assert items.item(db, ITEM.code) == given
        assert items.draft(db, ITEM.code) == given
        assert items.items(db) == [], "a draft is in force nowhere"


def test_the_version_in_force_stands_beside_its_next_draft(place: House, now: datetime) -> None:
    live = replace(ITEM, state=State.production, changed=now)
    with place.database.write() as db:
        items.keep(db, live)
        items.keep(db, replace(live.next(level=3), changed=now))
        assert items.item(db, ITEM.code).level == 2
        assert items.draft(db, ITEM.code) == replace(live.next(level=3), changed=now)
        items.replaced(db, ITEM.code, now)
        items.keep(db, replace(live.next(level=3), state=State.production, changed=now))
        assert [one.version for one in items.items(db)] == [2]
        assert items.version(db, ITEM.code, 1).state is State.replaced
        assert items.count(db) == {"production": 1, "replaced": 1}


def test_who_looks_from_elsewhere_finds_nothing(place: House, now: datetime) -> None:
    with place.database.write() as db:
        items.keep(db, replace(ITEM, state=State.production, changed=now))
        assert items.items(db, "hub/870000") == []
        assert items.items(db, "hub/88") == [], "a scope is a place, not the beginning of a name"
        assert [one.code for one in items.items(db, "hub/880000", life_event=LifeEvent.business)] == [ITEM.code]
        for scope in ("hub/870000", "hub/88"):
            with pytest.raises(NoItem):
                items.item(db, ITEM.code, scope)
        with pytest.raises(NoItem):
            items.version(db, ITEM.code, 2)


def test_the_demo_offers_what_the_six_departments_do(house: House, tmp_path: Path, now: datetime) -> None:
    sites = {
        name: (tmp_path / f"{name}.json", f"http://localhost:{port}") for name, port in (("market", 1), ("civil", 2))
    }
    seed(house, sites, now)
    seed(house, sites, now)
    with house.database.read() as db:
        found = items.items(db)
        assert len({one.agency for one in found}) == 7
        food = items.item(db, f"{MARKET}-0001")
        permit = items.item(db, "11870100DEM000065U-0001")
    assert {one.life_event for one in found} == set(LifeEvent)
    assert len(found) == len({one.code for one in found}) >= 8
    assert food.here
    assert food.kind == kinds.named("food-business-license").code
    assert food.level == 3
    assert (food.promised_days, food.statutory_days) == (10, 20)
    assert (permit.client, permit.url) == ("demo-civil", "http://localhost:2/sign-in")
