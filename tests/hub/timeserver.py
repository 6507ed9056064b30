"""An SNTP server on this machine (RFC 5905 14), whose clock a test can set."""

import socket
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

EPOCH = 2_208_988_800


class TimeServer:
    """Answers on a port of its own. `ahead`: how many seconds its clock is ahead; `silent`: it says nothing."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead, self.silent, self.asked = ahead, False, 0
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind(("127.0.0.1", 0))
        self.port: int = self._line.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", ("127.0.0.1", self.port))
        self._thread.join()
        self._line.close()

    def _serve(self) -> None:
        while True:
            question, sender = self._line.recvfrom(512)
            if question == b"stop":
                return
            self.asked += 1
            if not self.silent:
                at = self._now()
                self._line.sendto(b"\x24\x02" + bytes(22) + question[40:48] + at + at, sender)

    def _now(self) -> bytes:
        seconds = datetime.now(UTC).timestamp() + self.ahead + EPOCH
        return int(seconds * (1 << 32)).to_bytes(9)[-8:]
