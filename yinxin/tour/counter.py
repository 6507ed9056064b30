"""The counter in the story: the person comes without a telephone, and leaves with the same license and the same answers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinxin.tour.story import Story

OFFICER = "qiyun.jingban"


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The steps of this chapter."""
    visit = Visit(story)
    return (
        ("At a counter an officer sees the identity card and opens a visit", visit.arrive),
        ("prints the company's license: the same file, the same code", visit.print_license),
        ("checks a paper that the visitor brings: the same answer as online", visit.check),
        ("The visitor leaves, rates by the code on the screen, reads who came", visit.leave),
    )


class Visit:
    """One visit, from the document to the rating."""

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.at = ""

    def arrive(self) -> str:
        """Name and number as on the document, a reason, and the officer's second factor within five minutes."""
        story, officer = self.story, self.story.officers[OFFICER]
        officer.open(f"{story.sites.hub}/console/counter?lang=en")
        story.must(officer.path == "/console/counter", "the officer has shown his second factor a moment ago")
        seen = {"document": "citizen-card", "name": story.name, "number": story.number, "company": story.company}
        officer.submit("document", reason="Needs a paper copy of the license", **seen)
        self.at = officer.path
        story.must("You are serving" in officer.page.text, "the page says whom the officer serves")
        story.must(story.number not in officer.page.text, "with the number masked")
        return ""

    def print_license(self) -> str:
        """The sealed file itself goes to the printer."""
        story, officer = self.story, self.story.officers[OFFICER]
        printed = officer.fetch(f"{story.sites.hub}{self.at}/licenses/{story.license}").content
        story.must(printed.startswith(b"%PDF-"), "the license comes out of the printer")
        own = story.citizen.fetch(f"{story.sites.hub}/wallet/{story.license}/file").content
        story.must(printed == own, "it is the file of the wallet, byte for byte")
        return f"{len(printed) / 1000:.0f} kB, as in the wallet"

    def check(self) -> str:
        """What a scanner reads from the code gets the answer that anybody gets."""
        story, officer = self.story, self.story.officers[OFFICER]
        officer.open(f"{story.sites.hub}{self.at}?lang=en")
        officer.submit("text", text=story.code)
        says = "The code is genuine, and its license is in force."
        story.must(says in officer.page.text, "the counter gives the answer of the verification site")
        return says

    def leave(self) -> str:
        """The officer closes the visit; the code leads to a rating; the citizen sees that there was a visit."""
        story, officer = self.story, self.story.officers[OFFICER]
        officer.submit(action=f"{self.at}/close")
        story.must("/rate/" in officer.page.text, "the visit can be rated")
        where = officer.page.text.partition(f"{story.sites.hub}/rate/")[2].partition("<")[0]
        visitor = story.verifier.open(f"{story.sites.hub}/rate/{where}?lang=en")
        story.must(visitor.status_code == 200, "the code leads to the rating")
        story.verifier.submit("level", level="5")
        notices = story.citizen.open(f"{story.sites.hub}/my/notices?lang=en").text
        story.must("An officer opened a visit for you at a counter" in notices, "the citizen is told")
        return ""
