"""A seal's life in the browser: four officers on one page, each with what is his to do, on a telephone."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from admin.model.operator import Right
from deploy.demo.seed import PLACES
from hub import callers, clock, tree
from hub.caller import Caller
from seals import store as seals
from seals.model import Agency, State
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live
from tests.browser.presses import presses

HOUSING = Agency("11870000DEM000073H", "澜海省住房和城乡建设厅", "Lanhai Housing Department", "hub/870000")
SHOTS = os.environ.get("YINXIN_SHOTS", "")


@pytest.fixture
def officer(live: Live, browser: Browser) -> Callable[..., Page]:
    """A browser of an officer with one right, on a telephone."""
    with live.house.database.write() as db:
        for place in PLACES:
            tree.keep(db, place)
        seals.keep_agency(db, HOUSING)

    def sign_in(person: str, *rights: Right, language: str = "en") -> Page:
        now = clock.now()
        held = frozenset({"see", *(right.value for right in rights)})
        who = Caller(
            person=person, level=3, amr=("pwd", "otp", "mfa"), auth_time=now, sid=person, place="hub", rights=held
        )
        with live.house.database.write() as db:
            value = callers.open_session(db, "console", who, now=now, hours=1)
        locale = {"zh-Hans": "zh-CN"}.get(language, language)
        context = browser.new_context(locale=locale, viewport={"width": 320, "height": 640}, java_script_enabled=True)
        cookie: Any = {
            "name": live.house.settings.cookie("console"),
            "value": value,
            "domain": "localhost",
            "path": "/",
        }
        context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    return sign_in


def looked(page: Page, name: str) -> None:
    """Judge the page, and keep a picture of it for whoever wants one."""
    assert_accessible(page)
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-phone.png", full_page=True)
        page.set_viewport_size({"width": 1100, "height": 800})
        page.screenshot(path=f"{SHOTS}/{name}-desk.png", full_page=True)
        page.set_viewport_size({"width": 320, "height": 640})


def test_from_the_application_to_the_end_of_a_seal(live: Live, officer: Callable[..., Page]) -> None:
    owner = officer("jing", Right.seals, language="zh-Hans")
    owner.goto(f"{live.hub}/console/seals")
    presses(owner.get_by_role("link", name="申请印章"))
    looked(owner, "apply")
    owner.get_by_label("印章所有单位").select_option(HOUSING.code)
    owner.get_by_label("印章编码").fill("870000000001")
    presses(owner.get_by_role("button", name="提交申请"))
    expect(owner.get_by_role("alert")).to_contain_text("请填写依据文件")
    looked(owner, "apply-wrong")
    owner.get_by_label("印章编码").fill("8700000000017")
    owner.get_by_label("依据文件").fill("澜建〔2026〕17号")
    presses(owner.get_by_role("button", name="提交申请"))
    expect(owner.get_by_role("heading", level=1)).to_contain_text(HOUSING.name)
    url = owner.url
    looked(owner, "applied")

    others_take_their_steps(officer, url)
    leave_is_given(owner, url)
    owner.locator("summary", has_text="永久注销").click()
    owner.locator("#cancel_reason").fill("机构撤并")
    owner.locator("#cancel_document").fill("澜建〔2026〕30号")
    presses(owner.get_by_role("button", name="注销该印章"))
    expect(owner.locator(".yx-tag").first).to_have_text("已注销")
    looked(owner, "cancelled")
    with live.house.database.read() as db:
        assert [seal.state for seal in seals.seals(db, agency=HOUSING.code)] == [State.cancelled]
    owner.context.close()


def others_take_their_steps(officer: Callable[..., Page], url: str) -> None:
    for person, right, fields, button, after in (
        ("audit", Right.approve, {"decide_document": "2026-18"}, "Approve", "Approved, to be made"),
        ("make", Right.making, {}, "Make this seal", "Made, to be filed"),
        ("file", Right.filing, {"file_number": "GA-87-0042"}, "It is on file", "On file, not yet in use"),
        ("jing", Right.seals, {}, "Put it into use", "In use"),
    ):
        page = officer(person, right)
        page.goto(url)
        looked(page, person)
        for name, text in fields.items():
            page.locator(f"#{name}").fill(text)
        presses(page.get_by_role("button", name=button, exact=True))
        expect(page.locator(".yx-tag").first).to_have_text(after)
        page.context.close()


def leave_is_given(owner: Page, url: str) -> None:
    owner.goto(f"{url}#grants")
    owner.locator("summary", has_text="授权他人使用").click()
    owner.locator("#grantee").fill(HOUSING.code)
    owner.locator("#per_day").fill("20")
    looked(owner, "grant")
    presses(owner.get_by_role("button", name="授权", exact=True))
    owner.locator("summary", has_text="谁可以加盖").click()
    owner.locator("#purpose").fill("document")
    presses(owner.get_by_role("button", name="查询"))
    expect(owner.get_by_text("今天还可用 20 次")).to_be_visible()
    looked(owner, "who")


def test_the_gallery_and_what_i_can_seal(live: Live, officer: Callable[..., Page]) -> None:
    reader = officer("reader", language="zh-Hans")
    for path, name in (("seals/shapes", "shapes"), ("my-seals", "mine"), ("seals", "list")):
        reader.goto(f"{live.hub}/console/{path}")
        reader.wait_for_load_state("networkidle")
        looked(reader, name)
    reader.context.close()
