"""Province 87 in the story: somebody whom only it knows opens the wallet, is issued a license, and signs out of both."""

import html
import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinxin.tour.story import Story

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
        ("is issued a license by department B and sees it there", visitor.is_issued),
        ("signs out of the hub, and of the province with it", visitor.signs_out),
    )


class Visitor:
    """Somebody of province 87, with a browser of his own."""

    def __init__(self, story: "Story") -> None:
        self.story = story.another()
        self.site = story.sites.province

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

    def _go_on(self) -> None:
        """What a browser does by itself."""
        citizen = self.story.citizen
        while (found := ONWARD.search(citizen.page.text)) is not None:
            citizen.open(str(citizen.page.url.join(html.unescape(found[1]))))
