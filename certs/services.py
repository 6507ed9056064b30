"""Certificates of machines: for a request that a machine's operator brings, under the CA of services."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509

from certs import authority, roll
from certs.model import NAME_LENGTH, SERVICE, Certificate, CsrWrong, LegalPerson

if TYPE_CHECKING:
    from hub.house import House


def certify_host(
    house: "House", request: bytes, hosts: Sequence[str], now: datetime, *, by: str, client: bool = False
) -> list[Certificate]:
    """A TLS certificate for these machines over the key of a request (PKCS #10), and the CA's above it.

    Only key and proof of possession are taken from the request; who is named decides the operator. `client`: for a
    program that calls, not for a server. Raises CsrWrong, SubjectWrong, KeyWrong, NoAuthority.
    """
    try:
        asked = x509.load_pem_x509_csr(request)
        proved, public = asked.is_signature_valid, asked.public_key()
    except Exception as error:  # a stranger's bytes: the parser may fail in any way
        raise CsrWrong("It is not a request in PEM (PKCS #10)") from error
    if not proved:
        raise CsrWrong("The request is not signed by the key that it names")
    if not hosts:
        raise CsrWrong("No machine is named")
    above = authority.authority(house, SERVICE, now)
    holder = roll.subject_of(above)
    named = tuple(host.lower() for host in hosts)
    shown = named[0] if len(named[0]) <= NAME_LENGTH else holder.name
    subject = LegalPerson(holder.code, holder.name, shown, named)
    made = authority.certify(house, "tls-client" if client else "tls", subject, public, now, by=by, under=above)
    return [made, above]
