"""Verified claims: how a name was proved, when and by what, beside the name itself (OpenID Connect for Identity Assurance 1.0).

Told from the evidence that is kept: its method, its source, its time, and the digest under which it stands in the ledger. Never
a document, never a picture. As with every claim, only what the person agreed to tell this service is told.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from hub.house import House
from idp.acting import principals
from idp.model import verified as rules
from idp.model.client import Client
from idp.model.flow import acr
from idp.model.grant import Grant
from idp.model.mandate import PERSON
from idp.model.realname import Evidence
from idp.numbers.person import Kind
from idp.provider import sandbox
from idp.provider.tokens.read import Claims
from idp.store import people, proofs

TOLD = ("name", "number", "number_type")  # what the registers confirm


def answer(
    house: House, db: Connection, client: Client, grant: Grant, spec: object, may: Collection[str], now: datetime
) -> Claims | list[Claims] | None:
    """The verified claims that a service asked for, of those that it `may` be told; None if there are none."""
    asked = rules.requests(spec)
    known = _known(house, db, client, grant) if asked else None
    if known is None:
        return None
    offer, claims = known
    claims = {name: value for name, value in claims.items() if name in may}
    if (
        "number" not in claims
    ):  # a digest is the same for everybody: where nobody may know the number, it would link services
        offer = offer | {"evidence": [_without_digest(one) for one in offer["evidence"]]}
    given = [one for some in asked if (one := rules.answered(some, offer, claims, now))]
    return given if isinstance(spec, list) and given else next(iter(given), None)


def _known(house: House, db: Connection, client: Client, grant: Grant) -> tuple[Claims, Claims] | None:
    """What could be said of the one whom the grant is about: how he was verified, and the claims. Nothing of companies."""
    if client.sandbox:
        since = grant.auth_time.replace(minute=0, second=0, microsecond=0)
        return _offer([sandbox.evidence(since)], grant.level), sandbox.told(grant, TOLD)
    if grant.acting_for and not grant.acting_for.startswith(PERSON):
        return None
    whom = principals.subject(grant.person, grant.acting_for)
    verification = proofs.verification(db, house.vault, whom)
    anew = verification.anew if verification else None
    found = [
        one
        for one in proofs.evidence_of(db, whom)
        if one.method in rules.CHECKS and not one.about and (anew is None or one.at >= anew)
        if one.level <= grant.level  # a login may be worth less than the account
    ]
    if not found:
        return None
    profile = people.profile(db, house.vault, whom)
    claims = {"name": profile.name, "number": profile.number, "number_type": profile.number_type}
    return _offer(found, max(one.level for one in found)), {name: value for name, value in claims.items() if value}


def _offer(evidence: Sequence[Evidence], level: int) -> Claims:
    """The whole of what a verification can say. `evidence`: newest first; of each method the newest counts."""
    newest = list({one.method: one for one in reversed(evidence)}.values())
    return {
        "trust_framework": rules.FRAMEWORK,
        "assurance_level": acr(level),
        "time": _time(max(one.at for one in newest)),
        "evidence": [_told(one) for one in newest],
    }


def _told(one: Evidence) -> Claims:
    """One piece of evidence: at a counter a document was seen, else a register answered (Schema Definition 1.0, 5.4)."""
    check = {
        "check_method": rules.CHECKS[one.method],
        "organization": one.register,
        "time": _time(one.at),
        "txn": f"sha-256:{one.digest}",
    }
    if one.method == "counter":
        return {"type": rules.DOCUMENT, "check_details": [check], "document_details": {"type": one.kind or "idcard"}}
    return {"type": rules.RECORD, "check_details": [check], "record": {"type": one.source}}


def _without_digest(one: Claims) -> Claims:
    checks = [{name: value for name, value in check.items() if name != "txn"} for check in one["check_details"]]
    return one | {"check_details": checks}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def metadata() -> dict[str, object]:
    """What the provider says of it (OpenID Connect for Identity Assurance 1.0, 8)."""
    return {
        "trust_frameworks_supported": [rules.FRAMEWORK],
        "claims_in_verified_claims_supported": list(TOLD),
        "evidence_supported": [rules.RECORD, rules.DOCUMENT],
        "electronic_records_supported": ["population", "bank", "telecom", "network-id"],
        "documents_supported": [kind.value for kind in Kind if kind is not Kind.organization],
        "documents_check_methods_supported": ["vpip"],
    }
