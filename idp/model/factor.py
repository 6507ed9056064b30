"""What a person signs in with."""

from collections.abc import Collection, Sequence
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
    sms = "sms"  # restricted (NIST SP 800-63B-4 3.1.3.1): offered with a stronger way beside it, never at level 4
    recovery = "recovery"  # ten codes on paper, each for one time


SECOND = frozenset({Kind.passkey, Kind.totp, Kind.sms})  # beside any of these a shorter password is enough


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


class ContactWrong(Problem):
    """A phone number or an address that nothing can be sent to."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "Nothing can be sent there"
    advice: ClassVar[str] = "Check what you typed."


class NotOffered(Problem):
    """A way to sign in that is not offered here, or not to this account."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This way to sign in is not offered"
    advice: ClassVar[str] = "Choose another one under sign-in and security."


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
    disabled: datetime | None = None  # after too many failures; a device that is known still may

    def fact(self, name: str) -> Any:
        """One of its facts, or None."""
        return (self.facts or {}).get(name)


def methods(kind: Kind, facts: dict[str, Any] | None = None) -> tuple[str, ...]:
    """The authentication method references of a factor (RFC 8176)."""
    if kind is Kind.password:
        return ("pwd",)
    if kind in (Kind.totp, Kind.recovery):  # a code from a list is a one-time password too
        return ("otp",)
    if kind is Kind.sms:
        return ("sms",)
    return ("swk" if (facts or {}).get("synced") else "hwk", "user")


def combined(*used: tuple[str, ...]) -> tuple[str, ...]:
    """All methods of one sign-in; `mfa` when they are two kinds of proof. A passkey with its owner verified is two by itself."""
    found = [method for methods_of in used for method in methods_of]
    kinds = {"knows": "pwd" in found, "has": bool({"otp", "sms", "hwk", "swk"} & set(found)), "is": "user" in found}
    return tuple(dict.fromkeys([*found, *(["mfa"] if sum(kinds.values()) > 1 else [])]))


def is_strongest(amr: Collection[str]) -> bool:
    """Whether a sign-in used a key that cannot leave its device, its owner verified (NIST SP 800-63B-4 2.3).

    Over two channels ("mca") it resists no phishing, whatever key was used: a code can be relayed.
    """
    return {"hwk", "user"} <= set(amr) and "mca" not in amr


def strength(factors: Sequence[Factor]) -> int:
    """How safely an account is kept: 0 by a password alone, 1 by a code beside it, 2 by a passkey: no forged page can use it."""
    kinds = {factor.kind for factor in factors}
    return 2 if Kind.passkey in kinds else int(bool(kinds & {Kind.totp, Kind.sms}))
