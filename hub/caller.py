"""Who asks: the one value that every gate gives and every verb takes."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.tree import ROOT


@dataclass(frozen=True)
class Caller:
    """Who asks: a program (`client`), a person, or a person through a program; for whom he acts; what he may do.

    `holder_keys` are the keyed blind indexes of the numbers that the person (or the company acted for) has proved.
    """

    client: str | None = None
    agency: str | None = None
    place: str = ROOT
    scopes: frozenset[str] = frozenset()
    person: str | None = None
    level: int = 0
    amr: tuple[str, ...] = ()
    auth_time: datetime | None = None
    acting_for: str | None = None
    holder_keys: tuple[str, ...] = ()
    rights: frozenset[str] = frozenset()
    sid: str | None = None
    session: str | None = None  # the digest of the session row, for ending just this one
    sealed_name: bytes | None = None
    grant: str | None = None  # the id of what a person granted the program, behind its token
    details: tuple[dict[str, Any], ...] = ()  # what the person allowed in it beyond scopes (RFC 9396)
    ends: datetime | None = field(default=None, compare=False)  # of the session, at the latest
    idle_ends: datetime | None = field(default=None, compare=False)  # unless he does something before
    seen: datetime | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        """How the ledger names this caller: ids only, the actor after the subject."""
        who = f"person:{self.person}" if self.person else f"client:{self.client}" if self.client else "nobody"
        return f"{who} for {self.acting_for}" if self.acting_for else who


NOBODY = Caller()
