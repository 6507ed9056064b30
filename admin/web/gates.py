"""Who may open a page of this room: a citizen with a proved name, or an operator with a right."""

from dataclasses import dataclass
from datetime import datetime

from flask import Request

from admin.model.operator import Right
from hub import callers, web
from hub.callers import Caller
from hub.house import House
from hub.problems import NotAllowed
from hub.signin import Site

CONSOLE = Site("console", "/console")
MY = Site("my", "/my", level=2, scope="openid company")
MINE = callers.Session("my", level=2)


@dataclass(frozen=True)
class Board:
    """Figures of a part of the work: for whoever does it, and for supervision."""

    right: Right
    cookies: bool = True

    def admit(self, house: House, request: Request, now: datetime) -> Caller:
        """The operator. Raises NotSignedIn, NotAllowed."""
        caller = callers.Operator(Right.see).admit(house, request, now)
        if not {self.right, Right.supervision} & caller.rights:
            raise NotAllowed("This needs the right %(right)s", right=self.right)
        return caller


@dataclass(frozen=True)
class SessionOrNobody:
    """A form that loses nothing: whoever was signed out while he wrote is let in as NOBODY, and the view puts it aside."""

    kind: str
    cookies: bool = True

    def admit(self, house: House, request: Request, now: datetime) -> Caller:
        """The caller of this site's session, or NOBODY."""
        return callers.current(house, request, self.kind, now) or callers.NOBODY


MINE_OR_NOBODY = SessionOrNobody("my")


def me() -> str:
    """The person who is signed in, on a page whose gate let nobody else in."""
    person = web.caller().person
    assert person
    return person
