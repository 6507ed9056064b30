"""Authorization codes carry what they stand for: nothing is kept until one is redeemed (decision 35)."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from hub.house import House
from idp.model.grant import Code
from idp.provider import sealed

PURPOSE = b"code"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = ("auth_time", "made")
LISTS = ("scopes", "amr", "holder_keys", "data", "resources")
NAMES = [field.name for field in fields(Code)]  # a release that needs one more appends it, with a default


def seal(house: House, code: Code) -> str:
    """The code that a browser carries to its service."""
    return sealed.seal(house, PURPOSE, _dump(code))


def opened(house: House, value: str) -> Code | None:
    """What a code stands for, however old and whether it was redeemed or not; None if it is none of ours."""
    text = sealed.opened(house, PURPOSE, value)
    return None if text is None else _load(text)


# -- inside


def _dump(code: Code) -> bytes:
    """The fields in their order, without the last ones that say nothing: a code stands in an address."""
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
