"""The wallet: a holder sees his own licenses at once, shows the code, has the very file; nobody else sees any of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image

from hub import callers, clock, ledger
from hub.callers import Caller
from hub.house import House
from licenses import change, page, wallet
from licenses.model import License, Status
from tests.licenses.conftest import COMPANY, Department
from tests.licenses.samples import RESIDENCE

WHY = {"reason": "复查不合格", "legal_basis": "食品安全法第一百二十六条", "decision": "栖市监罚〔2026〕1号"}
MINE, OTHER = f"001:{COMPANY['unified_code']}", f"111:{RESIDENCE['citizen_number']}"

Enter = Callable[..., FlaskClient]


@pytest.fixture
def enter(house: House, client: FlaskClient, now: datetime) -> Enter:
    """Open the wallet as somebody who has proved these numbers."""

    def sign_in(*numbers: str, level: int = 3, language: str = "en") -> FlaskClient:
        keys = tuple(house.vault.blind("holder", number) for number in numbers)
        who = Caller(person="p1", level=level, amr=("pwd", "otp"), auth_time=now, sid="s1", holder_keys=keys)
        with house.database.write() as db:
            value = callers.open_session(db, "wallet", who, now=now, hours=1)
        client.set_cookie(house.settings.cookie("wallet"), value)
        client.set_cookie("lang", language)
        return client

    return sign_in


@pytest.fixture
def mine(department: Department) -> License:
    return department.issue()


def test_a_license_is_there_as_soon_as_it_is_issued(enter: Enter, department: Department) -> None:
    browser = enter(MINE)
    assert "No license has been issued to you yet" in browser.get("/wallet/").text
    license = department.issue()
    text = browser.get("/wallet/").text
    for shown in (
        "Business License",
        COMPANY["name_en"],
        COMPANY["unified_code"],
        "In force",
        f"/wallet/{license.number}",
    ):
        assert str(shown) in text


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_everything_on_the_license_is_shown(enter: Enter, mine: License, language: str) -> None:
    text = enter(MINE, language=language).get(f"/wallet/{mine.number}").text
    expected = {
        "zh-Hans": (
            "营业执照",
            COMPANY["name"],
            "人民币伍佰万元整",
            "2019年04月18日",
            "至长期",
            "栖云市市场监督管理局",
        ),
        "en": (
            "Business License",
            COMPANY["name_en"],
            "CNY 5,000,000",
            "18 April 2019",
            "no end",
            "Qiyun Administration",
        ),
    }
    for shown in (*expected[language], COMPANY["unified_code"], mine.number):
        assert str(shown) in text


@pytest.mark.parametrize("numbers", [(), (OTHER,), ("111:" + str(COMPANY["unified_code"]),)])
def test_a_license_of_another_does_not_exist(enter: Enter, mine: License, numbers: tuple[str, ...]) -> None:
    browser = enter(*numbers)
    assert mine.number not in browser.get("/wallet/").text
    for path in ("", "/code.svg", "/file", "/print"):
        answer = browser.get(f"/wallet/{mine.number}{path}")
        assert answer.status_code == 404
        assert str(COMPANY["name_en"]) not in answer.text


@pytest.mark.parametrize("number", ["2.999.1", "x", "%00", "..%2f..", "a" * 300])
def test_a_number_that_does_not_exist_is_not_found(enter: Enter, number: str) -> None:
    assert enter(MINE).get(f"/wallet/{number}").status_code == 404


PATHS = ("/wallet/", "/wallet/{number}", "/wallet/{number}/code.svg", "/wallet/{number}/file", "/wallet/{number}/print")


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_sent_to_sign_in(client: FlaskClient, mine: License, path: str) -> None:
    answer = client.get(path.format(number=mine.number))
    assert answer.status_code == 303
    assert "/wallet/sign-in" in answer.location


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("level", [1, 2])
def test_a_name_that_is_not_fully_proved_opens_no_wallet(enter: Enter, mine: License, path: str, level: int) -> None:
    answer = enter(MINE, level=level).get(path.format(number=mine.number))
    assert answer.status_code in {303, 403}
    assert str(COMPANY["name_en"]) not in answer.text
    assert not answer.data.startswith(b"%PDF-")


def test_the_code_can_be_scanned(enter: Enter, mine: License) -> None:
    answer = enter(MINE).get(f"/wallet/{mine.number}/code.svg")
    assert answer.content_type == "image/svg+xml"
    assert scanned(answer.text) == mine.code


def scanned(svg: str) -> str:
    """What a scanner reads from the picture, drawn as browsers draw it: four pixels for each module."""
    box = [int(part) for part in svg.partition('viewBox="')[2].partition('"')[0].split()]
    picture = Image.new("L", (box[2], box[3]), 255)
    for run in svg.rpartition(' d="')[2].partition('"')[0].split("M")[1:]:
        start, _, rest = run.partition("h")
        x, y = (int(part) for part in start.split())
        for step in range(int(rest.partition("v")[0])):
            picture.putpixel((x - box[0] + step, y - box[1]), 0)
    found = zxingcpp.read_barcodes(picture.resize((box[2] * 4, box[3] * 4), Image.Resampling.NEAREST))
    return str(found[0].text)


@pytest.mark.parametrize("way", ["file", "print"])
def test_the_holder_gets_the_very_file_and_the_ledger_knows(
    enter: Enter, mine: License, house: House, way: str
) -> None:
    answer = enter(MINE).get(f"/wallet/{mine.number}/{way}")
    assert answer.content_type == "application/pdf"
    assert answer.data == house.blobs.get(mine.sealed)
    assert ("attachment" in answer.headers.get("Content-Disposition", "")) == (way == "file")
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(pypdfium2.PdfDocument(BytesIO(answer.data))) == 1
    with house.database.read() as db:
        [event] = ledger.events(db, subject=mine.number, kind="license.downloaded")
    assert event.by == "person:p1"


def test_a_change_is_shown_with_its_reasons(enter: Enter, mine: License, department: Department, now: datetime) -> None:
    browser = enter(MINE)
    for verb, word in ((change.suspend, "Suspended"), (change.reinstate, "In force"), (change.revoke, "Revoked")):
        verb(department.house, mine.number, **WHY, caller=department.caller, now=now)
        shown = browser.get(f"/wallet/{mine.number}").text
        assert word in browser.get("/wallet/").text
        assert all(text in shown for text in (word, *WHY.values()))


def test_what_is_not_in_force_is_grey_and_stands_last(enter: Enter, department: Department, now: datetime) -> None:
    first, second = department.issue("a"), department.issue("b", domicile="栖云市望舒区示范路90号")
    change.revoke(department.house, second.number, **WHY, caller=department.caller, now=now)
    text = enter(MINE).get("/wallet/").text
    assert text.index(first.number) < text.index(second.number)
    assert [look for look in ("yx-card--gold", "yx-card--off") if text.count(look) == 1] == [
        "yx-card--gold",
        "yx-card--off",
    ]


STATES: list[tuple[int, Any, str]] = [
    (0, Status.valid, "in-force"),
    (-1, Status.valid, "not-yet"),
    (400, Status.valid, "expired"),
    (0, Status.suspended, "suspended"),
    (400, Status.revoked, "revoked"),
]


@pytest.mark.parametrize(("days", "status", "state"), STATES)
def test_how_a_license_stands(enter: Enter, mine: License, house: House, days: int, status: Status, state: str) -> None:
    caller = Caller(holder_keys=(mine.holder_key,))
    [held] = wallet.held(house, caller, clock.now())
    ends = held.license.valid_from + timedelta(days=365)
    license = replace(held.license, status=status, valid_until=ends)
    assert replace(held, license=license, today=license.valid_from + timedelta(days=days)).state == state


@pytest.mark.parametrize("kind", ["business-license", "food-business-license", "residence-permit"])
def test_each_kind_has_its_device(client: FlaskClient, kind: str) -> None:
    answer = client.get(f"/wallet/device/{kind}.svg")
    assert answer.content_type == "image/svg+xml"
    assert (page.TEMPLATES / f"{kind.replace('-', '_')}_device.svg").read_text("utf-8") == answer.text
    assert client.get("/wallet/device/none.svg").status_code == 404


def test_the_wallet_asks_for_whom_one_acts_and_leads_there_again(client: FlaskClient, enter: Enter) -> None:
    asked = client.get("/wallet/sign-in").location
    assert "scope=openid+company" in asked
    assert "/as?next=/wallet/" in enter(MINE).get("/wallet/").text
