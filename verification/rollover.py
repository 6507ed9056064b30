"""Following a root to its successor: only by a statement that the root itself signed, and never back.

Each root names one successor. Who pins an old root comes to the newest by a chain of such statements; a second successor of a
root that was followed already, an unsigned statement, or one that leads back is refused.
"""

import hashlib
from base64 import b64decode
from collections.abc import Iterable
from datetime import UTC, datetime

from verification.lists import LEEWAY
from verification.pdf.chain import next_root, root_key
from verification.receipt import NotGenuine, header_of, read_signed, unproved

TYPE = "root-rollover+jwt"
MOST = 50  # roots live for decades


def follow(roots: tuple[bytes, ...], statements: Iterable[str], now: datetime) -> tuple[bytes, ...]:
    """The roots (DER) with all that follow them, in order. Raises NotGenuine for a statement that claims one of them falsely.

    What roots that we do not know said about each other is passed over.
    """
    known, last = list(roots), 0
    for token in list(statements)[:MOST]:
        number, at, new = _read(token, known, now)
        if at is None:
            continue
        if number <= last:
            raise NotGenuine("The statements about roots are not in order")
        last = number
        if at + 1 < len(known):
            if known[at + 1] != new:
                raise NotGenuine("A root names another successor than before")
        elif new in known or not next_root(known[at], new, now):
            raise NotGenuine("A root names a successor that cannot be one")
        else:
            known.append(new)
    return tuple(known)


def _read(token: str, known: list[bytes], now: datetime) -> tuple[int, int | None, bytes]:
    """Number, place of the signer among the known roots (None: a stranger to us), and the root that it names."""
    keys = [{**root_key(root), "kid": header_of(token).get("kid")} for root in known]
    for at, key in enumerate(keys):
        try:
            claims = read_signed(token, TYPE, [key], algorithm="ES384")
        except NotGenuine:
            continue
        try:
            number, made, new = claims["seq"], datetime.fromtimestamp(claims["iat"], UTC), b64decode(claims["new"])
            if type(number) is not int or claims["old"] != hashlib.sha256(known[at]).hexdigest() or made > now + LEEWAY:
                raise NotGenuine("A statement about roots contradicts itself")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise NotGenuine("A statement about roots cannot be read") from error
        return number, at, new
    if _claims(token, known):
        raise NotGenuine("A statement about roots is not signed by the root that it names")
    return 0, None, b""


def _claims(token: str, known: list[bytes]) -> bool:
    """Whether a statement that nobody signed whom we know says that one of ours did."""
    return unproved(token).get("old") in {hashlib.sha256(root).hexdigest() for root in known}
