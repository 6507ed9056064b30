"""What can go wrong, as classes: the class is the kind, its text is for the reader (RFC 9457)."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Way:
    """Where the reader of a problem does what is missing."""

    path: str
    back: str = ""  # where he goes on afterwards; nothing: where he was
    provider: bool = True  # a page of the identity provider; else one of the same site


class Problem(Exception):
    """A refusal that its reader can act on. `hub.web` renders it as problem+json or as a page.

    `title`, `advice`, `act` and the detail are English message ids; the Chinese text stands in the room's `translations/`.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be carried out"
    advice: ClassVar[str] = ""
    way: ClassVar[Way | None] = None
    act: ClassVar[str] = ""  # what the link that leads there says

    def __init__(
        self,
        detail: str = "",
        *,
        extras: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> None:
        self.message = detail
        self.values = values
        self.extras = extras or {}
        self.headers = headers or {}
        super().__init__(self.detail or self.title)

    @property
    def detail(self) -> str:
        """The English text with its values filled in."""
        return self.message % self.values if self.values else self.message

    @property
    def code(self) -> str:
        """The stable name of the kind, as it stands in the problem's `type` (RFC 9457 3.1.1)."""
        return code_of(type(self))


def code_of(kind: type[Problem]) -> str:
    """The stable name of a kind of problem."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


class NotAllowed(Problem):
    """The caller is known, but this is not his to do."""

    status = 403
    title = "You are not allowed to do this"
    advice = "Ask the owner of the service for the right that is named here."


class NotSignedIn(Problem):
    """Nobody is signed in, or the token is missing, forged, expired or revoked (RFC 6750 3.1)."""

    status = 401
    title = "Please sign in"
    advice = "Sign in and try again."


class NotFound(Problem):
    """There is nothing at this address, or nothing that this caller may see."""

    status = 404
    title = "Not found"
    advice = "Check the address or the number."


class BadRequest(Problem):
    """The request does not have the form that the documentation asks for."""

    status = 400
    title = "The request has the wrong form"
    advice = "Compare the request with the documentation and send it again."


class TooLarge(Problem):
    """More bytes than this endpoint takes."""

    status = 413
    title = "This is too large"
    advice = "Send a smaller file."


class TooMany(Problem):
    """Too many requests of one kind in a short time (RFC 6585 4)."""

    status = 429
    title = "Too many attempts"
    advice = "Wait a little and try again."


class Unavailable(Problem):
    """Something this needs cannot be reached just now; nothing was done."""

    status = 503
    title = "This cannot be done just now"
    advice = "Nothing was lost. Try again in a few minutes."
