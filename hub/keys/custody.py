"""The keys of one installation, used by their names."""

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from hub import lanes
from hub.jwk import PublicKey, algorithm_of, jwk_of, thumbprint, unpadded
from hub.keys.checked import checked
from hub.keys.folder import Folder, write_new
from hub.keys.forms import HASHES, Algorithm, PrivateKey, fresh
from hub.keys.problems import KeyMissing, WrongPassphrase
from hub.keys.quarantine import Quarantine

if TYPE_CHECKING:
    from hub.keys.elsewhere import Elsewhere
    from hub.token import Token

SEALING = "seal"  # the purpose whose keys the sealing role alone may hold
PROOFS = 20  # right signatures after which a key is believed again


class Keys(Folder):
    """The keys of one installation in its folder. Safe to share between threads; opened lazily, once per process."""

    def __init__(
        self,
        folder: Path,
        passphrase: str,
        *,
        token: "Token | None" = None,
        in_token: Sequence[str] = (),
        sealer: "Elsewhere | None" = None,
    ) -> None:
        super().__init__(folder, passphrase)
        self.quarantine = Quarantine(folder)
        self._token = token
        self._in_token = frozenset(in_token)  # purposes whose new keys are made in the token
        self._sealer = sealer  # the process that holds the keys of seals, if this one does not
        self._opened: dict[str, PrivateKey] = {}
        self._publics: dict[str, PublicKey] = {}
        self._listed: tuple[int, list[tuple[str, str]]] = (-1, [])

    # -- keys

    def create(self, name: str, *, purpose: str, algorithm: Algorithm = "P-256") -> None:
        """Make a key pair once; a second call changes nothing."""
        if self.exists(name):
            return
        about = {"name": name, "purpose": purpose, "algorithm": algorithm, "custody": "file"}
        public: PublicKey
        if self._sealer and purpose == SEALING:
            about["custody"] = "sealer"
            self._sealer.create(name, algorithm)
            public = self._sealer.public(name)
        elif self._token and self._token.makes(algorithm) and self._in_token & {purpose, "*"}:
            about["custody"] = "token"
            self._token.create(name, algorithm)
            public = self._token.public(name)
        else:
            self._keep(name, fresh(algorithm))
            public = self._from_file(name).public_key()  # a crash, or another process, may have been first
        text = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        write_new(self._path(name, "json"), json.dumps(about | {"public": text.decode()}, indent=1).encode())

    def exists(self, name: str) -> bool:
        """Whether this custody knows the key."""
        return self._path(name, "json").exists()

    def named(self, purpose: str) -> list[str]:
        """The names of all keys of one purpose, in order of their names."""
        stamp = self.folder.stat().st_mtime_ns if self.folder.exists() else 0
        if self._listed[0] != stamp:  # a key was added; asked at each token, so not read again without need
            self._listed = (stamp, [(about["purpose"], about["name"]) for about in self.abouts()])
        return [name for listed, name in self._listed[1] if listed == purpose]

    def abouts(self) -> list[dict[str, str]]:
        """What is known of every key: `name`, `purpose`, `algorithm`, `custody`, and the public half in PEM."""
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]

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
        """A private-key object for libraries that build signatures themselves; it checks each, and cannot be exported.

        Raises KeyMissing, WrongPassphrase, KeyQuarantined.
        """
        if name not in self._opened:
            self._opened[name] = self._checking(name)
        self.quarantine.check(name)
        return self._opened[name]

    def signer_whose_signatures_are_checked_at_once_by_others(self, name: str) -> PrivateKey:
        """The same for tokens, which live for minutes and are checked by whoever gets them: two checks here would be a tenth
        of a single sign-on. Spared is ECDSA with a key in a file, whose nonce is new each time. RSA and EdDSA, where one
        fault tells the key, and whatever a PKCS#11 token gives are checked here too.
        """
        key: Any = self._checking(name)
        if isinstance(self.public(name), ec.EllipticCurvePublicKey) and self.custody(name) == "file":
            key.sign(secrets.token_bytes(32), ec.ECDSA(hashes.SHA256()))  # once: do its halves belong together?
            key.spared = True
        return key  # type: ignore[no-any-return]

    def _checking(self, name: str) -> PrivateKey:
        custody = self.custody(name)
        held = self._in(custody, name)
        opened = (lambda: held.key(name, self.public(name))) if held else (lambda: self._from_file(name))
        return checked(name, custody, self.public(name), opened, self.quarantine)

    def release(self, name: str) -> None:
        """Let a key out of quarantine, if it signs rightly now. Raises WrongSignature: then it stays there."""
        self._opened.pop(name, None)
        self.quarantine.release(name)
        for _ in range(PROOFS):
            self.sign(name, secrets.token_bytes(32))

    def calls_out(self, purpose: str) -> None:
        """Say that this request is about to sign for a purpose: in a token or elsewhere that may take a while (`hub.lanes`)."""
        apart = self._sealer is not None and purpose == SEALING
        if apart or (self._token is not None and self._in_token & {purpose, "*"}):
            lanes.calls_out()

    def custody(self, name: str) -> str:
        """Where the private half is: `file`, `token`, or `sealer` (the process with the sealing role). Raises KeyMissing."""
        self.public(name)
        return str(json.loads(self._path(name, "json").read_text()).get("custody"))

    def _in(self, custody: str, name: str) -> "Token | Elsewhere | None":
        """What holds a key; None if it is in a file."""
        if custody not in {"token", "sealer"}:
            return None
        held = self._token if custody == "token" else self._sealer
        if held is None:
            where = "a token" if custody == "token" else "the sealing process"
            raise KeyMissing(f"The key {name} is in {where} that this process is not told of")
        return held

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
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, padding.PKCS1v15(), hashing)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        return key.sign(data, ec.ECDSA(hashing))

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
                write_new(self._path(name, ending), part.encode())
        self._forget_opened(name)

    def split(self, to: Path) -> list[str]:
        """Move the keys of seals to the folder of a sealing process; here only their public halves stay.

        It has the same passphrase. A crash leaves a key in both folders, never in none: do it again.
        """
        moved = [name for name in self.named(SEALING) if self.custody(name) != "sealer"]
        if moved:
            write_new(to / "salt", (self.folder / "salt").read_bytes())
        if moved and (to / "salt").read_bytes() != (self.folder / "salt").read_bytes():
            raise WrongPassphrase("The folder belongs to another installation: name an empty one")
        for name in moved:
            for ending in ("pem", "json"):
                if (path := self._path(name, ending)).exists():
                    write_new(to / path.name, path.read_bytes())
        for name in moved:
            about = json.loads(self._path(name, "json").read_text()) | {"custody": "sealer"}
            self._path(name, "json").unlink()
            write_new(self._path(name, "json"), json.dumps(about, indent=1).encode())
            self._path(name, "pem").unlink(missing_ok=True)
            self._opened.pop(name, None)
        return moved

    def forget(self, name: str) -> None:
        """Destroy the private half of a key that signs no more. One in a token is for the token's own tools."""
        for ending in ("pem", "json"):
            self._path(name, ending).unlink(missing_ok=True)
        self._forget_opened(name)

    def _forget_opened(self, name: str) -> None:
        self._opened.pop(name, None)
        self._publics.pop(name, None)
        self.quarantine.release(name)  # what signed wrongly is not this key

    # -- JSON Web Keys

    def kid(self, name: str) -> str:
        """The RFC 7638 thumbprint of the public half, base64url."""
        return thumbprint(jwk_of(self.public(name)))

    def jwk(self, name: str) -> dict[str, str]:
        """The public half as JSON Web Key with `kid`, `use` and `alg` (RFC 7517)."""
        key = self.public(name)
        return jwk_of(key) | {"kid": self.kid(name), "use": "sig", "alg": algorithm_of(key)}
