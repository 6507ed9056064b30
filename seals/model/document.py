"""Documents of departments that get a seal: uploaded, looked at, sealed once. And the place of a seal on a page, in words."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hub.problems import BadRequest, NotAllowed, NotFound, Problem, Unavailable
from seals.model.paper import Place

MOST_PAGES = 500
MOST_BYTES = 20_000_000  # verification reads no larger file
MARGIN_MM = 15  # between the seal and the edge, where a position in words is chosen
LONGEST_NAME = 120
DEFAULT_KIND = "letter"
KIND = re.compile(r"[a-z][a-z0-9-]{0,39}")
TAG = b"yinxin-document-1\0"


class State(StrEnum):
    """What became of a document."""

    uploaded = "uploaded"
    asked = "asked"  # it waits for a custodian of the seal, who sees it and confirms
    sealing = "sealing"  # its seal use is reserved, or about to be; after a crash it goes on from here
    sealed = "sealed"
    refused = "refused"  # the seal could not be put on it, for the reason that it names


class Spot(StrEnum):
    """Nine positions on a page, for who does not want to measure."""

    top_left = "top-left"
    top = "top"
    top_right = "top-right"
    left = "left"
    middle = "middle"
    right = "right"
    bottom_left = "bottom-left"
    bottom = "bottom"
    bottom_right = "bottom-right"


class NotSealable(Problem):
    """The document cannot be sealed as it is."""

    status = 422
    title = "This document cannot be sealed"
    advice = "Save or print it as an ordinary PDF and upload that."


class DocumentUnknown(NotFound):
    """There is no such document, or none of this caller's."""

    title = "There is no such document"


class NotSealedYet(Problem):
    """The sealed file is asked for before there is one."""

    status = 409
    title = "This document is not sealed"
    advice = "Seal it first; its page says what stands in the way."


class SealedAlready(Problem):
    """A document is sealed once."""

    status = 409
    title = "This document is sealed already"
    advice = "Upload it again to have it sealed with another seal or at another place."


class DocumentBusy(Problem):
    """Another process is sealing it at this moment."""

    status = 409
    title = "This document is being sealed"
    advice = "Ask again in a few seconds."


class KeySpent(Problem):
    """The idempotency key was used for another request (draft-ietf-httpapi-idempotency-key-header)."""

    status = 422
    title = "This key was used for another document"
    advice = "Use a new random key for each new document."


class NotByHash(NotAllowed):
    """This seal is not put on a digest alone, or not on one of this kind."""

    title = "This seal does not seal this digest"
    advice = "Send the document itself, or a digest of the kind that is named here."


class ReaderBusy(Unavailable):
    """Others' files keep the reader of documents busy."""

    title = "Too many documents are being read"
    advice = "Nothing was kept. Try again in a minute."


@dataclass(frozen=True)
class Page:
    """How large a page is, as its reader sees it."""

    wide_mm: float
    high_mm: float

    def place(self, page: int, spot: Spot, diameter_mm: float, height_mm: float = 0) -> Place:
        """Where a seal of this size stands at one of the nine positions. On a small page it stands as near as it can."""
        high = height_mm or diameter_mm
        x = _along(self.wide_mm, diameter_mm, 0 if "left" in spot else 2 if "right" in spot else 1)
        y = _along(self.high_mm, high, 0 if "top" in spot else 2 if "bottom" in spot else 1)
        return Place(page, x, y, diameter_mm, height_mm)

    def near(self, page: int, x: float, y: float, diameter_mm: float, height_mm: float = 0) -> Place:
        """The place of a seal whose middle was pointed at; moved inwards where it would stick out."""
        wide, high = diameter_mm / 2, (height_mm or diameter_mm) / 2
        x = min(max(x, wide), max(self.wide_mm - wide, wide))
        y = min(max(y, high), max(self.high_mm - high, high))
        return Place(page, round(x, 1), round(y, 1), diameter_mm, height_mm)

    def holds(self, place: Place) -> bool:
        """Whether the seal stands wholly on the page."""
        wide, high = place.diameter_mm / 2, (place.height_mm or place.diameter_mm) / 2
        inside = wide <= place.x_mm <= self.wide_mm - wide
        return inside and high <= place.y_mm <= self.high_mm - high


def _along(length: float, size: float, third: int) -> float:
    edge = min(MARGIN_MM + size / 2, length / 2)
    return round((edge, length / 2, length - edge)[third], 1)


@dataclass(frozen=True)
class Document:
    """One uploaded document. `original` is the file that gets the seal, `uploaded` the one that came (hex digests)."""

    id: str
    seal: str
    agency: str
    place: str
    kind: str
    name: str
    original: str
    uploaded: str
    pages: tuple[Page, ...]
    size: int
    state: State
    by: str
    client: str
    person: str
    at: datetime
    spot: Place | None = None
    asked: tuple[str, ...] = ()  # the questions to the custodians; the first answer counts
    use: str = ""
    sealed: str = ""
    level: str = ""
    missing: tuple[str, ...] = ()
    reason: str = ""
    ended: datetime | None = None
    fence: int = 0
    batch: str = ""
    asker: dict[str, str] = field(default_factory=dict)  # as which caller it goes on after a crash

    @property
    def record(self) -> bytes:
        """What the use of the seal is bound to, and what a custodian confirms: this upload and file, seal, kind and place."""
        spot = asdict(self.spot) if self.spot else None
        said = {"id": self.id, "document": self.original, "seal": self.seal, "kind": self.kind, "place": spot}
        return hashlib.sha256(TAG + json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).digest()

    @property
    def file_name(self) -> str:
        """What the sealed file is called, in characters that every header takes."""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", re.sub(r"(?i)\.pdf$", "", self.name)).strip("-.")[:60]
        return f"{stem or 'document'}-sealed.pdf"


@dataclass(frozen=True)
class Signed:
    """A hash that was sealed: the document stays with its department, which puts the container into it. `id` is the use's."""

    id: str
    seal: str
    agency: str
    place: str
    kind: str
    algorithm: str
    digest: str
    container: bytes
    level: str
    missing: tuple[str, ...]
    by: str
    at: datetime
    key: str


def kind_of(text: str) -> str:
    """The kind of a document, by which grants name it. Raises BadRequest."""
    kind = text.strip() or DEFAULT_KIND
    if not KIND.fullmatch(kind):
        raise BadRequest("A kind has small letters, digits and hyphens, 40 at most")
    return kind


def place_of(given: dict[str, Any], pages: tuple[Page, ...], diameter_mm: float, height_mm: float = 0) -> Place:
    """The place that was asked for: page, and position or x_mm and y_mm. Raises NotSealable if it is not on the page."""
    number = int(given.get("page") or len(pages))
    if not 1 <= number <= len(pages):
        raise NotSealable("There is no page %(page)s", page=number)
    page = pages[number - 1]
    if given.get("x_mm") is None or given.get("y_mm") is None:
        spot = Spot(given.get("position") or Spot.bottom_right)
        place = page.place(number, spot, diameter_mm, height_mm)
    else:
        place = Place(number, round(float(given["x_mm"]), 1), round(float(given["y_mm"]), 1), diameter_mm, height_mm)
    if not page.holds(place):
        raise NotSealable("The seal would stand outside of the page")
    return place
