"""The tables of identity, by noun: functions that take and give the values of `idp.model`."""

from idp.store import clients, consents, factors, grants, invitations, organizations, people, registers

__all__ = ["clients", "consents", "factors", "grants", "invitations", "organizations", "people", "registers"]
