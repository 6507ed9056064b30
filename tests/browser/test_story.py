"""The story in a real browser: two departments with one login, a license from the desk to the wallet to whoever checks it."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Visit
from tests.browser.presses import presses
from tests.world import World, world
from yinxin.tour.story import Sites

PASSWORD = "seven quiet lanterns upstream"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[World]:
    """The whole demo, with both departments."""
    with world(tmp_path_factory.mktemp("demo"), valkey_url, threaded=True) as made:
        yield made


class Walk:
    """One person's way through the pages. Each page on it is judged, if the browser runs scripts."""

    def __init__(self, sites: Sites, page: Page, *, judge: bool) -> None:
        self.sites, self.page, self._judge = sites, page, judge

    def at(self, pattern: str) -> None:
        """Arrive at a page, and judge it."""
        self.page.wait_for_url(re.compile(pattern))
        if self._judge:
            assert_accessible(self.page)

    def press(self, selector: str = "main form button") -> None:
        """Press the first button of that sort."""
        presses(self.page.locator(selector).first)

    def fresh_person(self) -> tuple[str, str]:
        """Let the register make somebody."""
        self.page.goto(self.sites.register)
        self.press('form[action^="/people"] button')
        name, number = self.page.locator("#made dd").all_inner_texts()
        return name, number

    def sign_in_with_new_account(self, person: tuple[str, str]) -> None:
        """From a department to an account, a proved name, and back."""
        self.page.goto(self.sites.market)
        self.at(f"^{self.sites.market}/$")
        self.press("main a.go")
        self.at("/login")
        self.press('main a[href*="/register"]')
        self.at("/register")
        self.page.locator("#account").fill(f"visitor.{secrets.token_hex(6)}")
        self.page.locator("#password").fill(PASSWORD)
        self.press()
        self.at("/realname")
        self.page.locator("#name").fill(person[0])
        self.page.locator("#number").fill(person[1])
        self.press()
        self.agree()
        self.is_welcome(self.sites.market, person[0])

    def agree(self) -> None:
        """Consent."""
        self.at("/consent")
        self.press("button[value=agree]")

    def is_welcome(self, site: str, name: str) -> None:
        """A department greets by name."""
        self.at(f"^{site}/$")
        expect(self.page.locator("h1")).to_contain_text(name)

    def issue(self) -> str:
        """A license from the desk, once with a slip; gives its number."""
        self.page.goto(f"{self.sites.civil}/desk")
        self.at("/desk")
        right = self.page.locator("#field-residence").input_value()
        self.page.locator("#field-residence").fill("")
        self.press()
        expect(self.page.locator(".note.bad")).to_be_visible()
        self.at("/desk")
        self.page.locator("#field-residence").fill(right)
        self.press()
        expect(self.page.locator(".state.ok")).to_be_visible()
        self.at("/desk")
        return str(self.page.locator("input[name=number]").input_value())

    def open_wallet(self) -> None:
        """A live check, once; then the wallet."""
        self.page.goto(f"{self.sites.hub}/wallet/")
        self.at("/realname")
        self.press('form[action*="live"] button')
        self.at(f"^{self.sites.register}/live/")
        self.press("button[value=match]")
        self.at("/wallet/$")

    def download(self, number: str, folder: Path) -> Path:
        """The sealed file from the wallet."""
        self.press(f'a[href*="{number}"]')
        self.at(f"/wallet/{number}")
        with self.page.expect_download() as waiting:
            self.page.locator("main a[download]").click()
        waiting.value.save_as(folder / "license.pdf")
        return folder / "license.pdf"

    def verdict(self, file: Path) -> str:
        """What the verification page says of a file: the tone of its answer."""
        self.page.goto(self.sites.verify)
        self.at(f"^{self.sites.verify}/")
        self.page.locator("#file").set_input_files(file)
        self.page.locator("#file-form button").first.click()  # by script, or to another page
        answer = self.page.locator(".yx-answer:visible")
        expect(answer).to_have_count(1, timeout=30_000)  # the first file of a process loads the examiner
        if self._judge:
            assert_accessible(self.page)
        return str(re.findall(r"yx-tone-(\w+)", answer.get_attribute("class") or "")[0])


@pytest.mark.parametrize(
    ("language", "javascript"),
    [("zh-Hans", True), ("en", False)],
    ids=["chinese", "english-without-javascript"],
)
def test_one_login_two_departments_one_license(
    demo: World,
    visit: Visit,
    tmp_path: Path,
    language: str,
    javascript: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    page = visit(demo.sites.hub, width=320, language=language, javascript=javascript)
    page.set_default_timeout(30_000)
    walk = Walk(demo.sites, page, judge=javascript)
    person = walk.fresh_person()
    walk.sign_in_with_new_account(person)
    page.goto(f"{demo.sites.civil}/sign-in")
    walk.agree()
    walk.is_welcome(demo.sites.civil, person[0])
    number = walk.issue()
    walk.open_wallet()
    file = walk.download(number, tmp_path)
    assert walk.verdict(file) == "ok"
    altered = tmp_path / "altered.pdf"
    altered.write_bytes(file.read_bytes().replace(b"/Type", b"/Tipe", 1))
    assert walk.verdict(altered) == "bad"
    sign_out(walk, person[0])


def test_what_the_desk_revokes_is_not_valid_any_more(demo: World, visit: Visit, tmp_path: Path) -> None:
    walk = Walk(demo.sites, visit(demo.sites.hub, language="en"), judge=True)
    walk.sign_in_with_new_account(walk.fresh_person())
    walk.page.goto(f"{demo.sites.civil}/sign-in")
    walk.agree()
    number = walk.issue()
    with walk.page.expect_download() as waiting:
        walk.page.get_by_role("link", name="Download the sealed PDF").click()
    waiting.value.save_as(tmp_path / "license.pdf")
    presses(walk.page.get_by_role("button", name="Suspend"))
    expect(walk.page.locator(".state.bad")).to_have_text("Suspended")
    assert_accessible(walk.page)
    presses(walk.page.get_by_role("button", name="Revoke for good"))
    expect(walk.page.locator(".state.bad")).to_have_text("Revoked")
    assert_accessible(walk.page)
    assert walk.verdict(tmp_path / "license.pdf") == "bad"
    assert number in walk.page.locator("main").inner_text()


def test_a_passkey_opens_both_departments(demo: World, visit: Visit) -> None:
    page = visit(demo.sites.hub, language="en")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    walk = Walk(demo.sites, page, judge=False)
    person = walk.fresh_person()
    walk.sign_in_with_new_account(person)
    page.goto(f"{demo.sites.hub}/account/passkey")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("done=passkey"))
    sign_out(walk, person[0])
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")  # by the button
    page.goto(f"{demo.sites.market}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    walk.is_welcome(demo.sites.market, person[0])
    expect(page.locator("main")).to_contain_text("passkey")
    page.goto(f"{demo.sites.civil}/sign-in")
    walk.agree()
    walk.is_welcome(demo.sites.civil, person[0])


def test_who_does_not_agree_comes_back_unknown(demo: World, visit: Visit) -> None:
    walk = Walk(demo.sites, visit(demo.sites.hub, language="en"), judge=False)
    person = walk.fresh_person()
    walk.sign_in_with_new_account(person)
    walk.page.goto(f"{demo.sites.civil}/sign-in")
    presses(walk.page.get_by_role("button", name="Do not agree"))
    expect(walk.page.locator("h1")).to_have_text("That did not work")
    assert_accessible(walk.page)
    presses(walk.page.get_by_role("link", name="Start again"))
    assert person[0] not in walk.page.locator("body").inner_text()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("path", ["/", "/nothing-here", "/callback"])
def test_a_departments_page_is_for_everyone(demo: World, pass_by: Visit, language: str, dark: bool, path: str) -> None:  # noqa: FBT001
    for site in (demo.sites.market, demo.sites.civil):
        page = pass_by(f"{site}{path}?lang={language}", language="fr", dark=dark, width=320)
        assert page.locator("html").get_attribute("lang") == language
        assert_accessible(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        assert_accessible(page)


def sign_out(walk: Walk, name: str) -> None:
    """Sign out at one department; the other one knows within a few seconds."""
    walk.page.goto(walk.sites.market)
    walk.press('form[action="/sign-out"] button')
    walk.page.wait_for_url(f"{walk.sites.market}/")
    for _ in range(50):
        walk.page.goto(walk.sites.civil)
        if name not in walk.page.locator("body").inner_text():
            return
        walk.page.wait_for_timeout(100)
    raise AssertionError("the other department still knows the visitor")
