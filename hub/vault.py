"""Personal data at rest: encrypted per owner, found by keyed blind index, erased by forgetting the owner's key.

Envelope encryption: one data key per owner, wrapped by a vault secret. The purpose and the owner are bound into each
ciphertext, so that a value copied to another row does not open. The vault secret has generations (`hub.rotation` makes the
next one while everything runs), so each key says which one wraps it, and which one is current stands in the database.
"""

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.db import Instant, metadata, together, unless_there
from hub.keys import Keys
from hub.problems import Problem

wrapped_keys = sa.Table(
    "hub_vault_key",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False, index=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
generations = sa.Table(  # before the first rotation it is empty, and generation 1 is current
    "hub_vault_generation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("mark", sa.Text, nullable=False),  # by which a process knows that it holds the same secret
    sa.Column("made", Instant, nullable=False),
    sa.Column("retired", Instant),
)
FIRST = 1
MAKING = "vault-generation"  # who makes keys shares this lock; who retires a generation has it alone

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

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

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

    def rewrapped(self, row: "sa.Row[tuple[str, int, bytes]]", generation: int) -> bytes:
        """Wrap an owner's key under another generation. What it encrypts stays as it is."""
        return self._wrap(row.owner, generation, self._unwrap(row.owner, row.generation, row.wrapped))

    def mark(self, generation: int) -> str:
        """What a generation's secret is known by, without telling it. Raises KeyMissing."""
        return hmac.digest(self._secret(generation), b"vault-generation", "sha256").hex()[:32]

    def _data_key(self, db: sa.Connection, owner: str, *, make: bool = False) -> bytes:
        query = sa.select(wrapped_keys).where(wrapped_keys.c.owner == owner)
        row = db.execute(query).one_or_none()
        if row is None and make:
            generation = current(db)
            wrapped = self._wrap(owner, generation, AESGCM.generate_key(256))
            db.execute(unless_there(db, wrapped_keys).values(owner=owner, generation=generation, wrapped=wrapped))
            row = db.execute(query).one()  # another process may have been first: its key is the owner's
        if row is None:
            raise Erased("There is no key for the owner of these data any more")
        return self._unwrap(row.owner, row.generation, row.wrapped)

    def _wrap(self, owner: str, generation: int, key: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._secret(generation)).encrypt(nonce, key, owner.encode())

    def _unwrap(self, owner: str, generation: int, wrapped: bytes) -> bytes:
        try:
            return AESGCM(self._secret(generation)).decrypt(wrapped[:NONCE], wrapped[NONCE:], owner.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: cut too short to be anything
            raise Damaged("The key of an owner does not open") from error

    def _secret(self, generation: int) -> bytes:
        # Later generations are made by a rotation alone: a process that lacks one must say so, not make another.
        return self._keys.secret(secret_name(generation), make=generation == FIRST)


def current(db: sa.Connection) -> int:
    """The generation that wraps new keys. It cannot be retired before this transaction ends."""
    together(db, MAKING)
    return int(db.scalar(sa.select(sa.func.max(generations.c.id))) or FIRST)


def secret_name(generation: int) -> str:
    """What the custody calls the secret of a generation."""
    return f"vault-{generation}"


def _bound(owner: str, purpose: str) -> bytes:
    return hashlib.sha256(f"{owner}\0{purpose}".encode()).digest()
