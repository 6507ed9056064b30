"""Where the root's key rests: a folder of its own, under a passphrase that exists only in shares."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from certs import store
from certs.model import ROOT, CeremonyRefused
from hub.keys import Algorithm, Keys, PrivateKey

if TYPE_CHECKING:
    from hub.house import House
    from hub.jwk import PublicKey


def is_roots(key: str) -> bool:
    """Whether a key is a root's, by its name."""
    return key == "root" or key.startswith("root-")


def place(house: "House") -> Path:
    """The folder. Where it is, the PKI is made by a ceremony."""
    return house.settings.data / "root-keys"


def await_ceremony(house: "House") -> None:
    """From now on nothing but a ceremony makes this installation's PKI. Raises CeremonyRefused if it has one."""
    with house.database.read() as db:
        if store.newest(db, ROOT):
            raise CeremonyRefused("The root has a key already")
    place(house).mkdir(mode=0o700, exist_ok=True)


def renewed(house: "House", passphrase: str) -> Keys:
    """An empty safe under a new passphrase. What a split that came to no end left there is taken away."""
    shutil.rmtree(place(house), ignore_errors=True)
    return opened(house, passphrase)


def opened(house: "House", passphrase: str) -> Keys:
    """The keys in the safe. Raises WrongPassphrase."""
    keys = Keys(place(house), passphrase)
    keys.secret("shares")  # by which a passphrase is known to be the right one
    return keys


def holds(house: "House") -> bool:
    """Whether a root's key is in the safe."""
    return any(place(house).glob("*.pem"))


def with_root(house: "House", root: Keys) -> "House":
    """The house for as long as the safe is open: it can sign by the root's key too."""
    return replace(house, keys=_Both(house.keys, root))


class _Both(Keys):
    """The keys of an installation, and the root's from the safe."""

    def __init__(self, usual: Keys, root: Keys) -> None:
        super().__init__(usual.folder, "")
        self._usual, self._root = usual, root

    def create(self, name: str, *, purpose: str, algorithm: Algorithm = "P-256") -> None:
        """Make a key where it belongs."""
        self._of(name).create(name, purpose=purpose, algorithm=algorithm)

    def exists(self, name: str) -> bool:
        """Whether there is such a key."""
        return self._of(name).exists(name)

    def public(self, name: str) -> "PublicKey":
        """The public half."""
        return self._of(name).public(name)

    def signer(self, name: str) -> PrivateKey:
        """What signs."""
        return self._of(name).signer(name)

    def _of(self, name: str) -> Keys:
        return self._root if is_roots(name) else self._usual
