"""Rules on the raw bytes, with no parser to trust."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.pdf.layout import look

SEAL = b"3003020101"
HEAD = b"%PDF-1.7\n"


def file(range_: bytes = b"", digits: bytes = b"<3003020101000000>", tail: bytes = b"\n%%EOF\n") -> bytes:
    before = len(HEAD) + len(b"/ByteRange [%4d %4d %4d %4d]\n/Contents " % (0, 0, 0, 0))
    right = b"%4d %4d %4d %4d" % (0, before, before + len(digits), len(tail))
    return HEAD + b"/ByteRange [" + (range_ or right) + b"]\n/Contents " + digits + tail


def test_the_one_layout() -> None:
    layout = look(file())
    (hole,) = layout.holes
    assert layout.starts
    assert layout.ends
    assert (hole.container.hex().encode(), hole.padding) == (SEAL, b"000000")
    assert (hole.framed, hole.clean, hole.covers(layout.size), hole.ends(layout.size)) == (True,) * 4


@pytest.mark.parametrize(
    ("spoiled", "rule"),
    [
        (file() + b"x", "ends"),
        (b"x" + file(), "starts"),
        (file(digits=b"<3003020101000001>"), "clean"),
        (file(digits=b"<30 03020101000000>"), "framed"),
        (file(digits=b"<3003020101ab0000>"), "framed"),
        (file(digits=b"(3003020101000000)"), "framed"),
        (file(range_=b"   1    9   30    9"), "covers"),
        (file(range_=b"   0 9999 9999 9999"), "framed"),
    ],
)
def test_each_rule_has_its_refusal(spoiled: bytes, rule: str) -> None:
    layout = look(spoiled)
    (hole,) = layout.holes
    kept = {
        "ends": layout.ends and hole.ends(layout.size),
        "starts": layout.starts,
        "clean": hole.clean,
        "framed": hole.framed,
        "covers": hole.covers(layout.size),
    }
    assert not kept[rule]


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_can_be_looked_at(before: bytes, after: bytes) -> None:
    look(before + b"/ByteRange [0 10 20 30]" + after + b"/Contents <" + after.hex().encode() * 4 + b">")
