"""The pages where people register, sign in, prove their name, choose for whom they act, agree, and look after their account."""

from flask import Blueprint

from hub.web import login_at
from idp.web import (
    account,
    companies,
    confirm,
    consent,
    contacts,
    data,
    device,
    factors,
    invite,
    login,
    mandates,
    merge,
    qr,
    realname,
    realname_levels,
    realname_ways,
    recovery,
    register,
    restart,
    second,
    security,
    unlock,
    upstream,
    whom,
)

TOPICS = (
    restart,
    login,
    upstream,
    second,
    qr,
    device,
    recovery,
    register,
    realname,
    realname_ways,
    realname_levels,
    whom,
    mandates,
    merge,
    consent,
    data,
    account,
    confirm,
    unlock,
    security,
    contacts,
    factors,
    companies,
    invite,
)


def blueprint() -> Blueprint:
    """All pages of the room."""
    bp = Blueprint(
        "idp", __name__, template_folder="../templates", static_folder="../static", static_url_path="/idp/static"
    )
    for topic in TOPICS:
        topic.add(bp)
    login_at("idp", "idp.login")
    return bp
