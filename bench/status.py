"""Answers about certificates and time-stamps beside other people's, in one run: the same certificates, keys and questions.

    python -m bench.status [rounds]

CPU microseconds of one core for each, median of blocks that take turns, so that a busy machine troubles all alike; and how
many that is in a second. The commands of OpenSSL are processes of their own: their start counts, as it does for whoever
builds a service of them, and their CPU is that of the child.
"""

import logging
import resource
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from flask import Flask

import app
from certs import answers, authority, status, store, timestamp
from certs.model import ISSUING, ROOT, Certificate, LegalPerson
from hub import clock
from hub.house import House, open_house
from hub.settings import Settings

BLOCKS, COMMANDS = 9, 6
OWNER = LegalPerson("11880100DEM000049A", "栖云市市场监管局")
CONFIG = """
[tsa]
default_tsa = unit
[unit]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.32473.509.2.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Way:
    """One way to make an answer; `times` of them are one block."""

    name: str
    times: int
    make: Callable[[], bytes]
    child: bool = False


class Bench:
    """One installation with one seal's certificate, and the same keys for the others."""

    def __init__(self, folder: Path) -> None:
        self.now, self.folder = clock.now(), folder
        made = app.init(Settings(profile="demo", data=folder / "data", passphrase="bench"), self.now)  # type: ignore[arg-type]
        made.keys.create("seal-1", purpose="seal")
        self.seal = authority.certify(made, "e-seal", OWNER, made.keys.public("seal-1"), self.now, key="seal-1")
        settings = made.settings
        made.close()
        self.house = open_house(settings)
        answers.presign(self.house, self.now)
        with self.house.database.read() as db:
            posts = {name: store.newest(db, name) for name in (ROOT, ISSUING, "ocsp-signer", "time-stamp")}
        self.posts = {name: one for name, one in posts.items() if one}
        self._files()
        asked = ocsp.OCSPRequestBuilder().add_certificate(read(self.seal), read(self.posts[ISSUING]), hashes.SHA1())
        self.asked = asked.build().public_bytes(Encoding.DER)
        self.query = self._openssl("ts", "-query", "-data", "paper", "-sha256", "-cert", "-out", "query", reads="query")
        (folder / "request").write_bytes(self.asked)
        self.site = app.create_app(settings, ("certs",), self.house)

    def _files(self) -> None:
        """What OpenSSL's commands read."""
        self.keys = {
            name: self._key(self.posts[post].key) for name, post in (("ocsp", "ocsp-signer"), ("tsa", "time-stamp"))
        }
        for name, post in (("ocsp", "ocsp-signer"), ("tsa", "time-stamp"), ("ca", ISSUING), ("root", ROOT)):
            (self.folder / f"{name}.pem").write_bytes(read(self.posts[post]).public_bytes(Encoding.PEM))
        for name, key in self.keys.items():
            (self.folder / f"{name}.key").write_bytes(
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
        until = (self.now + timedelta(days=900)).strftime("%y%m%d%H%M%SZ")
        (self.folder / "index").write_text(f"V\t{until}\t\t{self.seal.serial.upper()}\tunknown\t/CN=seal\n")
        (self.folder / "config").write_text(CONFIG)
        (self.folder / "serial").write_text("01\n")
        (self.folder / "paper").write_bytes(b"paper")

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        """The bare key: what a library signs with."""
        found = self.house.keys._from_file(name)  # noqa: SLF001
        assert isinstance(found, ec.EllipticCurvePrivateKey)
        return found

    def _openssl(self, *arguments: str, reads: str) -> bytes:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
        return (self.folder / reads).read_bytes()

    # -- OCSP

    def ocsp_ours(self) -> bytes:
        return status.ocsp_answer(self.house, self.asked, self.now).der

    def ocsp_over_http(self) -> Callable[[], bytes]:
        return get(self.site, f"/pki/ocsp/{quote(b64encode(self.asked), safe='')}")

    def ocsp_live(self) -> bytes:
        return status.ocsp_for(self.house, self.seal, self.now)

    def ocsp_library(self) -> bytes:
        """As in "OCSP" of cryptography's documentation: the question is read, the answer built and signed."""
        ocsp.load_der_ocsp_request(self.asked)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self.read_seal,
            issuer=self.read_ca,
            algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=self.now,
            next_update=self.now + timedelta(hours=1),
            revocation_time=None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.read_signer).certificates(
            [self.read_signer]
        )
        return builder.sign(self.keys["ocsp"], hashes.SHA256()).public_bytes(Encoding.DER)

    def ocsp_command(self) -> bytes:
        given = ("-index", "index", "-rsigner", "ocsp.pem", "-rkey", "ocsp.key", "-CA", "ca.pem", "-ndays", "1")
        return self._openssl("ocsp", *given, "-reqin", "request", "-respout", "answer", reads="answer")

    # -- time-stamps

    def stamp_ours(self) -> bytes:
        return timestamp.answer(self.house, self.query, clock.now())

    def stamp_command(self) -> bytes:
        given = ("-config", "config", "-section", "unit", "-queryfile", "query", "-chain", "root.pem")
        return self._openssl("ts", "-reply", *given, "-out", "reply", reads="reply")

    def prepare(self) -> None:
        """What the library keeps from answer to answer."""
        self.read_seal, self.read_ca, self.read_signer = (
            read(one) for one in (self.seal, self.posts[ISSUING], self.posts["ocsp-signer"])
        )

    def ways(self) -> tuple[tuple[Way, ...], tuple[Way, ...]]:
        return (
            Way("ours, signed beforehand", 2000, self.ocsp_ours),
            Way("ours over HTTP (GET), all of it", 500, self.ocsp_over_http()),
            Way("ours, signed at the question", 500, self.ocsp_live),
            Way("cryptography's builder", 500, self.ocsp_library),
            Way("`openssl ocsp`", COMMANDS, self.ocsp_command, child=True),
        ), (
            Way("ours, each in the durable log", 500, self.stamp_ours),
            Way("`openssl ts -reply`", COMMANDS, self.stamp_command, child=True),
        )


def get(site: Flask, path: str) -> Callable[[], bytes]:
    """One request through everything that stands behind the socket."""
    client = site.test_client()
    environ = client.get(path).request.environ

    def ask() -> bytes:
        body: list[bytes] = []
        body.extend(site.wsgi_app({**environ}, lambda *_: body.append))  # type: ignore[arg-type]
        return b"".join(body)

    return ask


def read(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


def cpu(way: Way) -> float:
    """CPU microseconds of one answer."""
    who = resource.RUSAGE_CHILDREN if way.child else resource.RUSAGE_SELF
    begun = resource.getrusage(who)
    for _ in range(way.times):
        way.make()
    ended = resource.getrusage(who)
    return ((ended.ru_utime + ended.ru_stime) - (begun.ru_utime + begun.ru_stime)) / way.times * 1e6


def waited(house: House, query: bytes, threads: int, seconds: float = 3.0) -> float:
    """Time-stamps a second by the clock, of so many who ask at once: each waits for the disk."""
    until = time.perf_counter() + seconds

    def asks(_: int) -> int:
        count = 0
        while time.perf_counter() < until:
            timestamp.answer(house, query, clock.now())
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(asks, range(threads))) / seconds


def main(blocks: int) -> None:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.prepare()
        for title, ways in zip(
            ("answers about a certificate (OCSP)", "time-stamps (RFC 3161)"), bench.ways(), strict=True
        ):
            print(f"\n{title}: CPU microseconds, median of {blocks} blocks\n{'':38}{'us':>10}{'a second and core':>20}")
            for way in ways:
                way.make()
            measured = [[cpu(way) for way in ways] for _ in range(blocks)]
            for way, column in zip(ways, zip(*measured, strict=True), strict=True):
                print(f"{way.name:38}{median(column):>10.0f}{1e6 / median(column):>20,.0f}")
        print("\ntime-stamps a second by the clock, each durable before it is given out (SQLite)")
        for threads in (1, 4, 16):
            print(f"{threads:>4} at once {waited(bench.house, bench.query, threads):>24,.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else BLOCKS)
