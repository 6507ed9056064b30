"""The key of a seal was lost: the licenses sealed since then go out of force, until the agency has made them anew.

Their files are refused by the seal's certificate already; a code or a number is another matter, so the register must say it.
"""

from datetime import datetime, timedelta

from hub import inbox
from hub.callers import Caller
from hub.house import House
from hub.inbox import Letter
from licenses import change, store
from licenses.model import License, Status, StepRefused
from seals import store as seals
from seals.compromise import LETTER
from seals.model import UseState

BASIS = "印章密钥失控，印章已注销 The key of the seal was compromised; the seal is cancelled"
WAITS = timedelta(
    days=1
)  # for a use that was reserved before the seal was stopped: it ends as sealed or void within minutes


def suspend_fallen(house: House, now: datetime) -> int:
    """Suspend what was sealed with a lost key since it was lost, and tell how many. For the ticker.

    A letter is settled when each use that it is about has ended, so that nothing that was under way slips through.
    """
    with house.database.read() as db:
        letters = inbox.read(db, LETTER)
    return sum(_answered(house, letter, now) for letter in letters)


def fallen(house: House, seal: str, since: datetime) -> list[License]:
    """The licenses that a seal sealed from a moment on, oldest first: these are to be made anew."""
    with house.database.read() as db:
        sealed = [use.sealed_digest for use in seals.uses_since(db, seal, since) if use.sealed_digest is not None]
        found = [store.by_sealed(db, digest.hex()) for digest in sealed]
    return [license for license in found if license is not None]


def _answered(house: House, letter: Letter, now: datetime) -> int:
    seal, since = letter.body["seal"], datetime.fromisoformat(letter.body["since"])
    with house.database.read() as db:
        open_uses = [use for use in seals.uses_since(db, seal, since) if use.state is UseState.reserved]
    stopped = sum(_suspended(house, one, letter, now) for one in fallen(house, seal, since))
    if not open_uses or now - letter.at > WAITS:
        with house.database.write() as db:
            inbox.settle(db, letter, now)
    return stopped


def _suspended(house: House, license: License, letter: Letter, now: datetime) -> bool:
    if license.status is not Status.valid:
        return False
    caller = Caller(client="trust-service", agency=license.agency, place=license.place)
    try:
        change.suspend(
            house,
            license.identifier,
            reason=str(letter.body["reason"])[:500],
            legal_basis=BASIS,
            decision=f"seal {letter.body['seal']}",
            caller=caller,
            now=now,
        )
    except StepRefused:  # somebody else changed it at this moment
        return False
    return True
