"""Who may appoint and remove whom in a company, and the refusals of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from hub.problems import Problem
from idp.model.mandate import EVERYTHING, Mandate, Role

MANAGERS = 5  # of one company at a time
AGENT_DAYS = 7  # the end that is offered for an agent's mandate
LONGEST = timedelta(days=366)  # of an agent's mandate; a manager's may be open
OPEN_OFFERS = 50  # of one company at a time

GRANTS = {  # what each role may give; an agent gives nothing on
    Role.legal_representative: (Role.manager, Role.agent),
    Role.manager: (Role.agent,),
}


class MayNotGrant(Problem):
    """Whoever tries to appoint or to remove somebody may not do so in this company."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "You may not do this for the company"
    advice: ClassVar[str] = "Ask its legal representative."


class TooManyManagers(Problem):
    """The company has as many managers as it may have, counting those who are invited."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "A company has at most five managers"
    advice: ClassVar[str] = "Remove a manager or withdraw an invitation first."


class AppointedAlready(Problem):
    """The person stands higher in this company than what is offered."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This person acts for the company already"
    advice: ClassVar[str] = "A legal representative or a manager may do all that an agent may. Nothing has to be added."


class InvitationWrong(Problem):
    """What was typed into an invitation breaks rules; `fields` names what is wrong."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "The invitation is not complete"
    advice: ClassVar[str] = "Correct what is marked."

    def __init__(self, *, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class NotInForce(Problem):
    """The register says that the organisation is not in force."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "Nobody can act for this organisation"
    advice: ClassVar[str] = "The register says that it is revoked or deregistered. Ask its registration office."


@dataclass(frozen=True)
class Wanted:
    """An appointment as it is asked for."""

    role: Role
    since: datetime
    until: datetime | None = None
    matters: tuple[str, ...] = EVERYTHING

    def wrong(self, by: Mandate, known: frozenset[str], now: datetime) -> tuple[str, ...]:
        """What is wrong with it, by name: nobody gives more, or for longer, than he has."""
        return tuple(name for name, rule in RULES if not rule(self, by, known, now))


def may_invite(by: Mandate, role: Role) -> bool:
    """Whether the holder of a mandate may give this role."""
    return role in GRANTS.get(by.role, ())


def may_end(by: Mandate, what: Mandate) -> bool:
    """Whether the holder of a mandate may end another one: the representative every one, a manager those that he gave.

    Everybody may lay down his own, but the representative: the register says who that is.
    """
    if by.person == what.person:
        return what.role is not Role.legal_representative
    if by.role is Role.legal_representative:
        return what.role in (Role.manager, Role.agent)
    return by.role is Role.manager and what.granted_by == by.id


def _matters_fit(wanted: Wanted, by: Mandate, known: frozenset[str], _now: datetime) -> bool:
    if wanted.matters == EVERYTHING:
        return not by.named
    return bool(wanted.matters) and set(wanted.matters) <= known and all(by.covers(one) for one in wanted.matters)


def _until_fits(wanted: Wanted, by: Mandate, _known: frozenset[str], now: datetime) -> bool:
    if wanted.until is None:
        return wanted.role is Role.manager and by.until is None
    return max(wanted.since, now) < wanted.until and (by.until is None or wanted.until <= by.until)


def _since_fits(wanted: Wanted, _by: Mandate, _known: frozenset[str], now: datetime) -> bool:
    return wanted.since <= now + LONGEST


def _not_too_long(wanted: Wanted, _by: Mandate, _known: frozenset[str], now: datetime) -> bool:
    return wanted.role is Role.manager or wanted.until is None or wanted.until <= max(wanted.since, now) + LONGEST


RULES = (  # the field that is named, and what must hold; all are looked at
    ("matters", _matters_fit),
    ("since", _since_fits),
    ("until", _until_fits),
    ("long", _not_too_long),
)
