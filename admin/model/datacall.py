"""One call for a person's data: how it ended, the way it took, and why it may be refused."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from hub.problems import NotAllowed, NotFound, NotSignedIn, Problem, Unavailable


class NoUse(NotFound):
    """There is no such use of this person's data."""

    title = "There is no such use of your data"
    advice = "Open the list of who used your data."


class Refusal(Problem):
    """A call that is refused. `why` is what the ledger says of it."""

    why = "refused"
    title = "The call is refused"
    advice = "Read why, and correct it before you call again."


class NoConsent(Refusal, NotAllowed):
    """The token carries no person's permission for this grant."""

    why = "no-consent"
    title = "The person has not allowed this"
    advice = "Send the person through the authorization endpoint with authorization_details, and call again with the new token."


class TokenRefused(Refusal, NotSignedIn):
    """The token is missing, not ours, expired or revoked: also after the person's withdrawal."""

    why = "token"
    title = "The token opens nothing"
    advice = "It is forged, has expired, or the person has withdrawn. Ask the person again."


class Withdrawn(TokenRefused):
    """The person has taken the permission back; it takes effect at the next call."""

    why = "withdrawn"
    title = "The person has withdrawn the permission"
    advice = "Nothing was handed over. Do not ask again unless the person comes back and wants it."


class WrongClient(Refusal, NotAllowed):
    """The grant was given to somebody else."""

    why = "wrong-client"
    title = "This grant belongs to another client"
    advice = "Use the grant that was given to your own client."


class GrantOver(Refusal, NotAllowed):
    """The grant has ended, or has expired."""

    why = "grant-over"
    title = "This grant is no longer in force"
    advice = "Ask the body that holds the data for a new one."


class OtherPurpose(Refusal, NotAllowed):
    """The purpose is missing, or is not the one that was granted."""

    why = "purpose"
    title = "This is not the purpose that was granted"
    advice = "Name the service item for which the data were granted, in the member `purpose`."


class TooMuch(Refusal):
    """More calls in one day than were granted (RFC 6585 4)."""

    status = 429
    why = "volume"
    title = "More than was granted for one day"
    advice = "Go on tomorrow, or ask for a larger volume with a reason."


class NothingHeld(Refusal, NotFound):
    """The body that was asked holds nothing about this person or company."""

    why = "nothing-held"
    title = "Nothing is held about this person or company"
    advice = "Check for whom the person acts. Ask the body that was named in the catalogue."


class SourceDown(Refusal, Unavailable):
    """The other platform did not answer, or not in time."""

    why = "source-down"
    title = "The body that holds the data does not answer"
    advice = "Nothing was handed over. Try again in a few minutes."


class SourceWrong(Refusal, Unavailable):
    """The other platform's answer cannot be relied on: not signed by it, not for this question, or not whole."""

    why = "source-wrong"
    title = "The answer of the body that holds the data cannot be used"
    advice = "Nothing was handed over. The operator of that platform has to look at it."


@dataclass(frozen=True)
class Hop:
    """One station of a call: who was asked where, when, how long it took, and the digest of what came back."""

    who: str
    place: str
    at: str  # ISO, UTC
    milliseconds: int
    digest: str
    said: str = "ok"  # or why it went no further
    left_out: int = 0  # fields that nobody had asked for

    @property
    def told(self) -> dict[str, Any]:
        """As the answer tells it."""
        return asdict(self)


@dataclass(frozen=True)
class Call:
    """One call: answered, or refused and why. `fields` are those that were handed over."""

    id: str
    trace: str  # W3C trace id
    client: str
    place: str  # whose board it stands on: the place of the body that holds the data; for an unknown grant the caller's
    at: datetime
    outcome: str = "open"  # open, answered, or why it was refused
    request: str = ""
    entry: str = ""
    person: str = ""
    acting_for: str = ""
    fields: tuple[str, ...] = ()
    case: str = ""
    hops: tuple[Hop, ...] = field(default=())

    @property
    def answered(self) -> bool:
        """Whether data were handed over."""
        return self.outcome == "answered"

    @property
    def subject(self) -> str:
        """How the ledger names it."""
        return f"data-use:{self.id}"

    @property
    def milliseconds(self) -> int:
        """How long it took in all: the first hop is the whole call."""
        return self.hops[0].milliseconds if self.hops else 0
