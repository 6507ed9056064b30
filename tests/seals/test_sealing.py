"""Sealing: a ticket seals once, the signature is as the profile says, and missing evidence lowers the level only."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from pyhanko.pdf_utils.reader import PdfFileReader

from certs.schemes import P256
from seals import cms, sealing, use
from seals.model import (
    Evidence,
    Level,
    Sealed,
    SealingFailed,
    UseSpent,
    UseState,
)
from tests.seals import judge
from tests.seals.conftest import PLACE, Office
from tests.seals.paper import page

# -- the signature


def test_signed_and_unsigned_attributes_are_those_we_allow(sealed: Sealed, bureau: Office) -> None:
    info = judge.signer_info(sealed.pdf)
    signed = [attribute["type"].native for attribute in info["signed_attrs"]]
    assert sorted(signed) == ["content_type", "message_digest", "signing_certificate_v2"]
    assert [attribute["type"].native for attribute in info["unsigned_attrs"]] == ["signature_time_stamp_token"]
    assert info["signed_attrs"].untag().dump() == cms.template(bureau.material()[0].chain).attributes(
        judge.digest(sealed.pdf)
    )


def test_the_padding_is_zero(sealed: Sealed) -> None:
    _, padding = judge.container(sealed.pdf)
    assert padding
    assert not any(padding)


def test_s_is_always_low(bureau: Office) -> None:
    material, evidence = bureau.material()
    bare = replace(evidence, stamp=None)
    for _ in range(24):  # a signer that did not care would pass with a chance of 1 in 16 million
        done = sealing.seal_once(bureau.lay(page(), evidence=bare))
        assert P256.is_canonical(judge.signer_info(done.pdf)["signature"].native)
        assert judge.is_canonical(done.pdf, material)


def test_a_key_that_gives_high_s_seals_nothing(bureau: Office) -> None:
    material, evidence = bureau.material()

    def high(data: bytes) -> bytes:
        r, s = decode_dss_signature(material.sign(data))
        return encode_dss_signature(r, P256.order - s)

    ticket = sealing.prepare(page(), replace(material, sign=high), bureau.reserve(bytes(32)), PLACE, evidence)
    with pytest.raises(SealingFailed):
        sealing.seal_once(ticket)


# -- once


def test_a_ticket_seals_once(bureau: Office) -> None:
    ticket = bureau.lay(page())
    sealing.seal_once(ticket)
    with pytest.raises(UseSpent):
        sealing.seal_once(ticket)


def test_of_many_threads_with_one_ticket_one_seals(bureau: Office) -> None:
    ticket = bureau.lay(page())

    def attempt(_: int) -> bool:
        try:
            sealing.seal_once(ticket)
        except UseSpent:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_a_ticket_is_spent_even_if_signing_failed(bureau: Office) -> None:
    material, evidence = bureau.material()

    def broken(_: bytes) -> bytes:
        raise OSError("token gone")

    ticket = sealing.prepare(page(), replace(material, sign=broken), bureau.reserve(bytes(32)), PLACE, evidence)
    with pytest.raises(OSError, match="token gone"):
        sealing.seal_once(ticket)
    with pytest.raises(UseSpent):
        sealing.seal_once(ticket)


@pytest.mark.parametrize("state", [UseState.sealed, UseState.void])
def test_no_ticket_for_a_use_that_has_ended(bureau: Office, state: UseState) -> None:
    material, evidence = bureau.material()
    with pytest.raises(UseSpent):
        sealing.prepare(page(), material, replace(bureau.reserve(bytes(32)), state=state), PLACE, evidence)


def test_no_ticket_for_another_seals_use(bureau: Office) -> None:
    material, evidence = bureau.material()
    with pytest.raises(SealingFailed):
        sealing.prepare(page(), material, replace(bureau.reserve(bytes(32)), seal="other"), PLACE, evidence)


def test_reserve_seal_and_note_the_end(office: Office) -> None:
    done = sealing.seal_once(office.lay(page()))
    with office.house.database.write() as db:
        ended = use.finish(db, done, office.now)
    assert (ended.state, ended.sealed_digest, ended.level) == (UseState.sealed, done.digest, "B-T")


# -- evidence that cannot be had lowers the level and loses no document


def down(_: bytes) -> bytes:
    raise TimeoutError


STAMPERS: dict[str, Callable[[Evidence], Callable[[bytes], bytes] | None]] = {
    "none": lambda _: None,
    "down": lambda _: down,
    "garbage": lambda _: lambda __: b"\x30\x03\x02\x01\x00",
    "empty": lambda _: lambda __: b"",
    "over-something-else": lambda given: lambda __: given.stamp(bytes(32)) if given.stamp else b"",
}


@pytest.mark.parametrize("stamper", STAMPERS)
def test_without_a_time_stamp_the_level_is_lower_and_the_document_whole(bureau: Office, stamper: str) -> None:
    material, given = bureau.material()
    done = sealing.seal_once(bureau.lay(page(), evidence=replace(given, stamp=STAMPERS[stamper](given))))
    assert (done.level, done.missing) == (Level.bare, ("time-stamp",))
    assert judge.status(done.pdf, bureau).bottom_line
    assert judge.is_canonical(done.pdf, material)


def test_a_token_that_is_too_large_is_left_out(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "TOKEN_ROOM", 100)
    done = sealing.seal_once(bureau.lay(page()))
    assert (done.level, done.missing) == (Level.bare, ("time-stamp",))
    assert judge.status(done.pdf, bureau).bottom_line


def test_missing_revocation_data_is_said(bureau: Office) -> None:
    _, given = bureau.material()
    poor = replace(given, ocsps=(), crls=(), missing=("ocsp", "crl"))
    done = sealing.seal_once(bureau.lay(page(), evidence=poor))
    assert (done.level, done.missing) == (Level.timed, ("ocsp", "crl"))
    assert "/DSS" not in PdfFileReader(BytesIO(done.pdf)).root
