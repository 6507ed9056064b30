"""The pages where people register, sign in, prove their name, choose for whom they act, agree, and look after their account."""

from flask import Blueprint

from hub.web import login_at
from idp.web import account, companies, consent, data, factors, invite, login, qr, realname, register, unlock, whom

TOPICS = (login, qr, register, realname, whom, consent, data, account, unlock, factors, companies, invite)


def blueprint() -> Blueprint:
    """All pages of the room."""
    bp = Blueprint(
        "idp", __name__, template_folder="../templates", static_folder="../static", static_url_path="/idp/static"
    )
    for topic in TOPICS:
        topic.add(bp)
    login_at("idp", "idp.login")
    return bp
