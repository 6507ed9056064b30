"""The register of agencies, and that of their seals with the artwork."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.tree import ROOT, below
from seals.model import (
    Agency,
    AgencyUnknown,
    Artwork,
    Centre,
    Design,
    Kind,
    Seal,
    SealExists,
    SealUnknown,
    Shape,
    State,
)
from seals.store.tables import agency_table, artwork_table, seal_table

# -- agencies


def keep_agency(db: sa.Connection, agency: Agency) -> None:
    """Add an agency, or change its names or place."""
    values = {"name": agency.name, "name_en": agency.name_en, "place": agency.place}
    changed = db.execute(agency_table.update().where(agency_table.c.code == agency.code).values(**values))
    if not changed.rowcount:
        db.execute(agency_table.insert().values(code=agency.code, **values))


def agency(db: sa.Connection, code: str, scope: str = ROOT) -> Agency:
    """One agency by its unified code. Raises AgencyUnknown."""
    query = sa.select(agency_table).where(agency_table.c.code == code, below(agency_table.c.place, scope))
    row = db.execute(query).one_or_none()
    if row is None:
        raise AgencyUnknown("There is no agency with the code %(code)s", code=code)
    return Agency(**row._asdict())


def agencies(db: sa.Connection, scope: str = ROOT) -> list[Agency]:
    """All agencies of a scope, by place and code."""
    query = sa.select(agency_table).where(below(agency_table.c.place, scope))
    rows = db.execute(query.order_by(agency_table.c.place, agency_table.c.code))
    return [Agency(**row._asdict()) for row in rows]


# -- seals


def add(db: sa.Connection, seal: Seal, artwork: Artwork) -> None:
    """Enter a new seal and its picture. Raises SealExists for a second statutory seal or a code that is taken."""
    try:
        db.execute(seal_table.insert().values(**_columns(seal)))
    except sa.exc.IntegrityError as error:
        raise SealExists("%(name)s, code %(code)s", name=seal.design.name, code=seal.design.code13) from error
    drawn = {name: getattr(artwork, name) for name in ("svg", "form", "units", "height")}
    db.execute(artwork_table.insert().values(seal=seal.id, **drawn))


def change(db: sa.Connection, seal: Seal, was: State) -> bool:
    """Keep a seal's new state; False if another process was quicker. Whether it is sensitive is decided elsewhere."""
    where = (seal_table.c.id == seal.id, seal_table.c.state == was.value)
    values = {name: value for name, value in _columns(seal).items() if name != "sensitive"}
    return db.execute(seal_table.update().where(*where).values(**values)).rowcount == 1


def keep_sensitive(db: sa.Connection, id: str, *, sensitive: bool) -> bool:
    """Keep whether each use of a seal needs its custodian; False if the seal has ended."""
    standing = seal_table.c.state.not_in([state.value for state in State if state.ended])
    where = (seal_table.c.id == id, standing)
    return db.execute(seal_table.update().where(*where).values(sensitive=sensitive)).rowcount == 1


def seal(db: sa.Connection, id: str, scope: str = ROOT) -> Seal:
    """One seal. Raises SealUnknown."""
    query = sa.select(seal_table).where(seal_table.c.id == id, below(seal_table.c.place, scope))
    row = db.execute(query).one_or_none()
    if row is None:
        raise SealUnknown("There is no seal %(id)s", id=id)
    return _seal(row)


def seal_of(db: sa.Connection, agency: str) -> Seal:
    """The seal with which an agency seals licenses: the active one it has had longest; a sensitive one only if it has no other.

    Raises SealUnknown.
    """
    query = sa.select(seal_table).where(seal_table.c.agency == agency, seal_table.c.state == State.active.value)
    row = db.execute(
        query.order_by(seal_table.c.sensitive, seal_table.c.applied_at, seal_table.c.id).limit(1)
    ).one_or_none()
    if row is None:
        raise SealUnknown("The agency %(code)s has no active seal", code=agency)
    return _seal(row)


def seals(db: sa.Connection, scope: str = ROOT, *, agency: str = "") -> list[Seal]:
    """All seals of a scope (and of one agency), by place and age."""
    query = sa.select(seal_table).where(below(seal_table.c.place, scope))
    if agency:
        query = query.where(seal_table.c.agency == agency)
    rows = db.execute(query.order_by(seal_table.c.place, seal_table.c.applied_at, seal_table.c.id))
    return [_seal(row) for row in rows]


def ended_by(db: sa.Connection, now: datetime) -> list[Seal]:
    """Seals in use or suspended whose certificate has ended."""
    states = (State.active.value, State.suspended.value)
    rows = db.execute(sa.select(seal_table).where(seal_table.c.state.in_(states), seal_table.c.valid_until <= now))
    return [_seal(row) for row in rows]


def artwork(db: sa.Connection, seal: str) -> Artwork:
    """The picture of a seal. Raises SealUnknown."""
    row = db.execute(sa.select(artwork_table).where(artwork_table.c.seal == seal)).one_or_none()
    if row is None:
        raise SealUnknown("There is no seal %(id)s", id=seal)
    return Artwork(row.svg, bytes(row.form), row.units, row.height)


def keep_object(db: sa.Connection, seal: str, object: bytes) -> None:
    """Keep what the maker signed of a seal."""
    db.execute(artwork_table.update().where(artwork_table.c.seal == seal).values(object=object))


def object_of(db: sa.Connection, seal: str) -> bytes | None:
    """What the maker signed of a seal; None if he has not."""
    found = db.execute(sa.select(artwork_table.c.object).where(artwork_table.c.seal == seal)).scalar_one_or_none()
    return None if found is None else bytes(found)


def _columns(seal: Seal) -> dict[str, Any]:
    design = seal.design
    return {
        "id": seal.id,
        "agency": seal.agency,
        "place": seal.place,
        "kind": seal.kind.value,
        "name": design.name,
        "line": design.line,
        "code13": design.code13,
        "diameter_mm": design.diameter_mm,
        "centre": design.centre.value,
        "state": seal.state.value,
        "applied_by": seal.applied_by,
        "applied_at": seal.applied_at,
        "key_name": seal.key_name,
        "certificate": seal.certificate,
        "valid_until": seal.valid_until,
        "reason": seal.reason,
        "algorithm": seal.algorithm,
        "sensitive": seal.sensitive,
        "filing": seal.filing,
        "shape": design.shape.value,
        "height_mm": design.height_mm,
        "second": design.second,
        "number": design.number,
    }


def _seal(row: Any) -> Seal:
    return Seal(
        id=row.id,
        agency=row.agency,
        place=row.place,
        kind=Kind(row.kind),
        design=Design(
            row.name,
            row.code13,
            row.line,
            row.diameter_mm,
            Centre(row.centre),
            Shape(row.shape),
            row.height_mm,
            row.second,
            row.number,
        ),
        state=State(row.state),
        applied_by=row.applied_by,
        applied_at=row.applied_at,
        key_name=row.key_name,
        certificate=row.certificate,
        valid_until=row.valid_until,
        reason=row.reason,
        algorithm=row.algorithm,
        sensitive=row.sensitive,
        filing=row.filing,
    )
