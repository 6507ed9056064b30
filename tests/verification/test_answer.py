"""Paper and register on one line: the answer to a file, a picture, a code and a number."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from certs.model import Reason as Cause
from licenses import change
from licenses.model import License
from licenses.store import tables
from seals import lifecycle
from tests.licenses.samples import MARKET
from tests.verification.desk import CALLER, Desk
from verification.answer import parsed, verify
from verification.model import Door, Reason, Result, Step, Verdict


@pytest.fixture(scope="session")
def license(desk: Desk) -> License:
    return desk.issue("one")


@pytest.fixture
def fresh(own_desk: Desk) -> License:
    return own_desk.issue("one")


def picture(*texts: str) -> bytes:
    """A photo with these codes in view."""
    codes = [zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode) for text in texts]
    images = [Image.fromarray(code.to_image(scale=5, add_quiet_zones=True)) for code in codes]
    whole = Image.new(
        "L", (sum(one.width for one in images) or 300, max([one.height for one in images], default=300)), 255
    )
    left = 0
    for one in images:
        whole.paste(one, (left, 0))
        left += one.width
    out = BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


def test_a_license_is_valid_at_all_four_doors(desk: Desk, license: License) -> None:
    asked = {
        "file": verify(desk.house, file=desk.file(license), now=desk.now),
        "picture": verify(desk.house, file=picture(license.code), now=desk.now),
        "code": verify(desk.house, code=license.code, now=desk.now),
        "number": verify(desk.house, number=license.identifier, now=desk.now),
    }
    reasons = {name: report.reason for name, report in asked.items()}
    assert reasons == {
        "file": Reason.valid,
        "picture": Reason.code_in_force,
        "code": Reason.code_in_force,
        "number": Reason.number_in_force,
    }
    for report in asked.values():
        assert report.number == license.identifier
        assert report.evidence_age == timedelta()
        assert report.test_edition
        assert len(report.compare) >= 4


def test_a_file_is_checked_against_everything(desk: Desk, license: License) -> None:
    report = verify(desk.house, file=desk.file(license), now=desk.now)
    assert {check.step for check in report.checks if check.result is Result.passed} >= {
        Step.registered,
        Step.code_on_page,
    }
    assert report.seal
    assert report.seal.agency == MARKET.code
    assert "望舒示范餐饮有限公司" in [fact.value for fact in report.compare]


def test_a_number_alone_does_not_show_the_holder(desk: Desk, license: License) -> None:
    """Serial numbers follow each other: whoever counts them through must not get a list of names."""
    report = verify(desk.house, number=license.identifier, now=desk.now)
    assert "示例" not in "".join(fact.value for fact in report.compare).replace("示例机关", "")


@pytest.mark.parametrize(("operation", "reason"), [("suspend", Reason.suspended), ("revoke", Reason.revoked)])
def test_a_change_shows_at_every_door_at_once(own_desk: Desk, fresh: License, operation: str, reason: Reason) -> None:
    house, now = own_desk.house, own_desk.now
    given = {"reason": "test", "legal_basis": "law", "decision": "2026-1", "caller": CALLER, "now": now}
    getattr(change, operation)(house, fresh.identifier, **given)
    for asked in ({"file": own_desk.file(fresh)}, {"code": fresh.code}, {"number": fresh.identifier}):
        assert verify(house, now=now, **asked).reason is reason
    if operation == "suspend":
        change.reinstate(house, fresh.identifier, **given)  # type: ignore[arg-type]
        assert verify(house, file=own_desk.file(fresh), now=now).reason is Reason.valid


def test_a_license_has_its_dates(own_desk: Desk, fresh: License) -> None:
    assert fresh.valid_until is None
    house, now = own_desk.house, own_desk.now
    with house.database.write() as db:
        rows = tables.licenses
        db.execute(rows.update().values(valid_from=(now + timedelta(days=2)).date()))
    assert verify(house, number=fresh.identifier, now=now).reason is Reason.not_yet
    assert verify(house, file=own_desk.file(fresh), now=now).reason is Reason.not_yet
    with house.database.write() as db:
        db.execute(rows.update().values(valid_from=now.date(), valid_until=(now - timedelta(days=2)).date()))
    assert verify(house, code=fresh.code, now=now).reason is Reason.expired


def test_a_genuine_seal_on_a_paper_that_the_register_does_not_know(desk: Desk, paper: bytes) -> None:
    """The signing service was misused, or its database lost: either way nobody may rely on it."""
    report = verify(desk.house, file=paper, now=desk.now)
    assert report.reason is Reason.unknown


def test_a_file_cut_back_or_signed_again_is_not_the_registered_one(desk: Desk, license: License) -> None:
    assert verify(desk.house, file=desk.file(license) + b"\n", now=desk.now).reason is Reason.altered


def test_a_genuine_code_of_a_license_that_was_never_kept(desk: Desk) -> None:
    identifier = desk.identifier("20269999999")
    report = verify(desk.house, code=desk.code(identifier, desk.record(identifier)), now=desk.now)
    assert report.reason is Reason.unknown


def test_a_license_without_a_time_stamp_is_vouched_for_by_the_register(own_desk: Desk, fresh: License) -> None:
    tool, evidence = own_desk.material()
    record = own_desk.record(own_desk.identifier("20260000055"))
    page = own_desk.page(record, own_desk.code(own_desk.identifier("20260000055"), record))
    pdf = own_desk.sealed(page, (tool, replace(evidence, stamp=None)))
    import hashlib

    with own_desk.house.database.write() as db:
        digests = {"sealed": hashlib.sha256(pdf).hexdigest(), "record": record.digest.hex()}
        db.execute(tables.licenses.update().values(**digests))
    assert own_desk.report(pdf).reason is Reason.no_evidence
    assert verify(own_desk.house, file=pdf, now=own_desk.now).reason is Reason.valid


def test_a_cancelled_seal_leaves_its_licenses_valid(own_desk: Desk, fresh: License) -> None:
    after = own_desk.now + timedelta(hours=2)
    lifecycle.cancel(own_desk.house, own_desk.seal.id, cause=Cause.superseded, reason="new seal", by="test", now=after)
    assert verify(own_desk.house, file=own_desk.file(fresh), now=after).reason is Reason.valid


def test_licenses_issued_before_anyone_asked_for_the_trust_list(own_desk: Desk, fresh: License) -> None:
    later = own_desk.now + timedelta(days=3)
    assert verify(own_desk.house, code=fresh.code, now=later).reason is Reason.code_in_force


# -- pictures


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ((), Reason.no_code),
        (("https://example.org/",), Reason.not_our_code),
        (("HELLO",), Reason.not_our_code),
        (("https://example.org/", "HELLO"), Reason.several_codes),
    ],
)
def test_a_picture_without_our_one_code(desk: Desk, texts: tuple[str, ...], reason: Reason) -> None:
    assert verify(desk.house, file=picture(*texts), now=desk.now).reason is reason


def test_two_licenses_in_one_picture(desk: Desk, license: License) -> None:
    other = desk.issue("two", name="望舒示范饭店")
    assert verify(desk.house, file=picture(license.code, other.code), now=desk.now).reason is Reason.several_codes


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n" + bytes(50), b"GIF89a", b"hello", b"\xff\xd8\xff" + bytes(99)])
def test_what_is_neither_file_nor_picture(desk: Desk, data: bytes) -> None:
    assert verify(desk.house, file=data, now=desk.now).reason is Reason.not_a_document


def test_a_picture_bomb(desk: Desk) -> None:
    out = BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert verify(desk.house, file=out.getvalue(), now=desk.now).reason is Reason.not_a_document


# -- codes


@pytest.mark.parametrize(
    ("change_to", "reason"),
    [
        (lambda code: code.replace("localhost:8001", "localhost.example"), Reason.look_alike),
        (lambda code: code.replace("http:", "https:"), Reason.look_alike),
        (lambda code: code.replace("localhost:8001", "localhost:8001@evil.example"), Reason.look_alike),
        (lambda code: code.replace("http://localhost", "HTTP://LOCALHOST"), Reason.look_alike),
        (lambda code: code.lower(), Reason.unreadable_code),
        (lambda code: code[:-4], Reason.unreadable_code),
        (lambda code: code + "A", Reason.unreadable_code),
        (lambda code: code.partition("#")[2], Reason.not_our_code),
        (lambda _: "", Reason.not_our_code),
    ],
)
def test_a_code_that_is_not_one_of_ours(desk: Desk, license: License, change_to: object, reason: Reason) -> None:
    report = verify(desk.house, code=change_to(license.code), now=desk.now)  # type: ignore[operator]
    assert (report.door, report.reason) == (Door.code, reason)
    assert not report.compare


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_code_with_changed_letters_is_never_green(desk: Desk, license: License, data: st.DataObject) -> None:
    start = license.code.index("#") + 1
    place = data.draw(st.integers(start, len(license.code) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    other = license.code[:place] + letter + license.code[place + 1 :]
    if other != license.code:
        report = verify(desk.house, code=other, now=desk.now)
        assert report.verdict is not Verdict.valid
        assert not report.compare


# -- numbers


def test_a_number_is_forgiven_its_letters_and_spaces(desk: Desk, license: License) -> None:
    typed = f"  {license.identifier.lower().replace('2026', '２０２６')} ".replace(".", "。", 2)
    assert str(parsed(typed)) == license.identifier


@pytest.mark.parametrize("typed", ["", "1", "2.999", "x" * 5000, "2.999.A.B.C.001.D", "\ud800"])
def test_a_number_that_is_none(desk: Desk, typed: str) -> None:
    assert verify(desk.house, number=typed, now=desk.now).reason is Reason.mistyped


def test_a_mistyped_number_is_noticed(desk: Desk, license: License) -> None:
    digits = license.identifier
    other = digits[:-8] + ("1" if digits[-8] != "1" else "2") + digits[-7:]
    assert verify(desk.house, number=other, now=desk.now).reason is Reason.mistyped


def test_a_number_that_was_never_given(desk: Desk) -> None:
    assert verify(desk.house, number=str(desk.identifier("20268888888")), now=desk.now).reason is Reason.unknown


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=120))
def test_any_number_gets_an_answer(desk: Desk, typed: str) -> None:
    assert verify(desk.house, number=typed, now=desk.now).reason is Reason.mistyped
