"""A notice to a person: that something about his matters happened, and where to look."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Notice:
    """`title` is a message id, `values` what stands in it (numbers and names of services, no personal data)."""

    id: int
    person: str
    title: str
    values: dict[str, str]
    link: str  # a path of this site
    at: datetime
    seen: datetime | None = None
