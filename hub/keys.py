"""Custody of private keys: encrypted files, or a PKCS#11 token. A key is used by its name and never leaves.

Each key is one PKCS#8 file, encrypted under the installation's passphrase (scrypt), beside its public half. Whoever may
only check signatures needs the public halves alone. `docs/keys.md` lists every key.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.jwk import PublicKey, algorithm_of, jwk_of, thumbprint, unpadded
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.token import Token

Algorithm = Literal["P-256", "P-384", "RSA-2048", "RSA-3072", "Ed25519"]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
# The smaller one for ID tokens that live 5 minutes: the larger one costs three times as much per login.
SIZES = {"RSA-2048": 2048, "RSA-3072": 3072}
ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class KeyMissing(Unavailable):
    """A private key that this process needs is not in its custody."""

    title = "A key is missing"
    advice = "Run `yinxin init`, or ask the operator: this process may not hold the key that is named here."


class WrongPassphrase(Unavailable):
    """The passphrase does not open the keys of this installation."""

    title = "The key passphrase is wrong"
    advice = "Give the passphrase of this installation by YINXIN_PASSPHRASE_FILE, YINXIN_PASSPHRASE or at the prompt."


class LowS(ec.EllipticCurvePrivateKey):
    """An elliptic-curve key that signs with low s only (so that one signature has one form) and cannot be exported."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._order = ORDERS[key.curve.name]

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A DER signature (RFC 3279 2.2.3) whose s is at most half the order."""
        r, s = decode_dss_signature(self._key.sign(data, signature_algorithm))
        return encode_dss_signature(r, min(s, self._order - s))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._key.public_key()

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._key.curve

    @property
    def key_size(self) -> int:
        """The size of the key in bits."""
        return self._key.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refused."""
        raise TypeError("a signing key agrees on nothing")

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Refused."""
        raise TypeError("this key does not leave its custody")

    def private_bytes(self, *_: Any, **__: Any) -> bytes:
        """Refused."""
        raise TypeError("this key does not leave its custody")

    def __copy__(self) -> "LowS":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "LowS":
        return self


class Keys:
    """The keys of one installation in its folder. Safe to share between threads; opened lazily, once per process."""

    def __init__(
        self, folder: Path, passphrase: str, *, token: "Token | None" = None, in_token: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        self._token = token
        self._in_token = frozenset(in_token)  # purposes whose new keys are made in the token
        self._passphrase = passphrase.encode()
        self._opened: dict[str, PrivateKey] = {}
        self._publics: dict[str, PublicKey] = {}
        self._secrets: dict[str, bytes] = {}
        self._fitted = False  # whether the passphrase has been seen to open what is here
        self._listed: tuple[int, list[tuple[str, str]]] = (-1, [])

    # -- keys

    def create(self, name: str, *, purpose: str, algorithm: Algorithm = "P-256") -> None:
        """Make a key pair once; a second call changes nothing."""
        if self.exists(name):
            return
        about = {"name": name, "purpose": purpose, "algorithm": algorithm, "custody": "file"}
        public: PublicKey
        if self._token and algorithm in CURVES and self._in_token & {purpose, "*"}:
            about["custody"] = "token"
            self._token.create(name, CURVES[algorithm])
            public = self._token.public(name)
        else:
            self._fits()
            key = _fresh(algorithm)
            pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, self._wrapping)
            _write_new(self._path(name, "pem"), pem)
            public = self._from_file(
                name
            ).public_key()  # of what is on disk: a crash, or another process, may have been first
        text = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        _write_new(self._path(name, "json"), json.dumps(about | {"public": text.decode()}, indent=1).encode())

    def exists(self, name: str) -> bool:
        """Whether this custody knows the key."""
        return self._path(name, "json").exists()

    def named(self, purpose: str) -> list[str]:
        """The names of all keys of one purpose, in order of their names."""
        stamp = self.folder.stat().st_mtime_ns if self.folder.exists() else 0
        if self._listed[0] != stamp:  # a key was added; asked at each token, so not read again without need
            abouts = [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]
            self._listed = (stamp, [(about["purpose"], about["name"]) for about in abouts])
        return [name for listed, name in self._listed[1] if listed == purpose]

    def public(self, name: str) -> PublicKey:
        """The public half. Raises KeyMissing."""
        if name not in self._publics:
            try:
                about = json.loads(self._path(name, "json").read_text())
            except OSError as error:
                raise KeyMissing(f"There is no key named {name}") from error
            key = serialization.load_pem_public_key(about["public"].encode())
            assert isinstance(key, PublicKey)
            self._publics[name] = key
        return self._publics[name]

    def spki(self, name: str) -> bytes:
        """The public half as DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7). Raises KeyMissing."""
        return self.public(name).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def signer(self, name: str) -> PrivateKey:
        """A private-key object for libraries that build signatures themselves. It signs with low s and cannot be exported."""
        if name not in self._opened:
            key = self._from_token(name) or self._from_file(name)
            self._opened[name] = LowS(key) if isinstance(key, ec.EllipticCurvePrivateKey) else key
        return self._opened[name]

    def _from_token(self, name: str) -> ec.EllipticCurvePrivateKey | None:
        public = self.public(name)
        if json.loads(self._path(name, "json").read_text()).get("custody") != "token":
            return None
        if self._token is None or not isinstance(public, ec.EllipticCurvePublicKey):
            raise KeyMissing(f"The key {name} is in a token that this process is not told of")
        from hub.token import TokenKey  # only who has a token loads its library

        return TokenKey(self._token, name, public)

    def _from_file(self, name: str) -> PrivateKey:
        try:
            pem = self._path(name, "pem").read_bytes()
        except OSError as error:
            raise KeyMissing(f"There is no private key named {name}") from error
        try:
            key = serialization.load_pem_private_key(pem, self._wrapping_key.hex().encode())
        except ValueError as error:
            raise WrongPassphrase(f"It does not open the key {name}") from error
        assert isinstance(key, PrivateKey)
        return key

    def sign(self, name: str, data: bytes, hash_name: str = "sha256") -> bytes:
        """Sign `data`: ECDSA in DER with low s, RSA as PKCS #1 v1.5, or EdDSA. The result is checked before it is given out."""
        return self._sign(name, data, HASHES[hash_name])

    def sign_digest(self, name: str, digest: bytes, hash_name: str = "sha256") -> bytes:
        """Sign what has been hashed already."""
        return self._sign(name, digest, Prehashed(HASHES[hash_name]))

    def sign_raw(self, name: str, data: bytes) -> bytes:
        """Sign with ECDSA and give r and s side by side, as JOSE and COSE want it (RFC 7518 3.4, RFC 9053 2.1)."""
        key = self.public(name)
        assert isinstance(key, ec.EllipticCurvePublicKey)
        size = (key.key_size + 7) // 8
        r, s = decode_dss_signature(self.sign(name, data, "sha256" if size == 32 else "sha384"))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def sign_jws(self, name: str, typ: str, claims: Mapping[str, Any], **header: Any) -> str:
        """Claims as a compact JWS with `alg`, `kid` and `typ`, in one form for one content (RFC 7515 7.1)."""
        jwk = self.jwk(name)
        parts = ({"alg": jwk["alg"], "kid": jwk["kid"], "typ": typ, **header}, claims)
        text = ".".join(
            unpadded(json.dumps(part, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())
            for part in parts
        )
        return f"{text}.{unpadded(self.sign_raw(name, text.encode()))}"

    def _sign(self, name: str, data: bytes, hashing: hashes.HashAlgorithm | Prehashed) -> bytes:
        key = self.signer(name)
        public = self.public(name)
        if isinstance(key, rsa.RSAPrivateKey):
            assert isinstance(public, rsa.RSAPublicKey)
            signature = key.sign(data, padding.PKCS1v15(), hashing)
            public.verify(signature, data, padding.PKCS1v15(), hashing)
            return signature
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        signature = key.sign(data, ec.ECDSA(hashing))
        try:
            public.verify(signature, data, ec.ECDSA(hashing))
        except InvalidSignature as error:  # the two halves on disk do not belong together, or a bit flipped
            raise Unavailable(f"The key {name} gave a wrong signature; it was not used") from error
        return signature

    # -- from one machine to the others

    def carried(self, name: str) -> str:
        """A key as it stands in the folder, encrypted, for a machine with the same folder's salt; of one in a token its name."""
        pem = self._path(name, "pem")
        about = {"about": self._path(name, "json").read_text()}
        return json.dumps(about | ({"pem": pem.read_text()} if pem.exists() else {}))

    def adopt(self, name: str, carried: str) -> None:
        """Take a key that another machine made; one of the same name that stood here gives way."""
        parts = json.loads(carried)
        for ending, part in (("pem", parts.get("pem")), ("json", parts["about"])):
            self._path(name, ending).unlink(missing_ok=True)
            if part is not None:
                _write_new(self._path(name, ending), part.encode())
        self._forget_opened(name)

    def forget(self, name: str) -> None:
        """Destroy the private half of a key that signs no more. One in a token is for the token's own tools."""
        for ending in ("pem", "json"):
            self._path(name, ending).unlink(missing_ok=True)
        self._forget_opened(name)

    def _forget_opened(self, name: str) -> None:
        self._opened.pop(name, None)
        self._publics.pop(name, None)

    # -- JSON Web Keys

    def kid(self, name: str) -> str:
        """The RFC 7638 thumbprint of the public half, base64url."""
        return thumbprint(jwk_of(self.public(name)))

    def jwk(self, name: str) -> dict[str, str]:
        """The public half as JSON Web Key with `kid`, `use` and `alg` (RFC 7517)."""
        key = self.public(name)
        return jwk_of(key) | {"kid": self.kid(name), "use": "sig", "alg": algorithm_of(key)}

    # -- secrets

    def secret(self, name: str, *, make: bool = True) -> bytes:
        """A 32-byte secret, made at its first use (unless told not to: KeyMissing) and kept encrypted beside the keys."""
        if name not in self._secrets:
            path = self._path(name, "secret")
            if not path.exists():
                if not make:
                    raise KeyMissing(f"There is no secret named {name}")
                self._fits()
                nonce = secrets.token_bytes(12)
                sealed = nonce + AESGCM(self._wrapping_key).encrypt(nonce, secrets.token_bytes(32), name.encode())
                _write_new(path, sealed)
            sealed = path.read_bytes()
            try:
                self._secrets[name] = AESGCM(self._wrapping_key).decrypt(sealed[:12], sealed[12:], name.encode())
            except Exception as error:
                raise WrongPassphrase(f"It does not open the secret {name}") from error
        return self._secrets[name]

    def carried_secret(self, name: str) -> str:
        """A secret, made if need be, as it stands in the folder, encrypted, for a machine with the same folder's salt."""
        self.secret(name)
        return self._path(name, "secret").read_bytes().hex()

    def adopt_secret(self, name: str, carried: str) -> None:
        """Take a secret that another machine made; one of the same name that stands here stays."""
        _write_new(self._path(name, "secret"), bytes.fromhex(carried))

    def forget_secret(self, name: str) -> None:
        """Destroy a secret: whatever needs it is lost. Nothing happens if there is none."""
        self._path(name, "secret").unlink(missing_ok=True)
        self._secrets.pop(name, None)

    # -- inside

    def _fits(self) -> None:
        """Refuse a passphrase that does not open what is here: a key made under it would be closed to everybody else.

        Raises WrongPassphrase.
        """
        if not self._fitted:
            here = sorted(self.folder.glob("*.secret")) or sorted(self.folder.glob("*.pem"))
            if here and not any(map(self._opens, here)):  # one of them may be damaged
                raise WrongPassphrase("It opens nothing that is here")
            self._fitted = True

    def _opens(self, path: Path) -> bool:
        try:
            self.secret(path.stem) if path.suffix == ".secret" else self._from_file(path.stem)
        except WrongPassphrase:
            return False
        return True

    @property
    def _wrapping(self) -> serialization.KeySerializationEncryption:
        # The file's own key derivation is quick to guess through; the passphrase is stretched by scrypt first.
        return serialization.BestAvailableEncryption(self._wrapping_key.hex().encode())

    @cached_property
    def _wrapping_key(self) -> bytes:
        path = self.folder / "salt"
        if not path.exists():
            _write_new(path, secrets.token_bytes(16))
        return _stretched(path.read_bytes(), self._passphrase)

    def _path(self, name: str, ending: str) -> Path:
        if not name.replace("-", "").isalnum():
            raise KeyMissing(f"{name!r} is not the name of a key")
        return self.folder / f"{name}.{ending}"


def _fresh(algorithm: Algorithm) -> PrivateKey:
    if algorithm in SIZES:
        return rsa.generate_private_key(65537, SIZES[algorithm])
    if algorithm == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(CURVES[algorithm])


@cache
def _stretched(salt: bytes, passphrase: bytes) -> bytes:
    """Make a passphrase costly to guess (RFC 7914); 70 ms, so once per process."""
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase)


def _write_new(path: Path, data: bytes) -> None:
    """Create a file for the owner alone, on disk before it is seen under its name; an existing one is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    try:
        os.link(fresh, path)  # two processes at once: the first one wins
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
