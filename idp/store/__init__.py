"""The tables of identity, by noun: functions that take and give the values of `idp.model`."""

from idp.store import (
    clients,
    consents,
    data,
    factors,
    grants,
    invitations,
    leaving,
    mandates,
    matters,
    offers,
    organizations,
    people,
    receipts,
    registers,
    releases,
    uses,
)

__all__ = [
    "clients",
    "consents",
    "data",
    "factors",
    "grants",
    "invitations",
    "leaving",
    "mandates",
    "matters",
    "offers",
    "organizations",
    "people",
    "receipts",
    "registers",
    "releases",
    "uses",
]
