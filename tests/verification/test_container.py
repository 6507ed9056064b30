"""The container of a seal: read in one form only, whoever sends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.der import Malformed
from tests.verification.attacks.forge import Forger
from tests.verification.attacks.tree import Seal
from tests.verification.desk import Desk
from verification.pdf.container import AttributeRefused, read, read_token


@pytest.fixture(scope="session")
def container(desk: Desk, paper: bytes) -> bytes:
    return Forger(desk, paper, paper).container


def test_our_own_container_is_read(container: bytes) -> None:
    found = read(container)
    assert found.canonical
    assert found.token
    assert len(found.digest) == 32
    token = read_token(found.token)
    assert token.canonical


@given(data=st.data())
def test_a_spoiled_container_is_refused_by_name_or_reads_as_another(container: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(container) - 1))
    spoiled = container[:place] + bytes([container[place] ^ data.draw(st.integers(1, 255))]) + container[place + 1 :]
    try:
        found = read(spoiled)
        other = read_token(found.token) if found.token else None
    except (Malformed, AttributeRefused):
        return
    assert (found, other) != (read(container), read_token(read(container).token or b""))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(junk: bytes) -> None:
    with pytest.raises((Malformed, AttributeRefused)):
        read(junk)


def test_an_empty_attribute_is_refused(container: bytes) -> None:
    seal = Seal(container)
    seal.unsigned[0][1].parts = []
    with pytest.raises((Malformed, AttributeRefused)):
        read(seal.root.encoded)
