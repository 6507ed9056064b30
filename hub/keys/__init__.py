"""Custody of private keys: encrypted files, or a PKCS#11 token. A key is used by its name and never leaves.

Each key is one PKCS#8 file, encrypted under the installation's passphrase (scrypt), beside its public half. Whoever may
only check signatures needs the public halves alone. `docs/keys.md` lists every key.
"""

from hub.keys.custody import Keys
from hub.keys.forms import CURVES, HASHES, ORDERS, SIZES, Algorithm, PrivateKey
from hub.keys.problems import KeyMissing, KeyQuarantined, WrongPassphrase, WrongSignature

__all__ = [
    "CURVES",
    "HASHES",
    "ORDERS",
    "SIZES",
    "Algorithm",
    "KeyMissing",
    "KeyQuarantined",
    "Keys",
    "PrivateKey",
    "WrongPassphrase",
    "WrongSignature",
]
