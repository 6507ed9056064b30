"""Making the PKI of a demo: root, CAs of e-seals and of services, units. One that matters is made by a plan: `certs.perform`."""

from datetime import datetime
from typing import TYPE_CHECKING

from certs import roll, safe, store, trust
from certs.model import ROOT, LegalPerson

if TYPE_CHECKING:
    from hub.house import House

OPERATOR = ("11880000DEM000014J", "示范全国枢纽")  # the fictional hub of the demo runs its own trust service
POSTS = (  # in the order in which each needs the one before
    ("root", "Yinxin DEMO Root CA - test only", "P-384"),
    ("issuing-ca", "Yinxin DEMO e-Seal CA - test only", "P-256"),
    ("service-ca", "Yinxin DEMO Service CA - test only", "P-256"),
    ("time-stamp", "Yinxin DEMO Time-Stamp Unit - test only", "P-256"),
    ("ocsp-signer", "Yinxin DEMO OCSP Responder - test only", "P-256"),
    ("trust-list", "Yinxin DEMO Trust List Signer - test only", "P-256"),
    ("maker", "Yinxin DEMO Seal Maker - test only", "P-256"),
)


def create_demo_pki(house: "House", now: datetime) -> None:
    """Give every post of the demo PKI its key and certificate. A second call only renews what ends soon.

    Where a ceremony made the PKI, or is still to make it, nothing of a demo is added to it.
    """
    if _is_ours(house):
        for name, common_name, algorithm in POSTS:
            with house.database.read() as db:
                held = store.newest(db, name)
            if held is None:
                code, organisation = OPERATOR
                roll.appoint(house, name, LegalPerson(code, organisation, common_name), algorithm, now, by="ceremony")
    roll.renew(house, now)
    trust.vouch_for_keys(house, now)


def _is_ours(house: "House") -> bool:
    """Whether the PKI is a demo's: its root says so, or there is none and no ceremony is waited for."""
    with house.database.read() as db:
        root = store.newest(db, ROOT)
    return root.subject == POSTS[0][1] if root else not safe.place(house).exists()
