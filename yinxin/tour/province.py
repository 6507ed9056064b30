"""Province 87 in the story: somebody whom only it knows opens the wallet, is issued a license, and signs out of both.

In the middle the province falls: whoever wants to sign in by it is told so, whoever is signed in goes on, and it comes back.
"""

import contextlib
import html
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx2

from yinxin.tour.browser import Astray, Browser

if TYPE_CHECKING:
    from yinxin.tour.story import Story

PATIENCE = 60.0  # seconds for the province to start again on a busy machine, and for the hub to ask it again
PAUSE = 0.2
ONWARD = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')
THERE = re.compile(r'href="([^"]+)">Sign out there too')


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The steps of this chapter; none where no province runs."""
    if not story.sites.province:
        return ()
    visitor = Visitor(story)
    return (
        ("A citizen is known in province 87 alone", visitor.is_known_there),
        ("opens the hub's wallet with the province's account", visitor.opens_wallet),
        ("The province falls; who comes now is told so, and what to do", visitor.sees_it_down),
        ("Who is in already goes on: department B issues a license", visitor.is_issued),
        ("The province is back, and asks who it is", visitor.sees_it_back),
        ("The citizen signs out of the hub, and of the province with it", visitor.signs_out),
    )


class Visitor:
    """Somebody of province 87, with a browser of his own."""

    def __init__(self, story: "Story") -> None:
        self.story = story.another()
        self.site = story.sites.province
        self.next = story.another().citizen  # somebody else of 87, who is about to sign in

    def is_known_there(self) -> str:
        """An account at the province, its name and face proved there."""
        story, citizen = self.story, self.story.citizen
        said = story.get_person()
        citizen.open(f"{self.site}/register?lang=en")
        citizen.submit("password", account=f"of-87-{secrets.token_hex(4)}", password=secrets.token_urlsafe(16))
        citizen.open(f"{self.site}/realname?lang=en")
        citizen.submit("number", name=story.name, number=story.number)
        citizen.open(f"{self.site}/realname?lang=en")
        citizen.submit(action="/realname/live")
        citizen.submit("outcome", outcome="match")
        story.must(citizen.is_at(self.site), "the province has proved the name")
        return said

    def opens_wallet(self) -> str:
        """The hub asks who it is; the province says so."""
        story, citizen = self.story, self.story.citizen
        citizen.open(f"{story.sites.hub}/wallet/?lang=en")
        story.must(citizen.path == "/login", "the hub asks who it is")
        citizen.open(str(citizen.page.url).replace("/login", "/upstream"))
        citizen.submit("province", province="lanhai")
        self._go_on()
        if citizen.path == "/consent" and citizen.is_at(self.site):
            citizen.submit("decision", decision="agree")
        self._go_on()
        story.must(citizen.path == "/wallet/" and story.name in citizen.page.text, "the wallet opens, by the name")
        return ""

    def sees_it_down(self) -> str:
        """He has opened the page that leads to the province when it falls."""
        story, citizen = self.story, self.next
        citizen.open(f"{story.sites.hub}/upstream?lang=en")
        with contextlib.suppress(httpx2.HTTPError):  # it cannot answer any more
            citizen.tell(f"{self.site}/demo/fall", {})
        with contextlib.suppress(Astray):  # a 503, and rightly so
            citizen.submit("province", province="lanhai")
        said = citizen.page.text
        story.must(citizen.page.status_code == 503, "the hub says that something is wrong")
        story.must(
            "does not answer just now" in said and "Sign in here" in said, "it says what, and what to do instead"
        )
        return "Your province's sign-in does not answer just now"

    def sees_it_back(self) -> str:
        """It was started again by itself; the same page leads on."""
        began = time.monotonic()
        while not self._is_asked():
            self.story.must(time.monotonic() - began < PATIENCE, "the province answers again")
            time.sleep(PAUSE)
        return ""

    def is_issued(self) -> str:
        """One login opens department B as well, and the license is his here as anybody's."""
        self.story.open_b()
        said = self.story.be_issued()
        self.story.hold()
        return said

    def signs_out(self) -> str:
        """The hub's page leads to the province's sign-out."""
        story, citizen = self.story, self.story.citizen
        citizen.open(f"{story.sites.hub}/oidc/logout?lang=en")
        citizen.submit(action="/oidc/logout/confirmed")
        found = THERE.search(citizen.page.text)
        story.must(found is not None, "the hub says that he is still signed in at the province")
        citizen.open(html.unescape(found[1]) if found else "")
        story.must("signed out at your province too" in citizen.page.text, "the province has sent him back")
        citizen.open(f"{self.site}/account?lang=en")
        story.must(citizen.path == "/login", "the province asks who it is")
        return ""

    def _is_asked(self) -> bool:
        """Whether the hub leads to the province's sign-in page. Nobody asks the hub before the province is there."""
        try:
            if self.next.fetch(f"{self.site}/healthz").status_code != 200:
                return False
            self.next.open(f"{self.story.sites.hub}/upstream?lang=en")
            self.next.submit("province", province="lanhai")
            self._go_on(self.next)
        except (httpx2.HTTPError, Astray):
            return False
        return self.next.is_at(self.site) and self.next.path == "/login"

    def _go_on(self, citizen: Browser | None = None) -> None:
        """What a browser does by itself."""
        citizen = citizen or self.story.citizen
        while (found := ONWARD.search(citizen.page.text)) is not None:
            citizen.open(str(citizen.page.url.join(html.unescape(found[1]))))
