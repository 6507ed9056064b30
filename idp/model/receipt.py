"""What both sides keep of a person's yes or no: a signed record of what was shown and agreed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.problems import NotFound

TYPE = "consent-receipt+jwt"  # the `typ` of the signed record, so that it is never taken for a token


class Said(StrEnum):
    """What the person said (ISO/IEC TS 27560 6.3.5, event_state)."""

    given = "given"
    withdrawn = "withdrawn"


class NoReceipt(NotFound):
    """There is no such receipt of this person."""

    title = "There is no such receipt"
    advice = "Your receipts stand under Services and consents in your account."


@dataclass(frozen=True)
class Receipt:
    """One record, as it was signed. Of the person it holds no more than the subject that this one service knows."""

    id: str
    person: str
    client: str
    said: Said
    text_version: int
    scopes: tuple[str, ...]
    signed: str  # the compact JWS
    at: datetime
