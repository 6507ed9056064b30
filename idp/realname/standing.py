"""Where a person stands: what is proved, what waits, what grows old."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub.house import House
from hub.problems import NotFound
from idp import attended
from idp.model.person import AccountEnded, Person, Profile
from idp.model.realname import Evidence, Form, Stage, Verification
from idp.store import people, proofs


@dataclass(frozen=True)
class Status:
    """Where a person stands, for pages: the level, the kept form, and whether the register has to be asked again."""

    person: Person
    profile: Profile
    stage: Stage
    form: Form | None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Standing:
    """A person and the verification under way; `over` is the row as it is kept, None if there is none yet."""

    person: Person
    profile: Profile
    verification: Verification
    over: Verification | None


def status(house: House, person_id: str) -> Status:
    """What the page about the real name shows. Raises NotFound."""
    with house.database.read() as db:
        found = load(house, db, person_id)
        evidence = proofs.evidence_of(db, person_id)
    since = found.verification.anew
    counts = tuple(one for one in evidence if counted(one, since))
    return Status(found.person, found.profile, found.verification.stage, found.verification.form, counts)


def counted(one: Evidence, since: datetime | None) -> bool:
    """Whether evidence is of the account's own person: not of a company, not of a mere visit, not from before he proved anew."""
    return not one.about and one.method != attended.VISIT and (since is None or one.at >= since)


def load(house: House, db: Connection, person_id: str) -> Standing:
    """A person with everything that a step needs. Raises NotFound."""
    person = people.person(db, person_id)
    if person is None:
        raise NotFound("There is no such account")
    over = proofs.verification(db, house.vault, person_id)
    stage = Stage.done if person.holder_key else Stage.begun
    verification = over or Verification(person_id, stage, person.created)
    return Standing(person, people.profile(db, house.vault, person_id), verification, over)


def in_use(db: Connection, person_id: str) -> None:
    """The account may be used. Raises AccountEnded: nothing is proved for a locked, closed or dead one."""
    person = people.person(db, person_id)
    if person is not None and not person.usable:
        raise AccountEnded("The account is not in use")


def move(house: House, db: Connection, found: Standing, stage: Stage, now: datetime, **changes: object) -> Verification:
    """Write the next step over the one that was loaded. Raises WrongStep."""
    new = found.verification.moved(stage, now, **changes)
    proofs.keep_verification(db, house.vault, new, over=found.over)
    return new
