"""Operators: invite one, let one in, dismiss one."""

from dataclasses import replace
from datetime import datetime

from admin import approvals
from admin.model.operator import NotAnOperator, Operator, Right, SecondFactorMissing, SignedInElsewhere
from admin.store import operators as store
from hub import callers, inbox, ledger, tree
from hub.callers import Caller
from hub.house import House
from hub.problems import NotAllowed, NotFound
from idp.account import invite as invitations


def invite(house: House, label: str, place: str, rights: frozenset[Right], *, by: Caller | None, now: datetime) -> str:
    """A one-time link that makes an operator. `by` is None at the command line; an operator gives at most what he has.

    Raises NotAllowed, NotFound for a place that does not exist.
    """
    who = by.label if by else "operator at the command line"
    if by and not (tree.within(place, by.place) and {right.value for right in rights} <= by.rights):
        raise NotAllowed("You can invite to your own place and with your own rights only")
    with house.database.read() as db:
        tree.get(db, place)
    invitation, link = invitations.invite(house, label, by=who, now=now)
    with house.database.write() as db:
        store.add(db, Operator(invitation.id, label, place, rights, who, now))
        facts = {"invitation": invitation.id, "rights": sorted(rights)}
        ledger.wrote(db, "operator.appointed", f"invitation:{invitation.id}", by=who, at=now, place=place, facts=facts)
    return link


def enter(house: House, caller: Caller, now: datetime) -> Caller:
    """The caller with place and rights of his office. Raises NotAnOperator, SecondFactorMissing, SignedInElsewhere."""
    assert caller.person
    with house.database.write() as db:
        for letter in inbox.read(db, invitations.TAKEN):
            store.arrived(db, letter.body["invitation"], letter.body["person"])
            inbox.settle(db, letter, now)
        operator = store.operator_of(db, caller.person)
    if operator is None:
        raise NotAnOperator
    if "fed" in caller.amr:
        raise SignedInElsewhere
    if "mfa" not in caller.amr:
        raise SecondFactorMissing
    return replace(caller, place=operator.place, rights=frozenset(right.value for right in operator.rights))


def dismiss(house: House, invitation: str, *, by: Caller, now: datetime) -> None:
    """End an operator at once, with every session of his and what he has asked a second person for.

    Raises NotFound; NotAllowed for one with rights that `by` lacks.
    """
    with house.database.write() as db:
        operator = store.dismiss(db, invitation, by.place, now)
        if operator is None:
            raise NotFound("There is no such operator")
        if not {right.value for right in operator.rights} <= by.rights:
            raise NotAllowed("You can dismiss operators with your own rights only")
        if operator.person:
            callers.end_sessions(db, person=operator.person, at=now)
            approvals.call_off(db, operator.person, by=by, now=now)
        ledger.wrote(db, "operator.dismissed", f"invitation:{invitation}", by=by.label, at=now, place=operator.place)
