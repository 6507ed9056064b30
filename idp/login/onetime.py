"""Codes that are sent to a phone or an address: one at a time, bound to what they were asked for, good once, for ten minutes.

Wrong tries are counted for what the code was asked for, not for the code: asking for another one gives no further tries, and a
wrong try does not spoil the next code (NIST SP 800-63B-4 3.1.3.2, ASVS 6.6.2, 6.6.3).
"""

import hmac
import secrets

from hub import limits
from hub.house import House
from hub.limits import Limit

DIGITS = 8  # 26 bits; at least 20 are asked for
SECONDS = 600
TRIES = Limit("one-time-tries", 5, SECONDS, guessing=True)
SENT = Limit("one-time-sent", 4, SECONDS)  # for one request
SENT_DAY = Limit("one-time-sent-day", 20, 86_400)  # to one person: messages cost money, and annoy


def fresh(house: House, person: str, bound: str) -> str:
    """A new code for what is `bound`, in place of the one before. Raises TooMany."""
    limits.check(house.shared, SENT, bound)
    limits.check(house.shared, SENT_DAY, person)
    code = str(secrets.randbelow(10**DIGITS)).zfill(DIGITS)
    house.shared.put(_key(house, bound), _digest(house, bound, code), SECONDS)
    return code


def fits(house: House, bound: str, typed: str) -> bool:
    """Whether this is the code; then it is used up. Raises TooMany after five tries, whichever codes they were meant for."""
    limits.check(house.shared, TRIES, bound)
    kept = house.shared.peek(_key(house, bound))
    digits = "".join(sign for sign in typed if sign not in " -\u3000")
    if kept is None or not hmac.compare_digest(kept, _digest(house, bound, digits)):
        return False
    return house.shared.take(_key(house, bound)) == kept  # of two at once, one has it


def _key(house: House, bound: str) -> str:
    return f"idp:one-time:{house.vault.blind('one-time', bound)}"


def _digest(house: House, bound: str, code: str) -> bytes:
    return house.vault.blind("one-time-code", f"{bound}|{code}").encode()
