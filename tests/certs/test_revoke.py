from datetime import datetime, timedelta

import pytest

from certs import store
from certs.model import AlreadyRevoked, Certificate, CertificateUnknown, Reason, ReasonWrong, Revocation
from certs.revoke import revoke
from hub import ledger
from hub.house import House
from tests.certs.conftest import in_office


def test_a_revocation_is_kept_and_told_to_the_ledger(house_on: House, now: datetime) -> None:
    unit = in_office(house_on, "time-stamp")
    revoke(house_on, unit.serial, Reason.superseded, "operator:7", now, now - timedelta(days=1))
    with house_on.database.read() as db:
        kept = store.certificate(db, unit.serial)
        [event] = ledger.events(db, kind="certificate.revoked")
    assert kept.revocation == Revocation(now, Reason.superseded, now - timedelta(days=1))
    assert (event.subject, event.by, event.facts) == (unit.serial, "operator:7", {"reason": "superseded"})


def test_the_number_may_be_given_as_tools_print_it(house: House, seal: Certificate, now: datetime) -> None:
    printed = ":".join(seal.serial.upper()[at : at + 2] for at in range(0, 40, 2))
    assert revoke(house, printed, Reason.unspecified, "test", now).serial == seal.serial


def test_a_second_revocation_changes_nothing(house: House, seal: Certificate, now: datetime) -> None:
    first = revoke(house, seal.serial, Reason.superseded, "test", now)
    with pytest.raises(AlreadyRevoked):
        revoke(house, seal.serial, Reason.key_compromise, "test", now + timedelta(hours=1))
    with house.database.read() as db:
        assert store.certificate(db, seal.serial) == first
        assert len(ledger.events(db, kind="certificate.revoked")) == 1


@pytest.mark.parametrize("serial", ["4" * 40, "1", "", "not a number", "4" * 41])
def test_what_we_never_issued_cannot_be_revoked(house: House, now: datetime, serial: str) -> None:
    with pytest.raises(CertificateUnknown):
        revoke(house, serial, Reason.superseded, "test", now)


def test_a_refused_revocation_leaves_no_trace(house: House, seal: Certificate, now: datetime) -> None:
    for serial, reason in ((seal.serial, Reason.ca_compromise), (in_office(house, "root").serial, Reason.superseded)):
        with pytest.raises(ReasonWrong):
            revoke(house, serial, reason, "test", now)
    with house.database.read() as db:
        assert store.certificate(db, seal.serial).revocation is None
        assert ledger.events(db, kind="certificate.revoked") == []
