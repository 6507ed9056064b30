"""Brakes on guessing that a stranger cannot use to lock somebody out.

Counted per account and network, so a stranger slows down only himself. Past a hundred failures on one account from anywhere
(NIST SP 800-63B-4 3.2.2) only networks from which it was signed in to before may go on. Unknown accounts count alike.
"""

from hub import limits
from hub.house import House
from hub.limits import Limit
from hub.problems import TooMany

HERE = Limit("login", 5, 300, guessing=True)  # then wait five minutes
NETWORK = Limit("login-network", 200, 300, guessing=True)  # an office or a school behind one address
ANYWHERE = Limit("login-account", 100, 86_400, guessing=True)
SECOND = Limit("login-second", 5, 300, guessing=True)
SECOND_EVER = Limit("login-second-ever", 100, 30 * 86_400, guessing=True)  # in a row: NIST SP 800-63B-4 3.2.2
PRESENT = Limit("login-present", 5, 3600, guessing=True)  # a session in other hands must not find the password out
REGISTRATIONS = Limit("registrations", 30, 3600)
KNOWN_SECONDS = 90 * 86_400


def attempt(house: House, account_key: str, net: str) -> None:
    """Count an attempt before it is checked. Raises TooMany."""
    limits.check(house.shared, NETWORK, net)
    limits.check(house.shared, HERE, f"{account_key}|{net}")
    try:
        limits.check(house.shared, ANYWHERE, account_key)
    except TooMany:
        if house.shared.peek(_known(account_key, net)) is None:
            raise


def succeeded(house: House, account_key: str, net: str) -> None:
    """Forget the failures of an account, and know the network from now on."""
    limits.forgive(house.shared, HERE, f"{account_key}|{net}")
    limits.forgive(house.shared, ANYWHERE, account_key)
    house.shared.put(_known(account_key, net), "1", KNOWN_SECONDS)


def _known(account_key: str, net: str) -> str:
    return f"idp:known:{account_key}:{net}"
