"""The tables of recoveries and of their waiting times. What a person typed is sealed under the recovery's own key."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hub.db import Instant, metadata
from hub.vault import Vault
from idp.model.realname import Form
from idp.model.recovery import Recovery, Stage, Wait, Way
from idp.store import people

FORM = "recovery-form"  # purpose in the vault

recovery_table = sa.Table(
    "idp_recovery",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("browser", sa.Text, unique=True),
    sa.Column("code", sa.Text, unique=True),  # digest of a counter's code
    sa.Column("form", sa.LargeBinary),
    sa.Column("check_id", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False, index=True),
)
wait_table = sa.Table(
    "idp_recovery_wait",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),  # one at a time
    sa.Column("begun", Instant, nullable=False),
    sa.Column("opens", Instant, nullable=False),
    sa.Column("stopped", Instant),
)
_r, _w = recovery_table.c, wait_table.c


def add(db: sa.Connection, vault: Vault, recovery: Recovery, *, code: str | None = None) -> None:
    """Keep a new recovery; the one that this browser had before is forgotten, and an older code of the same person."""
    old = (
        _r.browser == recovery.browser
        if recovery.browser
        else sa.and_(_r.person == recovery.person, _r.code.is_not(None))
    )
    forget(db, vault, [row.id for row in db.execute(sa.select(_r.id).where(old))])
    form = None
    if recovery.form is not None:
        form = vault.encrypt(db, _owner(recovery.id), json.dumps(recovery.form.kept).encode(), FORM)
    db.execute(
        recovery_table.insert().values(
            id=recovery.id,
            stage=recovery.stage.value,
            way=recovery.way.value,
            browser=recovery.browser or None,
            code=code,
            form=form,
            check_id=recovery.check,
            person=recovery.person,
            by=recovery.by,
            made=recovery.made,
            ends=recovery.ends,
        )
    )


def of_browser(db: sa.Connection, vault: Vault, browser: str) -> Recovery | None:
    """The recovery of a browser."""
    return _one(db, vault, _r.browser == browser)


def by_check(db: sa.Connection, vault: Vault, check: str) -> Recovery | None:
    """The recovery that waits for a check of the register."""
    return _one(db, vault, sa.and_(_r.check_id == check, _r.stage == Stage.asked.value))


def by_code(db: sa.Connection, vault: Vault, code: str) -> Recovery | None:
    """The recovery that a counter's code begins."""
    return _one(db, vault, _r.code == code)


def move(db: sa.Connection, recovery: Recovery, stage: Stage, **values: Any) -> bool:
    """One stage further, over the stage that was seen. False: somebody was quicker."""
    change = recovery_table.update().where(_r.id == recovery.id, _r.stage == recovery.stage.value)
    return db.execute(change.values(stage=stage.value, **values)).rowcount == 1


def settle(db: sa.Connection, vault: Vault, recovery: Recovery) -> None:
    """Forget what was typed: the register has answered."""
    db.execute(recovery_table.update().where(_r.id == recovery.id).values(form=None))
    vault.erase(db, _owner(recovery.id))


def forget(db: sa.Connection, vault: Vault, ids: list[str]) -> None:
    """Forget recoveries, with what was typed in them."""
    for id in ids:
        vault.erase(db, _owner(id))
    db.execute(recovery_table.delete().where(_r.id.in_(ids)))


def forget_ended(db: sa.Connection, vault: Vault, before: datetime) -> int:
    """Forget what ended before a moment; say how many."""
    ids = [row.id for row in db.execute(sa.select(_r.id).where(_r.ends < before))]
    forget(db, vault, ids)
    return len(ids)


# -- the waiting time


def wait(db: sa.Connection, person: str) -> Wait | None:
    """The waiting time of an account, running, stopped or over."""
    row = db.execute(sa.select(wait_table).where(_w.person == person)).mappings().one_or_none()
    return None if row is None else Wait(**row)


def begin_wait(db: sa.Connection, wait: Wait, over: Wait | None) -> bool:
    """Begin a waiting time, in place of one that is over. False: another began at the same moment."""
    if over is not None:
        gone = wait_table.delete().where(_w.person == over.person, _w.begun == over.begun)
        if db.execute(gone).rowcount != 1:
            return False
    try:
        with db.begin_nested():
            db.execute(wait_table.insert().values(person=wait.person, begun=wait.begun, opens=wait.opens))
    except IntegrityError:
        return False
    return True


def stop_wait(db: sa.Connection, person: str, at: datetime) -> bool:
    """Stop a waiting time; tells whether one was running."""
    change = wait_table.update().where(_w.person == person, _w.stopped.is_(None))
    return db.execute(change.values(stopped=at)).rowcount == 1


def take_wait(db: sa.Connection, wait: Wait) -> bool:
    """Use a waiting time up, in the transaction of its consequence. False: it was stopped or used meanwhile."""
    taken = wait_table.delete().where(_w.person == wait.person, _w.begun == wait.begun, _w.stopped.is_(None))
    return db.execute(taken).rowcount == 1


def drop_wait(db: sa.Connection, person: str) -> None:
    """Forget a waiting time that nobody needs any more."""
    db.execute(wait_table.delete().where(_w.person == person, _w.stopped.is_(None)))


def known_by(db: sa.Connection, pseudonym_key: str) -> str:
    """The account that is known by a network identity, or nothing."""
    where = people.person_table.c.pseudonym_key == pseudonym_key
    return db.execute(sa.select(people.person_table.c.id).where(where)).scalar_one_or_none() or ""


def _one(db: sa.Connection, vault: Vault, where: sa.ColumnElement[bool]) -> Recovery | None:
    row = db.execute(sa.select(recovery_table).where(where)).one_or_none()
    if row is None:
        return None
    form = Form(**json.loads(vault.decrypt(db, _owner(row.id), row.form, FORM))) if row.form else None
    return Recovery(
        id=row.id,
        stage=Stage(row.stage),
        way=Way(row.way),
        made=row.made,
        ends=row.ends,
        browser=row.browser or "",
        form=form,
        check=row.check_id,
        person=row.person,
        by=row.by,
    )


def _owner(id: str) -> str:
    return f"recovery:{id}"
