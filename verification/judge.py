"""Reports from what is at hand: a paper or a code, and signed lists or the register's word. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from licenses.qr import Code
from verification import life, scan
from verification.life import Standing
from verification.model import (
    TRUST_EVIDENCE,
    Check,
    Door,
    Evidence,
    Fact,
    Paper,
    Reason,
    Report,
    Result,
    Step,
    failed,
    not_done,
    passed,
)
from verification.trust import Trust

SHOWN = {  # names of the record (GB/T 36903) that a reader compares with the paper, and what they are called
    "certificateTypeName": "Kind of license",
    "holderName": "Holder",
    "issuingAuthorityName": "Issued by",
    "certificateNumber": "Number of the license",
    "certificateIdentifier": "Identifier",
    "issueDate": "Date of issue",
    "validityText": "Term",
}


@dataclass(frozen=True)
class Stated:
    """What a paper states about itself, after its seal was examined."""

    record: Mapping[str, Any]
    checks: tuple[Check, ...]
    code: Code | None = None


def file_report(paper: Paper, trust: Trust, now: datetime) -> Report:
    """The report on a file from a trust folder alone: its status comes from the code on it and the signed status list."""
    if trust.list is None:
        # Without the list of authorities a genuine seal looks like a forged one: nothing about it may be told.
        readable = tuple(check for check in paper.checks if check.step is Step.readable)
        return Report(Door.file, (*readable, not_done(Step.our_seal, reason=trust.problem)), now)
    stated = read_paper(paper, trust, now)
    standing = _standing(stated, trust)
    more = life.checks(standing, now, test_edition=trust.list.test_edition) if stated.record else ()
    return report(paper, stated, more, _evidence(standing, trust), now)


def report(
    paper: Paper, stated: Stated, more: tuple[Check, ...], evidence: tuple[Evidence, ...], now: datetime
) -> Report:
    """Put a report on a file together. What the file states is shown only if its seal is genuine."""
    checks = (*paper.checks, *stated.checks, *more)
    genuine = any(check.step is Step.signature and check.result is Result.passed for check in paper.checks)
    bad = any(check.result is Result.failed for check in (*paper.checks, *stated.checks))
    show = genuine and not bad
    document = (
        paper.seal is not None and not paper.record
    )  # whatever its pages look like: no license of ours lacks its record
    return Report(
        door=Door.document if document else Door.file,
        checks=checks,
        at=now,
        number=str(stated.record.get("certificateIdentifier", "")) if show else "",
        digest=paper.digest,
        compare=_facts(stated.record) if show else (),
        seal=paper.seal if genuine else None,
        evidence=evidence,
        test_edition=bool(stated.record.get("testEdition")) and show,
    )


def read_paper(paper: Paper, trust: Trust, now: datetime) -> Stated:
    """The record, and whether record, seal and code agree with each other."""
    if paper.seal is None:
        return Stated({}, ())
    try:
        record = json.loads(paper.record) if paper.record else {}
        _shape(record)
    except (ValueError, TypeError, KeyError, RecursionError):
        return Stated({}, (failed(Step.record, Reason.mismatch, "The record cannot be read"),))
    if not record:
        return Stated({}, _no_license(paper, trust))
    if record["issuingAuthorityCode"] != paper.seal.agency:
        return Stated(record, (failed(Step.record, Reason.mismatch, "The record names another agency than the seal"),))
    return _with_code(Stated(record, ()), paper, trust, now)


def _no_license(paper: Paper, trust: Trust) -> tuple[Check, ...]:
    """A sealed document need not be a license; but then it shows no license's code either."""
    if trust.list is not None and any(scan.ours(paper.codes, trust.list.verify_url)):
        return (failed(Step.record, Reason.mismatch, "It shows the code of a license, but holds no record of one"),)
    return ()


def _shape(record: Any) -> None:
    """Raise for a record without what is read from it below."""
    if record:
        date.fromisoformat(record["validFrom"])
        if record["validUntil"] is not None:
            date.fromisoformat(record["validUntil"])
        if not isinstance(record["testEdition"], bool):
            raise TypeError("testEdition")
        str(record["issuingAuthorityCode"] + record["certificateIdentifier"])


def _with_code(stated: Stated, paper: Paper, trust: Trust, now: datetime) -> Stated:
    if trust.list is None:
        return replace(stated, checks=(not_done(Step.code_on_page, reason=trust.problem),))
    ours = tuple(dict.fromkeys(scan.ours(paper.codes, trust.list.verify_url)))
    if not ours:
        return replace(stated, checks=(not_done(Step.code_on_page, "No code could be read on the page"),))
    if len(ours) > 1:
        return replace(stated, checks=(failed(Step.code_on_page, Reason.mismatch, "There are several codes"),))
    judged = scan.judge_code(ours[0], trust.list.verify_url, trust.list, now)
    if judged.code is None:
        reason = judged.checks[-1].reason or Reason.forged
        return replace(stated, checks=(failed(Step.code_on_page, reason, "The code on the page is not genuine"),))
    same = judged.code.record.hex() == paper.record_digest
    named = str(judged.code.identifier) == stated.record["certificateIdentifier"]
    if not (same and named):
        return replace(stated, checks=(failed(Step.code_on_page, Reason.mismatch, "The code is of another license"),))
    return Stated(stated.record, (passed(Step.code_on_page),), judged.code)


def code_report(text: str, trust: Trust, now: datetime) -> Report:
    """The report on a code from a trust folder alone."""
    if trust.list is None:
        return Report(Door.code, (not_done(Step.code_key, reason=trust.problem),), now)
    judged = scan.judge_code(text, trust.list.verify_url, trust.list, now)
    if judged.code is None:
        return Report(Door.code, judged.checks, now, evidence=_trust_evidence(trust))
    standing = code_standing(judged.code, trust)
    more = life.checks(standing, now, test_edition=trust.list.test_edition)
    return Report(
        door=Door.code,
        checks=(*judged.checks, *more),
        at=now,
        number=str(judged.code.identifier),
        compare=code_facts(judged.code),
        evidence=_evidence(standing, trust),
        test_edition=judged.code.identifier.test_edition,
    )


def code_standing(code: Code, trust: Trust) -> Standing:
    """What a code and the status lists say about a license."""
    why, problem, evidence = life.from_list(code.status_index, trust.status, code.status_list, trust.status_problem)
    return Standing(
        test_edition=code.identifier.test_edition,
        ends=code.expires,
        not_in_force=why,
        status_known=evidence is not None,
        problem=problem,
        evidence=evidence,
    )


def code_facts(code: Code) -> tuple[Fact, ...]:
    """What a genuine code shows to compare."""
    shown = [Fact(key, value) for key, value in code.shown.items()]
    issued = code.issued.astimezone(life.OFFICIAL).date().isoformat()
    known = [Fact("Identifier", str(code.identifier)), Fact("Date of issue", issued)]
    if code.expires:
        until = (code.expires - datetime.resolution).astimezone(life.OFFICIAL).date().isoformat()
        known.append(Fact("Valid until", until))
    return (*shown, *known)


def _standing(stated: Stated, trust: Trust) -> Standing:
    record = stated.record
    if not record:
        return Standing(test_edition=False)
    until = record["validUntil"]
    known = code_standing(stated.code, trust) if stated.code else Standing(test_edition=False)
    return replace(
        known,
        test_edition=record["testEdition"],
        valid_from=date.fromisoformat(record["validFrom"]),
        valid_until=date.fromisoformat(until) if until else None,
    )


def _facts(record: Mapping[str, Any]) -> tuple[Fact, ...]:
    return tuple(Fact(name, str(record[key])) for key, name in SHOWN.items() if record.get(key))


def _evidence(standing: Standing, trust: Trust) -> tuple[Evidence, ...]:
    return (*((standing.evidence,) if standing.evidence else ()), *_trust_evidence(trust))


def _trust_evidence(trust: Trust) -> tuple[Evidence, ...]:
    return (Evidence(TRUST_EVIDENCE, trust.list.made, trust.list.until),) if trust.list else ()
