"""Processes that issue licenses until they are done or killed. Run by `crew.py`, which writes one task a line.

It reads its modules once and forks one process per task, before anything exists that does not survive a fork (the page's
compiler, connections, threads): so a life costs what it does, not what Python's start does.
"""

import itertools
import json
import os
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from hub import clock, settings
from hub.callers import Caller
from hub.house import House, open_house
from hub.problems import Problem
from licenses.issue import issue, resume
from licenses.model import Application, Busy, InProgress, Overtaken
from tests.licenses.conftest import COMPANY, QIYUN
from tests.licenses.samples import sample  # noqa: F401  imports what a page needs before the fork

CALLER = Caller(client="market", agency=QIYUN.code, place=QIYUN.place)
APPLICATION = Application("business-license", COMPANY, QIYUN.code)


def main() -> None:
    say("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            live(json.loads(line))
        _, status = os.waitpid(pid, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


def live(task: dict[str, Any]) -> None:
    """One life: first what others left, then one application after the other, each answer noted before the next."""
    house = open_house(settings.read())
    answers = os.open(task["answers"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with clock.shifted(task["shift"]):
        say(f"begun {os.getpid()}")
        if task["resume"]:
            resume(house, clock.now())
        for count in itertools.count(task["first"]) if task["last"] is None else range(task["first"], task["last"]):
            number, sealed = ask(house, f"application-{count}")
            os.write(answers, f"{count} {number} {sealed}\n".encode())  # now the department has its answer
    house.close()
    os._exit(0)


def ask(house: House, key: str) -> tuple[str, str]:
    """What a department's program does: send it, and send it again for as long as the answer says so."""
    until = clock.now() + timedelta(seconds=30)
    while True:
        now: datetime = clock.now()
        try:
            license = issue(house, APPLICATION, caller=CALLER, idempotency_key=key, now=now)
        except Problem as problem:
            if not isinstance(problem, InProgress | Overtaken | Busy) or now > until:
                raise
            time.sleep(0.02)
        else:
            return license.number, license.sealed


def say(words: str) -> None:
    os.write(1, f"{words}\n".encode())


if __name__ == "__main__":
    main()
