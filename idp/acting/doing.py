"""Doing something for somebody else: only by a mandate that is for the matter, and that stands until it is done."""

from datetime import datetime

from sqlalchemy import Connection

from hub import behalf
from hub.behalf import NotYourMatter
from hub.callers import Caller
from idp.acting import principals
from idp.model.mandate import Mandate, NoMandate


def stands(db: Connection, caller: Caller, now: datetime, *, matter: str) -> Mandate | None:
    """The mandate by which somebody acts for another in a matter, kept as it is until the transaction ends.

    Call it in the transaction of the act itself, before anything is written. None for whoever acts for himself. Raises
    NoMandate, NotYourMatter.
    """
    if not caller.acting_for:
        return None
    behalf.hold(db, caller.acting_for)
    behalf.needs(caller, matter)
    held = principals.mandates(db, caller.person or "", caller.acting_for, now)
    if not held:
        raise NoMandate("There is no mandate for it, or it has ended")
    covering = next((one for one in held if one.covers(matter)), None)
    if covering is None:
        raise NotYourMatter("The matter %(code)s", code=matter)
    return covering
