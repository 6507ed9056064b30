"""Checks by name, and the one rule by which they become an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from verification.model.reason import Reason, Verdict


class Result(StrEnum):
    """How one check ended."""

    passed = "passed"
    failed = "failed"
    not_done = "not-done"


class Step(StrEnum):
    """The checks by name, in the order in which they are made and numbered."""

    readable = "readable"
    sealed = "sealed"
    our_seal = "our-seal"
    file_ends = "file-ends"
    whole_file = "whole-file"
    padding = "padding"
    strict_form = "strict-form"
    attributes = "attributes"
    one_seal = "one-seal"
    no_changes = "no-changes"
    evidence = "evidence"
    content = "content"
    signature = "signature"
    certificate = "certificate"
    time_stamp = "time-stamp"
    not_revoked = "not-revoked"
    record = "record"
    code_form = "code-form"
    code_key = "code-key"
    code_signature = "code-signature"
    code_on_page = "code-on-page"
    number_form = "number-form"
    registered = "registered"
    edition = "edition"
    dates = "dates"
    status = "status"

    @property
    def about(self) -> str:
        """What is looked at, for the reader (English message id)."""
        return TITLES[self]


TITLES: Mapping[Step, str] = {
    Step.readable: "The file can be read",
    Step.sealed: "It carries an electronic seal",
    Step.our_seal: "The seal belongs to a trusted agency",
    Step.file_ends: "The file ends where the sealed part ends",
    Step.whole_file: "The seal covers the whole file",
    Step.padding: "Nothing is hidden beside the seal",
    Step.strict_form: "The seal is written in its one strict form",
    Step.attributes: "The seal holds only what it may hold",
    Step.one_seal: "There is exactly one seal",
    Step.no_changes: "The seal forbids every later change",
    Step.evidence: "Nothing but evidence was added after sealing",
    Step.content: "The content is what was sealed",
    Step.signature: "The signature of the seal is genuine",
    Step.certificate: "The certificate of the seal is in order",
    Step.time_stamp: "An independent clock confirms the time of sealing",
    Step.not_revoked: "The seal was not revoked when it was used",
    Step.record: "The machine-readable record is inside",
    Step.code_form: "The code is one of ours",
    Step.code_key: "The key of the code is trusted",
    Step.code_signature: "The signature of the code is genuine",
    Step.code_on_page: "The code on the page belongs to this license",
    Step.number_form: "The check character of the number fits",
    Step.registered: "The register knows this license",
    Step.edition: "It is not a test license",
    Step.dates: "Today lies within its dates",
    Step.status: "It is neither suspended nor revoked",
}


@dataclass(frozen=True)
class Check:
    """One named check: how it ended and why. A check that is not passed says which answer it leads to."""

    step: Step
    result: Result
    why: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    reason: Reason | None = None

    def __post_init__(self) -> None:
        if self.result is Result.failed and (self.reason is None or self.reason.verdict is Verdict.valid):
            raise ValueError("a failed check names the answer it leads to, and that is never green")


def passed(step: Step, why: str = "", **values: str) -> Check:
    """A check that went well."""
    return Check(step, Result.passed, why, values)


def failed(step: Step, reason: Reason, why: str = "", **values: str) -> Check:
    """A check that settles the answer: `reason` is not valid, or cannot say."""
    return Check(step, Result.failed, why, values, reason)


def not_done(step: Step, why: str = "", reason: Reason | None = None, **values: str) -> Check:
    """A check that could not or need not be made."""
    return Check(step, Result.not_done, why, values, reason)


class Door(StrEnum):
    """Which door the question came through. What must be checked depends on it."""

    file = "file"
    code = "code"
    number = "number"
    document = "document"  # a file too: one that an agency sealed, and no license


_SEAL = (
    Step.readable, Step.sealed, Step.our_seal, Step.file_ends, Step.whole_file, Step.padding, Step.strict_form,
    Step.attributes, Step.one_seal, Step.no_changes, Step.content, Step.signature, Step.certificate, Step.time_stamp,
    Step.not_revoked, Step.record,
)  # fmt: skip
_LIFE = (Step.edition, Step.dates, Step.status)
REQUIRED: Mapping[Door, frozenset[Step]] = {
    Door.file: frozenset((*_SEAL, *_LIFE)),
    Door.code: frozenset((Step.code_form, Step.code_key, Step.code_signature, *_LIFE)),
    Door.number: frozenset((Step.number_form, Step.registered, *_LIFE)),
    Door.document: frozenset(_SEAL) - {Step.record},
}
GREEN: Mapping[Door, Reason] = {
    Door.file: Reason.valid,
    Door.code: Reason.code_in_force,
    Door.number: Reason.number_in_force,
    Door.document: Reason.document_sealed,
}


def concluded(door: Door, checks: tuple[Check, ...]) -> Reason:
    """The one reason that follows from the checks. Green only if every check this door requires was made and passed.

    What is proved bad outweighs what could not be proved: a forged paper stays *not valid* without a status list.
    """
    bad = [check.reason for check in checks if check.result is Result.failed and check.reason]
    for reason in Reason:
        if reason in bad and reason.verdict is Verdict.not_valid:
            return reason
    if bad:
        return bad[0]
    missing = REQUIRED[door] - {check.step for check in checks if check.result is Result.passed}
    for check in checks:
        if check.step in missing and check.reason is not None and check.reason.verdict is not Verdict.valid:
            return check.reason
    return Reason.not_checked if missing else GREEN[door]
