"""A desk at which licenses are sealed and checked: one house, one agency with a seal, and papers made the real way."""

import hashlib
import json
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path

import typst

from certs import status as status_of
from certs import store as certificates
from certs import timestamp, trust
from certs.model import ISSUING, ROOT
from hub import tree
from hub.callers import Caller
from hub.house import House
from licenses import qr
from licenses import record as records
from licenses.identifier import Identifier
from licenses.issue import issue
from licenses.model import Application, License
from licenses.qr import Code
from seals import lifecycle, material, sealing, sealing_archive, use
from seals import store as seals
from seals.model import Design, Evidence, Place, Seal, SealMaterial
from tests.licenses.samples import BUSINESS, MARKET
from verification.judge import file_report
from verification.lists import read_status_list
from verification.model import Report
from verification.pdf import examine
from verification.trust import Trust, read_list

TEMPLATE = Path(__file__).parent / "sample.typ"
SALT = bytes(range(16))
CALLER = Caller(client="market-site", agency=MARKET.code, place=MARKET.place)
PLACE = Place(1, 230, 150, 42)


@dataclass
class Desk:
    """Makes papers and judges them without a server."""

    house: House
    seal: Seal
    now: datetime

    def trust(self, now: datetime | None = None, status: str | None = None) -> Trust:
        """What a verifier holds who fetched everything just now."""
        at = now or self.now
        roots = tuple(_der(one) for one in trust.anchors(self.house))
        held = read_list(trust.trust_list(self.house, at), roots, at)
        crls = tuple(status_of.crl(self.house, name, at) for name in (ROOT, ISSUING))
        url = f"{self.house.settings.verify_url}/status/1"
        listed = read_status_list(self.status_list(at=at) if status is None else status, url, held, at)
        return Trust(roots, held, status=(listed,), crls=crls)

    def status_list(
        self,
        entries: Mapping[int, int] | None = None,
        *,
        at: datetime | None = None,
        counter: int = 5,
        **changes: object,
    ) -> str:
        """A signed status list: index to value. `changes` go into the claims."""
        bits = bytearray(1024)
        for index, value in (entries or {}).items():
            bits[index // 4] |= value << (index % 4 * 2)
        issued = int((at or self.now).timestamp())
        claims = {
            "iss": self.house.settings.verify_url, "sub": f"{self.house.settings.verify_url}/status/1", "iat": issued,
            "exp": issued + 86400, "ttl": 30, "ctr": counter, "status_list": {"bits": 2, "lst": b64(zlib.compress(bytes(bits)))},
        }  # fmt: skip
        return self.jws({"typ": "statuslist+jwt"}, claims | changes, "status-list")

    def jws(self, header: Mapping[str, object], claims: Mapping[str, object], key: str) -> str:
        """A statement signed with one of the house's keys."""
        full = {"alg": "ES256", "kid": self.house.keys.kid(key), **header}
        text = f"{b64(json.dumps(full).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{text}.{b64(self.house.keys.sign_raw(key, text.encode()))}"

    def report(self, pdf: bytes, now: datetime | None = None, status: str | None = None) -> Report:
        """The report of a verifier without a server."""
        at = now or self.now
        trust = self.trust(at, status)
        return file_report(examine(pdf, trust.anchors, at), trust, at)

    def identifier(self, serial: str = "20260000001") -> Identifier:
        return Identifier.make("11880000DEM000014J001", MARKET.code, serial, test_edition=True)

    def record(self, identifier: Identifier, **changes: object) -> records.Record:
        from licenses import kinds

        kind = kinds.named("business-license")
        return records.make(
            kind, identifier, BUSINESS | changes, issuer=MARKET, issued=self.now,
            valid_from=date(2026, 1, 1), valid_until=date(2036, 1, 1), salt=SALT,
        )  # fmt: skip

    def code(self, identifier: Identifier, made: records.Record, index: int = 7) -> str:
        return qr.sign(self.house, Code(identifier, self.now, None, 1, index, made.digest))

    def page(self, made: records.Record, code: str) -> bytes:
        fonts = find_spec("pylopdf_fonts_zh_cn")
        assert fonts
        assert fonts.origin
        compiler = typst.Compiler(str(TEMPLATE), font_paths=[str(Path(fonts.origin).parent)], ignore_system_fonts=True)
        inputs = {"record": made.json.decode(), "code": code}
        page = compiler.compile(
            format="pdf", sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=1_790_000_000
        )
        assert isinstance(page, bytes)
        return page

    def paper(self, serial: str = "20260000001", *, code_of: str = "", **changes: object) -> bytes:
        """A sealed license. `code_of`: print the code of another serial number on it."""
        identifier = self.identifier(serial)
        made = self.record(identifier, **changes)
        other = self.identifier(code_of or serial)
        code = self.code(other, made if not code_of else self.record(other))
        return self.sealed(self.page(made, code))

    def sealed(self, page: bytes, given: tuple[SealMaterial, Evidence] | None = None) -> bytes:
        """A page under the seal of the agency, made as every license is."""
        digest = hashlib.sha256(page).digest()
        reserved = use.reserve(
            self.house, self.seal.id, purpose="test", record_digest=digest, caller=CALLER, now=self.now
        )
        tool, evidence = given or self.material()
        return sealing.seal_once(sealing.prepare(page, tool, reserved, PLACE, evidence)).pdf

    def archived(self, pdf: bytes, *, stamped: bool = True) -> bytes:
        """The edition of a sealed file for the archive: with evidence for later years, and a time-stamp over all of it."""
        _, evidence = self.material()
        with self.house.database.read() as db:
            chain = [certificates.newest(db, name) for name in ("time-stamp", ISSUING)]
        ders = tuple(one.der for one in chain if one is not None)
        more = sealing_archive.with_evidence(pdf, replace(evidence, certificates=ders))
        return sealing_archive.with_archive_stamp(more, self.stamp) if stamped else more

    def stamp(self, imprint: bytes) -> bytes:
        """A token of the house's clock."""
        return timestamp.token(self.house, imprint, self.now)

    def material(self) -> tuple[SealMaterial, Evidence]:
        """What the seal works with now."""
        return material.for_seal(self.house, self.seal, self.now)

    def issue(self, key: str, **fields: object) -> License:
        """A license of the register."""
        application = Application("business-license", {**BUSINESS, **fields}, MARKET.code)
        return issue(self.house, application, caller=CALLER, idempotency_key=key, now=self.now)

    def file(self, license: License) -> bytes:
        """The file of a license."""
        return self.house.blobs.get(license.sealed)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _der(certificate: object) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)  # type: ignore[attr-defined, no-any-return]


def open_desk(house: House, now: datetime) -> Desk:
    """The desk of an agency with its seal, which is made unless an earlier test in the same house has made it."""
    with house.database.write() as db:
        tree.keep(db, tree.Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
        tree.keep(db, tree.Place(MARKET.place, "city", "880100", "栖云市", "Qiyun"))
    with house.database.read() as db:
        made = seals.seals(db, agency=MARKET.code)
    design = Design(MARKET.name, "8801010000017")
    return Desk(house, made[0] if made else lifecycle.make_seal(house, MARKET, by="test", now=now, design=design), now)
