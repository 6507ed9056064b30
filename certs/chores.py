"""This room's periodic work, need and number. The front door calls `register`."""

from datetime import datetime
from typing import TYPE_CHECKING

from certs import authority, ceremony, status, store, trust
from certs.model import ISSUING, ROOT
from hub import health, metrics, ticks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House

ANSWERING = (ISSUING, "time-stamp", "ocsp-signer", "trust-list")


def register() -> None:
    """Name everything to the modules that run it. Once per process."""
    ticks.every(600, "pki", keep_fresh)
    health.needs("trust service", answers)
    metrics.gauge("yinxin_certificates_unsigned", "Serial numbers without a certificate", _unsigned)


def keep_fresh(house: "House", now: datetime) -> None:
    """Renew signers that end soon, and publish lists before somebody has to wait for them."""
    ceremony.create_demo_pki(house, now)
    for name in (ROOT, ISSUING):
        status.crl(house, name, now)
    trust.trust_list(house, now)


def answers(house: "House", now: datetime) -> None:
    """Need: whoever signs answers is in office."""
    for name in ANSWERING:
        authority.in_office(house, name, now)


def _unsigned(house: "House", db: "Connection", now: datetime) -> float:
    return float(len(store.unsigned(db)))
