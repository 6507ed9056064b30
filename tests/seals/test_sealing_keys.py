"""A seal signs by the scheme of its key: elliptic curves of two sizes, RSA of one, each with its own hash and one form."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import ValidationContext

from certs.model import KeyWrong
from certs.schemes import SCHEMES
from hub.keys import Keys
from seals import cms, sealing
from seals.model import Evidence, SealingFailed, SealMaterial
from tests.seals import judge
from tests.seals.conftest import PLACE, Office
from tests.seals.paper import page

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def certified(keys: Keys, algorithm: str) -> SealMaterial:
    """A key of that kind in our custody, with a certificate that anybody could have made."""
    name = f"seal-{algorithm.lower()}"
    keys.create(name, purpose="seal", algorithm=algorithm)  # type: ignore[arg-type]
    above = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a CA")])
    builder = x509.CertificateBuilder(who, who, None, 7, SINCE, SINCE + timedelta(days=9))
    usage = {"content_commitment": True}
    flags = {"digital_signature", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"}
    flags |= {"crl_sign", "encipher_only", "decipher_only"}
    made = builder.public_key(keys.public(name)).add_extension(
        x509.KeyUsage(**dict.fromkeys(flags, False) | usage), critical=True
    )
    der = made.sign(above, SHA256()).public_bytes(Encoding.DER)
    scheme = SCHEMES[algorithm]
    sign = partial(keys.sign, name, hash_name=scheme.hash)
    return SealMaterial("s", "a seal", (der,), sign, b"0 0 10 10 re f", 100, algorithm)


@pytest.mark.parametrize("algorithm", SCHEMES)
def test_each_kind_of_key_seals_and_others_can_read_it(bureau: Office, algorithm: str) -> None:
    material = certified(bureau.house.keys, algorithm)
    use = replace(bureau.reserve(bytes(32)), seal="s")
    done = sealing.seal_once(sealing.prepare(page(), material, use, PLACE, Evidence(bureau.now)))
    info, scheme = judge.signer_info(done.pdf), SCHEMES[algorithm]
    assert info["digest_algorithm"].dump() == scheme.digest_identifier
    assert info["signature_algorithm"].dump() == scheme.identifier
    status = judge.validated(done.pdf, ValidationContext(trust_roots=[asn1.Certificate.load(material.chain[0])]))
    assert (status.intact, status.valid, status.md_algorithm) == (True, True, scheme.hash)
    assert cms.is_ours(judge.container(done.pdf)[0], judge.digest(done.pdf, scheme.hash), material.chain)
    if algorithm == "RSA-3072":  # nothing in it is left to chance
        again = sealing.seal_once(sealing.prepare(page(), material, use, PLACE, Evidence(bureau.now)))
        assert judge.signer_info(again.pdf)["signature"].native == material.sign(
            judge.signer_info(again.pdf)["signed_attrs"].untag().dump()
        )


@pytest.mark.parametrize("algorithm", SCHEMES)
def test_a_signature_of_another_scheme_seals_nothing(bureau: Office, algorithm: str) -> None:
    other = next(name for name in SCHEMES if SCHEMES[name].longest > 72 and name != algorithm)
    material = certified(bureau.house.keys, algorithm)
    wrong = replace(material, sign=lambda _: bytes(SCHEMES[other].longest))
    use = replace(bureau.reserve(bytes(32)), seal="s")
    with pytest.raises(SealingFailed):
        sealing.seal_once(sealing.prepare(page(), wrong, use, PLACE, Evidence(bureau.now)))


def test_a_kind_of_key_that_judges_refuse_is_refused_here() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder(who, who, key.public_key(), 7, SINCE, SINCE + timedelta(days=9))
    with pytest.raises(KeyWrong):
        cms.template((builder.sign(key, None).public_bytes(Encoding.DER),))
