"""Personal data at rest: encrypted per owner, found by keyed blind index, erased by forgetting the owner's key.

Envelope encryption: one data key per owner, wrapped by the installation's vault secret. The purpose and the owner are bound into
each ciphertext, so that a value copied to another row does not open.
"""

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.db import metadata
from hub.keys import Keys
from hub.problems import Problem

wrapped_keys = sa.Table(
    "hub_vault_key",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

NONCE = 12  # bytes; random nonces are safe for far more than any owner's few hundred values (SP 800-38D 8.3)


class Erased(Problem):
    """The owner's data were erased; what is left of them cannot be read."""

    status = 410
    title = "These data were erased"
    advice = "Nobody can restore them."


class Damaged(Problem):
    """A stored value does not open: it was changed, or belongs to someone else."""

    status = 500
    title = "Stored data are damaged"
    advice = "The operator has to restore them from a backup."


class Vault:
    """Encrypts, decrypts, indexes and erases. Needs the installation's secrets; keeps no data of its own."""

    def __init__(self, keys: Keys, generation: int = 1) -> None:
        self._keys = keys
        self._generation = generation

    def encrypt(self, db: sa.Connection, owner: str, text: bytes, purpose: str) -> bytes:
        """Seal a value for its owner (AES-256-GCM). Call inside a write transaction: the first value makes the owner's key."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._data_key(db, owner, make=True)).encrypt(nonce, text, _bound(owner, purpose))

    def decrypt(self, db: sa.Connection, owner: str, sealed: bytes, purpose: str) -> bytes:
        """Open a value. Raises Erased after `erase`, Damaged when it was changed or moved."""
        try:
            return AESGCM(self._data_key(db, owner)).decrypt(sealed[:NONCE], sealed[NONCE:], _bound(owner, purpose))
        except (InvalidTag, ValueError) as error:  # ValueError: cut too short to be anything
            raise Damaged(f"A value of purpose {purpose} does not open") from error

    def erase(self, db: sa.Connection, owner: str) -> None:
        """Forget the owner's key: every value of his becomes noise, in backups made from now on too."""
        db.execute(wrapped_keys.delete().where(wrapped_keys.c.owner == owner))

    def blind(self, purpose: str, value: str) -> str:
        """A keyed index of a value (HMAC-SHA256, hex): equal values are found, none can be guessed without the key."""
        return hmac.digest(self._keys.secret("blind-index"), f"{purpose}\0{value}".encode(), "sha256").hex()

    def rewrap(self, db: sa.Connection, generation: int) -> int:
        """Wrap every owner's key under a newer vault secret; gives how many were changed. Values stay as they are."""
        rows = db.execute(sa.select(wrapped_keys).where(wrapped_keys.c.generation < generation)).all()
        for row in rows:
            key = self._unwrap(row.owner, row.generation, row.wrapped)
            fresh = self._wrap(row.owner, generation, key)
            db.execute(
                wrapped_keys.update()
                .where(wrapped_keys.c.owner == row.owner)
                .values(generation=generation, wrapped=fresh)
            )
        return len(rows)

    def _data_key(self, db: sa.Connection, owner: str, *, make: bool = False) -> bytes:
        row = db.execute(sa.select(wrapped_keys).where(wrapped_keys.c.owner == owner)).one_or_none()
        if row is not None:
            return self._unwrap(row.owner, row.generation, row.wrapped)
        if not make:
            raise Erased("There is no key for the owner of these data any more")
        key = AESGCM.generate_key(256)
        wrapped = self._wrap(owner, self._generation, key)
        db.execute(wrapped_keys.insert().values(owner=owner, generation=self._generation, wrapped=wrapped))
        return key

    def _wrap(self, owner: str, generation: int, key: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._keys.secret(f"vault-{generation}")).encrypt(nonce, key, owner.encode())

    def _unwrap(self, owner: str, generation: int, wrapped: bytes) -> bytes:
        try:
            secret = self._keys.secret(f"vault-{generation}")
            return AESGCM(secret).decrypt(wrapped[:NONCE], wrapped[NONCE:], owner.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: cut too short to be anything
            raise Damaged("The key of an owner does not open") from error


def _bound(owner: str, purpose: str) -> bytes:
    return hashlib.sha256(f"{owner}\0{purpose}".encode()).digest()
