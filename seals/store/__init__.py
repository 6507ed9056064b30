"""The registers of this room: agencies, seals with their artwork, grants, uses."""

from seals.store.seals import (
    add,
    agencies,
    agency,
    artwork,
    change,
    ended_by,
    keep_agency,
    seal,
    seal_of,
    seals,
)
from seals.store.uses import (
    add_grant,
    add_use,
    count_uses,
    end_grant,
    end_use,
    every_use,
    grants,
    use,
    use_of,
    uses,
)

__all__ = [
    "add",
    "add_grant",
    "add_use",
    "agencies",
    "agency",
    "artwork",
    "change",
    "count_uses",
    "end_grant",
    "end_use",
    "ended_by",
    "every_use",
    "grants",
    "keep_agency",
    "seal",
    "seal_of",
    "seals",
    "use",
    "use_of",
    "uses",
]
