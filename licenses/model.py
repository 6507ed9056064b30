"""The nouns of this room and what can go wrong with them."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

from hub.problems import BadRequest, NotAllowed, NotFound, Problem, Unavailable


class NotAnIdentifier(Problem):
    """The text is not an e-license identifier (GB/T 36904): a part or the check character is wrong."""

    title = "This is not an e-license identifier"
    advice = "Compare it with the paper, character by character."


class NoSuchKind(NotFound):
    """No kind of license has this code or name."""

    title = "There is no such kind of license"
    advice = "Look up the kinds and their codes in the documentation."


class KindWrong(Unavailable):
    """The file that declares a kind of license does not hold what it must."""

    status = 500
    title = "A kind of license is declared wrongly"
    advice = "Correct the file that is named here and start again."


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field, in words: an English message id and its values."""

    field: str
    message: str
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def detail(self) -> str:
        """The English sentence."""
        return self.message % dict(self.values) if self.values else self.message


class FieldsWrong(Problem):
    """The data of an application do not fit the kind. `errors` has one entry per field, in the order of the kind."""

    status = 422
    title = "The data do not fit this kind of license"
    advice = "Correct the fields that are named here and send the application again."

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        listed = [{"field": error.field, "detail": error.detail} for error in errors]
        super().__init__("; ".join(f"{error.field}: {error.detail}" for error in errors), extras={"errors": listed})


class GlyphMissing(Problem):
    """No font of this installation can draw a character of the license; a box is never printed instead."""

    status = 422
    title = "A character cannot be printed"
    advice = "Check the character; if it is right, install a font that has it and issue the license again."


class PageFailed(Problem):
    """The page of a license could not be set."""

    status = 500
    title = "The page of the license could not be made"
    advice = "Nothing was issued. Report this to the operator."


class PageFull(Problem):
    """The data are too long for the page of this kind, even in the smallest type that may be printed."""

    status = 422
    title = "The data do not fit on the page"
    advice = "Shorten the longest field and issue the license again."


class ForeignCode(Problem):
    """The text does not begin with our own address: not one of our codes, and never an address to follow."""

    title = "This is not one of our codes"
    advice = "Scan the code on the license itself. Do not follow the address that this code contains."


class UnreadableCode(Problem):
    """The text begins as ours but does not hold a code in its one permitted form."""

    title = "This cannot be read as a code"
    advice = "Scan the code again, in good light and as a whole."


class NewerCode(Problem):
    """The code has a layout that this edition does not know."""

    title = "This code is of a newer make"
    advice = "Update the verification page and scan again."


class ForgedCode(Problem):
    """The signature of the code does not fit the key it names."""

    title = "This code is forged"
    advice = "Do not rely on this paper."


# -- licenses and their life


class Status(StrEnum):
    """Where a license stands in its life. Only `valid` is in force, and only between its dates."""

    valid = "valid"
    suspended = "suspended"
    revoked = "revoked"


class Operation(StrEnum):
    """What can be done to a license after it was issued."""

    suspend = "suspend"
    reinstate = "reinstate"
    revoke = "revoke"


LIFE = {
    (Status.valid, Operation.suspend): Status.suspended,
    (Status.suspended, Operation.reinstate): Status.valid,
    (Status.valid, Operation.revoke): Status.revoked,
    (Status.suspended, Operation.revoke): Status.revoked,
}


class StepRefused(Problem):
    """The state of the license does not allow this operation."""

    status = 409
    title = "The state of the license does not allow this"
    advice = "Look at the present state of the license."


class LicenseUnknown(NotFound):
    """There is no such license, or none that this caller may see."""

    title = "There is no such license"
    advice = "Compare the number with the paper."


class NotYourKind(NotAllowed):
    """The caller's agency may not issue this kind, or acts for another agency."""

    title = "Your agency may not issue this"
    advice = "Ask the hub's service management for the right to issue this kind."


class KeyReused(Problem):
    """An idempotency key came again with another body (draft-ietf-httpapi-idempotency-key 2.6)."""

    status = 422
    title = "This Idempotency-Key was used for another application"
    advice = "Use a new key for a new application, or send the first application again unchanged."


class NotRows(BadRequest):
    """The file does not hold rows of applications."""

    title = "The file cannot be read as a list of applications"
    advice = "Give a JSON file with one object or a list of them, or a CSV file whose first row names the fields."


class InProgress(Problem):
    """The first request with this idempotency key is still being worked on."""

    status = 409
    title = "This application is being worked on"
    advice = "Send the same request with the same key again in a few seconds."


class Busy(Unavailable):
    """Too many applications want a number at the same moment."""

    title = "Too many applications at once"
    advice = "Nothing was reserved. Send the same request with the same key again in a few seconds."


class Overtaken(Problem):
    """Another worker has finished this application meanwhile; nothing of this attempt was kept."""

    status = 409
    title = "Another process has taken over this application"
    advice = "Send the same request with the same key again."


class Voided(Problem):
    """The application could not be finished; its number is a logged void and will never be used."""

    status = 409
    title = "This application ended without a license"
    advice = "Look at the reason, correct it, and apply again with a new key."


@dataclass(frozen=True)
class Holder:
    """Whose license it is: the name as it is written, and a proved number with its kind (111 person, 001 organisation …)."""

    name: str
    number_type: str
    number: str

    @property
    def indexed(self) -> str:
        """What goes into the blind index, the same for issuing and for signing in."""
        return f"{self.number_type}:{self.number}"


@dataclass(frozen=True)
class Application:
    """What a department asks for: a kind, the fields of the kind (the holder is among them), the dates."""

    kind: str
    fields: dict[str, Any]
    agency: str
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True)
class Paper:
    """A sealed page that is about to become a license: what must be remembered of it besides its bytes."""

    sealed: str
    level: str
    use: str
    record: str
    code: str


@dataclass(frozen=True)
class Intent:
    """A number that was given out. It ends as `issued` or as a logged `void`; until then `resume` works on it.

    `papers` are all files that were ever kept, or about to be kept, under it: one becomes the license, nobody saw the others.
    """

    identifier: str
    application: Application
    salt: bytes
    at: datetime
    client: str | None
    person: str | None
    place: str
    status_list: int
    status_index: int
    fence: int
    papers: tuple[Paper, ...] = ()
    state: str = "pending"
    reason: str = ""


@dataclass(frozen=True)
class Number:
    """A number as the register of numbers knows it, without the application behind it."""

    identifier: str
    state: str
    leased: datetime
    papers: tuple[Paper, ...]
    status_list: int
    status_index: int


@dataclass(frozen=True)
class License:
    """One license of the register. `sealed` is the digest of its sealed revision, its identity as a document."""

    identifier: str
    kind: str
    kind_version: str
    agency: str
    place: str
    holder_key: str
    status: Status
    issued: datetime
    valid_from: date
    valid_until: date | None
    record: str
    sealed: str
    level: str
    use: str
    status_list: int
    status_index: int
    code: str = field(repr=False)
    changed: datetime | None = None
    reason: str = ""
    legal_basis: str = ""
    decision: str = ""

    @property
    def number(self) -> str:
        """What people call it by."""
        return self.identifier

    def after(self, operation: Operation, change: "Change") -> Self:
        """The license after an operation. Raises StepRefused when its state does not allow it."""
        to = LIFE.get((self.status, operation))
        if to is None:
            raise StepRefused(
                "A license that is %(status)s cannot be changed by: %(operation)s",
                status=self.status.value,
                operation=operation.value,
            )
        return replace(
            self,
            status=to,
            changed=change.at,
            reason=change.reason,
            legal_basis=change.legal_basis,
            decision=change.decision,
        )

    def in_force(self, today: date) -> bool:
        """Whether it is valid and between its dates on this day."""
        until = self.valid_until
        return self.status is Status.valid and self.valid_from <= today and (until is None or today <= until)


@dataclass(frozen=True)
class Change:
    """Why a license was changed: the reason in words, the legal basis, the number of the decision."""

    operation: Operation
    reason: str
    legal_basis: str
    decision: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        for name in ("reason", "legal_basis", "decision"):
            text = getattr(self, name)
            if not text.strip() or len(text) > 500:
                raise ReasonMissing("%(field)s needs 1 to 500 characters", field=name, extras={"field": name})


class ReasonMissing(Problem):
    """A change of a license needs its reason, legal basis and decision number."""

    status = 422
    title = "Say why"
    advice = "Give the reason, the legal basis and the number of the decision."
