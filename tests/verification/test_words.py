"""A report in words: both languages, every age, and the page of the documentation."""

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub import i18n
from tests.house import source
from verification import words
from verification.model import (
    ANSWERS,
    STATUS_EVIDENCE,
    Door,
    Evidence,
    Fact,
    Reason,
    Report,
    SealMark,
    Step,
    failed,
    passed,
)

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/flows/verify.md").read_text()


def said() -> set[str]:
    """Every text that a check or a fact gives, wherever it is written."""
    found = set()
    for path in source.python("verification"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                "passed",
                "failed",
                "not_done",
                "Fact",
                "Evidence",
            }:
                found |= {
                    one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Constant)
                and "why" in map(_name, node.targets)
            ):
                found.add(str(node.value.value))
    return found


def _name(node: ast.expr) -> str:
    return getattr(node, "id", "")


def test_every_why_speaks_chinese() -> None:
    texts = said()
    assert len(texts) > 30
    assert not texts - set(i18n.catalogue())


@pytest.mark.parametrize(
    ("age", "english", "chinese"),
    [
        (0, "checked just now", "刚刚核对"),
        (-3, "checked just now", "刚刚核对"),
        (42, "42 seconds old", "42 秒前的数据"),
        (240, "4 minutes old", "4 分钟前的数据"),
        (36_000, "of 2026-11-22 02:00:00", "2026-11-22 02:00:00 的数据"),
    ],
)
def test_the_age_of_the_evidence_is_always_told(age: int, english: str, chinese: str) -> None:
    report = Report(Door.code, (), NOW, evidence=(Evidence(STATUS_EVIDENCE, NOW - timedelta(seconds=age)),))
    assert english in words.of(report, "en").evidence[0]
    assert chinese in words.of(report, "zh-Hans").evidence[0]


def test_checks_are_told_in_the_order_of_their_numbers() -> None:
    report = Report(Door.file, (failed(Step.status, Reason.revoked), passed(Step.readable)), NOW)
    assert [step for step, _, _ in words.of(report, "en").checks] == [Step.readable, Step.status]
    assert [check["step"] for check in words.body(report, "en")["checks"]] == ["readable", "status"]


def test_a_kind_s_own_label_stands_in_both_languages() -> None:
    report = Report(Door.code, (), NOW, compare=(Fact("Legal representative", "示例甲", "法定代表人"),))
    assert words.of(report, "zh-Hans").facts == (("法定代表人", "示例甲"),)
    assert words.of(report, "en").facts == (("Legal representative", "示例甲"),)


def test_who_sealed_and_when() -> None:
    report = Report(Door.file, (), NOW, seal=SealMark("11880100DEM000049A", "栖云市市场监督管理局", "00", NOW))
    assert ("Sealed at", "2026-11-22 12:00:00") in words.of(report, "en").sealed
    assert words.body(report, "en")["sealed"]["at"] == "2026-11-22T04:00:00Z"


@pytest.mark.parametrize("reason", Reason)
def test_the_documentation_names_every_reason_with_its_answer(reason: Reason) -> None:
    answer = ANSWERS[reason]
    assert f"| `{reason.value}` | {answer.verdict.value} | {answer.says} | {answer.advice} |" in DOCUMENT


@pytest.mark.parametrize("step", Step)
def test_the_documentation_names_every_check(step: Step) -> None:
    assert f"| `{step.value}` | {step.about} |" in DOCUMENT


def test_the_documentation_names_nothing_else() -> None:
    named = set(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE))
    assert named <= {*map(str, Reason), *map(str, Step)} | {"valid", "cannot_say"}
