"""Play the story and print it, each step with its time."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from yinxin.tour.browser import Astray, Browser
from yinxin.tour.officers import Officers, kept_in
from yinxin.tour.story import Sites, Story

Say = Callable[[str], None]
NO_DEMO = 2  # exit code: nothing was played


def tour(hub: str, *, accounts: Path, authority: Path | None = None, say: Say = print) -> int:
    """Play the story against the demo whose hub has this address and whose officers stand in the file `accounts`.

    Gives the exit code: 0 only if every step went as told.
    """
    try:
        sites, citizen = Sites.after(hub), Browser(authority=authority)
        for site in (sites.hub, sites.register):  # only a demo has a register that makes people
            citizen.fetch(f"{site}/healthz")
    except (httpx2.HTTPError, ValueError, OSError) as error:
        say(f"No demo answers at {hub} ({type(error).__name__}). Start one in another terminal: make demo")
        return NO_DEMO
    officers = Officers(sites.hub, kept_in(accounts), authority)
    return 0 if play(Story(sites, citizen, Browser(authority=authority), officers), say) else 1


def play(story: Story, say: Say) -> bool:
    """Walk through all steps; True if every one went as told. Stops at the first that did not."""
    began = time.perf_counter()
    for number, (words, step) in enumerate(story.steps, start=1):
        at = time.perf_counter()
        try:
            seen = step()
        except (Astray, httpx2.HTTPError, LookupError, StopIteration, TypeError, ValueError) as error:
            why = str(error) if isinstance(error, Astray) else f"{type(error).__name__}: {error}"
            say(f"{number:>2}. {words:<66} FAILED\n      {why}")
            return False
        say(f"{number:>2}. {words:<66} {time.perf_counter() - at:6.2f} s")
        if seen:
            say(f"      {seen}")
    say(f"Done: {len(story.steps)} steps in {time.perf_counter() - began:.1f} s")
    return True
