"""This room's periodic work. The front door calls `register`."""

from admin import (
    account_reports,
    approvals,
    counter,
    desk,
    drafts,
    experience,
    finish,
    held,
    matters,
    moves,
    passed_on,
    retention,
    rules,
    share,
    status,
    suspicions,
    trouble,
)
from hub import ticks
from hub.held import tells


def register() -> None:
    """Name everything to the modules that run it. Once per process."""
    for title, part in held.PARTS.items():
        tells(title, part)
    ticks.every(600, "approvals", approvals.expire)
    ticks.every(5, "cases", finish.resume)
    ticks.every(3600, "case-drafts", drafts.expire)
    ticks.every(1, "suspicions", suspicions.open_letters)
    ticks.every(600, "desk", desk.close_old)
    ticks.every(2, "account reports", account_reports.open_letters)
    ticks.every(2, "merged accounts", moves.follow)
    ticks.every(30, "visits", counter.expire)
    ticks.every(2, "entries passed on", passed_on.follow)
    ticks.every(60, "experience", experience.fold)
    ticks.every(3600, "old counts", experience.forget)
    ticks.every(60, "lost data calls", share.forget_lost)
    ticks.every(2, "alerts", rules.watch)
    ticks.every(30, "deadlines", rules.deadlines)
    ticks.every(5, "trouble of the trust service", trouble.open_letters)
    ticks.every(3600, "old matters", retention.forget)
    ticks.every(60, "status", status.sample)
    ticks.every(300, "matters", matters.refresh)
