"""Ending a certificate before its time."""

from datetime import datetime
from typing import TYPE_CHECKING

from certs import answers, authority, store
from certs.model import AlreadyRevoked, Certificate, Reason, serial_of
from hub import ledger

if TYPE_CHECKING:
    from hub.house import House


def revoke(
    house: "House", serial: str, reason: Reason, by: str, now: datetime, invalid_from: datetime | None = None
) -> Certificate:
    """Revoke a certificate for good; OCSP and the next CRL tell it from the next question on.

    `invalid_from` says since when the key was out of control (RFC 5280 5.3.2). Raises CertificateUnknown,
    AlreadyRevoked, ReasonWrong.
    """
    with house.database.write() as db:
        ended = store.certificate(db, serial_of(serial)).revoked(reason, now, invalid_from)
        if not store.keep_revocation(db, ended):
            raise AlreadyRevoked("%(serial)s", serial=ended.serial)
        ledger.wrote(db, "certificate.revoked", ended.serial, by=by, at=now, facts={"reason": reason.value})
    authority.forget_offices(house)
    answers.renew(house, ended, now)
    return ended
