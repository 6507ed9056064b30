"""What a person signs in with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from hub.problems import Problem


class Kind(StrEnum):
    """The kinds of factor."""

    password = "password"
    passkey = "passkey"
    totp = "totp"


class WrongCredentials(Problem):
    """Account name, password, code or passkey do not fit. Never says which, nor whether the account exists."""

    status: ClassVar[int] = 401
    title: ClassVar[str] = "You could not be signed in"
    advice: ClassVar[str] = "Check what you typed and try again."


class SignInAgain(Problem):
    """A sign-in that was left half-way is too old or was lost."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Please begin again"
    advice: ClassVar[str] = "Sign in once more from the start."


class PasswordWrong(Problem):
    """A new password breaks a rule."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This password cannot be used"
    advice: ClassVar[str] = "Choose a longer one: four or more unrelated words make a good one."


class LastFactor(Problem):
    """Without this factor nobody could sign in safely any more."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This factor cannot be removed"
    advice: ClassVar[str] = "Add another one first."


@dataclass(frozen=True)
class Factor:
    """One factor of one person. `secret`: the password's hash, the passkey's public key, or the sealed TOTP key."""

    id: str
    person: str
    kind: Kind
    label: str
    secret: bytes
    created: datetime
    handle: str | None = None  # digest of a passkey's credential id
    facts: dict[str, Any] | None = None
    counter: int = 0  # a passkey's signature counter; the last time step of a TOTP code
    used: datetime | None = None

    def fact(self, name: str) -> Any:
        """One of its facts, or None."""
        return (self.facts or {}).get(name)


def methods(kind: Kind, facts: dict[str, Any] | None = None) -> tuple[str, ...]:
    """The authentication method references of a factor (RFC 8176)."""
    if kind is Kind.password:
        return ("pwd",)
    if kind is Kind.totp:
        return ("otp",)
    return ("swk" if (facts or {}).get("synced") else "hwk", "user")


def combined(*used: tuple[str, ...]) -> tuple[str, ...]:
    """All methods of one sign-in; `mfa` when they are two kinds of proof. A passkey with its owner verified is two by itself."""
    found = [method for methods_of in used for method in methods_of]
    kinds = {"knows": "pwd" in found, "has": bool({"otp", "hwk", "swk"} & set(found)), "is": "user" in found}
    return tuple(dict.fromkeys([*found, *(["mfa"] if sum(kinds.values()) > 1 else [])]))
