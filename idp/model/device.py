"""Signing in at a device that has no browser of its own: a terminal in a hall shows a code, a person agrees elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.problems import Problem

SECONDS = 600  # to find the page, type the code and sign in; a code that lies about longer serves a phisher
INTERVAL = 5  # seconds between two questions of the device (RFC 8628 3.2)
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 6.1: no vowels, so no words; nothing that looks like a digit
LENGTH = 8  # of 20 letters: 34 bits


class DeviceGone(Problem):
    """No device waits under this code: it was mistyped, is too old, or was answered before."""

    status = 422
    title = "No device is waiting with this code"
    advice = "Compare the code with the device. If it shows none any more, begin there again."


@dataclass(frozen=True)
class Device:
    """A device that waits for a person's answer."""

    client: str
    scopes: tuple[str, ...]
    level: int
    user_code: str
    network: str  # from which it asked
    made: datetime

    @property
    def ends(self) -> datetime:
        """From when it waits no more."""
        return self.made + timedelta(seconds=SECONDS)

    @property
    def code(self) -> str:
        """Its code as people read it, in two groups."""
        return f"{self.user_code[:4]}-{self.user_code[4:]}"


def typed(text: str) -> str:
    """A code as it is kept, however it was typed: small letters and dashes do not matter. Empty if it can be none."""
    code = "".join(char for char in text[:64].upper() if char.isascii() and char.isalnum())
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else ""
