"""A secret in shares: any k of n give it back, fewer say nothing about it (Shamir 1979, over GF(2^8) as in AES). Pure.

A share is one line that can be printed and typed: `yx1-SET-NEEDED-NUMBER-DIGITS-CHECK`. The set is told by a digest of the
secret, so shares of different secrets are never mixed, and what was put together is known to be right.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence

from certs.model import ShareWrong

MARK, MOST = "yx1", 16  # more holders than anyone invites to one room
_LINE = re.compile(rf"{MARK}([0-9a-f]{{8}})([0-9a-f]{{2}})([0-9a-f]{{2}})((?:[0-9a-f]{{2}}){{16,64}})([0-9a-f]{{8}})")


def split(secret: bytes, needed: int, of: int) -> list[str]:
    """`of` shares, of which any `needed` give the secret back. Raises ShareWrong."""
    if not 2 <= needed <= of <= MOST:
        raise ShareWrong("%(needed)s of %(of)s is no way to share a secret", needed=needed, of=of)
    # Each octet is the constant of a polynomial of its own, whose other coefficients are chance.
    polynomials = [(octet, *secrets.token_bytes(needed - 1)) for octet in secret]
    return [_line(secret, needed, x, bytes(_at(each, x) for each in polynomials)) for x in range(1, of + 1)]


def restore(lines: Iterable[str]) -> bytes:
    """The secret, from as many shares as it needs. Raises ShareWrong."""
    read = [_read(line) for line in lines]
    if len({(of_set, needed, len(octets)) for of_set, needed, _, octets in read}) != 1:
        raise ShareWrong("These shares do not belong together")
    of_set, needed = read[0][:2]
    points = {x: octets for _, _, x, octets in read}
    if len(points) < needed:
        raise ShareWrong("%(needed)s different shares are needed", needed=needed)
    some = dict(list(points.items())[:needed])
    secret = bytes(_zero([(x, octets[at]) for x, octets in some.items()]) for at in range(len(read[0][3])))
    if _set(secret) != of_set:
        raise ShareWrong("These shares do not give back what was shared: one of them was altered")
    return secret


def is_share(line: str) -> bool:
    """Whether a line is a whole share, as its check says."""
    try:
        _read(line)
    except ShareWrong:
        return False
    return True


def _line(secret: bytes, needed: int, x: int, octets: bytes) -> str:
    plain = f"{MARK}{_set(secret)}{needed:02x}{x:02x}{octets.hex()}"
    digits = octets.hex()
    groups = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    return f"{MARK}-{_set(secret)}-{needed:02x}-{x:02x}-{groups}-{_check(plain)}"


def _read(line: str) -> tuple[str, int, int, bytes]:
    found = _LINE.fullmatch(re.sub(r"[\s-]", "", line).lower())
    if found is None:
        raise ShareWrong("This is not a share")
    of_set, needed, x, digits, check = found.groups()
    if _check(f"{MARK}{of_set}{needed}{x}{digits}") != check:
        raise ShareWrong("A character of share %(number)s is wrong", number=int(x, 16))
    if not 2 <= int(needed, 16) <= MOST or not 1 <= int(x, 16) <= MOST:
        raise ShareWrong("This is not a share")
    return of_set, int(needed, 16), int(x, 16), bytes.fromhex(digits)


def _set(secret: bytes) -> str:
    return hashlib.sha256(b"yinxin-shares-1" + secret).hexdigest()[:8]


def _check(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()[:8]


# -- GF(2^8), modulo x^8 + x^4 + x^3 + x + 1


def _slowly(a: int, b: int) -> int:
    product = 0
    for _ in range(8):
        product ^= a * (b & 1)
        a = (a << 1) ^ (0x11B * (a >> 7))
        b >>= 1
    return product


_EXP = [1]
for _ in range(254):
    _EXP.append(_slowly(_EXP[-1], 3))  # 3 is a generator: its powers are all but zero
_LOG = {value: exponent for exponent, value in enumerate(_EXP)}


def _times(a: int, b: int) -> int:
    return _EXP[(_LOG[a] + _LOG[b]) % 255] if a and b else 0


def _inverse(a: int) -> int:
    return _EXP[-_LOG[a] % 255]


def _at(polynomial: Sequence[int], x: int) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = _times(value, x) ^ coefficient
    return value


def _zero(points: Sequence[tuple[int, int]]) -> int:
    """The polynomial's value at zero (Lagrange)."""
    value = 0
    for x, y in points:
        factor = y
        for other, _ in points:
            if other != x:
                factor = _times(factor, _times(other, _inverse(other ^ x)))
        value ^= factor
    return value
