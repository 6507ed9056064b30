"""What is published under a number: signed lists, and the keys that the trust list vouches for."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class SignedList:
    """A numbered, signed statement with an end: a CRL or a trust list. `state` is the digest of what it tells."""

    number: int
    state: str
    body: bytes
    since: datetime
    until: datetime

    def serves(self, state: str, now: datetime, renew_after: timedelta) -> bool:
        """Whether it still tells the truth and is not due for renewal."""
        return self.state == state and self.since <= now < min(self.since + renew_after, self.until)


@dataclass(frozen=True)
class ListedKey:
    """A public key that the trust list vouches for: what it is used for, and from when to when it signed."""

    kid: str
    use: str
    name: str
    jwk: dict[str, str]
    since: datetime
    until: datetime | None = None
