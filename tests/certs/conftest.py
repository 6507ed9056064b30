"""Fixtures of the trust service: an e-seal's certificate, and the judge that everyone has."""

import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certs import authority, store
from certs.model import Certificate, LegalPerson
from hub.house import House

MARKET = LegalPerson("11880100DEM000049A", "栖云市市场监管局")


def seal_certificate(house: House, now: datetime, name: str = "seal-1", subject: LegalPerson = MARKET) -> Certificate:
    """A fresh e-seal key in the custody of the house, certified."""
    house.keys.create(name, purpose="seal")
    public = house.keys.public(name)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    return authority.certify(house, "e-seal", subject, public, now, key=name)


def in_office(house: House, profile: str) -> Certificate:
    """The certificate of a post of the PKI."""
    with house.database.read() as db:
        found = store.newest(db, profile)
    assert found is not None
    return found


@pytest.fixture
def seal(house: House, now: datetime) -> Certificate:
    """The certificate of one e-seal."""
    return seal_certificate(house, now)


class Openssl:
    """`openssl` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, **files: bytes) -> None:
        """Lay files beside it: `seal_pem` becomes `seal.pem`."""
        for name, data in files.items():
            (self.folder / name.replace("_", ".")).write_bytes(data)

    def read(self, name: str) -> bytes:
        """A file that it wrote."""
        return (self.folder / name).read_bytes()

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """Run it; give all that it says. It must succeed, unless `fails`."""
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=False)
        said = (done.stdout + done.stderr).decode()
        assert (done.returncode != 0) is fails, said
        return said


@pytest.fixture
def openssl(tmp_path: Path) -> Openssl:
    """The judge that every machine has."""
    return Openssl(tmp_path)
