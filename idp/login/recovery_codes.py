"""Ten codes on paper, each for one time: they stand for the second factor of who lost it, and never for the first.

(NIST SP 800-63B-4 3.1.2 look-up secrets, ASVS 6.5.1, 6.5.2, 6.4.3.)
"""

import base64
import secrets
from datetime import datetime

from sqlalchemy import Connection

from hub.house import House
from idp.store import recovery_codes as store

HOW_MANY = 10
BYTES = 10  # 80 bits: no hash needs to be slow for that


def renew(house: House, db: Connection, person: str, now: datetime) -> list[str]:
    """A new set in place of the old one; gives it for the only time."""
    codes = [_shown(secrets.token_bytes(BYTES)) for _ in range(HOW_MANY)]
    store.replace(db, person, [digest(house, person, one) for one in codes], now)
    return codes


def use(house: House, db: Connection, person: str, typed: str, now: datetime) -> bool:
    """Use a code up; tells whether it was one."""
    return store.use(db, person, digest(house, person, typed), now)


def digest(house: House, person: str, typed: str) -> str:
    """By what a code is kept: keyed, so that a stolen table says nothing. However it is typed in: capitals, blanks, dashes."""
    plain = "".join(sign for sign in typed.upper() if sign.isalnum()).replace("0", "O").replace("1", "I")
    return house.vault.blind("recovery-code", f"{person}|{plain.replace('8', 'B')}")


def _shown(secret: bytes) -> str:
    text = base64.b32encode(secret).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))
