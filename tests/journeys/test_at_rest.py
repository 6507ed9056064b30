"""The search for personal data finds whatever it is to find, however it is written and wherever it stands."""

import base64
import hashlib
from collections.abc import Callable

import pytest

from hub import clock, inbox
from hub.house import House
from tests.journeys import at_rest

WAYS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "base64": lambda text: base64.b64encode(b"id=" + text.encode() + b";"),
    "base64 within": lambda text: base64.urlsafe_b64encode(b"n=" + text.encode() + b";"),
    "hex": lambda text: text.encode().hex().encode(),
    "digest": lambda text: hashlib.sha256(text.encode()).hexdigest().encode(),
}


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("text", ["示例甲", "880101198503120015"])
def test_the_search_finds_what_it_looks_for(house_on: House, how: str, text: str) -> None:
    with house_on.database.write() as db:
        inbox.put(db, "suspicion", {"words": WAYS[how](text).decode("latin-1")}, clock.now())
    (house_on.settings.data / "some.log").write_bytes(WAYS[how](text))
    house_on.shared.put("k", WAYS[how](text).decode("latin-1"), seconds=60)
    found = at_rest.in_clear(house_on, [text])
    assert any(line.startswith("some.log") for line in found)
    assert all(text in line for line in found)
    if how not in {"UTF-8", "UTF-16"}:  # a text of a database is characters, not bytes
        assert any(line.startswith("hub_inbox.") for line in found)
        assert any(line.startswith("redis ") for line in found)
    assert not at_rest.in_clear(house_on, ["示例乙", "880101199107260029"])
