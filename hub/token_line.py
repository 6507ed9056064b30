"""The line before a token: one thread works, callers wait for a bounded time, and a token that fails is left alone for a while.

A call into a token cannot be taken back. So it is made by a thread of its own: when it takes too long its caller goes on without
it, and that thread is left behind with its session. Callers who would wait long are few (the others are sent away at once), so
that a slow token cannot hold every thread of a process.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from math import ceil
from queue import SimpleQueue
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic
from typing import Any, TypeVar

import structlog

from hub.problems import Problem, Unavailable

Got = TypeVar("Got")
Desk = Callable[[Callable[[Any], Any]], Any]  # serves what is asked, with whatever the thread keeps open

SECONDS = 2.0  # a signature takes a token 50 microseconds to 50 ms; who has waited so long is better told
PLACES = 32  # callers at once; more would wait for longer than they may
PATIENT = 8  # of them may wait for longer than a moment: a process has 16 threads for those who wait
MOMENT = 0.1  # seconds
FAILURES = 3  # in a row, and the token is left alone
REST = 5.0  # seconds for which it is
LEFT = 4  # threads that never came back: a token that holds so many gets no other

log = structlog.get_logger("token")


class TokenGone(Unavailable):
    """The token does not answer, or not as it should; nothing was signed."""

    title = "The key token cannot be reached"
    advice = "Nothing was lost. The operator should look at the token; then try again."

    def __init__(self, detail: str = "", *, wait: int = ceil(REST), **values: Any) -> None:
        super().__init__(detail, extras={"retry_after": wait}, **values)


class TokenBusy(Unavailable):
    """More is asked of the token than it can do in time; nothing was signed."""

    title = "The key token has too much to do"
    advice = "Nothing was lost. Try again in a few seconds."

    def __init__(self) -> None:
        super().__init__(extras={"retry_after": 2})


class Line:
    """`desk` makes what a thread keeps open; it is called again for each thread that takes over."""

    def __init__(
        self, desk: Callable[[], Desk], *, gone: type[TokenGone] = TokenGone, busy: type[TokenBusy] = TokenBusy
    ) -> None:
        self._desk, self._gone_is, self._busy_is = desk, gone, busy
        self._lock = Lock()
        self._waiting = 0
        self._patient = BoundedSemaphore(PATIENT)
        self._worker: _Worker | None = None
        self._left: list[_Worker] = []
        self._failures = 0
        self._rests_until = 0.0  # 0: in use; else a moment of the monotonic clock
        self._tried_until = 0.0  # until when somebody else tries the token after its rest

    @property
    def left(self) -> int:
        """How many threads are still in a call that nobody waits for any more."""
        self._left = [worker for worker in self._left if worker.thread.is_alive()]
        return len(self._left)

    def ask(self, act: Callable[[Any], Got], *, seconds: float = 0) -> Got:
        """Have something done in its turn. Raises TokenGone, TokenBusy, and what the act itself refuses."""
        task: Future[Got] = Future()
        seconds = seconds or SECONDS
        with self._lock:
            if self._waiting >= PLACES:
                raise self._busy_is
            self._may(seconds)
            self._waiting += 1
            worker = self._worker = self._worker or _Worker(self._desk())
            worker.take(task, act, seconds)
        try:
            return self._told(worker, task, seconds)
        finally:
            with self._lock:
                self._waiting -= 1

    def _told(self, worker: "_Worker", task: "Future[Got]", seconds: float) -> Got:
        try:
            got = self._wait(task, seconds)
        except TookTooLong as error:
            if not worker.hangs():  # others took the time
                self._verdict(None)
                raise self._busy_is from error
            self._leave(worker)
            raise self._gone("It did not answer in %(seconds)s seconds", seconds=f"{seconds:g}") from error
        except CancelledError as error:  # the thread that was to do it hangs in another call
            raise self._gone("It does not answer") from error
        except TokenGone:
            self._verdict(good=False)
            raise
        except Problem:  # a refusal of the act itself: the token works
            self._verdict(good=True)
            raise
        self._verdict(good=True)
        return got

    def _wait(self, task: "Future[Got]", seconds: float) -> Got:
        with suppress(TookTooLong):
            return task.result(min(MOMENT, seconds))
        end = monotonic() + seconds - MOMENT
        patient = self._patient.acquire(blocking=False)
        if not patient and task.cancel():
            raise TookTooLong
        try:
            return task.result(max(0, end - monotonic()))  # in its turn soon, or being done at this moment
        except TookTooLong:
            task.cancel()
            raise
        finally:
            if patient:
                self._patient.release()

    # -- leaving a token alone (a breaker, with one try after its rest)

    def _may(self, seconds: float) -> None:
        if self._rests_until:
            if monotonic() < max(self._rests_until, self._tried_until) or self.left >= LEFT:
                raise self._gone("It failed a moment ago and is tried again soon")
            self._tried_until = monotonic() + seconds

    def _verdict(self, good: bool | None) -> None:  # noqa: FBT001  three values: None says nothing about the token
        with self._lock:
            if good:
                if self._rests_until:
                    log.info("token.back")
                self._failures, self._rests_until = 0, 0.0
            elif good is not None:
                self._failures += 1
                if self._rests_until or self._failures >= FAILURES:
                    self._rest()
            self._tried_until = 0.0

    def _leave(self, worker: "_Worker") -> None:
        """Go on without a thread that does not come back, and without what waits behind it."""
        with self._lock:
            if self._worker is worker:
                self._worker = None
                self._left.append(worker)
                worker.end()
                self._rest()
            self._tried_until = 0.0

    def _rest(self) -> None:
        self._rests_until = monotonic() + REST
        log.error("token.left-alone", seconds=REST, failures=self._failures, hanging=self.left)

    def _gone(self, words: str, **values: Any) -> TokenGone:
        return self._gone_is(words, wait=max(1, ceil(self._rests_until - monotonic())), **values)


class _Worker:
    """One thread at the token, and what it has still to do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[Any], Any], float] | None] = SimpleQueue()
        self._ended = False
        self._until: float | None = None  # when the call that runs at this moment has taken too long
        self.thread = Thread(target=self._work, name="token", daemon=True)
        self.thread.start()

    def take(self, task: "Future[Any]", act: Callable[[Any], Any], seconds: float) -> None:
        self._tasks.put((task, act, seconds))

    def hangs(self) -> bool:
        """Whether the call that runs has taken longer than it may."""
        until = self._until
        return until is not None and monotonic() > until - MOMENT

    def end(self) -> None:
        """Begin nothing more."""
        self._ended = True
        while not self._tasks.empty():
            if (one := self._tasks.get()) is not None:
                one[0].cancel()
        self._tasks.put(None)

    def _work(self) -> None:
        while (one := self._tasks.get()) is not None and not self._ended:
            task, act, seconds = one
            if task.set_running_or_notify_cancel():
                self._until = monotonic() + seconds
                try:
                    task.set_result(self._desk(act))
                except BaseException as error:  # noqa: BLE001  it is the caller's
                    task.set_exception(error)
                self._until = None
            del one, task, act
