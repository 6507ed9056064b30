"""How the day went, in the story: a page tells how fast it was, and the supervisor of the hub reads how far people get."""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinxin.tour.story import Story

OFFICER = "hub.jiandu"
PATIENCE = 10.0  # seconds; counts leave their process after five
JUST_NOW = re.compile(r"([\d\u202f]+) more steps and pages were counted just now")


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The steps of this chapter."""
    return (
        ("A page tells how fast it was: five numbers, for nobody", lambda: tell(story)),
        ("The supervisor reads how far people got today, and nobody's name", lambda: read(story)),
    )


def tell(story: "Story") -> str:
    """What a browser sends by itself when a page is left."""
    report = {"page": "verification.check", "language": "en", "LCP": 900, "FCP": 700, "TTFB": 80, "INP": 40, "CLS": 4}
    answer = story.verifier.tell(f"{story.sites.verify}/api/vitals", report)
    story.must(answer.status_code == 204, "the report is taken without a word")
    story.must(not answer.headers.get("set-cookie"), "no cookie comes back")
    return ""


def read(story: "Story") -> str:
    """Steps counted in the last minute stand beside the board, older ones on it."""
    officer, url = story.officers[OFFICER], f"{story.sites.hub}/console/experience?period=hour&lang=en"
    end = time.monotonic() + PATIENCE
    while not (found := JUST_NOW.search(officer.open(url).text)) and 'id="far"' not in officer.page.text:
        story.must(time.monotonic() < end, "something was counted today")
        time.sleep(0.5)
    story.must(story.name not in officer.page.text, "the board knows no names")
    rows = officer.fetch(f"{story.sites.hub}/console/experience.json?period=hour").json()["rows"]
    story.must(any(row["item"] == "returned" for row in rows), "the table can be taken along")
    return f"{found[1]} steps and pages in the last minute" if found else "on the board already"
