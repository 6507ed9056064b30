"""After sealing, every one-byte change of the file is found: by pyHanko, or by our rule that the hole holds what we write."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seals import cms
from seals.model import Sealed
from tests.seals import judge
from tests.seals.conftest import Office


def found(pdf: bytes, bureau: Office) -> bool:
    """Whether anyone objects."""
    return not judge.is_canonical(pdf, bureau.material()[0]) or not judge.is_valid(pdf, bureau)


def changed(pdf: bytes, at: int, value: int) -> bytes:
    return pdf[:at] + bytes([value]) + pdf[at + 1 :]


def test_the_sealed_file_itself_is_good(bureau: Office, sealed: Sealed) -> None:
    assert not found(sealed.pdf, bureau)


@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@settings(max_examples=80, deadline=None)
@example(share=0.0, flip=1)
@example(share=1 - 2**-40, flip=1)
def test_a_changed_byte_outside_of_the_hole_is_found_by_pyhanko(
    bureau: Office, sealed: Sealed, share: float, flip: int
) -> None:
    start, end = judge.hole(sealed.pdf)
    outside = [*range(start - 1), *range(end + 1, len(sealed.pdf))]
    at = outside[int(share * len(outside))]
    assert not judge.is_valid(changed(sealed.pdf, at, sealed.pdf[at] ^ flip), bureau)


@given(share=st.floats(0, 1, exclude_max=True), digit=st.sampled_from(b"0123456789ABCDEFabcdef \n>"))
@settings(max_examples=150, deadline=None)
def test_a_changed_digit_in_the_hole_is_found(bureau: Office, sealed: Sealed, share: float, digit: int) -> None:
    start, end = judge.hole(sealed.pdf)
    at = start + int(share * (end - start))
    if sealed.pdf[at] != digit:
        assert found(changed(sealed.pdf, at, digit), bureau)


@pytest.mark.parametrize("part", [b"\x31\x0d\x30\x0b\x06\x09", b"\x02\x01\x01\x30\x81"], ids=["digests", "version"])
def test_what_nothing_signs_in_the_time_stamp_cannot_change(bureau: Office, sealed: Sealed, part: bytes) -> None:
    """The token's list of digest algorithms, and its signer's version: pyHanko does not look at them (RFC 5652 5.1, 5.3)."""
    start, _ = judge.hole(sealed.pdf)
    at = start + 2 * judge.container(sealed.pdf)[0].rindex(part)
    for digit in range(at, at + 2 * len(part)):
        assert found(changed(sealed.pdf, digit, ord("0") if sealed.pdf[digit] != ord("0") else ord("1")), bureau)


@pytest.mark.parametrize("more", [b"\n", b" ", b"%%EOF\n", b"\0", b"1 0 obj\nnull\nendobj\n"])
def test_bytes_after_the_end_are_found(bureau: Office, sealed: Sealed, more: bytes) -> None:
    assert found(sealed.pdf + more, bureau)


@pytest.mark.parametrize("fewer", [1, 2, 100])
def test_a_missing_end_is_found(bureau: Office, sealed: Sealed, fewer: int) -> None:
    assert found(sealed.pdf[:-fewer], bureau)


def test_data_in_the_padding_are_found(bureau: Office, sealed: Sealed) -> None:
    _, end = judge.hole(sealed.pdf)
    assert found(sealed.pdf[: end - 8] + b"DEADBEEF" + sealed.pdf[end:], bureau)


def test_lower_case_digits_are_found(bureau: Office, sealed: Sealed) -> None:
    start, end = judge.hole(sealed.pdf)
    lower = sealed.pdf[:start] + sealed.pdf[start:end].lower() + sealed.pdf[end:]
    assert judge.is_valid(lower, bureau), "a library alone does not see it"
    assert found(lower, bureau)


def test_a_time_stamp_taken_out_is_found(bureau: Office, sealed: Sealed) -> None:
    start, end = judge.hole(sealed.pdf)
    signature, _ = cms._variable(judge.container(sealed.pdf)[0])
    template = cms.template(bureau.material()[0].chain)
    bare = template.container(template.attributes(judge.digest(sealed.pdf)), signature, None)
    digits = (bare + bytes((end - start) // 2 - len(bare))).hex().upper().encode()
    assert found(sealed.pdf[:start] + digits + sealed.pdf[end:], bureau)
