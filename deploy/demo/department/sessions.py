"""What a department site remembers of its visitors. In memory: a real department uses its own store."""

import secrets
from dataclasses import dataclass, field
from typing import Any

LIMIT = 10_000  # sessions that are kept at most; the oldest go first


@dataclass(frozen=True)
class Session:
    """A visitor: on the way to the provider (`flow`), or back with what it vouched for (`claims`)."""

    claims: dict[str, Any] = field(default_factory=dict)
    id_token: str = ""
    flow: dict[str, str] = field(default_factory=dict)
    data_token: str = ""  # opens what the visitor allowed us to ask others for
    told: Any = None  # what came of it: data, or a refusal
    grant: str = ""  # which of our grants that is


class Sessions:
    """All sessions by the random value of their cookie."""

    def __init__(self) -> None:
        self._known: dict[str, Session] = {}

    def get(self, key: str) -> Session:
        """The session of a cookie; an empty one for a stranger."""
        return self._known.get(key, Session())

    def begin(self, session: Session, *, instead_of: str) -> str:
        """Keep a session under a new key: the old one ends, so nobody can hand a known key to somebody else."""
        self.end(instead_of)
        key = secrets.token_urlsafe(24)
        self._known[key] = session
        while len(self._known) > LIMIT:
            self.end(next(iter(self._known)))
        return key

    def end(self, key: str) -> None:
        """Forget a session."""
        self._known.pop(key, None)

    def end_login(self, sid: str | None, sub: str | None) -> None:
        """Forget every session of a login, or without a `sid` every session of a person (Back-Channel Logout 2.7)."""
        for key, session in list(self._known.items()):
            login, person = session.claims.get("sid"), session.claims.get("sub")
            if (login == sid and sid is not None) or (sid is None and person == sub and sub is not None):
                self.end(key)
