"""The answer table: three answers, one closed set of reasons, never green by default."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import i18n
from verification.model import (
    ANSWERS,
    GREEN,
    REQUIRED,
    STATUS_EVIDENCE,
    TRUST_EVIDENCE,
    Check,
    Door,
    Evidence,
    Reason,
    Report,
    Result,
    Step,
    Verdict,
    concluded,
    failed,
    not_done,
    passed,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BAD = [reason for reason in Reason if reason.verdict is not Verdict.valid]


def test_every_reason_has_an_answer_a_sentence_and_what_to_do() -> None:
    assert set(ANSWERS) == set(Reason)
    assert all(answer.says.endswith(".") and answer.advice.endswith(".") for answer in ANSWERS.values())


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_speaks_chinese(reason: Reason) -> None:
    known = i18n.catalogue()
    assert {reason.answer.says, reason.answer.advice} <= set(known)


@pytest.mark.parametrize("step", Step)
def test_every_check_speaks_chinese(step: Step) -> None:
    assert step.about in i18n.catalogue()


def test_nothing_checked_is_not_green() -> None:
    for door in Door:
        assert Report(door, (), NOW).reason is Reason.not_checked


@pytest.mark.parametrize("door", Door)
def test_green_needs_every_check_of_its_door(door: Door) -> None:
    checks = [passed(step) for step in REQUIRED[door]]
    assert concluded(door, tuple(checks)) is GREEN[door]
    for missing in checks:
        rest = tuple(check for check in checks if check is not missing)
        assert concluded(door, rest) is Reason.not_checked
        assert concluded(door, (*rest, not_done(missing.step, reason=Reason.no_status))) is Reason.no_status
        assert concluded(door, (*rest, failed(missing.step, Reason.altered))) is Reason.altered


@pytest.mark.parametrize("reason", BAD)
def test_one_failed_check_is_never_outweighed(reason: Reason) -> None:
    for door in Door:
        checks = (*(passed(step) for step in Step), failed(Step.status, reason))
        assert concluded(door, checks) is reason


def test_what_is_proved_bad_outweighs_what_could_not_be_proved() -> None:
    checks = (failed(Step.readable, Reason.damaged), failed(Step.file_ends, Reason.altered))
    assert concluded(Door.file, checks) is Reason.altered
    assert concluded(Door.file, tuple(reversed(checks))) is Reason.altered


def test_revoked_outweighs_expired() -> None:
    checks = (failed(Step.dates, Reason.expired), failed(Step.status, Reason.revoked))
    assert concluded(Door.code, checks) is Reason.revoked


def test_a_failed_check_cannot_be_green() -> None:
    for reason in (None, Reason.valid, Reason.code_in_force):
        with pytest.raises(ValueError, match="never green"):
            Check(Step.status, Result.failed, reason=reason)


@given(st.lists(st.sampled_from(Step)), st.lists(st.tuples(st.sampled_from(Step), st.sampled_from(BAD))))
def test_no_mixture_is_green_unless_everything_passed(good: list[Step], bad: list[tuple[Step, Reason]]) -> None:
    for door in Door:
        checks = (*map(passed, good), *(failed(step, reason) for step, reason in bad))
        green = not bad and set(good) >= REQUIRED[door]
        assert (concluded(door, checks).verdict is Verdict.valid) == green


def test_the_age_of_the_evidence_is_that_of_the_status() -> None:
    status = Evidence(STATUS_EVIDENCE, NOW - timedelta(minutes=4))
    trust = Evidence(TRUST_EVIDENCE, NOW - timedelta(days=3))
    assert Report(Door.code, (), NOW, evidence=(status, trust)).evidence_age == timedelta(minutes=4)
    assert Report(Door.code, (), NOW, evidence=(trust,)).evidence_age is None
    assert Evidence(STATUS_EVIDENCE, NOW + timedelta(seconds=5)).age(NOW) == timedelta()
