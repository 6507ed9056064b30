"""The console's page of keys and certificates: who holds which post until when, the lists, and what wants somebody's hand."""

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response

from admin.model.operator import Right
from certs import alarms, inventory, status
from certs import store as certs
from certs.crl import FOREVER
from certs.inventory import KeyState
from certs.model import PROFILES, Certificate
from hub import clock, web
from hub.callers import Operator
from hub.i18n import N_
from seals import store as seals

PAGE = 100  # seals
POSTS = {
    "root": N_("Root authority"),
    "issuing-ca": N_("Authority of e-seals"),
    "service-ca": N_("Authority of services"),
    "time-stamp": N_("Time-stamp unit"),
    "ocsp-signer": N_("Responder for certificates (OCSP)"),
    "trust-list": N_("Signer of the trust list"),
    "maker": N_("Maker of seals"),
}
PURPOSES = {
    "code": N_("Codes on licenses"),
    "status-list": N_("States of licenses"),
    "receipt": N_("Receipts of verifications"),
    "checkpoint": N_("Heads of the ledger"),
    "data": N_("Data sharing"),
    "consent": N_("Receipts of consent"),
    "tokens": N_("Tokens of logins"),
    "upstream": N_("Logins by way of provinces"),
}
CUSTODIES = {
    "file": N_("in a file"),
    "token": N_("in a token"),
    "sealer": N_("at the sealing process"),
    "safe": N_("in the safe of the root"),
}
TROUBLES = {
    alarms.STALE: N_("This list of revoked certificates is not renewed in time."),
    alarms.ENDS: N_("This certificate ends soon, or was revoked, and has no successor."),
    alarms.UNSIGNED: N_("This certificate was prepared and never signed."),
    alarms.CLOCK: N_("The clock is not known to be right: no time-stamps are given."),
    alarms.UNCHECKED: N_("No source of time is set: the clock of time-stamps is not checked."),
    alarms.QUARANTINED: N_("This key gave a wrong signature and is not used any more."),
}
STATES = {
    KeyState.plain: (N_("In use"), "plain"),
    KeyState.waiting: (N_("Without a certificate"), "unsure"),
    KeyState.signs: (N_("Signs"), "ok"),
    KeyState.soon: (N_("Needs a successor"), "unsure"),
    KeyState.over: (N_("Signs no more"), "plain"),
    KeyState.ended: (N_("Expired"), "plain"),
    KeyState.revoked: (N_("Revoked"), "bad"),
    KeyState.apart: (N_("Set apart"), "bad"),
}


class ListShown(NamedTuple):
    """A revocation list as the page tells it."""

    subject: str
    file: str
    life: tuple[datetime, datetime] | None
    endless: bool


def blueprint() -> Blueprint:
    """`/console/trust`."""
    bp = Blueprint("trust", __name__)

    @web.route(bp, "/console/trust", gate=Operator(Right.see))
    def trust() -> Response:
        house, now = web.house(), clock.now()
        with house.database.read() as db:
            here = {one.key_name: one for one in seals.seals(db, web.caller().place) if one.key_name}
            lives = certs.list_lives(db)
        found = inventory.inventory(house, now)
        return web.page(
            "admin/trust.html",
            troubles=alarms.troubles(house, now),
            trouble_words=TROUBLES,
            posts=[one for one in found if one.purpose in PROFILES],
            lists=[_list(above, shard, lives) for above, shard in status.every_list(house)],
            sealing=[(one, here[one.name]) for one in found if one.name in here][:PAGE],
            more=max(0, len(here) - PAGE),
            others=[one for one in found if one.purpose not in PROFILES and one.purpose != "seal"],
            post_words=POSTS,
            purposes=PURPOSES,
            custodies=CUSTODIES,
            states=STATES,
        )

    return bp


def _list(above: Certificate, shard: int, lives: dict[str, tuple[datetime, datetime]]) -> ListShown:
    life = lives.get(status.list_name(above, shard))
    file = f"{above.file}/{shard}.crl" if shard else f"{above.file}.crl"
    return ListShown(above.subject, file, life, endless=life is not None and life[1] == FOREVER)
