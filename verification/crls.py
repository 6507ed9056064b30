"""The complete revocation lists that a check needs: those of the roots and of the CAs of seals, in every generation."""

from datetime import datetime
from typing import TYPE_CHECKING

from certs import status
from certs import store as certificates
from certs.model import ISSUING, ROOT, Certificate
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House


def names(house: "House") -> list[str]:
    """How the lists are called here; the first generation's is the authority's own."""
    return [status.list_name(above) for above in _authorities(house)]


def named(house: "House", name: str, now: datetime) -> bytes | None:
    """The list of that name; None if there is no such authority."""
    found = [above for above in _authorities(house) if status.list_name(above) == name]
    return _list(house, found[0], now) if found else None


def every(house: "House", now: datetime) -> tuple[bytes, ...]:
    """All of them, as of now."""
    return tuple(_list(house, above, now) for above in _authorities(house))


def _list(house: "House", above: Certificate, now: datetime) -> bytes:
    try:
        return status.list_of(house, above, now)
    except Unavailable:  # an old list proves no freshness, but what it revoked stays revoked
        with house.database.read() as db:
            known = certificates.current_list(db, status.list_name(above))
        if known is None:
            raise
        return known.body


def _authorities(house: "House") -> list[Certificate]:
    with house.database.read() as db:
        return [one for one in certificates.authorities(db) if one.profile in (ROOT, ISSUING)]
