"""The nouns of this room: reasons, checks, reports. No I/O, no clock."""

from verification.model.check import (
    GREEN,
    REQUIRED,
    Check,
    Door,
    Result,
    Step,
    concluded,
    failed,
    not_done,
    passed,
)
from verification.model.paper import Paper
from verification.model.problems import FileTooLarge, WrongQuestion
from verification.model.reason import ANSWERS, Answer, Reason, Verdict
from verification.model.report import STATUS_EVIDENCE, TRUST_EVIDENCE, Evidence, Fact, Report, SealMark

__all__ = [
    "ANSWERS",
    "GREEN",
    "REQUIRED",
    "STATUS_EVIDENCE",
    "TRUST_EVIDENCE",
    "Answer",
    "Check",
    "Door",
    "Evidence",
    "Fact",
    "FileTooLarge",
    "Paper",
    "Reason",
    "Report",
    "Result",
    "SealMark",
    "Step",
    "Verdict",
    "WrongQuestion",
    "concluded",
    "failed",
    "not_done",
    "passed",
]
