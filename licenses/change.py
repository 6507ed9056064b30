"""Suspend, reinstate, revoke: each with its reason, legal basis and decision number; visible at every online door at once."""

from datetime import datetime

from hub import inbox, ledger
from hub.callers import Caller
from hub.house import House
from licenses import store
from licenses.model import Change, License, LicenseUnknown, Operation, StepRefused


def suspend(
    house: House, number: str, *, reason: str, legal_basis: str, decision: str, caller: Caller, now: datetime
) -> License:
    """Take a valid license out of force for a time. Raises LicenseUnknown, StepRefused, ReasonMissing."""
    why = Change(Operation.suspend, reason, legal_basis, decision, caller.label, now)
    return change(house, number, why, caller)


def reinstate(
    house: House, number: str, *, reason: str, legal_basis: str, decision: str, caller: Caller, now: datetime
) -> License:
    """Give a suspended license back. Raises LicenseUnknown, StepRefused, ReasonMissing."""
    why = Change(Operation.reinstate, reason, legal_basis, decision, caller.label, now)
    return change(house, number, why, caller)


def revoke(
    house: House, number: str, *, reason: str, legal_basis: str, decision: str, caller: Caller, now: datetime
) -> License:
    """End a license for good. Raises LicenseUnknown, StepRefused, ReasonMissing."""
    why = Change(Operation.revoke, reason, legal_basis, decision, caller.label, now)
    return change(house, number, why, caller)


def change(house: House, number: str, why: Change, caller: Caller) -> License:
    """Carry out one operation on a license of the caller's scope; status list, history, ledger and notice in one commit."""
    with house.database.write() as db:
        before = store.license(db, number, caller.place)
        if (caller.agency or caller.client) and before.agency != caller.agency:  # a program acts for one agency
            raise LicenseUnknown("There is no license %(number)s", number=number)
        after = before.after(why.operation, why)
        if not store.change(db, before, after, why):
            raise StepRefused("The license was changed by someone else at the same moment")
        facts = {"from": before.status.value, "to": after.status.value, "decision": why.decision}
        ledger.wrote(
            db, f"license.{why.operation.value}", number, by=caller.label, at=why.at, place=before.place, facts=facts
        )
        inbox.put(db, "license.changed", {"license": number, "status": after.status.value}, why.at)
    return after
