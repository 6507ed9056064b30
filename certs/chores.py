"""This room's periodic work, need and number. The front door calls `register`."""

from datetime import datetime
from typing import TYPE_CHECKING

from certs import alarms, answers, authority, ceremony, status, store, trust
from certs.model import ISSUING
from hub import health, metrics, ticks, timesource

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House

ANSWERING = (ISSUING, "time-stamp", "ocsp-signer", "trust-list")


def register() -> None:
    """Name everything to the modules that run it. Once per process."""
    ticks.every(600, "pki", keep_fresh)
    ticks.every(30, "certificate status", answers.presign)
    ticks.every(60, "trust alarms", alarms.look)
    health.needs("trust service", posted)
    health.needs("lists of revoked certificates", alarms.fresh_lists, vital=False)
    health.needs("clock", timesource.watch, vital=False)
    metrics.gauge("yinxin_certificates_unsigned", "Serial numbers without a certificate", _unsigned)
    metrics.gauge("yinxin_trust_alarms", "What is wrong with the trust service (yinxin pki status)", _alarms)


def keep_fresh(house: "House", now: datetime) -> None:
    """Renew signers that end soon, and publish lists before somebody has to wait for them."""
    ceremony.create_demo_pki(house, now)
    status.publish(house, now)
    trust.trust_list(house, now)


def posted(house: "House", now: datetime) -> None:
    """Need: whoever signs answers is in office."""
    for name in ANSWERING:
        authority.in_office(house, name, now)


def _alarms(house: "House", db: "Connection", now: datetime) -> float:
    return float(len(store.alarms(db)))


def _unsigned(house: "House", db: "Connection", now: datetime) -> float:
    return float(len(store.unsigned(db)))
