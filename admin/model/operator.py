"""Operators and their rights."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.problems import NotAllowed, Problem, Way


class Right(StrEnum):
    """What an operator may do in his part of the tree."""

    see = "see"  # agencies, seals, clients, licenses, the ledger
    licenses = "licenses"  # suspend, reinstate, revoke
    seals = "seals"  # look after seals: apply for them, put them into use, stop and end them, let others use them
    making = "making"  # make seals that are approved
    filing = "filing"  # put seals on file with the authority that keeps them on record
    operators = "operators"  # invite and dismiss operators
    services = "services"  # describe service items and their clients, and ask for their approval
    approve = "approve"  # be the second person for what somebody else asked
    cases = "cases"  # decide on applications
    counter = "counter"  # serve visitors at a counter
    sharing = "sharing"  # ask other bodies for data, answer what they ask
    supervision = "supervision"  # answer alerts, see the boards
    people = "people"  # find accounts and ask for what authorities do to them
    desk = "desk"  # answer questions, reports and bad ratings


class NotAnOperator(NotAllowed):
    """The person is signed in, but nobody has made him an operator."""

    title = "You are not an operator here"
    advice = "Ask an operator of your place for an invitation."


class SecondFactorMissing(NotAllowed):
    """Operators sign in with two factors or a passkey, always."""

    title = "A second factor is needed"
    advice = "Set up a passkey or an authenticator app. Then you come back here."
    way = Way("/account/second-factor", back="/console/")
    act = "Set up a second factor"


class SignedInElsewhere(SecondFactorMissing):
    """Nobody else vouches for an operator."""

    title = "Operators sign in here, not by way of a province"
    advice = "Sign in again with your passkey, or with your password and a one-time code."
    way = Way("/console/sign-in?again=1", back="/console/", provider=False)
    act = "Sign in again"


class RightWrong(Problem):
    """There is no such right."""

    title = "There is no such right"
    advice = "The console's page of operators lists the rights that there are."


@dataclass(frozen=True)
class Operator:
    """Someone who looks after a place and all below it."""

    invitation: str
    label: str
    place: str
    rights: frozenset[Right]
    invited_by: str
    invited: datetime
    person: str | None = None  # from the moment the invitation was taken
    ended: datetime | None = None


def rights_of(names: str) -> frozenset[Right]:
    """Rights from their names with commas between. Everyone may see. Raises RightWrong."""
    try:
        return frozenset(Right(name.strip()) for name in names.split(",") if name.strip()) | {Right.see}
    except ValueError as error:
        raise RightWrong(str(error)) from error
