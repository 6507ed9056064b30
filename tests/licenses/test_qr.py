"""The code on a license: what is signed is read back; nothing else is read."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hub import symbol
from hub.house import House, open_house
from licenses import qr
from licenses.identifier import Identifier
from licenses.model import ForeignCode, ForgedCode, NewerCode, UnreadableCode
from tests.conftest import settings_for
from tests.licenses.test_identifier import bodies, kinds, serials

URL = "http://localhost:8001"
IDENTIFIER = Identifier.make("11880000DEM000014J001", "11880100DEM000049A", "20260000307", test_edition=True)
STATIC = qr.Code(
    identifier=IDENTIFIER,
    issued=datetime(2026, 11, 22, 2, tzinfo=UTC),
    expires=datetime(2031, 11, 21, 16, tzinfo=UTC),
    status_list=1,
    status_index=40_000,
    record=bytes(range(32)),
)
CARD = replace(STATIC, shown={"name": "望舒示范餐饮有限公司"}, expires=None)
KEY_ID = bytes(8)
LAYOUT = Path(__file__).parents[2] / "docs/flows/code.md"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house with one key for codes."""
    return opened(tmp_path_factory.mktemp("desk"), "code-1")


def opened(folder: Path, *names: str) -> House:
    house = open_house(settings_for(folder, "redis://localhost:1"))
    for name in names:
        house.keys.create(name, purpose="code")
    return house


def public(house: House, name: str = "code-1") -> ec.EllipticCurvePublicKey:
    key = house.keys.public(name)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


moments = st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
identifiers = st.builds(
    Identifier.make, kinds, bodies, serials, version=st.integers(1, 999), test_edition=st.booleans()
).filter(lambda identifier: not identifier.joined.startswith("0"))
codes = st.builds(
    qr.Code,
    identifier=identifiers,
    issued=moments,
    expires=st.none() | moments,
    status_list=st.integers(0, 2**32 - 1),
    status_index=st.integers(0, 2**32 - 1),
    record=st.binary(min_size=32, max_size=32),
    shown=st.dictionaries(st.from_regex("[a-z_]{1,24}", fullmatch=True), st.text(min_size=1, max_size=24), max_size=4),
)


def written(claims: dict[Any, Any], header: Any = None, unprotected: Any = None, signature: bytes = bytes(64)) -> str:
    """A text in the form of a code around any claims, as a forger would write it."""
    protected = cbor2.dumps({1: -7, 4: KEY_ID} if header is None else header, canonical=True)
    payload = cbor2.dumps(claims, canonical=True)
    return wrapped(cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected or {}, payload, signature])))


def wrapped(data: bytes) -> str:
    return f"{URL}/#{base64.b32encode(data).decode().rstrip('=')}"


def unwrapped(text: str) -> bytes:
    coded = text.partition("#")[2]
    return base64.b32decode(coded + "=" * (-len(coded) % 8))


def claims() -> dict[Any, Any]:
    """The claims of a right code, to be spoilt."""
    read: dict[Any, Any] = cbor2.loads(qr._payload(CARD))
    return read


@pytest.mark.parametrize("code", [STATIC, CARD], ids=["static", "card"])
def test_what_is_signed_is_read_back_and_checked(desk: House, code: qr.Code) -> None:
    signed = qr.read(qr.sign(desk, code), URL)
    assert signed.check(public(desk)) == code
    assert base64.urlsafe_b64encode(signed.kid).decode()[:10] == desk.keys.kid("code-1")[:10]
    assert (code.kind, code.agency) == ("11880000DEM000014J001", "11880100DEM000049A")


def test_a_static_code_is_small_and_holds_nobody(desk: House) -> None:
    text = qr.sign(desk, STATIC)
    assert 160 <= len(unwrapped(text)) <= 190
    assert qr.read(text, URL).unchecked.shown == {}


@given(codes)
def test_any_code_is_read_back(code: qr.Code) -> None:
    assert qr.read(written(cbor2.loads(qr._payload(code))), URL).unchecked == code


@given(st.binary(max_size=700))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    with pytest.raises(UnreadableCode):
        qr.read(wrapped(data), URL)


@given(st.text(max_size=300) | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", max_size=1200).map(f"{URL}/#".__add__))
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises((ForeignCode, UnreadableCode)):
        qr.read(text, URL)


@given(st.data())
def test_one_changed_bit_never_passes(desk: House, data: st.DataObject) -> None:
    raw = bytearray(unwrapped(qr.sign(desk, CARD)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((UnreadableCode, NewerCode, ForgedCode)):
        qr.read(wrapped(bytes(raw)), URL).check(public(desk))


def test_another_key_does_not_fit(desk: House) -> None:
    with pytest.raises(ForgedCode):
        qr.read(qr.sign(desk, CARD), URL).check(ec.generate_private_key(ec.SECP256R1()).public_key())


def test_the_newest_key_signs(tmp_path: Path) -> None:
    house = opened(tmp_path, "code-2", "code-10")
    assert qr.read(qr.sign(house, STATIC), URL).check(public(house, "code-10")) == STATIC


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8001#",
        "https://localhost:8001/#",
        "http://localhost:8001/x#",
        "http://localhost:8001/?a#",
        "http://localhost:8001/?/#",
        "http://localhost:8001@evil.example/#",
        "http://LOCALHOST:8001/#",
        "http://localhost:80O1/#",
        "http://lоcalhost:8001/#",  # a Cyrillic o
        " http://localhost:8001/#",
        "",
    ],
)
def test_another_address_is_not_ours(desk: House, address: str) -> None:
    with pytest.raises(ForeignCode):
        qr.read(address + qr.sign(desk, CARD).partition("#")[2], URL)


def test_base32_has_one_form(desk: House) -> None:
    coded = qr.sign(desk, CARD).partition("#")[2]
    for other in (coded.lower(), coded + "=", coded + " ", coded[:-1], coded + "A", coded.replace("A", "8")):
        with pytest.raises(UnreadableCode):
            qr.read(f"{URL}/#{other}", URL)


WRONG: dict[str, dict[Any, Any]] = {
    "no issue time": {6: None},
    "negative time": {6: -1},
    "far time": {6: 2**32},
    "float time": {6: 1.5},
    "no record": {-3: None},
    "short record": {-3: bytes(31)},
    "text record": {-3: "0" * 32},
    "one status number": {-4: [1]},
    "negative index": {-4: [1, -1]},
    "true as an index": {-4: [1, True]},
    "test is not true": {-6: 1},
    "test is false": {-6: False},
    "version is true": {-1: True},
    "version is text": {-1: "1"},
    "identifier too long": {-2: b"\1" * 50},
    "identifier with a leading zero": {-2: bytes(1) + b"\1" * 35},
    "identifier with a wrong check": {-2: b"\1" * 35},
    "an unknown claim": {-7: 1},
    "true beside one": {True: 1},
    "shows nothing": {-5: {}},
    "shows too much": {-5: dict.fromkeys("abcde", "x")},
    "shows a long value": {-5: {"name": "x" * 25}},
    "shows an empty value": {-5: {"name": ""}},
    "shows a number": {-5: {"name": 1}},
    "shows under a strange name": {-5: {"Name": "x"}},
    "shows markup as a name": {-5: {"<b>": "x"}},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_claim_has_one_form(wrong: dict[Any, Any]) -> None:
    spoilt = {key: value for key, value in (claims() | wrong).items() if value is not None}
    with pytest.raises(UnreadableCode):
        qr.read(written(spoilt), URL)


HEADERS = [{}, {1: -8, 4: KEY_ID}, {1: -7}, {1: -7, 4: b"1"}, {1: -7, 4: KEY_ID, 2: [4]}, [], 1]


@pytest.mark.parametrize("header", HEADERS)
def test_the_header_has_one_form(header: Any) -> None:
    with pytest.raises(UnreadableCode):
        qr.read(written(claims(), header=header), URL)


def test_the_envelope_has_one_form() -> None:
    parts = [cbor2.dumps({1: -7, 4: KEY_ID}), {}, qr._payload(CARD), bytes(64)]
    right = cbor2.dumps(cbor2.CBORTag(18, parts))
    assert qr.read(wrapped(right), URL).unchecked == CARD
    for other in (
        cbor2.dumps(parts),
        cbor2.dumps(cbor2.CBORTag(17, parts)),
        cbor2.dumps(cbor2.CBORTag(18, [*parts, b""])),
        cbor2.dumps(cbor2.CBORTag(18, parts[:3])),
        cbor2.dumps(cbor2.CBORTag(18, [parts[0], {4: b""}, *parts[2:]])),
        right + b"\0",
        right.replace(b"\xd2\x84", b"\xd2\x9f") + b"\xff",  # indefinite length
        right.replace(b"\x58\x40", b"\x59\0\x40"),  # a longer way to write a length
    ):
        with pytest.raises(UnreadableCode):
            qr.read(wrapped(other), URL)


def test_the_other_half_of_the_same_signature_is_refused(desk: House) -> None:
    signed = qr.read(qr.sign(desk, CARD), URL)
    r, s = signed.signature[:32], int.from_bytes(signed.signature[32:])
    twin = r + (qr.ORDER - s).to_bytes(32)
    with pytest.raises(UnreadableCode):
        qr.read(wrapped(cbor2.dumps(cbor2.CBORTag(18, [signed.protected, {}, signed.payload, twin]))), URL)


@pytest.mark.parametrize("version", [0, 2, 99])
def test_a_newer_layout_says_so(version: int) -> None:
    text = written({-1: version, -99: "claims that nobody knows today, long enough for a code"})
    with pytest.raises(NewerCode):
        qr.read(text, URL)


def test_what_could_not_be_read_is_not_signed(desk: House) -> None:
    for code in (
        replace(STATIC, record=b"short"),
        replace(STATIC, status_index=-1),
        replace(STATIC, shown={"Name": "x"}),
        replace(STATIC, identifier=Identifier.make(IDENTIFIER.kind, "880100", "1", test_edition=True)),
    ):
        with pytest.raises(UnreadableCode):
            qr.sign(desk, code)


def test_a_long_value_is_cut(desk: House) -> None:
    shown = qr.read(qr.sign(desk, replace(CARD, shown={"name": "示" * 60})), URL).unchecked.shown
    assert shown == {"name": "示" * 23 + "…"}


def test_the_documented_codes_are_true() -> None:
    """Whoever writes another reader from the page finds there what ours reads."""
    static, card = re.findall(r"^    (http\S+#[A-Z2-7]+)$", LAYOUT.read_text(), re.MULTILINE)
    key = ec.derive_private_key(1, ec.SECP256R1()).public_key()
    assert qr.read(static, URL).kid.hex() in LAYOUT.read_text()
    assert qr.read(static, URL).check(key) == STATIC
    assert qr.read(card, URL).check(key) == CARD


@pytest.mark.parametrize("code", [STATIC, CARD], ids=["static", "card"])
def test_the_symbol_is_read_from_its_picture(desk: House, code: qr.Code) -> None:
    text = qr.sign(desk, code)
    (found,) = zxingcpp.read_barcodes(drawn(symbol.svg(text)))
    assert (found.text, found.ec_level) == (text, "M")


def test_the_symbol_has_four_quiet_modules_and_two_segments(desk: House) -> None:
    text = qr.sign(desk, STATIC)
    side = len(symbol.modules(text))
    assert f'viewBox="-4 -4 {side + 8} {side + 8}"' in symbol.svg(text)
    assert side == 61  # as bytes throughout it would take 69


def drawn(svg: str) -> Image.Image:
    """The symbol as pixels, from the runs of its path."""
    side = int(svg.partition('viewBox="-4 -4 ')[2].partition(" ")[0])
    image = Image.new("L", (side * 4, side * 4), 255)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg):
        left, top = (int(x) + 4) * 4, (int(y) + 4) * 4
        image.paste(0, (left, top, left + int(length) * 4, top + 4))
    return image
