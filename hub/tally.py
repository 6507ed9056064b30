"""Counts of what happened, where they may be lost: some seconds in this process, then by the minute in the short-term memory.

A thing is counted under five short words; there is no place for a person. Counting costs microseconds and never fails: what
the short-term memory cannot take is dropped, and a process that dies takes its last seconds with it.
"""

from collections.abc import Mapping
from threading import Lock, Timer

import structlog

from hub import clock
from hub.shared import Shared, SharedDown

log = structlog.get_logger("tally")
FLUSH = 5.0  # seconds from the first count to the round trip that takes it to the others'
KEPT = 3600  # seconds within which a minute must be taken up
MOST = 5000  # different things in this process at a time: a flood must not fill the memory
WORDS = 5


class Tally:
    """The counts of one process on their way to the short-term memory. Safe to share between threads."""

    def __init__(self, shared: Shared) -> None:
        self._shared, self._lock = shared, Lock()
        self._counts: dict[tuple[str, ...], int] = {}
        self._timer: Timer | None = None
        self._closed = False

    def count(self, *words: str) -> None:
        """Count one more of what these words name. Words hold no spaces."""
        with self._lock:
            if words in self._counts or len(self._counts) < MOST:
                self._counts[words] = self._counts.get(words, 0) + 1
            if self._timer is None and not self._closed:
                self._timer = Timer(FLUSH, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Bring what this process has counted to the others', under the present minute."""
        with self._lock:
            counts, self._counts = self._counts, {}
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if counts:
            try:
                named = {" ".join(words): number for words, number in counts.items()}
                self._shared.add(_key(_minute()), named, KEPT)
            except SharedDown:
                log.warning("tally.lost", things=len(counts))

    def finished(self) -> dict[int, dict[str, int]]:
        """Take the counts of each minute (whole minutes since 1970) that is over, from all processes: they are gone then."""
        last = _minute() - 1
        taken = {minute: self._shared.take_all(_key(minute)) for minute in range(last - KEPT // 60 + 1, last + 1)}
        return {minute: counts for minute, counts in taken.items() if counts}

    def back(self, minutes: Mapping[int, Mapping[str, int]]) -> None:
        """Give back what was taken and could not be kept."""
        for minute, counts in minutes.items():
            self._shared.add(_key(minute), counts, KEPT)

    def waiting(self) -> dict[str, int]:
        """What was counted in the present minute and the one before, and not yet taken."""
        now, sums = _minute(), dict[str, int]()
        for minute in (now - 1, now):
            for name, number in self._shared.peek_all(_key(minute)).items():
                sums[name] = sums.get(name, 0) + number
        return sums

    def close(self) -> None:
        """Count no more; what is still here is dropped."""
        with self._lock:
            self._closed, self._counts = True, {}
            if self._timer is not None:
                self._timer.cancel()


def _minute() -> int:
    return clock.timestamp() // 60


def _key(minute: int) -> str:
    return f"tally:{minute}"
