"""Check sealed licenses in your own program: no server, no database, nothing is sent anywhere.

    from yinxin.verify import load_trust, verify

    trust = load_trust("trust")                       # a folder made by: yinxin trust fetch https://… trust
    report = verify(open("license.pdf", "rb").read(), trust)
    print(report.verdict, report.reason, report.says) # valid, not_valid or cannot_say; why; one sentence
    print(report.evidence_age, report.compare)        # how old the status is; what to compare with the paper

A report tells, it never raises: whatever the file holds, the answer is one of the three. Treat everything but `Verdict.valid` as
not accepted, and show `report.compare` to whoever has the paper in his hands.
"""

from datetime import datetime
from os import PathLike
from pathlib import Path

from hub import clock
from verification.judge import code_report, file_report
from verification.model import Check, Evidence, Fact, Reason, Report, Result, SealMark, Step, Verdict
from verification.pdf import examine
from verification.trust import Trust

__all__ = [
    "Check", "Evidence", "Fact", "Reason", "Report", "Result", "SealMark", "Step", "Trust", "Verdict",
    "load_trust", "verify", "verify_code",
]  # fmt: skip


def load_trust(folder: str | PathLike[str], now: datetime | None = None) -> Trust:
    """Read a trust folder. What is missing in it or too old makes answers `cannot_say`; it is no error here."""
    return Trust.load(Path(folder), now or clock.now())


def verify(pdf: bytes, trust: Trust, now: datetime | None = None) -> Report:
    """Check a license file. The status is as fresh as the status lists in the trust folder (`report.evidence_age`)."""
    at = now or clock.now()
    return file_report(examine(pdf, trust.anchors, at), trust, at)


def verify_code(text: str, trust: Trust, now: datetime | None = None) -> Report:
    """Check the text of a QR code. A genuine code proves the license, not the paper it is printed on: compare."""
    return code_report(text, trust, now or clock.now())
