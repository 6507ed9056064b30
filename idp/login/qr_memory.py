"""What is remembered of sign-ins by phone, in the short-term memory: keyed by digests, written and read back."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from hub.digest import digest_of
from hub.house import House
from idp.model.qr import Asking, Said, Scan


def asking(house: House, id: str) -> Asking | None:
    """A request by its id."""
    value = _peek(house, "asking", id)
    if value is None:
        return None
    since = datetime.fromisoformat(value["since"]) if value["since"] else None
    return Asking(**value | {"made": datetime.fromisoformat(value["made"]), "since": since})


def scan(house: House, id: str) -> Scan | None:
    """Which phone has scanned a request."""
    value = _peek(house, "scan", id)
    if value is None:
        return None
    return Scan(value["phone"], value["number"], tuple(value["choices"]), datetime.fromisoformat(value["at"]))


def said(house: House, id: str) -> Said | None:
    """What the phone's owner said to a request."""
    kept = house.shared.peek(key("said", id))
    return read(kept) if kept else None


def read(kept: bytes) -> Said:
    """An answer, as it was written down."""
    value: dict[str, Any] = json.loads(kept)
    at = datetime.fromisoformat(value["auth_time"]) if value["auth_time"] else None
    return Said(**value | {"amr": tuple(value["amr"]), "auth_time": at})


def written(value: Asking | Scan | Said) -> str:
    """A value, for the memory."""
    return json.dumps(asdict(value), default=datetime.isoformat)


def of(browser: str, flow: str) -> str:
    """By what the request of a browser for one sign-in is found: nobody without its cookie can."""
    return digest_of(f"{browser}|{flow}")


def key(kind: str, id: str) -> str:
    """The name of a value. Nothing in it opens anything."""
    return f"idp:qr:{kind}:{digest_of(id)}"


def _peek(house: House, kind: str, id: str) -> dict[str, Any] | None:
    kept = house.shared.peek(key(kind, id))
    return json.loads(kept) if kept else None
