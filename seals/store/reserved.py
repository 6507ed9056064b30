"""Whether a seal is being used at this moment."""

from datetime import datetime

import sqlalchemy as sa

from seals.model import UseState
from seals.store.tables import use_table

_u = use_table.c


def is_reserved(db: sa.Connection, seal: str, since: datetime) -> bool:
    """Whether a use of a seal was reserved since a moment and has not ended."""
    query = sa.select(_u.id).where(_u.seal == seal, _u.state == UseState.reserved, _u.at >= since)
    return db.execute(query.limit(1)).first() is not None
