"""What a view may ask about the request it serves."""

from flask import current_app, g

from hub import callers
from hub.callers import Caller
from hub.house import House


def house() -> House:
    """The open house of this process."""
    found: House = current_app.extensions["house"]
    return found


def caller() -> Caller:
    """Who asks. Set by the route's gate."""
    found: Caller = g.get("caller", callers.NOBODY)
    return found
