"""A person who walks through the demo in a browser; counted are the screens of the hub, and the prompts to sign in."""

import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Frame, Page

from tests.browser.accessible import assert_accessible
from tests.browser.presses import presses
from yinxin.tour.story import Sites

PASSWORD = "seven quiet lanterns upstream"
PROMPTS = ("/login", "/register", "/realname")


@dataclass
class Walker:
    """One person at one browser. `screens` are the pages of the hub that were shown since `forget`."""

    sites: Sites
    page: Page
    language: str
    screens: list[str] = field(default_factory=list)
    name: str = ""
    number: str = ""

    def __post_init__(self) -> None:
        for site in (self.sites.hub, self.sites.market, self.sites.civil, self.sites.yunlan, self.sites.register):
            self.page.context.add_cookies([{"name": "lang", "value": self.language, "url": site}])
        self.page.on("framenavigated", self._went)

    def _went(self, frame: Frame) -> None:
        if frame is self.page.main_frame and frame.url.startswith(self.sites.hub):
            self.screens.append(urlsplit(frame.url).path)

    # -- what is seen

    @property
    def prompts(self) -> list[str]:
        """The screens at which one had to sign in, register or prove something."""
        return [path for path in self.screens if path.startswith(PROMPTS)]

    @property
    def text(self) -> str:
        """What the page says."""
        return self.page.locator("main").inner_text()

    def judged(self) -> "Walker":
        """The page is for everyone, and in the person's language."""
        assert_accessible(self.page)
        assert self.page.locator("html").get_attribute("lang") == self.language
        return self

    # -- what is done

    def goes(self, path: str) -> "Walker":
        """Open a page of the hub."""
        self.page.goto(f"{self.sites.hub}{path}")
        return self

    def presses(self, selector: str = "main form button[type=submit]") -> "Walker":
        """Press the first button or link of that sort, and wait for where it leads."""
        presses(self.page.locator(selector).first)
        return self

    def fills(self, **values: str) -> "Walker":
        """Fill in a form, by the ids of its fields."""
        for name, value in values.items():
            self.page.locator(f"#{name}").fill(value)
        return self

    def registers(self) -> "Walker":
        """Open an account at the hub."""
        self.goes("/register").makes_account()
        return self

    def makes_account(self) -> "Walker":
        """Fill in the page that opens an account."""
        return self.fills(account=f"visitor.{secrets.token_hex(6)}", password=PASSWORD).presses()

    def proves(self, name: str, number: str, **more: str) -> "Walker":
        """Prove who one is, as far as a live check."""
        self.name, self.number = name, number
        self.goes("/realname").fills(name=name, number=number).presses()
        if more:
            self.fills(**more).presses()
        self.goes("/realname")
        if self.page.locator("main form[action*=live]").count():
            self.presses("main form[action*=live] button").presses("button[value=match]")
        self.page.wait_for_url(re.compile(re.escape(self.sites.hub)))
        return self

    def opens(self, site: str) -> "Walker":
        """Sign in at a department; what was counted before is forgotten."""
        self.screens.clear()
        self.page.goto(f"{site}/sign-in")
        return self

    def agrees(self) -> "Walker":
        """Agree to what the service asks for, judged."""
        assert urlsplit(self.page.url).path == "/consent", self.page.url
        self.judged().presses("button[value=agree]")
        return self

    def chooses(self, whom: str) -> "Walker":
        """Say for whom one acts."""
        self.judged().page.locator(f"label:has-text('{whom}')").click()
        return self.presses("form:has(input[type=radio][name=whom]) button[type=submit]")

    def is_at(self, site: str, name: str = "") -> "Walker":
        """At the department, which knows the name: one's own, or that of whom one acts for."""
        self.page.wait_for_url(f"{site}/**")
        assert (name or self.name) in self.text, self.text
        return self

    def fresh(self) -> tuple[str, str]:
        """Name and number of somebody whom the register makes up."""
        self.page.goto(self.sites.register)
        self.presses("form[action^='/people?'] button")
        name, number = self.page.locator("#made dd").all_inner_texts()[:2]
        return name, number

    def founds_company(self) -> tuple[str, str]:
        """The register makes a company that this person represents; gives name and code."""
        self.page.goto(f"{self.sites.register}/?made={self.number}")
        self.presses("form[action='/companies'] button")
        name, code = self.page.locator("#made dd").all_inner_texts()[:2]
        return name, code
