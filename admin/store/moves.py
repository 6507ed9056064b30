"""Applications that go to another account of the same person, and back."""

import sqlalchemy as sa

from admin.store.cases import cases_table


def cases(db: sa.Connection, person: str, to: str) -> list[str]:
    """Give every application of a person to his other account; says which."""
    moved = [row.number for row in _of(db, person)]
    db.execute(cases_table.update().where(cases_table.c.person == person).values(person=to))
    return moved


def cases_under(db: sa.Connection, person: str, keys: tuple[str, ...], to: str) -> list[str]:
    """Give back the applications that were made under one of these numbers; says which."""
    moved = [row.number for row in _of(db, person) if set(row.holder_keys) & set(keys)]
    db.execute(cases_table.update().where(cases_table.c.number.in_(moved)).values(person=to))
    return moved


def _of(db: sa.Connection, person: str) -> list[sa.Row[tuple[str, list[str]]]]:
    query = sa.select(cases_table.c.number, cases_table.c.holder_keys).where(cases_table.c.person == person)
    return list(db.execute(query.order_by(cases_table.c.number)))
