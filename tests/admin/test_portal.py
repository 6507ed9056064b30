"""The portal: everybody's front door. What it shows, what it hides, and that whatever is asked of it, it answers."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from admin import portal
from admin.model.item import LifeEvent, ServiceItem, State
from admin.store import items as store
from admin.web.portal import MARKS
from deploy.demo.seed import seed
from hub import callers, clock, i18n
from hub.callers import Caller
from hub.house import House, open_house
from hub.settings import Settings
from licenses.issue import issue
from licenses.model import Application
from tests.conftest import settings_for
from tests.licenses.samples import BUSINESS

MARKET = "11880100DEM000049A"
FOOD = f"{MARKET}-0001"
WEDDING = "11870100DEM000065U-0002"
PERMIT = "11870100DEM000065U-0001"
PAGES = ("/", "/services", f"/services/{FOOD}", "/departments", "/departments/11880100DEM000049A", "/kinds", "/status")


@pytest.fixture(scope="module")
def seeded(template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with the demo's departments and services, to copy from: their seals take seconds to make."""
    folder = tmp_path_factory.mktemp("seeded")
    shutil.copytree(template, folder / "data")
    opened = open_house(settings_for(folder / "data", valkey_url))
    sites = {"market": (folder / "m.json", "http://localhost:1"), "civil": (folder / "c.json", "http://localhost:2")}
    seed(opened, sites, clock.now())
    opened.close()
    return folder / "data"


@pytest.fixture
def settings(seeded: Path, tmp_path: Path, valkey_url: str) -> Settings:
    """Settings of a copy of it."""
    shutil.copytree(seeded, tmp_path / "data")
    return settings_for(tmp_path / "data", valkey_url)


@pytest.fixture
def demo(house: House) -> House:
    """That copy, open."""
    return house


def item(house: House, code: str) -> ServiceItem:
    with house.database.read() as db:
        return store.item(db, code)


def change(house: House, code: str, **changes: Any) -> None:
    with house.database.write() as db:
        store.keep(db, replace(store.item(db, code), **changes))


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_everybody_in_both_languages(
    demo: House, client: FlaskClient, page: str, language: str
) -> None:
    answer = client.get(f"{page}?lang={language}")
    assert answer.status_code == 200, answer.text
    assert f'lang="{language}"' in answer.text
    assert "<script" not in answer.text or "vitals" in answer.text


def test_the_front_door_counts_what_is_there(demo: House, client: FlaskClient) -> None:
    text = client.get("/", headers={"Accept-Language": "en"}).text
    with demo.database.read() as db:
        shown = store.public(db)
    assert f"<strong>{len(shown)}</strong> <span>services</span>" in text
    assert f"<strong>{sum(one.online for one in shown)}</strong>" in text
    for event in {one.life_event for one in shown}:
        assert f"/services?life={event.value}" in text


def test_every_moment_of_life_has_its_mark_and_its_words(app: Flask) -> None:
    assert set(MARKS) == set(LifeEvent)
    assert len(set(MARKS.values())) == len(MARKS)
    template = (Path(__file__).parents[2] / "admin/templates/admin/service_parts.html").read_text("utf-8")
    assert all(f'value == "{event}"' in template for event in LifeEvent if event is not LifeEvent.retirement)


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=restaurant", FOOD, WEDDING),
        ("q=开饭店", FOOD, WEDDING),
        ("life=marry", WEDDING, FOOD),
        ("for=company", FOOD, WEDDING),
        ("for=person", WEDDING, FOOD),
        ("agency=11870100DEM000065U", WEDDING, FOOD),
        ("online=yes", FOOD, WEDDING),
        ("q=证&for=company&life=start-a-business", FOOD, PERMIT),
    ],
)
def test_services_are_found_by_words_and_by_choice(
    demo: House, client: FlaskClient, query: str, there: str, not_there: str
) -> None:
    text = client.get(f"/services?{query}").text
    assert f'href="/services/{there}"' in text
    assert f'href="/services/{not_there}"' not in text


def test_no_result_is_a_page_with_ways_on(demo: House, client: FlaskClient) -> None:
    text = client.get("/services?q=submarine", headers={"Accept-Language": "en"}).text
    assert "Nothing was found" in text
    assert 'href="/departments"' in text
    assert 'value="submarine"' in text


@pytest.mark.parametrize(
    "query",
    ["q=%3Cscript%3Ealert(1)%3C/script%3E", "q=%22onmouseover%3D1", "life=%01", "page=-1", "page=99999999", "page=x"],
)
def test_a_hostile_question_is_a_harmless_page(demo: House, client: FlaskClient, query: str) -> None:
    answer = client.get(f"/services?{query}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert '"onmouseover' not in answer.text


@given(
    query=st.dictionaries(
        st.sampled_from(["q", "life", "for", "agency", "online", "page", "lang", "x"]),
        st.text(max_size=100) | st.sampled_from(["person", "marry", "yes", "2"]),
    )
)
@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_the_list_answers(demo: House, client: FlaskClient, query: dict[str, str]) -> None:
    kept = all("\0" not in text for text in query.values())  # what no database can keep is refused at the door
    assert client.get("/services", query_string=query).status_code in ((200,) if kept else (200, 400))


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.draft},
        {"state": State.ended},
        {"state": State.replaced},
        {"hidden": True, "hidden_basis": "《保守国家秘密法》"},
    ],
    ids=["draft", "ended", "replaced", "hidden"],
)
def test_what_is_not_in_force_or_hidden_is_nowhere(demo: House, client: FlaskClient, changes: dict[str, Any]) -> None:
    change(demo, FOOD, **changes)
    assert client.get(f"/services/{FOOD}").status_code == 404
    for page in ("/services", "/services?q=食品经营许可证", "/departments/11880100DEM000049A", "/kinds", "/"):
        assert FOOD not in client.get(page).text


@pytest.mark.parametrize("code", ["nothing", f"{FOOD}x", "%00", "../../etc"])
def test_an_unknown_service_or_department_is_not_found(demo: House, client: FlaskClient, code: str) -> None:
    assert client.get(f"/services/{code}").status_code == 404
    assert client.get(f"/departments/{code}").status_code == 404


def test_apply_leads_here_or_to_the_department_or_says_why_not(demo: House, client: FlaskClient) -> None:
    assert f'href="/my/cases/new/{FOOD}"' in client.get(f"/services/{FOOD}").text
    assert 'href="http://localhost:2/sign-in"' in client.get(f"/services/{PERMIT}").text
    offline = client.get(f"/services/{WEDDING}").text
    assert "第一千零四十九条" in offline
    assert "/my/cases/new" not in offline


def test_who_is_signed_in_sees_which_license_he_holds_already(demo: House, client: FlaskClient, now: datetime) -> None:
    office = Caller(client="market", agency=MARKET, place="hub/880000/880100")
    license = issue(
        demo, Application("business-license", BUSINESS, MARKET), caller=office, idempotency_key="1", now=now
    )
    holder = license.holder_key
    for keys, words in (((holder,), "您已持有"), (("another",), "您的证照中没有")):
        who = Caller(person="p1", level=2, amr=("pwd",), auth_time=now, sid="s", holder_keys=keys)
        with demo.database.write() as db:
            client.set_cookie(demo.settings.cookie("my"), callers.open_session(db, "my", who, now=now, hours=1))
        assert words in client.get(f"/services/{FOOD}").text
    assert portal.held(demo, Caller(person="p1", holder_keys=(holder,)), item(demo, FOOD), now)
    assert not portal.held(demo, None, item(demo, FOOD), now)


def test_a_kind_shows_its_fields_and_who_issues_it(demo: House, client: FlaskClient) -> None:
    text = client.get("/kinds").text
    for words in (
        "营业执照",
        "食品经营许可证",
        "居住证",
        "/wallet/device/residence-permit.svg",
        "栖云市市场监督管理局",
    ):
        assert words in text


def test_the_words_of_the_portal_are_not_those_of_programmers(demo: House, client: FlaskClient) -> None:
    text = "".join(client.get(page, headers={"Accept-Language": "en"}).text for page in PAGES)
    for word in ("SQLite", "PostgreSQL", "Redis", "Valkey", "database", "OIDC", "client_id"):
        assert word not in text
    assert i18n.LANGUAGES
