"""Two processes redeem one code, or refresh one token, at the same moment: one winner, one successor, on both databases."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import app as front
from hub import clock
from hub.house import House
from idp.provider import codes, grants
from tests.faults.crew import ROOT, environment_of
from tests.idp.rp import Visit, department
from tests.idp.test_grants import code_of

ROUNDS = 12
Pair = tuple["subprocess.Popen[str]", "subprocess.Popen[str]"]


@pytest.fixture
def visit(house_on: House) -> Visit:
    made = Visit(house_on, front.create_app(house_on.settings, rooms=("idp",), house=house_on), department())
    made.signs_in()
    return made


@pytest.fixture
def pair(visit: Visit) -> Iterator[Pair]:
    given: dict[str, Any] = {"cwd": ROOT, "env": environment_of(visit.house), "text": True}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-m", "tests.faults.redeemer", visit.client.id]
    with ExitStack() as stack:
        one, two = (stack.enter_context(subprocess.Popen(command, **given, **pipes)) for _ in range(2))
        assert [said(one), said(two)] == ["ready", "ready"]
        yield one, two
        for each in (one, two):
            assert each.stdin
            each.stdin.close()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return next(line.split()[1] for line in process.stdout if line.startswith("said "))


def both(pair: Pair, line: str) -> list[str]:
    for each in pair:
        assert each.stdin
        each.stdin.write(line + "\n")
        each.stdin.flush()
    return [said(each) for each in pair]


def test_one_code_has_one_winner_in_two_processes(visit: Visit, pair: Pair) -> None:
    for _ in range(ROUNDS):
        value = codes.seal(visit.house, code_of(visit, ("openid", "offline_access")))
        answers = both(pair, f"code {value}")
        assert answers.count("invalid_grant") == 1, answers


def test_one_refresh_token_has_one_successor_in_two_processes(visit: Visit, pair: Pair) -> None:
    now = clock.now()
    value = codes.seal(visit.house, code_of(visit, ("openid", "offline_access")))
    code = grants.find_code(visit.house, value, visit.client, now)
    token = str(grants.redeem(visit.house, value, code, visit.client, now).refresh_token)
    for _ in range(ROUNDS):
        successors = set(both(pair, f"refresh {token}"))
        assert len(successors) == 1, successors
        token = successors.pop()
        assert token != "invalid_grant"
