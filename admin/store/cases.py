"""Cases and drafts as rows. What the applicant wrote is sealed by the vault; its owner is the application's key."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.case import OPEN, PERSON, RUNNING, Case, CaseState, Channel, Content, Draft, Material, NoCase
from hub.db import Instant, Json, alone, metadata
from hub.tree import ROOT, below
from hub.vault import Vault

cases_table = sa.Table(
    "admin_case",
    metadata,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("item", sa.Text, nullable=False, index=True),
    sa.Column("item_version", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("acting_for", sa.Text),
    sa.Column("holder_keys", Json, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("submitted", Instant, nullable=False),
    sa.Column("counts_from", Instant, nullable=False),
    sa.Column("due", Instant, nullable=False, index=True),
    sa.Column("materials_asked", sa.Integer, nullable=False),
    sa.Column("materials_avoided", sa.Integer, nullable=False),
    sa.Column("visits", sa.Integer, nullable=False),
    sa.Column("taken_by", sa.Text, nullable=False),
    sa.Column("officer", sa.Text, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("decided", Instant),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("license", sa.Text, nullable=False, index=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("trouble", sa.Text, nullable=False),
)
contents_table = sa.Table(  # of drafts and of cases, by key: submitting a draft moves nothing
    "admin_case_content",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
files_table = sa.Table(
    "admin_case_file",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("material", sa.Text, primary_key=True),  # `Material.key`
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
serials_table = sa.Table(  # of numbers that the office gives out, such as that of a food business license
    "admin_case_serial",
    metadata,
    sa.Column("prefix", sa.Text, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
drafts_table = sa.Table(
    "admin_case_draft",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("acting_for", sa.Text),
    sa.Column("begun", Instant, nullable=False),
    sa.Column("changed", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False, index=True),
)


# -- cases


def add(db: sa.Connection, case: Case) -> None:
    """Keep a new case. A second one with the same key breaks a constraint (`hub.db.Collision`)."""
    db.execute(cases_table.insert().values(**_values(case)))


def keep(db: sa.Connection, before: Case, after: Case) -> bool:
    """Write a step of a case. False when it has moved meanwhile."""
    where = sa.and_(
        cases_table.c.number == before.number,
        cases_table.c.state == before.state.value,
        cases_table.c.license == before.license,
        cases_table.c.attempt == before.attempt,
    )
    return db.execute(cases_table.update().where(where).values(**_values(after))).rowcount == 1


def case(db: sa.Connection, number: str, scope: str = ROOT) -> Case:
    """One case of a scope. Raises NoCase."""
    return _one(db, sa.and_(cases_table.c.number == number, below(cases_table.c.place, scope)), number)


def by_key(db: sa.Connection, key: str) -> Case | None:
    """What became of an application, if it was submitted."""
    row = db.execute(sa.select(cases_table).where(cases_table.c.key == key)).mappings().one_or_none()
    return None if row is None else _case(row)


def cases(db: sa.Connection, scope: str = ROOT, *, limit: int = 50) -> list[Case]:
    """The cases of a scope, newest first."""
    query = sa.select(cases_table).where(below(cases_table.c.place, scope))
    return _cases(db, query.order_by(cases_table.c.submitted.desc()).limit(limit))


def open_cases(
    db: sa.Connection, scope: str = ROOT, *, overdue_at: datetime | None = None, limit: int = 1000
) -> list[Case]:
    """The cases of a scope that wait for somebody, those first that are due first; or only those over their time."""
    query = sa.select(cases_table).where(below(cases_table.c.place, scope))
    if overdue_at is None:
        query = query.where(cases_table.c.state.in_([state.value for state in OPEN]))
    else:
        running = cases_table.c.state.in_([state.value for state in RUNNING])
        query = query.where(running, cases_table.c.due <= overdue_at)
    return _cases(db, query.order_by(cases_table.c.due, cases_table.c.number).limit(limit))


def of_officer(db: sa.Connection, officer: str, scope: str = ROOT, *, limit: int = 50) -> list[Case]:
    """What an officer looks after in a scope: what is open first, by due date, then what has ended."""
    mine = sa.and_(cases_table.c.officer == officer, below(cases_table.c.place, scope))
    ended = cases_table.c.state.not_in([state.value for state in OPEN])
    return _cases(db, sa.select(cases_table).where(mine).order_by(ended, cases_table.c.due).limit(limit))


def of_applicant(db: sa.Connection, person: str, acting_for: str | None, *, limit: int = 50) -> list[Case]:
    """The cases of an applicant as the one for whom he acts now, newest first."""
    mine = _his(cases_table, person, acting_for)
    return _cases(db, sa.select(cases_table).where(mine).order_by(cases_table.c.submitted.desc()).limit(limit))


def unfinished(db: sa.Connection, *, limit: int = 100) -> list[Case]:
    """What was approved and still waits for its license, and is not in trouble; the oldest first."""
    where = sa.and_(
        cases_table.c.state == CaseState.approved.value,
        cases_table.c.kind != "",
        cases_table.c.license == "",
        cases_table.c.trouble == "",
    )
    return _cases(db, sa.select(cases_table).where(where).order_by(cases_table.c.decided).limit(limit))


def in_scope(db: sa.Connection, scope: str) -> list[Case]:
    """Every case of a scope, for who counts them."""
    return _cases(db, sa.select(cases_table).where(below(cases_table.c.place, scope)))


# -- what the applicant wrote


def keep_content(db: sa.Connection, vault: Vault, key: str, content: Content) -> None:
    """Seal what the applicant wrote, in place of what he wrote before."""
    text = json.dumps(asdict(content), ensure_ascii=False).encode()
    sealed = vault.encrypt(db, _owner(key), text, "case-content")
    if not db.execute(contents_table.update().where(contents_table.c.key == key).values(sealed=sealed)).rowcount:
        db.execute(contents_table.insert().values(key=key, sealed=sealed))


def content(db: sa.Connection, vault: Vault, key: str) -> Content:
    """What the applicant wrote. Raises NoCase, Erased."""
    sealed = db.execute(sa.select(contents_table.c.sealed).where(contents_table.c.key == key)).scalar()
    if sealed is None:
        raise NoCase("There is no application with this key")
    said = json.loads(vault.decrypt(db, _owner(key), sealed, "case-content"))
    return Content(**said | {"materials": tuple(Material(**one) for one in said["materials"])})


def keep_file(db: sa.Connection, vault: Vault, key: str, material: str, data: bytes) -> None:
    """Seal a file that was handed in for one material, in place of an earlier one."""
    sealed = vault.encrypt(db, _owner(key), data, f"case-file-{material}")
    where = sa.and_(files_table.c.key == key, files_table.c.material == material)
    if not db.execute(files_table.update().where(where).values(sealed=sealed)).rowcount:
        db.execute(files_table.insert().values(key=key, material=material, sealed=sealed))


def file(db: sa.Connection, vault: Vault, key: str, material: str) -> bytes:
    """A file that was handed in. Raises NoCase."""
    where = sa.and_(files_table.c.key == key, files_table.c.material == material)
    sealed = db.execute(sa.select(files_table.c.sealed).where(where)).scalar()
    if sealed is None:
        raise NoCase("There is no such file")
    return vault.decrypt(db, _owner(key), sealed, f"case-file-{material}")


def next_serial(db: sa.Connection, prefix: str) -> int:
    """The next number that begins with `prefix`. Without gaps: it falls with its transaction."""
    mine = serials_table.c.prefix == prefix
    counted = serials_table.update().where(mine).values(last=serials_table.c.last + 1).returning(serials_table.c.last)
    last = db.execute(counted).scalar()
    if last is None:
        alone(db, f"serial {prefix}")
        last = db.execute(counted).scalar()  # somebody else may have had the first
    if last is None:
        db.execute(serials_table.insert().values(prefix=prefix, last=1))
        return 1
    return int(last)


# -- drafts


def add_draft(db: sa.Connection, draft: Draft) -> None:
    """Keep a new draft."""
    db.execute(drafts_table.insert().values(**asdict(draft)))


def draft(db: sa.Connection, id: str, now: datetime) -> Draft | None:
    """A draft that has not ended."""
    where = sa.and_(drafts_table.c.id == id, drafts_table.c.ends > now)
    row = db.execute(sa.select(drafts_table).where(where)).mappings().one_or_none()
    return None if row is None else Draft(**row)


def drafts_of(db: sa.Connection, person: str, acting_for: str | None, now: datetime) -> list[Draft]:
    """The drafts of an applicant, the newest first."""
    mine = _his(drafts_table, person, acting_for)
    query = sa.select(drafts_table).where(mine, drafts_table.c.ends > now).order_by(drafts_table.c.changed.desc())
    return [Draft(**row) for row in db.execute(query).mappings()]


def touch_draft(db: sa.Connection, id: str, changed: datetime, ends: datetime) -> bool:
    """Note that a draft is written on; nobody else writes on it or submits it in this moment. False if it has ended."""
    where = drafts_table.c.id == id
    return db.execute(drafts_table.update().where(where).values(changed=changed, ends=ends)).rowcount == 1


def end_draft(db: sa.Connection, id: str) -> bool:
    """Take a draft off the list; what it holds stays, for it became a case. False if it has ended already."""
    return db.execute(drafts_table.delete().where(drafts_table.c.id == id)).rowcount == 1


def erase(db: sa.Connection, vault: Vault, key: str) -> None:
    """Throw away what was written under a key, with its files."""
    db.execute(contents_table.delete().where(contents_table.c.key == key))
    db.execute(files_table.delete().where(files_table.c.key == key))
    vault.erase(db, _owner(key))


def old_drafts(db: sa.Connection, now: datetime, *, limit: int = 1000) -> list[str]:
    """The drafts whose time is over."""
    return list(db.scalars(sa.select(drafts_table.c.id).where(drafts_table.c.ends <= now).limit(limit)))


# -- inside


def _owner(key: str) -> str:
    return f"case:{key}"


def _one(db: sa.Connection, where: sa.ColumnElement[bool], number: str) -> Case:
    row = db.execute(sa.select(cases_table).where(where)).mappings().one_or_none()
    if row is None:
        raise NoCase("There is no application %(number)s", number=number[:40])
    return _case(row)


def _cases(db: sa.Connection, query: sa.Select[Any]) -> list[Case]:
    return [_case(row) for row in db.execute(query).mappings()]


def _values(case: Case) -> dict[str, Any]:
    values = {column.name: getattr(case, column.name) for column in cases_table.columns}
    return values | {"state": case.state.value, "channel": case.channel.value, "holder_keys": list(case.holder_keys)}


def _case(row: Any) -> Case:
    named = {"state": CaseState(row["state"]), "channel": Channel(row["channel"])}
    return Case(**{**row, **named, "holder_keys": tuple(row["holder_keys"])})


def _his(table: sa.Table, person: str, acting_for: str | None) -> sa.ColumnElement[bool]:
    """Whose it is, by the same rule as `his_own`."""
    whose, own = table.c.acting_for, f"{PERSON}{person}"
    if acting_for is None:
        return sa.or_(sa.and_(table.c.person == person, whose.is_(None)), whose == own)
    if acting_for.startswith(PERSON) or table is cases_table:
        return whose == acting_for
    return sa.and_(table.c.person == person, whose == acting_for)


def pass_on(db: sa.Connection, entry: str, person: str) -> None:
    """Let what stands under an entry without an account stand under the account of the same person."""
    for table in (cases_table, drafts_table):
        db.execute(
            table.update().where(table.c.acting_for == f"{PERSON}{entry}").values(acting_for=f"{PERSON}{person}")
        )
        own = sa.and_(table.c.person == entry, table.c.acting_for.is_(None))
        db.execute(table.update().where(own).values(person=person))
