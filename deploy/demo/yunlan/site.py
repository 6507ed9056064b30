"""What the province's data office does: it pays benefits to companies without asking them for papers."""

from flask import Flask

from deploy.demo.department import from_file
from deploy.demo.department.desk import Desk

DESK = Desk("", "惠企补贴", "benefit for companies", {}, mark="teal")


def from_environment() -> Flask:
    """For a WSGI server."""
    return from_file.site(DESK)
