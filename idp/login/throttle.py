"""Brakes on guessing that a stranger cannot use to lock somebody out.

Counted per account and network, so a stranger slows down only himself; a device that is known (`idp.login.devices`) is counted
by itself and by nothing else. After a hundred failures in a row from unknown devices that way to sign in is closed to them
(NIST SP 800-63B-4 3.2.2), and its owner is told. Unknown accounts count alike.
"""

from hub import limits
from hub.house import House
from hub.limits import Limit
from hub.problems import TooMany

EVER = 30 * 86_400
HERE = Limit("login", 5, 300, guessing=True)  # then wait five minutes
NETWORK = Limit("login-network", 200, 300, guessing=True)  # an office or a school behind one address
ANYWHERE = Limit("login-account", 100, EVER, guessing=True)  # in a row
DEVICE = Limit("login-device", 5, 300, guessing=True)
DEVICE_EVER = Limit("login-device-ever", 100, EVER, guessing=True)  # a stolen device guesses no longer than anybody
SECOND = Limit("login-second", 5, 300, guessing=True)
SECOND_EVER = Limit("login-second-ever", 100, EVER, guessing=True)
SECOND_DEVICE = Limit("login-second-device", 100, EVER, guessing=True)
PRESENT = Limit("login-present", 5, 3600, guessing=True)  # a session in other hands must not find the password out
REGISTRATIONS = Limit("registrations", 30, 3600)


def attempt(house: House, account_key: str, net: str, device: str = "") -> None:
    """Count an attempt before it is checked; `device` is that of a known one. Raises TooMany."""
    if device:
        limits.check(house.shared, DEVICE, f"{account_key}|{device}")
        limits.check(house.shared, DEVICE_EVER, f"{account_key}|{device}")
        return
    limits.check(house.shared, NETWORK, net)
    limits.check(house.shared, HERE, f"{account_key}|{net}")
    _ever(house, ANYWHERE, account_key)


def succeeded(house: House, account_key: str, net: str, device: str = "") -> None:
    """Forget the failures of an account."""
    limits.forgive(house.shared, HERE, f"{account_key}|{net}")
    _forgive(house, ANYWHERE, account_key)
    for limit in (DEVICE, DEVICE_EVER):
        limits.forgive(house.shared, limit, f"{account_key}|{device}")


def second(house: House, person: str, kind: str, net: str, device: str = "") -> None:
    """Count an attempt with one kind of second factor. Raises TooMany."""
    limits.check(house.shared, SECOND, f"{person}|{device or net}")
    if device:
        limits.check(house.shared, SECOND_DEVICE, f"{person}|{kind}|{device}")
    else:
        _ever(house, SECOND_EVER, f"{person}|{kind}")


def second_succeeded(house: House, person: str, kind: str, net: str, device: str = "") -> None:
    """Forget the failures with a second factor."""
    limits.forgive(house.shared, SECOND, f"{person}|{device or net}")
    limits.forgive(house.shared, SECOND_DEVICE, f"{person}|{kind}|{device}")
    _forgive(house, SECOND_EVER, f"{person}|{kind}")


def just_exhausted(house: House, limit: Limit, key: str) -> bool:
    """True once for each time that a hundred failures in a row were reached: whoever asks then tells the owner."""
    return house.shared.take(_reached(limit, key)) is not None


def _ever(house: House, limit: Limit, key: str) -> None:
    try:
        limits.check(house.shared, limit, key)
    except TooMany as problem:
        problem.extras["retry_after"] = HERE.seconds  # no word of how long: it waits for its owner
        if house.shared.first(_told(limit, key), limit.seconds):
            house.shared.put(_reached(limit, key), b"1", 600)
        raise


def _forgive(house: House, limit: Limit, key: str) -> None:
    limits.forgive(house.shared, limit, key)
    house.shared.forget(_told(limit, key))


def _told(limit: Limit, key: str) -> str:
    return f"idp:told:{limit.name}:{key}"


def _reached(limit: Limit, key: str) -> str:
    return f"idp:reached:{limit.name}:{key}"
