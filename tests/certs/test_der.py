from contextlib import suppress
from datetime import UTC, datetime

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from certs import der

OIDS = ("2.5.29.32.0", "1.2.840.113549.1.9.16.2.47", "1.3.6.1.4.1.32473.509.1.1", "2.999.7")


@given(st.integers(-(1 << 200), 1 << 200))
def test_an_integer_reads_back_and_is_what_others_write(value: int) -> None:
    encoded = der.integer(value)
    assert der.Reader(encoded).whole() == value
    assert core.Integer(value).dump() == encoded


@pytest.mark.parametrize("dotted", OIDS)
def test_an_object_identifier_is_what_others_write(dotted: str) -> None:
    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()


@given(st.binary(max_size=70_000))
def test_lengths_are_the_shortest(value: bytes) -> None:
    assert der.octets(value) == core.OctetString(value).dump()
    assert der.Reader(der.octets(value)).take(der.OCTET_STRING) == value


def test_a_moment_has_whole_seconds_and_ends_in_z() -> None:
    at = datetime(2026, 11, 22, 9, 5, 7, 999_999, UTC)
    assert der.moment(at)[2:] == b"20261122090507Z"


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [(0, b"07Z"), (999, b"07Z"), (1_000, b"07.001Z"), (120_000, b"07.12Z"), (500_500, b"07.5Z"), (999_999, b"07.999Z")],
)
def test_an_exact_moment_has_no_zeros_at_its_end(microsecond: int, text: bytes) -> None:
    at = datetime(2026, 11, 22, 9, 5, 7, microsecond, tzinfo=UTC)
    assert der.moment_exactly(at)[2:] == b"202611220905" + text
    assert asn1crypto_time(der.moment_exactly(at)) == at.replace(microsecond=microsecond // 1000 * 1000)


def asn1crypto_time(encoded: bytes) -> datetime:
    """How another library reads it."""
    found: datetime = core.GeneralizedTime.load(encoded, strict=True).native
    return found


def test_a_named_bit_has_no_trailing_zeros() -> None:
    assert der.named_bit(0) == bytes.fromhex("03020780")
    assert der.named_bit(25) == bytes.fromhex("03050600000040")


def test_members_of_a_set_are_sorted() -> None:
    assert der.set_of(der.integer(2), der.integer(1)) == der.set_of(der.integer(1), der.integer(2))


@pytest.mark.parametrize(
    "wrong",
    ["", "30", "3080", "308000000000", "30810100", "3082000100", "3003020101ff", "30ff", "020200"],
    ids=["empty", "no-length", "indefinite", "indefinite-content", "long-length", "zero-led", "rest", "ff", "cut"],
)
def test_what_is_not_strict_der_is_refused(wrong: str) -> None:
    with pytest.raises(der.Malformed):
        _read(bytes.fromhex(wrong))


@pytest.mark.parametrize("wrong", ["0200", "02020001", "0202ff80"], ids=["empty", "leading-zeros", "leading-ones"])
def test_an_integer_must_be_the_shortest(wrong: str) -> None:
    with pytest.raises(der.Malformed):
        der.Reader(bytes.fromhex(wrong)).whole()


@given(st.binary(max_size=60))
def test_the_reader_knows_one_refusal_only(data: bytes) -> None:
    with suppress(der.Malformed):
        _read(data)


def _read(data: bytes) -> None:
    outer = der.Reader(data)
    inner = outer.into(der.SEQUENCE)
    outer.end()
    while not inner.done:
        inner.take(inner.peek())
