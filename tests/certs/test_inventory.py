"""Every key of an installation, with how it stands and how often it was used."""

from datetime import datetime, timedelta

import pytest

from certs import inventory, roll, status, timestamp
from certs.inventory import KeyFact, KeyState
from certs.model import ISSUING, ROOT, Certificate, Reason, profile
from certs.revoke import revoke
from hub.house import House
from seals import store as seals
from tests.certs.conftest import in_office, seal_certificate
from tests.certs.test_cli import Run, run  # noqa: F401  the fixture of the command


def of(house: House, name: str, now: datetime) -> KeyFact:
    return next(one for one in inventory.inventory(house, now) if one.name == name)


def test_every_key_stands_there_the_posts_first(house: House, now: datetime, seal: Certificate) -> None:
    found = inventory.inventory(house, now)
    assert sorted(one.name for one in found) == sorted(about["name"] for about in house.keys.abouts())
    assert [one.name for one in found][:3] == ["root", "issuing-ca", "service-ca"]
    assert found[0].algorithm == "P-384"
    assert {one.state for one in found} == {KeyState.signs, KeyState.plain}
    assert of(house, seal.key, now).signs_until == seal.not_after


def test_uses_are_counted_where_they_leave_rows(house: House, now: datetime, seal: Certificate) -> None:
    before = of(house, "issuing-ca", now).uses
    assert before is not None
    seal_certificate(house, now, "seal-2")
    status.crl(house, ISSUING, now)
    assert of(house, "issuing-ca", now).uses == before + 2
    stamped = of(house, "tsa", now).uses
    timestamp.token(house, bytes(32), now)
    after = of(house, "tsa", now)
    assert (after.uses, after.last_used) == ((stamped or 0) + 1, now)
    assert of(house, seal.key, now).uses == 0
    assert of(house, "code-1", now).uses is None, "nobody counts these"
    with house.database.read() as db:
        assert seals.uses_by_certificate(db) == {}


@pytest.mark.parametrize(
    ("name", "days", "state"),
    [
        ("ocsp", profile(roll.RESPONDER).days - 40, KeyState.signs),
        ("ocsp", profile(roll.RESPONDER).days - 20, KeyState.soon),
        ("ocsp", profile(roll.RESPONDER).days + 1, KeyState.ended),
        ("tsa", 1096 + 1, KeyState.over),
        ("issuing-ca", profile(ISSUING).days - profile("e-seal").days - 10, KeyState.signs),
        ("issuing-ca", profile(ISSUING).days - profile("e-seal").days + 10, KeyState.soon),
    ],
)
def test_a_key_says_when_its_successor_must_be_there(
    house: House, now: datetime, name: str, days: int, state: KeyState
) -> None:
    assert of(house, name, now + timedelta(days=days)).state is state


def test_a_revoked_key_a_bare_one_and_one_set_apart(house: House, now: datetime) -> None:
    revoke(house, in_office(house, "maker").serial, Reason.key_compromise, "test", now)
    house.keys.create("maker-2", purpose="maker")
    house.keys.quarantine.put("trust-list", "file")
    states = {one.name: one.state for one in inventory.inventory(house, now)}
    assert states["maker-1"] is KeyState.revoked
    assert states["maker-2"] is KeyState.waiting
    assert states["trust-list"] is KeyState.apart
    assert states["root"] is KeyState.signs


def test_after_a_roll_over_both_generations_stand_there(house: House, now: datetime) -> None:
    roll.roll(house, ISSUING, now, by="test")
    names = [one.name for one in inventory.inventory(house, now)]
    assert {"issuing-ca", "issuing-ca-2", "ocsp", "ocsp-2"} < {*names}
    assert of(house, "issuing-ca-2", now).uses == 1, "its OCSP signer"


def test_the_command_lists_them(house: House, seal: Certificate, run: Run) -> None:  # noqa: F811
    lines = run("keys").splitlines()
    assert lines[0].startswith(ROOT)
    assert "[signs]" in lines[0]
    assert any(seal.key in line and "0 uses" in line for line in lines)
