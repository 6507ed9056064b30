"""Service assessment in the story: the citizen rates a decided application; an officer who did not decide puts it right."""

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinxin.tour.story import Story

OFFICERS = ("qiyun.fuhe", "qiyun.jingban")  # whoever of them did not decide
WORDS = "I came three times, each time for another paper."
REPLY = "You were right. All papers are now named at the first visit."
WORK = {
    "verify": "It is so: the list of papers was told in three parts.",
    "fix": "The counter now gives the whole list in writing.",
    "reply": REPLY,
    "close": "",
}


class Chapter:
    """The steps, with what they have to remember: the link of the rating, its number, and its officer."""

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.link = self.rating = self.officer = ""
        self.words = f"{WORDS} ({secrets.token_hex(3)})"  # by which the officer's page is found again

    def find_link(self) -> str:
        """The link stands on the page of the application."""
        citizen = self.story.citizen
        page = citizen.open(f"{self.story.sites.hub}/my/cases?lang=en").text
        for number in dict.fromkeys(re.findall(r'href="/my/cases/([A-Z0-9-]{8,})"', page)):
            found = re.search(
                r'href="(/rate/[a-z2-7]+)"', citizen.open(f"{self.story.sites.hub}/my/cases/{number}").text
            )
            if found:
                self.link = f"{self.story.sites.hub}{found[1]}"
                return str(number)
        self.story.must(holds=False, what="a decided application has a link to rate it")
        return ""

    def rate(self) -> str:
        """A stranger's browser has no login: the link alone rates, and only once."""
        stranger = self.story.verifier
        stranger.open(f"{self.link}?lang=en")
        stranger.submit("level", level="2", text=self.words)
        self.story.must("has to put it right and reply" in stranger.page.text, "the office has to look into it")
        again = stranger.open(f"{self.link}?lang=en")
        self.story.must('name="level"' not in again.text, "it cannot be rated a second time")
        return "Dissatisfied"

    def put_right(self) -> str:
        """Assign, verify, fix, reply, close; who decided the application is refused."""
        hub = self.story.sites.hub
        for self.officer in OFFICERS:
            browser = self.story.officers[self.officer]
            page = self._find()
            if "about your own work" not in page:
                break
        self.story.must(self.story.name not in page, "the officer reads what was written, but not by whom")
        me = re.search(r'<option value="([^"]+)" selected', page)
        browser.submit("officer", officer=me[1] if me else "")
        for step, words in WORK.items():
            browser.open(f"{hub}/console/assessment/{self.rating}?lang=en")
            self.story.must(browser.find("step").fields.get("step") == step, f"the next step is: {step}")
            browser.submit("step", words=words)
        self.story.must("closed" in browser.page.text, "the rating is dealt with")
        return f"{self.rating}, by {self.officer}"

    def _find(self) -> str:
        """The officer's page of this rating."""
        browser, hub = self.story.officers[self.officer], self.story.sites.hub
        waiting = browser.open(f"{hub}/console/assessment?lang=en").text
        for self.rating in re.findall(r'href="/console/assessment/(E-[0-9A-F]+)"', waiting):
            page = browser.open(f"{hub}/console/assessment/{self.rating}?lang=en").text
            if self.words in page:
                return page
        self.story.must(holds=False, what="the bad rating waits")
        return ""

    def read_reply(self) -> str:
        """At the same link, and by a notice; the public board says how many, and no share of so few."""
        citizen, hub = self.story.citizen, self.story.sites.hub
        self.story.must(REPLY in citizen.open(f"{self.link}?lang=en").text, "the reply stands at the link")
        self.story.must("replied to your rating" in citizen.open(f"{hub}/my/notices?lang=en").text, "a notice came")
        self.story.must(citizen.open(f"{hub}/scoreboard?lang=en").status_code == 200, "the public board is open")
        return REPLY


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The chapter."""
    chapter = Chapter(story)
    return (
        ("The citizen finds the link to rate a decided application", chapter.find_link),
        ("rates it without signing in: dissatisfied; a second time is refused", chapter.rate),
        ("An officer who did not decide puts it right and replies", chapter.put_right),
        ("The citizen reads the reply where it was rated", chapter.read_reply),
    )
