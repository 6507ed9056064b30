"""What this room holds about a person, for his own copy. Of secrets only that they are there, and since when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub import callers, ledger, notices
from hub.held import Whose
from hub.house import House
from hub.i18n import N_, translated
from idp.acting import mandates
from idp.consent import consent_text, data
from idp.provider import pseudonyms
from idp.store import clients, consents, factors, leaving, life, people, proofs, receipts, releases, upstreams
from idp.store import mandates as mandate_store

MOST = 5000  # lines of one list: more is paged on the pages of the account


def account(house: House, db: Connection, whose: Whose, now: datetime) -> dict[str, Any]:
    """The account, the profile and its earlier values."""
    person = people.person(db, whose.person)
    assert person is not None
    profile = people.profile(db, house.vault, whose.person)
    former = life.former_of(db, house.vault, whose.person)
    return {
        "internal_id": person.id,
        "account_name": profile.account,
        "name": profile.name,
        "number": profile.number,
        "number_type": profile.number_type,
        "born": profile.born,
        "phone": profile.phone,
        "email": profile.email,
        "level": int(person.level),
        "level_since": _moment(person.proved),
        "state": person.state.value,
        "opened": _moment(person.created),
        "large_text": leaving.large_text(db, whose.person),
        "earlier": [{"what": one.what, "was": one.text, "until": _moment(one.until), "why": one.why} for one in former],
    }


def evidence(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """How the name was verified: never a picture, never the answer of a register."""
    return [
        {"at": _moment(one.at), "method": one.method, "level": one.level, "register": one.register, "about": one.about}
        | {"transaction": one.transaction, "score_band": one.score_band, "digest_of_answer": one.answer_digest}
        for one in proofs.evidence_of(db, whose.person)
    ]


def ways_in(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """What the person signs in with, without its secrets."""
    return [
        {"kind": one.kind.value, "label": one.label, "added": _moment(one.created), "last_used": _moment(one.used)}
        for one in factors.of_person(db, whose.person)
    ] + [
        {"kind": "province", "label": one.upstream, "added": _moment(one.made), "last_used": _moment(one.used)}
        for one in upstreams.links(db, whose.person)
    ]


def sessions(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """Where he is signed in at this moment."""
    return [
        {"device": device, "since": _moment(opened), "ends": _moment(one.ends), "methods": list(one.amr)}
        for one, opened, device in callers.sessions(db, whose.person, now)
    ]


def services(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """Which services know him, by what number, and what each is told."""
    found = [(one, clients.client(db, one.client)) for one in consents.consents_of(db, whose.person)]
    return [
        {"service": client.name, "id": client.id, "owner": client.agency, "basis": client.basis.value}
        | {"knows_him_as": pseudonyms.subject(house, client, whose.person), "agreed": _moment(one.at)}
        | {"text_version": one.text_version, "is_told": list(consent_text.fields(one.scopes))}
        for one, client in found
        if client is not None
    ]


def permissions(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """What he allows services to ask other bodies for."""
    return [
        {"service": one.client, "from": one.provider_name, "purpose": one.purpose, "allowed": _moment(consent.at)}
        | {"fields": [field.name for field in one.fields], "basis": one.basis, "until": _moment(one.until)}
        for consent, one in data.standing(db, whose.person, None)
    ]


def receipts_of(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """Each yes and each no, with its signed receipt."""
    return [
        {"id": one.id, "service": one.client, "said": one.said.value, "at": _moment(one.at), "signed": one.signed}
        for one in receipts.of_person(db, whose.person)[:MOST]
    ]


def released(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """Each time that a service was let in to learn about him."""
    ids = releases.of_person(db, whose.person, limit=MOST)
    names: dict[str, Any] = {}
    found = []
    for start in range(0, len(ids), 500):
        for event in ledger.named(db, ids[start : start + 500]):
            id = event.subject.removeprefix("client:")
            client = names.setdefault(id, clients.client(db, id))
            told = list(consent_text.fields(event.facts.get("scopes", ())))
            found.append({"at": _moment(event.at), "service": client.name if client else id, "may_learn": told})
    return found


def acting(house: House, db: Connection, whose: Whose, now: datetime) -> dict[str, Any]:
    """For whom he may act; how many may act for him. Their names are theirs: they stand on the page of mandates."""
    held = mandates.of(house, db, whose.person, now)
    for_him = mandate_store.for_principal(db, f"person:{whose.person}", now)
    return {
        "he_acts_for": [
            {"whom": principal.shown, "role": one.role.value, "since": _moment(one.since), "until": _moment(one.until)}
            for one, principal in held
        ],
        "act_for_him": [
            {"role": one.role.value, "since": _moment(one.since), "until": _moment(one.until)} for one in for_him
        ],
    }


def told(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """Notices to him."""
    return [
        {"at": _moment(one.at), "notice": translated(one.title, "zh-Hans", **one.values), "read": _moment(one.seen)}
        for one in notices.of_person(db, whose.person, limit=MOST)
    ]


def happened(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """What the ledger says about the account."""
    return [
        {"at": _moment(one.at), "kind": one.kind, "by": one.by, "facts": one.facts}
        for one in ledger.events(db, subject=f"person:{whose.person}", limit=MOST)
    ]


PARTS = {
    N_("Account and profile"): account,
    N_("How your name was verified"): evidence,
    N_("Ways to sign in"): ways_in,
    N_("Where you are signed in"): sessions,
    N_("Services that know you"): services,
    N_("Data that services may ask others for"): permissions,
    N_("Receipts"): receipts_of,
    N_("Who was let in"): released,
    N_("Mandates"): acting,
    N_("Notices"): told,
    N_("Lines about you in the ledger"): happened,
}


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
