"""A report in the reader's language: what pages show, what the API answers, what the command prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.i18n import N_, translated
from seals.model import Level
from verification.model import Check, Report, Result, Step

OFFICIAL = ZoneInfo("Asia/Shanghai")
ORDER: Sequence[Step] = tuple(Step)
RESULTS = {Result.passed: N_("passed"), Result.failed: N_("not passed"), Result.not_done: N_("not checked")}

LEVELS = {  # of the file (EN 319 142-1), in words
    Level.bare.value: N_("B-B: the seal alone"),
    Level.timed.value: N_("B-T: with the time of an independent clock"),
    Level.long_term.value: N_("B-LT: with evidence for later years"),
    Level.archive.value: N_("B-LTA: with evidence for later years, time-stamped for the archive"),
}


@dataclass(frozen=True)
class Told:
    """A report as lines of text."""

    says: str
    advice: str
    facts: tuple[tuple[str, str], ...]
    sealed: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    checks: tuple[tuple[Step, Result, str], ...]


BLANK = Told("", "", (), (), (), ())  # of a pattern that the browser fills


def of(report: Report, language: str) -> Told:
    """The words of a report, in `zh-Hans` or `en`."""

    def say(message: str, **values: object) -> str:
        return translated(message, language, **values) if message else ""

    zh = language == "zh-Hans"
    return Told(
        says=say(report.says),
        advice=say(report.advice),
        facts=tuple((one.name_zh if zh and one.name_zh else say(one.name), one.value) for one in report.compare),
        sealed=_sealed(report, say),
        evidence=tuple(_age(say(one.name), one.age(report.at), one.made, say) for one in report.evidence),
        checks=tuple((check.step, check.result, say(check.why, **check.values)) for check in ordered(report.checks)),
    )


def about(step: Step, result: Result, language: str) -> tuple[str, str]:
    """What is looked at, and how it ended."""
    return translated(step.about, language), translated(RESULTS[result], language)


def ordered(checks: Sequence[Check]) -> list[Check]:
    """The checks in the order of their numbers."""
    return sorted(checks, key=lambda check: ORDER.index(check.step))


def body(report: Report, language: str) -> dict[str, Any]:
    """The answer of the API (docs/flows/verify.md). Codes are for programs, `says` and `do` for their people."""
    told, seal = of(report, language), report.seal
    age = report.evidence_age
    return {
        "verdict": report.verdict.value,
        "reason": report.reason.value,
        "says": told.says,
        "do": told.advice,
        "door": report.door.value,
        "at": _iso(report.at),
        "number": report.number or None,
        "test_edition": report.test_edition,
        "evidence_age": None if age is None else int(age.total_seconds()),
        "compare": [{"name": name, "value": value} for name, value in told.facts],
        "sealing": [{"name": name, "value": value} for name, value in told.sealed],
        "sealed": seal and {
            "agency": seal.agency, "name": seal.name, "certificate": seal.certificate, "at": seal.at and _iso(seal.at),
            "level": seal.level or None, "archived": seal.archived and _iso(seal.archived),
        },
        "digest": report.digest or None,
        "evidence": [
            {"name": one.name, "made": _iso(one.made), "until": one.until and _iso(one.until), "words": line}
            for one, line in zip(report.evidence, told.evidence, strict=True)
        ],
        "checks": [
            {"step": check.step.value, "result": check.result.value, "about": translated(check.step.about, language), "why": why}
            for check, (_, _, why) in zip(ordered(report.checks), told.checks, strict=True)
        ],
        "replaced_by": report.replaced_by or None,
    }  # fmt: skip


def _sealed(report: Report, say: Any) -> tuple[tuple[str, str], ...]:
    seal = report.seal
    if seal is None:
        return ()
    when = [(say(N_("Sealed at")), _moment(seal.at))] if seal.at else []
    level = [(say(N_("Level of the signature")), say(LEVELS[seal.level]))] if seal.level in LEVELS else []
    kept = [(say(N_("Evidence of the archive")), _moment(seal.archived))] if seal.archived else []
    return ((say(N_("Sealed by")), f"{seal.name} ({seal.agency})"), *when, *level, *kept)


def _age(name: str, age: timedelta, made: datetime, say: Any) -> str:
    seconds = int(age.total_seconds())
    if seconds < 5:
        return str(say(N_("%(what)s: checked just now"), what=name))
    if seconds < 90:
        return str(say(N_("%(what)s: %(count)s seconds old"), what=name, count=seconds))
    if seconds < 5400:
        return str(say(N_("%(what)s: %(count)s minutes old"), what=name, count=round(seconds / 60)))
    return str(say(N_("%(what)s: of %(at)s"), what=name, at=_moment(made)))


def _moment(at: datetime) -> str:
    return at.astimezone(OFFICIAL).strftime("%Y-%m-%d %H:%M:%S")


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
