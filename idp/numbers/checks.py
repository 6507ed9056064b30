"""The check characters of ISO 7064, GB 32100 and GB 11714: each a sum of weighted places."""

from itertools import accumulate, repeat

WEIGHTS_11_2 = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # 2^(17-i) mod 11, GB 11643-1999
CHECKS_11_2 = "10X98765432"
ALPHABET_31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O S V Z
WEIGHTS_31 = tuple(accumulate(repeat(3, 16), lambda weight, three: weight * three % 31, initial=1))  # 3^i mod 31
WEIGHTS_11 = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997


def check_11_2(first17: str) -> str:
    """The check character of ISO 7064 MOD 11-2 over seventeen digits."""
    return CHECKS_11_2[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS_11_2, strict=True)) % 11]


def check_31(first17: str) -> str:
    """The check character of GB 32100-2015 over seventeen characters."""
    total = sum(ALPHABET_31.index(sign) * weight for sign, weight in zip(first17, WEIGHTS_31, strict=True))
    return ALPHABET_31[-total % 31]


def check_11(first8: str) -> str:
    """The check character of an organisation code, GB 11714-1997, over eight characters (letters count from 10)."""
    total = sum(int(sign, 36) * weight for sign, weight in zip(first8, WEIGHTS_11, strict=True))
    return "0123456789X"[-total % 11]
