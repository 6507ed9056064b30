"""A strongbox opens for its passphrase, whole and unchanged, or not at all."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import strongbox
from hub.strongbox import BoxClosed, Reader, Writer


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strongbox, "PIECE", 64)
    monkeypatch.setattr(strongbox, "COST", 2)


def boxed(*parts: bytes, passphrase: str = "open") -> bytes:
    target = io.BytesIO()
    box = Writer(target, passphrase)
    for part in parts:
        box.write(part)
    box.close()
    return target.getvalue()


def opened(box: bytes, passphrase: str = "open") -> bytes:
    return Reader(io.BytesIO(box), passphrase).read()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 127, 128, 129, 1000])
def test_what_goes_in_comes_out(size: int) -> None:
    content = bytes(range(256)) * 4
    assert opened(boxed(content[:size])) == content[:size]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(1, 100))
def test_pieces_of_writing_and_reading_do_not_matter(parts: list[bytes], size: int) -> None:
    reader, read = Reader(io.BytesIO(boxed(*parts)), "open"), b""
    while some := reader.read(size):
        read += some
    assert read == b"".join(parts)


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(BoxClosed):
        opened(boxed(b"secret"), "other")


def test_equal_contents_make_different_boxes() -> None:
    assert boxed(b"secret")[:60] != boxed(b"secret")[:60]


def test_no_byte_can_be_changed() -> None:
    box = boxed(b"x" * 200)
    for at in range(0, len(box), 17):
        with pytest.raises(BoxClosed):
            opened(box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :])


def test_nothing_can_be_cut_off_added_or_exchanged() -> None:
    box, head = boxed(b"a" * 64 + b"b" * 64 + b"c" * 64), len(strongbox.MAGIC) + 23
    first, second, third = (box[head + 80 * n : head + 80 * (n + 1)] for n in range(3))
    assert len(third) == 80
    for forged in (
        box[:head] + first + second,  # the last piece is gone
        box[: head + 10],
        box[:head],
        box[:10],
        b"",
        box + b"x",
        box[:head] + second + first + third,
        box[:head] + first + second + second + third,
        box[:head] + third,
    ):
        with pytest.raises(BoxClosed):
            opened(forged)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_words(content: bytes) -> None:
    with pytest.raises(BoxClosed):
        opened(content)
