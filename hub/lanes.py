"""Who waits for somebody outside is answered by threads of their own (`hub.bridge`).

In the event loop, or in one of the few threads for pages, one slow service of a department would hold up everybody. So a request
that is about to call out says so first; where it may not wait, it is given up and answered anew by a thread that may. That is
possible only before it has done anything that counts once: from then on it stays where it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_may_wait: ContextVar[bool] = ContextVar("may-wait", default=True)


class Waits(BaseException):  # no `except Exception` on the way may take it for a fault
    """This request waits for somebody outside: it is answered anew, by a thread that may."""


def calls_out() -> None:
    """Say that this request is about to call somebody outside. Raises Waits where others would wait behind it."""
    if not _may_wait.get():
        raise Waits


def stays() -> None:
    """Say that this request is about to do what counts once: it cannot be answered anew any more."""
    _may_wait.set(True)


@contextmanager
def impatient() -> Iterator[None]:
    """Within it nobody may wait for somebody outside."""
    before = _may_wait.set(False)
    try:
        yield
    finally:
        _may_wait.reset(before)
