"""Getting back into an account: whoever forgot its name or password, or lost his phone, proves anew who he is.

Never by a question, never by a link in a mail. Until somebody has shown who he is, nothing here looks at an account: every
number gets the same answer after the same work. Afterwards he is told of his own account alone, and chooses a new password.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub import limits
from hub.digest import digest_of
from hub.house import House
from hub.limits import Limit
from hub.problems import TooMany
from idp import attended, proofs, registers
from idp.login import devices
from idp.model.factor import Factor, Kind
from idp.model.person import AccountEnded, Level, Person
from idp.model.realname import Form, LiveCheckFailed, NotMatched, NotYours, RegisterLater, Source, WrongStep
from idp.model.recovery import OPEN, NothingToRecover, OfficerAccount, Recovery, RecoveryGone, Stage, Wait, Way
from idp.realname import paper as papers
from idp.registers import Answer
from idp.store import factors as factor_store
from idp.store import people
from idp.store import recoveries as store

HERE = Limit("recover", 6, 900, guessing=True)  # one number from one network: a stranger slows down only himself
NETWORK = Limit("recover-network", 60, 3600, guessing=True)
EVER = Limit(
    "recover-number", 100, 86_400, guessing=True
)  # from anywhere; then only devices that the owner signed in on
SECOND = (Kind.totp, Kind.sms)  # what is asked after the password


@dataclass(frozen=True)
class Found:
    """The account of somebody who has shown who he is: what its page needs to know."""

    recovery: Recovery
    person: Person
    account: str
    factors: tuple[Factor, ...]
    wait: Wait | None

    @property
    def protected(self) -> bool:
        """Whether signing in took two factors so far: a code after the password, or a passkey and no password at all."""
        kinds = {factor.kind for factor in self.factors}
        return bool(kinds & set(SECOND)) or Kind.password not in kinds

    def may_drop(self, now: datetime) -> bool:
        """Whether lost second factors may fall now: at a counter at once, else after the waiting time."""
        return self.recovery.way is Way.counter or (self.wait is not None and self.wait.open_at(now))


def begin(house: House, form: Form, *, browser: str, net: str, return_url: str, now: datetime, device: str = "") -> str:
    """Ask the register for a live check of this name and number; gives the address where the person shows his face.

    Raises what a wrong form raises; NotMatched, RegisterLater, TooMany. Looks at no account.
    """
    paper = papers.grown_up(papers.read(form, now), now)
    key = papers.key_of(house.vault, paper.form, paper.type_code)
    limits.check(house.shared, NETWORK, net)
    limits.check(house.shared, HERE, f"{key}|{net}")
    _ever(house, key, device)
    answer = registers.begin_live_check(house, paper.form, return_url, now)
    if not answer.match:
        raise NotMatched("The register does not confirm what you entered")
    return _asked(house, answer, "check", Way.live, browser, now, paper.form)


def begin_network_id(house: House, *, browser: str, net: str, return_url: str, now: datetime) -> str:
    """Ask for a network identity, for whoever is known here by that alone. Raises RegisterLater, TooMany."""
    limits.check(house.shared, NETWORK, net)
    answer = registers.begin_network_id(house, return_url, now)
    if not answer.match:
        raise RegisterLater("The network identity service cannot be asked just now")
    return _asked(house, answer, "request", Way.network_id, browser, now, None)


def prove(house: House, *, browser: str, check: str, ticket: str, now: datetime) -> None:
    """Fetch what the register says of the person who came back. What the browser says does not count.

    Raises NotYours for another browser than the one that went there, and then the check is void; LiveCheckFailed,
    RegisterLater, WrongStep, RecoveryGone.
    """
    asked = _of_browser(house, browser, now)
    if not hmac.compare_digest(asked.check.encode(), check.encode()):
        void(house, check)
        raise NotYours("The check was begun somewhere else")
    if asked.stage is not Stage.asked or not ticket:
        raise WrongStep("No check is under way")
    answer = _fetched(house, asked, ticket, now)
    if answer.text("outcome") == "open":
        raise WrongStep("The live check has not ended yet")
    if not answer.match:
        _end(house, asked)
        raise LiveCheckFailed("The face was not recognised, or the check was cancelled")
    with house.database.write() as db:
        person = _whose(house, db, asked, answer)
        if not store.move(db, asked, Stage.proved, person=person.id if person else ""):
            raise RecoveryGone("It was continued in another window")
        store.settle(db, house.vault, asked)
        if person is not None:
            _note(db, person, asked.way, answer, now)
    if person is not None and person.holder_key:
        limits.forgive(house.shared, EVER, person.holder_key)


def void(house: House, check: str) -> None:
    """Whoever comes back from a check that he did not begin ends it: his face opens nothing for the one who sent him."""
    with house.database.write() as db:
        found = store.by_check(db, house.vault, check) if check else None
        if found is not None:
            store.move(db, found, Stage.ended)
            store.settle(db, house.vault, found)


def account(house: House, browser: str, now: datetime) -> Found:
    """The account of who has shown in this browser who he is.

    Raises RecoveryGone; NothingToRecover, AccountEnded and OfficerAccount, which are told to nobody else.
    """
    recovery = _of_browser(house, browser, now)
    if recovery.stage is not Stage.proved:
        raise RecoveryGone("It was finished, or not begun")
    with house.database.read() as db:
        return found(house, db, recovery)


def found(house: House, db: Connection, recovery: Recovery) -> Found:
    """The account of a recovery that has come so far. Raises NothingToRecover, AccountEnded, OfficerAccount."""
    person = people.person(db, recovery.person) if recovery.person else None
    if person is None:
        raise NothingToRecover("Nobody proved this number here")
    profile = people.profile(db, house.vault, person.id)
    if profile.account.startswith(attended.NO_ACCOUNT):
        raise NothingToRecover("Known at counters alone")
    if person.needs_second_factor:
        raise OfficerAccount("An account that opens the console")
    if not person.usable:
        raise AccountEnded("It is locked or closed already")
    factors = factor_store.of_person(db, person.id)
    return Found(recovery, person, profile.account, tuple(factors), store.wait(db, person.id))


def clean(house: House, now: datetime) -> None:
    """Forget recoveries that nobody finished, with what was typed in them."""
    with house.database.write() as db:
        store.forget_ended(db, house.vault, now - OPEN)


# -- inside


def _ever(house: House, key: str, device: str) -> None:
    """Past a hundred attempts in a day strangers get no further with this number; its owner does, on a device of his."""
    try:
        limits.check(house.shared, EVER, key)
    except TooMany:
        with house.database.read() as db:
            owner = people.by_holder(db, key)
            if owner is None or not devices.known(db, owner.id, device):
                raise


def _asked(house: House, answer: Answer, name: str, way: Way, browser: str, now: datetime, form: Form | None) -> str:
    """Keep that this browser goes to the register; gives the address."""
    page, check = answer.text("page"), answer.text(name)
    if not check or not page.startswith(f"{registers.address(house, answer.source)}/"):
        raise RegisterLater("The register cannot check this person just now")
    asked = Recovery(secrets.token_hex(16), Stage.asked, way, now, now + OPEN, digest_of(browser), form, check)
    with house.database.write() as db:
        store.add(db, house.vault, asked)
    return page


def _fetched(house: House, asked: Recovery, ticket: str, now: datetime) -> Answer:
    if asked.way is Way.network_id:
        return registers.network_id(house, asked.check, ticket, now)
    assert asked.form is not None
    return registers.live_check(house, asked.form, asked.check, ticket, now)


def _whose(house: House, db: Connection, asked: Recovery, answer: Answer) -> Person | None:
    """Whose account it is, by the number or by the network identity; never one that is known more surely than this."""
    if asked.way is Way.network_id:
        pseudonym, level = answer.text("pseudonym"), answer.facts.get("level")
        id = store.known_by(db, house.vault.blind("network-id", pseudonym)) if pseudonym else ""
        person = people.person(db, id) if id else None
        return person if person and isinstance(level, int) and level >= min(person.level, Level.present) else None
    assert asked.form is not None
    paper = papers.read(asked.form, asked.made)
    person = people.by_holder(db, papers.key_of(house.vault, paper.form, paper.type_code))
    return person if person and person.level >= Level.matched else None


def _note(db: Connection, person: Person, way: Way, answer: Answer, now: datetime) -> None:
    """The evidence that the person was there. Raises WrongStep for an answer that was used before."""
    kind = "face" if way is Way.live else way.value
    proofs.keep(db, proofs.of(answer, person.id, way.value, min(person.level, Level.present), now, kind=kind))


def _of_browser(house: House, browser: str, now: datetime) -> Recovery:
    with house.database.read() as db:
        recovery = store.of_browser(db, house.vault, digest_of(browser)) if browser else None
    if recovery is None or now >= recovery.ends:
        raise RecoveryGone("Nothing is under way in this browser")
    return recovery


def _end(house: House, recovery: Recovery) -> None:
    with house.database.write() as db:
        store.move(db, recovery, Stage.ended)
        store.settle(db, house.vault, recovery)


def way_to_network_id(house: House) -> bool:
    """Whether a network identity service is connected."""
    return registers.offered(house, Source.network_id)
