"""The tables of a verification under way and of the evidence that it leaves."""

import json
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hub.db import Instant, metadata
from hub.vault import Vault
from idp.model.realname import Evidence, Form, Stage, Verification, WrongStep

FORM = "realname-form"  # purpose in the vault
WAITING = (Stage.begun, Stage.later)  # stages in which a form is kept for its person alone

verification_table = sa.Table(
    "idp_verification",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("form", sa.LargeBinary),
    sa.Column("check_id", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("binding", sa.Text, nullable=False, server_default=""),
    sa.Column("anew", Instant),
    sa.Column("reminded", Instant),
)
evidence_table = sa.Table(
    "idp_evidence",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("register", sa.Text, nullable=False),
    sa.Column("transaction", sa.Text, nullable=False),
    sa.Column("score_band", sa.Text, nullable=False),
    sa.Column("answer_digest", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default="population"),
    sa.Column("kind", sa.Text, nullable=False, server_default=""),
    sa.Column("agent", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("register", "transaction"),  # one answer proves one thing, once
)
_v, _e = verification_table.c, evidence_table.c


# -- verifications


def verification(db: sa.Connection, vault: Vault, person_id: str) -> Verification | None:
    """Where a person's verification stands, its form opened."""
    return _verification(
        db, vault, db.execute(sa.select(verification_table).where(_v.person == person_id)).one_or_none()
    )


def by_check(db: sa.Connection, vault: Vault, check: str) -> Verification | None:
    """The verification whose live check has this id at the register."""
    row = db.execute(sa.select(verification_table).where(_v.check_id == check)).first() if check else None
    return _verification(db, vault, row)


def keep_verification(db: sa.Connection, vault: Vault, new: Verification, *, over: Verification | None) -> None:
    """Write a verification over the one it was made from. Raises WrongStep when another step came in between."""
    form = None
    if new.form is not None:
        form = vault.encrypt(db, new.person, json.dumps(new.form.kept, ensure_ascii=False).encode(), FORM)
    values = {"stage": new.stage.value, "form": form, "check_id": new.check, "at": new.at, "binding": new.binding}
    values |= {"anew": new.anew, "reminded": new.reminded}
    if over is None:
        _first_verification(db, person=new.person, **values)
        return
    was = sa.and_(_v.person == over.person, _v.stage == over.stage.value, _v.check_id == over.check, _v.at == over.at)
    if db.execute(verification_table.update().where(was).values(**values)).rowcount != 1:
        raise WrongStep("It was continued in another window")


def forget_forms(db: sa.Connection, before: datetime) -> int:
    """Drop the forms that were kept for later, and not used since."""
    old = sa.and_(_v.form.is_not(None), _v.at < before)
    values = {"form": None, "stage": Stage.begun.value, "check_id": "", "binding": ""}
    return db.execute(verification_table.update().where(old).values(**values)).rowcount


def _verification(db: sa.Connection, vault: Vault, row: Any) -> Verification | None:
    if row is None:
        return None
    form = Form(**json.loads(vault.decrypt(db, row.person, row.form, FORM))) if row.form else None
    return Verification(row.person, Stage(row.stage), row.at, form, row.check_id, row.binding, row.anew, row.reminded)


def _first_verification(db: sa.Connection, **values: Any) -> None:
    try:
        with db.begin_nested():
            db.execute(verification_table.insert().values(**values))
    except IntegrityError as error:
        raise WrongStep("It was begun in another window") from error


# -- evidence


def keep_evidence(db: sa.Connection, evidence: Evidence) -> None:
    """Keep what proves a level. One transaction of a register counts once, by the unique index."""
    try:
        with db.begin_nested():
            db.execute(evidence_table.insert().values(id=secrets.token_hex(16), **vars(evidence)))
    except IntegrityError as error:
        raise WrongStep("This answer was used before") from error


def evidence_of(db: sa.Connection, person_id: str) -> list[Evidence]:
    """All evidence of a person, newest first."""
    return _evidence(db, sa.select(evidence_table).where(_e.person == person_id))


def all_evidence(db: sa.Connection) -> list[Evidence]:
    """All that there is, newest first."""
    return _evidence(db, sa.select(evidence_table))


def _evidence(db: sa.Connection, query: Any) -> list[Evidence]:
    rows = db.execute(query.order_by(_e.at.desc(), _e.level.desc())).mappings()
    return [Evidence(**{name: value for name, value in row.items() if name != "id"}) for row in rows]
