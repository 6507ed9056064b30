"""Our check of a sealed license beside pyHanko's validator as its documentation shows it: same file, roots and evidence, one run.

    python -m bench.verify [rounds]

CPU milliseconds per check, median of rounds that take turns, so that a busy machine troubles both alike. The last lines are ours
alone: the whole answer with worker process and register, a code, a number.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore

import app
from hub import clock
from hub.settings import Settings
from licenses.model import License
from tests.verification.desk import Desk, open_desk
from verification import answer, scan
from verification.model import Verdict
from verification.pdf import Anchors, examine
from verification.worker import BENCH

ROUNDS = 40


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of computing in this process."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def wall(work: Callable[[], object]) -> float:
    """Milliseconds by the clock: part of the work is done by another process."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def as_documented(pdf: bytes, anchors: Anchors) -> None:
    """https://docs.pyhanko.eu, "Validating signatures", with the revocation data of the file."""
    reader = PdfFileReader(BytesIO(pdf))
    given = {
        "trust_roots": [x509.Certificate.load(root) for root in anchors.roots],
        "other_certs": [x509.Certificate.load(one) for one in anchors.authorities],
        "revocation_mode": "hard-fail",
        "allow_fetching": False,
    }
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(given)
    status = validate_pdf_signature(reader.embedded_signatures[0], context)
    assert status.bottom_line


def main(rounds: int) -> None:
    """Print the table."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(profile="demo", data=Path(folder), passphrase="bench", redis_url="redis://localhost:1")  # type: ignore[arg-type]
        desk = open_desk(app.init(settings, clock.now()), clock.now())
        license = desk.issue("bench")
        table(desk, license, desk.file(license), rounds)
        BENCH.close()


def table(desk: Desk, license: License, pdf: bytes, rounds: int) -> None:
    """Both ways in turns, then what only we have."""
    trust = answer.trust_of(desk.house, desk.now)
    assert trust.list
    assert answer.verify(desk.house, file=pdf, now=desk.now).verdict is Verdict.valid
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(cpu(lambda: as_documented(pdf, trust.anchors)))
        ours.append(cpu(lambda: examine(pdf, trust.anchors, desk.now)))
    ratio = median(ours) / median(theirs)
    print(f"file, pyHanko as documented    {median(theirs):8.1f} ms CPU")
    print(f"file, all our checks           {median(ours):8.1f} ms CPU   {ratio:.2f} x")
    alone: dict[str, Callable[[], object]] = {
        "file, worker and register": lambda: answer.verify(desk.house, file=pdf, now=desk.now),
        "code and register": lambda: answer.verify(desk.house, code=license.code, now=desk.now),
        "code alone": lambda: scan.judge_code(license.code, desk.house.settings.verify_url, trust.list, desk.now),  # type: ignore[arg-type]
        "number and register": lambda: answer.verify(desk.house, number=license.identifier, now=desk.now),
    }
    for name, work in alone.items():
        print(f"{name:30} {median(wall(work) for _ in range(rounds)):8.2f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
