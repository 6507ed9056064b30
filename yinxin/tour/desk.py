"""A suspicion in the story: reported from a result in two taps, answered by the office, followed and rated by number alone."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinxin.tour.story import Story

OFFICER = "qiyun.fuhe"
ANSWER = "We looked at the shop: the paper on its wall is a copy of another shop's license. It was taken down."


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The steps of this chapter."""
    suspicion = Suspicion(story)
    return (
        ("The verifier reports a suspicion in two taps, without a name", suspicion.report),
        ("An officer of the department takes it and answers", suspicion.answer),
        ("The verifier follows it by its number, and rates the answer", suspicion.follow),
    )


class Suspicion:
    """One report, from the result of a check to its rating."""

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.number = ""

    def report(self) -> str:
        """Tap one opens the form under the result; tap two sends it."""
        story, verifier = self.story, self.story.verifier
        verifier.open(f"{story.sites.verify}/?lang=en")
        verifier.submit("number", number=story.license)
        story.must("Something is wrong with this license" in verifier.page.text, "each result can be reported")
        verifier.submit(action="/report", words="Another name stands on the wall.")
        found = re.search(r"R-\d{8}-\w{10}-\w", verifier.page.text)
        story.must(found is not None, "the report has a number at once")
        self.number = found[0] if found else ""
        return self.number

    def answer(self) -> str:
        """The ticket lies with the department that issued the license; who answers does not learn who reported."""
        story, officer = self.story, self.story.officers[OFFICER]
        officer.open(f"{story.sites.hub}/console/desk?lang=en")
        officer.submit(action="/console/desk/find", number=self.number.lower())
        story.must("Another name stands on the wall." in officer.page.text, "the officer reads the report")
        officer.submit(action="/take")
        officer.submit(action="/reply", answer=ANSWER)
        story.must("Answered" in officer.page.text, "the answer is sent")
        return ""

    def follow(self) -> str:
        """Status and answer without signing in; the digest of the answer stands in the ledger."""
        story, verifier = self.story, self.story.verifier
        verifier.open(f"{story.sites.hub}/desk/{self.number}?lang=en")
        story.must(ANSWER.partition("'")[0] in verifier.page.text, "the answer is there for who has the number")
        story.must("SHA-256 of the answer" in verifier.page.text, "the answer's digest is shown")
        verifier.submit("level", level="5")
        story.must("Your rating: Very satisfied" in verifier.page.text, "the answer is rated, once")
        return ""
