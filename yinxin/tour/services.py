"""The portal finds a service by everyday words; a department registers one, and a second person puts it into production."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from yinxin.tour.browser import Page

if TYPE_CHECKING:
    from yinxin.tour.story import Story

FOOD = "11880100DEM000049A-0001"  # the service item of the demo
KEY = {  # public, and known to the world: RFC 7515 A.3
    "kty": "EC",
    "crv": "P-256",
    "kid": "rfc7515",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
SITE = "https://kiosks.qiyun.example"
ITEM: dict[str, Any] = {
    "name": "小餐饮摊点备案",
    "name_en": "Filing of a food stall",
    "summary": "在指定地点经营小餐饮摊点的个人和企业备案。",
    "summary_en": "For people and companies that sell food at a stall in a permitted place.",
    "also": "摆摊\nstall\nkiosk",
    "life_event": "start-a-business",
    "audience": "both",
    "level": "2",
    "legal_basis": "《中华人民共和国食品安全法》第三十六条",
    "legal_basis_en": "Food Safety Law, Article 36",
    "statutory_days": "10",
    "promised_days": "3",
    "where": "own",
    "url": f"{SITE}/apply",
    "redirect_uris": f"{SITE}/callback",
    "trial_uris": "http://localhost:4000/callback",
    "scopes": ["profile", "realname"],
    "purpose": "办理小餐饮摊点备案",
    "purpose_en": "To file your food stall",
}


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The steps of this chapter."""
    service = Service(story)
    return (
        ("The portal finds a service by the words of the street", service.find),
        ("A department registers a service; its sandbox is there at once", service.register),
        ("asks for production, cannot approve; a second person does", service.approve),
        ("raises the level: the portal says so at the next look", service.raise_level),
    )


class Service:
    """One more service item, from its registration to the portal."""

    def __init__(self, story: "Story", key: dict[str, str] = KEY, policy: str = "fapi2") -> None:
        self.story, self.key, self.policy = story, key, policy
        self.code = self.request = ""

    def find(self) -> str:
        """Search, guide, and what the visitor holds already."""
        story, hub = self.story, self.story.sites.hub
        found = story.citizen.open(f"{hub}/services?lang=en&q={quote('我想开饭店')}").text
        story.must(f"/services/{FOOD}" in found, "the food business license is found")
        guide = story.citizen.open(f"{hub}/services/{FOOD}").text
        story.must(f"/my/cases/new/{FOOD}" in guide, "the guide leads to the form")
        story.must("you hold it" in guide, "the visitor sees that he holds the business license")
        return FOOD

    def register(self) -> str:
        """The form; a draft and its sandbox come of it, and the portal shows nothing yet."""
        story, hub = self.story, self.story.sites.hub
        officer = story.officers["qiyun.jingban"]
        officer.open(f"{hub}/console/services/new?lang=en")
        self.code = officer.find("name_en").fields["code"]
        officer.submit("name_en", **ITEM, policy=self.policy, keys=json.dumps({"keys": [self.key]}))
        story.must(officer.path == f"/console/services/{self.code}", "the item is kept")
        story.must(f"{self.code}-sandbox" in officer.page.text, "its sandbox client exists")
        hidden = story.verifier.fetch(f"{hub}/services/{self.code}")
        story.must(hidden.status_code == 404, "nobody sees a draft")
        return self.code

    def approve(self) -> str:
        """One asks and cannot decide; another reads the request and approves it."""
        story, hub = self.story, self.story.sites.hub
        asks, decides = story.officers["qiyun.jingban"], story.officers["qiyun.fuhe"]
        asks.open(f"{hub}/console/services/{self.code}?lang=en")
        asks.submit(action="/propose", reason="tried by two stalls for a week")
        self.request = asks.path
        story.must(self.request.startswith("/console/approvals/"), "the request waits")
        story.must("You asked for this yourself" in asks.page.text, "who asks cannot approve")
        decides.open(f"{hub}{self.request}?lang=en")
        decides.submit("decision", decision="approve")
        guide = story.verifier.open(f"{hub}/services/{self.code}?lang=en").text
        story.must(f"{SITE}/apply" in guide, "the portal leads to the department")
        return ""

    def raise_level(self) -> str:
        """One person is enough to ask for more certainty."""
        story, hub = self.story, self.story.sites.hub
        officer = story.officers["qiyun.jingban"]
        officer.open(f"{hub}/console/services/{self.code}?lang=en")
        officer.submit(action="/raise", level="3")
        story.verifier.open(f"{hub}/services/{self.code}?lang=en")
        told = [fact for fact in Page(story.verifier.page.text).facts if fact.startswith("Level")]
        story.must(told == ["Level 3: a verified name and a live check"], "the guide names the new level")
        return told[0]
