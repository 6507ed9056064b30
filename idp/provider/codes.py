"""Authorization codes carry what they stand for: nothing is kept until one is redeemed (decision 35)."""

import json
import zlib
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from hub.house import House
from idp.model.grant import Code
from idp.provider import sealed

PURPOSE = b"code"
LONG = 700  # bytes
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = ("auth_time", "made")
LISTS = ("scopes", "amr", "holder_keys", "data", "resources")
NAMES = [field.name for field in fields(Code)]  # a release that needs one more appends it, with a default


def seal(house: House, code: Code, *, purpose: bytes = PURPOSE) -> str:
    """The code that a browser carries to its service. A long one is packed: it stands in an address."""
    text = _dump(code)
    return sealed.seal(house, purpose, zlib.compress(text) if len(text) > LONG else text)


def opened(house: House, value: str, *, purpose: bytes = PURPOSE) -> Code | None:
    """What a code stands for, however old and whether it was redeemed or not; None if it is none of ours."""
    text = sealed.opened(house, purpose, value)
    if text is None:
        return None
    return _load(text if text.startswith(b"[") else zlib.decompress(text))


# -- inside


def _dump(code: Code) -> bytes:
    """The fields in their order, without the last ones that say nothing."""
    values = [getattr(code, name) for name in NAMES]
    for name in TIMES:
        at = NAMES.index(name)
        values[at] = (values[at] - EPOCH) // timedelta(microseconds=1)
    while not values[-1]:
        values.pop()
    return _ENCODER.encode(values).encode()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _load(kept: bytes) -> Code:
    found = dict(zip(NAMES, json.loads(kept), strict=False))
    found |= {name: EPOCH + timedelta(microseconds=found[name]) for name in TIMES}
    found |= {name: tuple(found[name]) for name in LISTS if name in found}
    return Code(**found)
