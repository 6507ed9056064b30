"""`yinxin pki status` and `yinxin pki stamps`."""

import hashlib
import json
from datetime import datetime, timedelta

from asn1crypto import cms

from certs import status, timestamp
from certs.model import ISSUING
from hub import clock
from hub.house import House
from tests.certs.conftest import in_office
from tests.certs.test_cli import Run, run

__all__ = ["run"]
DIGEST = hashlib.sha384(b"paper").digest()


def test_a_healthy_service_is_shown(house: House, now: datetime, run: Run) -> None:
    status.publish(house, now)
    said = run("status")
    assert "list  issuing-ca " in said
    assert "list  root " in said
    assert f"answers by {in_office(house, 'ocsp-signer').serial}" in said
    assert "clock not checked" in said
    assert "BAD" not in said


def test_what_hurts_ends_the_command_with_1(house: House, now: datetime, run: Run) -> None:
    status.crl(house, ISSUING, now - timedelta(hours=25))
    assert "BAD   issuing-ca: this list of revoked certificates is not renewed in time" in run("status", code=1)


def test_the_log_of_time_stamps_is_shown_in_its_order(house: House, now: datetime, run: Run) -> None:
    assert run("stamps") == ""
    tokens = [timestamp.token(house, DIGEST, now + timedelta(days=days)) for days in (0, 3, 3)]
    serials = [cms.ContentInfo.load(each)["content"]["encap_content_info"]["content"].parsed for each in tokens]
    numbers = [f"{each['serial_number'].native:x}" for each in serials]
    with clock.shifted(3 * 86_400):
        assert [line.split()[0] for line in run("stamps").splitlines()] == numbers[1:]
    lines = run("stamps", "--since", f"{now - timedelta(days=5):%Y-%m-%d}").splitlines()
    assert [line.split()[0] for line in lines] == numbers
    assert all(DIGEST.hex() in line for line in lines)
    [told] = run("stamps", "--serial", f"0x{numbers[0].upper()}", "--json").splitlines()
    assert json.loads(told)["serial"] == numbers[0]
    assert json.loads(told)["hash"] == DIGEST.hex()
    assert json.loads(told)["unit"] == in_office(house, "time-stamp").serial


def test_a_token_without_a_line_is_not_ours(house: House, now: datetime, run: Run) -> None:
    timestamp.token(house, DIGEST, now)
    for never in ("1", "f" * 32, "f" * 60):
        assert "never gave out" in run("stamps", "--serial", never, code=1)
    assert "hexadecimal" in run("stamps", "--serial", "one", code=2)
