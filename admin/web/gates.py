"""Who may open a page of this room: a citizen with a proved name, or an operator with a right."""

from hub import callers
from hub.signin import Site

CONSOLE = Site("console", "/console")
MY = Site("my", "/my", level=2, scope="openid company")
MINE = callers.Session("my", level=2)
