"""A file that only a passphrase opens: any length, written and read in pieces, each checked before it is used.

AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce counts the pieces and marks the
last, so none can be changed, exchanged, repeated or cut off. The key is scrypt's (RFC 7914) of the passphrase.
"""

import secrets
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.problems import BadRequest

MAGIC = b"YINXIN-BOX-1\n"
PIECE = 1 << 20
TAG = 16
COST = 2**16  # 64 MB and a fifth of a second for each guess
SALT, PREFIX = 16, 7  # bytes of randomness: for the key, and of the nonce before counter (4) and mark (1)


class BoxClosed(BadRequest):
    """The passphrase does not open the file, or the file is not whole."""

    title = "The file cannot be opened"
    advice = "Check the passphrase and that the file is complete."


class Writer:
    """Seals what is written to it into `target`. Only `close` makes the box whole."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        salt, self._prefix = secrets.token_bytes(SALT), secrets.token_bytes(PREFIX)
        self._target, self._waiting, self._count = target, bytearray(), 0
        self._cipher = _cipher(passphrase, salt)
        self._head = MAGIC + salt + self._prefix
        target.write(self._head)

    def write(self, data: bytes) -> int:
        """Take more bytes."""
        self._waiting += data
        while len(self._waiting) > PIECE:  # one piece stays behind: it may be the last
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def close(self) -> None:
        """Write the last piece."""
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._prefix, self._count, last=last), piece, self._head))
        self._count += 1


class Reader:
    """Gives what a box holds, piece by piece; raises BoxClosed at the first that is not as it was written."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        head = source.read(len(MAGIC) + SALT + PREFIX)
        if not head.startswith(MAGIC) or len(head) != len(MAGIC) + SALT + PREFIX:
            raise BoxClosed("This is not a file of this kind")
        self._pieces = _opened(source, head, _cipher(passphrase, head[len(MAGIC) : -PREFIX]))
        self._waiting = b""

    def read(self, size: int = -1) -> bytes:
        """Give so many bytes, fewer only at the end."""
        while size < 0 or len(self._waiting) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._waiting += piece
        size = len(self._waiting) if size < 0 else size
        given, self._waiting = self._waiting[:size], self._waiting[size:]
        return given


def _opened(source: BinaryIO, head: bytes, cipher: AESGCM) -> Iterator[bytes]:
    piece, count = source.read(PIECE + TAG), 0
    while True:
        following = source.read(PIECE + TAG)
        try:
            opened = cipher.decrypt(_nonce(head[-PREFIX:], count, last=not following), piece, head)
        except InvalidTag as error:
            raise BoxClosed("The passphrase is wrong, or the file was changed or cut off") from error
        yield opened
        if not following:
            return
        piece, count = following, count + 1


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode()))


def _nonce(prefix: bytes, count: int, *, last: bool) -> bytes:
    return prefix + count.to_bytes(4, "big") + bytes([last])
