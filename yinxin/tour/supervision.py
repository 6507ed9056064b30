"""e-Supervision in the story: an officer opens far too many applications; an alert is owned, answered and judged."""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinxin.tour.story import Story

CURIOUS, COLLEAGUE, JUDGE = "qiyun.jingban", "qiyun.fuhe", "hub.jiandu"
LOOKS = 31  # in one hour: one more than the rule lets pass
PATIENCE = 15.0  # seconds: events reach the ledger within a second, the rule looks every two


class Chapter:
    """The steps, with the alert they are about."""

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.alert = ""

    def look_too_often(self) -> str:
        """Each look at an application is an event of the ledger."""
        officer, hub = self.story.officers[CURIOUS], self.story.sites.hub
        page = officer.open(f"{hub}/console/cases?view=all&lang=en").text
        numbers = list(dict.fromkeys(re.findall(r'href="/console/cases/([A-Z0-9-]{8,})"', page)))
        self.story.must(bool(numbers), "there are applications")
        for turn in range(LOOKS):
            seen = officer.fetch(f"{hub}/console/cases/{numbers[turn % len(numbers)]}").status_code
            self.story.must(seen == 200, "the officer may look")
        return f"{LOOKS} looks by {CURIOUS}"

    def see_alert(self) -> str:
        """The rule raises one alert; the supervisor takes it over."""
        judge, hub = self.story.officers[JUDGE], self.story.sites.hub
        end = time.monotonic() + PATIENCE
        while not self._found(judge.open(f"{hub}/console/supervision?state=open&lang=en").text):
            self.story.must(time.monotonic() < end, "the rule has seen it")
            time.sleep(0.2)
        page = judge.open(f"{hub}/console/supervision/{self.alert}?lang=en").text
        self.story.must("Application opened by an officer" in page, "the alert shows its evidence")
        judge.submit(action="/take")
        return f"{self.alert}: mass look-ups by one officer"

    def answer(self) -> str:
        """The officer concerned is refused; a colleague of the department answers."""
        own = f"{self.story.sites.hub}/console/alerts/{self.alert}?lang=en"
        page = self.story.officers[CURIOUS].open(own).text
        self.story.must("about yourself" in page and "<textarea" not in page, "whom it is about does not answer")
        colleague = self.story.officers[COLLEAGUE]
        colleague.open(own)
        colleague.submit(action="/answer", words="A test of the alarm by the department itself.")
        self.story.must("answered" in colleague.page.text, "the answer is kept")
        return f"by {COLLEAGUE}"

    def close(self) -> str:
        """The supervisor says what was found."""
        judge = self.story.officers[JUDGE]
        judge.open(f"{self.story.sites.hub}/console/supervision/{self.alert}?lang=en")
        judge.submit("outcome", outcome="unfounded", words="The department tested its alarm.")
        self.story.must("unfounded" in judge.page.text, "the alert is closed")
        return "unfounded"

    def _found(self, page: str) -> str:
        """The newest alert of this rule on the list."""
        rows = re.findall(r'href="/console/supervision/(W-[0-9A-F]+)".*?</tr>', page, re.DOTALL)
        bodies = re.findall(r'href="/console/supervision/W-[0-9A-F]+"(.*?)</tr>', page, re.DOTALL)
        alerts = [id for id, body in zip(rows, bodies, strict=True) if "Mass look-ups" in body]
        self.alert = next(iter(alerts), "")
        return self.alert


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The chapter."""
    chapter = Chapter(story)
    return (
        ("An officer opens more applications than anybody serves", chapter.look_too_often),
        ("The supervisor sees the alert with its evidence, and takes it", chapter.see_alert),
        ("Whom it is about cannot answer; a colleague does", chapter.answer),
        ("The supervisor closes it with an outcome", chapter.close),
    )
