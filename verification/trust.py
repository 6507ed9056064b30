"""What a check rests on, from one folder: roots, trust list, status lists, revocation lists. No server, no database."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from verification.lists import StatusList, TrustList, Unusable, read_status_list, read_trust_list
from verification.model import Reason
from verification.pdf.chain import Anchors, list_signer
from verification.receipt import Jwk, NotGenuine, header_of

ROOTS, LIST, STATUS, CRLS = "roots.pem", "trust-list.jwt", "status", "crl"


@dataclass(frozen=True)
class Trust:
    """Roots, and the signed lists as far as they could be used; else the reason why not."""

    roots: tuple[bytes, ...]
    list: TrustList | None
    problem: Reason = Reason.no_trust_list
    status: tuple[StatusList, ...] = ()
    status_problem: Reason = Reason.no_status
    crls: tuple[bytes, ...] = ()

    @property
    def anchors(self) -> Anchors:
        """What the seal on a file is judged by."""
        return Anchors(self.roots, self.list.known if self.list else (), self.crls)

    @classmethod
    def load(cls, folder: Path, now: datetime) -> Self:
        """Read a folder made by `yinxin trust fetch`. A missing or useless list is no error: checks then cannot say."""
        roots = certificates((folder / ROOTS).read_text("ascii")) if (folder / ROOTS).exists() else ()
        crls = tuple(path.read_bytes() for path in sorted((folder / CRLS).glob("*.crl")))
        try:
            held = read_list((folder / LIST).read_text("ascii"), roots, now)
        except FileNotFoundError:
            return cls(roots, None, Reason.no_trust_list, crls=crls)
        except (Unusable, UnicodeError) as error:
            reason = error.reason if isinstance(error, Unusable) else Reason.trust_list_wrong
            return cls(roots, None, reason, crls=crls)
        status, problem = _status_lists(folder, held, now)
        return cls(roots, held, Reason.no_trust_list, status, problem, crls)


def read_list(token: str, roots: tuple[bytes, ...], now: datetime, *, least: int = 0) -> TrustList:
    """The trust list, if its signer is certified for that by one of the roots. Raises Unusable."""
    try:
        header = header_of(token)
        chain = [b64decode(one) for one in header.get("x5c", ())]
    except (NotGenuine, TypeError, ValueError) as error:
        raise Unusable(Reason.trust_list_wrong) from error
    key = list_signer(chain, roots, now)
    signers: list[Jwk] = [{**key, "kid": header.get("kid")}] if key else []
    return read_trust_list(token, signers, now, least=least)


def certificates(pem: str) -> tuple[bytes, ...]:
    """The certificates of a PEM file, in DER (RFC 7468)."""
    blocks = pem.split("-----BEGIN CERTIFICATE-----")[1:]
    return tuple(b64decode(block.partition("-----END CERTIFICATE-----")[0]) for block in blocks)


def _status_lists(folder: Path, trust: TrustList, now: datetime) -> tuple[tuple[StatusList, ...], Reason]:
    found, problem = [], Reason.no_status
    for path in sorted((folder / STATUS).glob("*.jwt")):
        url = f"{trust.verify_url}/status/{path.stem}"
        try:
            found.append(read_status_list(path.read_text("ascii"), url, trust, now))
        except (Unusable, UnicodeError) as error:
            problem = error.reason if isinstance(error, Unusable) else Reason.status_wrong
    return tuple(found), problem
