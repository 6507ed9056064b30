"""One use of a mandate, for the eyes of the one who is represented."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

KEPT_DAYS = 730  # how long the represented one can look back; the ledger keeps its lines for longer


class Act(StrEnum):
    """What was done. A closed list: each has its words on the page."""

    signed_in = "signed-in"  # at a service, which got tokens for the represented one
    looked = "looked"  # at his licenses
    downloaded = "downloaded"  # a license
    shared = "shared"  # a license
    applied = "applied"  # for a service
    answered = "answered"  # what an office had asked
    withdrew = "withdrew"  # an application
    allowed_data = "allowed-data"  # that a service asks other bodies
    gave_mandate = "gave-mandate"  # to somebody below


@dataclass(frozen=True)
class Use:
    """By which mandate, who, for whom, what, where and when."""

    mandate: str
    principal: str
    person: str
    what: Act
    site: str  # the client's id, or the name of one of our own sites
    at: datetime
    about: str = ""  # number of a case or license, never anything personal
