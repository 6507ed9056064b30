"""Passwords: the rules of NIST SP 800-63B-4 3.1.1, and Argon2id with a pepper. The only door to argon2."""

import hmac
import os
import threading
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from hub.house import House
from idp.login import blocklist
from idp.model.factor import PasswordWrong

ALONE, WITH_ANOTHER = 15, 8  # least characters, as the only factor and beside a second one (800-63B-4 3.1.1.2)
LONGEST = 256  # at least 64 must be allowed; every character counts, none is cut off
# OWASP's least. 24 ms and 19 MiB per attempt: what an attacker pays for each guess, and we for each login.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
OURS = ("yinxin", "印信")
BEHIND = 10  # of nice's 0 to 19: a tenth of the time of whoever else wants the processor


def accepted(text: str, *, alone: bool = True, context: Iterable[str] = ()) -> str:
    """A new password that keeps every rule, or PasswordWrong. No composition rules, no expiry, no hints.

    `context`: words that an attacker would try for this very account, such as its name.
    """
    password = normal(text)
    least = ALONE if alone else WITH_ANOTHER
    if len(password) < least:
        raise PasswordWrong("It needs at least %(least)s characters; blanks count too", least=least)
    if len(password) > LONGEST:
        raise PasswordWrong("It may have at most %(most)s characters", most=LONGEST)
    if blocklist.is_common(password):
        raise PasswordWrong("It is one of those that attackers try first")
    if _is_mostly(password, (*context, *OURS)):
        raise PasswordWrong("It consists mostly of your account name or of the name of this service")
    return password


def _is_mostly(password: str, words: Iterable[str]) -> bool:
    rest = password.casefold()
    for word in words:
        if len(word) > 1:
            rest = rest.replace(word.casefold(), "")
    return len(rest) * 2 < len(password)


def normal(text: str) -> str:
    """One form for what different keyboards send (NFKC); each code point is one character."""
    return unicodedata.normalize("NFKC", text)


def hashed(house: House, password: str) -> bytes:
    """The Argon2id hash of the peppered password. Takes 24 ms: never inside a transaction."""
    return _aside().submit(HASHER.hash, _peppered(house, normal(password))).result().encode()


def fits(house: House, kept: bytes | None, password: str) -> bool:
    """Whether this is the password. Without a hash it takes as long and says no: nobody learns which accounts exist."""
    peppered = _peppered(house, normal(password)[: LONGEST + 1])
    try:
        return _aside().submit(HASHER.verify, (kept or _nobodys()).decode(), peppered).result() and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: bytes) -> bool:
    """Whether the hash was made with other parameters than today's; then the next login makes a new one."""
    return HASHER.check_needs_rehash(kept.decode())


def _peppered(house: House, password: str) -> bytes:
    """Keyed with a secret that is not in the database, so that a stolen table cannot be tried out."""
    return hmac.digest(house.keys.secret("password-pepper"), password.encode("utf-8", "surrogatepass"), "sha256")


@cache
def _aside() -> ThreadPoolExecutor:
    """Threads that hash, as many as processors, behind everybody else: a rush of logins must not slow down who is signed in."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="hash", initializer=_goes_last)


def _goes_last() -> None:
    """On Linux each thread has a priority of its own; elsewhere it stays as it is."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND)


@cache
def _nobodys() -> bytes:
    """A hash that no password fits, with today's parameters."""
    return HASHER.hash(b"").encode()
