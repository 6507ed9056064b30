"""The report: the answer, what to compare, and how old the evidence is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from verification.model.check import Check, Door, concluded
from verification.model.reason import Reason, Verdict

STATUS_EVIDENCE = "Status of the license"
TRUST_EVIDENCE = "List of trusted keys"


@dataclass(frozen=True)
class Evidence:
    """Something an answer rests on, and when it was made. `name` is an English message id."""

    name: str
    made: datetime
    until: datetime | None = None

    def age(self, now: datetime) -> timedelta:
        """How old it is; never negative (small differences between clocks are not news)."""
        return max(now - self.made, timedelta())


@dataclass(frozen=True)
class Fact:
    """One line to compare with the paper, in the license's own words.

    `name` is an English message id, or a name that a kind of license gives in both languages.
    """

    name: str
    value: str
    name_zh: str = ""


@dataclass(frozen=True)
class SealMark:
    """Who sealed, and when an independent clock saw it; the level of the file, and the last time-stamp of the archive on it."""

    agency: str
    name: str
    certificate: str
    at: datetime | None = None
    level: str = ""
    archived: datetime | None = None


@dataclass(frozen=True)
class Report:
    """The whole answer to one question. The first line is `says`; everything else explains it."""

    door: Door
    checks: tuple[Check, ...]
    at: datetime
    number: str = ""
    digest: str = ""
    compare: tuple[Fact, ...] = ()
    seal: SealMark | None = None
    evidence: tuple[Evidence, ...] = ()
    test_edition: bool = False
    replaced_by: str = ""

    @property
    def reason(self) -> Reason:
        """The one reason for the answer."""
        return concluded(self.door, self.checks)

    @property
    def verdict(self) -> Verdict:
        """Valid, not valid, or cannot say."""
        return self.reason.verdict

    @property
    def says(self) -> str:
        """The first line (English message id)."""
        return self.reason.answer.says

    @property
    def advice(self) -> str:
        """What to do now (English message id)."""
        return self.reason.answer.advice

    @property
    def evidence_age(self) -> timedelta | None:
        """How old the news of the license's status is; None when there is none."""
        ages = [one.age(self.at) for one in self.evidence if one.name == STATUS_EVIDENCE]
        return max(ages) if ages else None
