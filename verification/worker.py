"""The caged process for hostile uploads (`hub.caged`). Who asked is told that his file is damaged or takes too long."""

import importlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from hub import caged
from hub.caged import Broken, Caged, Occupied
from hub.problems import Unavailable
from verification.model import Paper, Reason, Step, failed
from verification.pdf.chain import Anchors

SECONDS = 10.0  # of waiting, and of computing, for one file; ours take 0.05
MEMORY = 1_200_000_000  # of address space: the libraries, one picture of 40 million pixels, one file of 20 MB
JOBS = 500
Got = TypeVar("Got")


class ExaminerBusy(Unavailable):
    """Others' files have kept the examiner busy for too long."""

    title = "Too many files are being checked"
    advice = "Your file was not checked and not kept. Try again in a minute, or scan the code: that needs no server."


class Workbench(Caged):
    """One worker, started when first needed. Threads take turns."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__("verification.worker", seconds=seconds, turns=JOBS)

    def examine(self, data: bytes, anchors: Anchors, now: datetime) -> Paper:
        """`pdf.examine`, over there. Never raises for what the file holds."""
        given = {
            name: [b64encode(one).decode() for one in getattr(anchors, name)]
            for name in ("roots", "authorities", "crls")
        }
        try:
            return self._ask({"do": "examine", "now": now.isoformat(), **given}, data, Paper.from_json)
        except Broken as broken:
            return Paper((failed(Step.readable, _why(broken)),))

    def texts(self, picture: bytes) -> tuple[str, ...] | Reason:
        """`scan.texts`, over there; or the reason why there are none."""
        try:
            return self._ask({"do": "texts"}, picture, _texts)
        except Broken as broken:
            return _why(broken)

    def _ask(self, question: dict[str, Any], data: bytes, understood: Callable[[str], Got]) -> Got:
        try:
            return self.exchange(question, data, lambda told, _: understood(told.decode()))
        except Occupied:
            raise ExaminerBusy from None


def _texts(told: str) -> tuple[str, ...] | Reason:
    held = json.loads(told)
    return Reason.not_a_document if held is None else tuple(str(text) for text in held)


def _why(broken: Broken) -> Reason:
    return Reason.too_long if broken.late else Reason.damaged


BENCH = Workbench()  # of this process


# -- over there


def _load() -> None:
    for name in ("zxingcpp", "verification.pdf", "verification.scan"):
        importlib.import_module(name)
    from PIL import Image

    Image.init()


def _answer(question: dict[str, Any], data: bytes) -> tuple[str, bytes]:
    from verification import scan
    from verification.pdf import examine

    if question["do"] == "texts":
        try:
            return json.dumps(scan.texts(data)), b""
        except scan.NotAPicture:
            return "null", b""
    given = {name: tuple(b64decode(one) for one in question[name]) for name in ("roots", "authorities", "crls")}
    return examine(data, Anchors(**given), datetime.fromisoformat(question["now"])).to_json(), b""


if __name__ == "__main__":
    caged.serve(_answer, load=_load, memory=MEMORY, seconds=SECONDS)
