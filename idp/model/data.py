"""What a service may ask a person's data for, and what the person allowed (RFC 9396)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

TYPE = "urn:yinxin:data"  # of our authorization details
MOST = 5  # permissions in one request: a person decides on each of them on a page of its own
DATA_LEVEL = 2  # data are found by a proved number, so the name must have been verified


@dataclass(frozen=True)
class DataField:
    """One field: how programs call it, and how people do."""

    key: str
    name: str
    name_en: str


@dataclass(frozen=True)
class DataPermission:
    """What a body that holds data allowed a service to ask each person for; without the person's own yes it opens nothing."""

    id: str
    client: str
    provider: str  # unified code of the body that holds the data
    provider_name: str
    provider_name_en: str
    place: str  # of the provider
    entry: str
    entry_name: str
    entry_name_en: str
    fields: tuple[DataField, ...]
    item: str  # the service item that the data are for
    purpose: str
    purpose_en: str
    basis: str
    since: datetime
    until: datetime
    ended: datetime | None = None

    def in_force_at(self, now: datetime) -> bool:
        """True while persons may be asked, and while what they allowed may be used."""
        return self.since <= now < self.until and self.ended is None

    @property
    def detail(self) -> dict[str, Any]:
        """What a token says of it (RFC 9396 9.1): no more than its client knows already."""
        return {
            "type": TYPE,
            "grant": self.id,
            "provider": self.provider,
            "fields": [field.key for field in self.fields],
            "purpose": self.item,
        }


@dataclass(frozen=True)
class DataConsent:
    """A person's yes to one permission, for himself or for the company that he acts for. It ends by his no, or with it."""

    person: str
    acting_for: str  # unified code, or nothing: for himself
    permission: str
    at: datetime
    ended: datetime | None = None
