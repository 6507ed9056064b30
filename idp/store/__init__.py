"""The tables of identity, by noun: functions that take and give the values of `idp.model`."""

from idp.store import (
    clients,
    consents,
    data,
    factors,
    grants,
    invitations,
    mandates,
    offers,
    organizations,
    people,
    registers,
    uses,
)

__all__ = [
    "clients",
    "consents",
    "data",
    "factors",
    "grants",
    "invitations",
    "mandates",
    "offers",
    "organizations",
    "people",
    "registers",
    "uses",
]
