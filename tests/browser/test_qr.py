"""A phone lets a computer in: two real browsers, the code read from the picture, in both languages, with and without script."""

import secrets
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from hub import clock
from idp.model.qr import SHOWN
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.browser.story import prove, register

PHONE, COMPUTER = 360, 1280
WORDS = {
    "zh-Hans": ("用手机扫码登录", "请核对数字", "确认在另一台设备上登录？", "您已确认"),
    "en": ("Sign in with your phone", "Compare the number", "Sign in on another device?", "You agreed"),
}


def seen(page: Page) -> str:
    """What a camera reads on the screen."""
    shot = page.screenshot()
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(shot)))
    return str(found.text)


@pytest.fixture
def account() -> str:
    return f"phone.{secrets.token_hex(4)}"


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_phone_lets_a_computer_in(live: Live, visit: Visit, account: str, language: str) -> None:
    scan, compare, ask, agreed = WORDS[language]
    phone = visit(f"{live.hub}/register", width=PHONE, language=language)
    register(phone, live.hub, account)
    computer = visit(f"{live.hub}/login", width=COMPUTER, language=language)
    presses(computer.get_by_role("link", name=scan))
    expect(computer.locator("h1")).to_have_text(scan)
    assert_accessible(computer)
    link = seen(computer)
    assert link.startswith(f"{live.hub}/qr/")
    phone.goto(link)
    expect(phone.locator("h1")).to_have_text(ask)
    assert phone.url == f"{live.hub}/qr"  # the code has left the address line
    assert_accessible(phone)
    expect(computer.locator("h1")).to_have_text(compare)  # by itself
    assert_accessible(computer)
    number = computer.locator("#number").inner_text()
    presses(phone.get_by_role("button", name=number, exact=True))
    expect(phone.locator("h1")).to_have_text(agreed)
    assert_accessible(phone)
    computer.wait_for_url(f"{live.hub}/account")  # by itself
    expect(computer.locator("body")).to_contain_text(account)


def test_the_code_on_the_screen_changes_by_itself(live: Live, visit: Visit) -> None:
    computer = visit(f"{live.hub}/login/qr", width=COMPUTER)
    first = seen(computer)
    holder = computer.locator("[data-link]")
    with clock.shifted(SHOWN.total_seconds()):  # the server counts, the page asks it every two seconds
        expect(holder).not_to_have_attribute("href", first, timeout=20_000)
        assert seen(computer) == holder.get_attribute("href") != first


def test_without_script_it_works_with_one_more_tap(live: Live, visit: Visit, account: str) -> None:
    phone = visit(f"{live.hub}/register", width=PHONE, language="en", javascript=False)
    register(phone, live.hub, account)
    computer = visit(f"{live.hub}/login/qr", width=320, language="en", javascript=False)
    phone.goto(seen(computer))
    computer.reload()
    number = computer.locator("#number").inner_text()
    presses(phone.get_by_role("button", name=number, exact=True))
    computer.reload()
    presses(computer.get_by_role("button", name="Continue"))
    computer.wait_for_url(f"{live.hub}/account")


def test_who_says_no_is_heard_on_the_computer(live: Live, visit: Visit, account: str) -> None:
    phone = visit(f"{live.hub}/register", width=PHONE, language="en")
    register(phone, live.hub, account)
    computer = visit(f"{live.hub}/login/qr", width=320, language="en")
    phone.goto(computer.locator("[data-link]").get_attribute("href") or "")
    presses(phone.get_by_role("button", name="This was not me"))
    expect(phone.locator("h1")).to_have_text("Thank you. Nobody was signed in")
    assert_accessible(phone)
    expect(computer.locator("h1")).to_have_text("The phone refused")
    assert_accessible(computer)
    presses(computer.get_by_role("button", name="Show a new code"))
    expect(computer.locator("h1")).to_have_text("Sign in with your phone")


@pytest.mark.parametrize(("width", "language"), [(360, "zh-Hans"), (320, "en"), (1280, "zh-Hans")])
def test_the_pages_of_recovery_are_for_everyone(live: Live, pass_by: Visit, width: int, language: str) -> None:
    for path in ("/recover", "/recover/code", "/recover/account", "/login?flow=x.market", "/login/second"):
        assert_accessible(pass_by(f"{live.hub}{path}", width=width, language=language))


@pytest.mark.parametrize(("language", "width"), [("zh-Hans", 360), ("en", 1280)])
def test_who_forgot_the_password_comes_back(live: Live, visit: Visit, account: str, language: str, width: int) -> None:
    who = somebody(visit(live.register))
    owner = visit(f"{live.hub}/register", language=language)
    register(owner, live.hub, account)
    prove(owner, live.hub, who)
    owner.goto(f"{live.hub}/recover/stop")
    assert_accessible(owner)
    page = visit(f"{live.hub}/login", width=width, language=language)
    presses(page.locator("a[href='/recover']"))
    page.locator("#name").fill(who[0])
    page.locator("#number").fill(who[1])
    presses(page.locator("main button[type=submit]").first)
    presses(page.locator("button[value=match]"))
    page.wait_for_url(f"{live.hub}/recover/account")
    assert_accessible(page)
    page.locator("#password").fill("nine slow harbours beneath clouds")
    presses(page.locator("main button[type=submit]").first)
    expect(page.locator("dd").first).to_have_text(account)
    assert_accessible(page)
    owner.goto(f"{live.hub}/account")
    assert owner.url.startswith(f"{live.hub}/login")


def somebody(page: Page) -> tuple[str, str]:
    """Let the register make a person whom nobody else in these tests is."""
    presses(page.locator("form[action^='/people?'] button"))
    number = parse_qs(urlsplit(page.url).query)["made"][0]
    row = page.locator("tr", has_text=number).first
    return row.locator("td").first.inner_text().strip(), number
