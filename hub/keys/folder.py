"""The folder of keys and secrets, encrypted under one passphrase."""

import os
import secrets
from functools import cache, cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.keys.forms import PrivateKey
from hub.keys.problems import KeyMissing, WrongPassphrase


class Folder:
    """Files for their owner alone. Safe to share between threads; opened lazily, once per process."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self.folder = folder
        self._passphrase = passphrase.encode()
        self._secrets: dict[str, bytes] = {}
        self._fitted = False  # whether the passphrase has been seen to open what is here

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
                write_new(path, sealed)
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
        write_new(self._path(name, "secret"), bytes.fromhex(carried))

    def forget_secret(self, name: str) -> None:
        """Destroy a secret: whatever needs it is lost. Nothing happens if there is none."""
        self._path(name, "secret").unlink(missing_ok=True)
        self._secrets.pop(name, None)

    # -- private keys

    def _keep(self, name: str, key: PrivateKey) -> None:
        """Write a private key, encrypted; one of the same name that stands here stays."""
        self._fits()
        # The file's own key derivation is quick to guess through; the passphrase is stretched by scrypt first.
        wrapping = serialization.BestAvailableEncryption(self._wrapping_key.hex().encode())
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, wrapping)
        write_new(self._path(name, "pem"), pem)

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

    # -- the passphrase

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

    @cached_property
    def _wrapping_key(self) -> bytes:
        path = self.folder / "salt"
        if not path.exists():
            write_new(path, secrets.token_bytes(16))
        return _stretched(path.read_bytes(), self._passphrase)

    def _path(self, name: str, ending: str) -> Path:
        if not name.replace("-", "").isalnum():
            raise KeyMissing(f"{name!r} is not the name of a key")
        return self.folder / f"{name}.{ending}"


@cache
def _stretched(salt: bytes, passphrase: bytes) -> bytes:
    """Make a passphrase costly to guess (RFC 7914); 70 ms, so once per process."""
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase)


def write_new(path: Path, data: bytes) -> None:
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
