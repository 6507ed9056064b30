"""DER as a tree that can be edited in any way, also in wrong ones."""

from dataclasses import dataclass

from certs import der
from certs.der import Reader


@dataclass
class Node:
    """One element: primitive with octets, or constructed with parts."""

    tag: int
    octets: bytes = b""
    parts: list["Node"] | None = None

    def __getitem__(self, index: int) -> "Node":
        assert self.parts is not None
        return self.parts[index]

    @property
    def kids(self) -> list["Node"]:
        assert self.parts is not None
        return self.parts

    @property
    def encoded(self) -> bytes:
        return der.tlv(self.tag, self.octets if self.parts is None else b"".join(part.encoded for part in self.parts))


def tree(encoded: bytes) -> Node:
    """Read one element."""
    reader = Reader(encoded)
    tag = reader.peek()
    body = reader.take(tag)
    if not tag & 0x20:
        return Node(tag, body)
    inner, parts = Reader(body), []
    while not inner.done:
        parts.append(tree(inner.raw(inner.peek())))
    return Node(tag, parts=parts)


class Seal:
    """The parts of a signature container by name."""

    def __init__(self, container: bytes) -> None:
        self.root = tree(container)

    @property
    def data(self) -> Node:
        return self.root[1][0]

    @property
    def algorithms(self) -> Node:
        return self.data[1]

    @property
    def certificates(self) -> Node:
        return self.data[3]

    @property
    def signer(self) -> Node:
        return self.data[-1][0]

    @property
    def signature(self) -> Node:
        return self.signer[5]

    @property
    def unsigned(self) -> Node:
        return self.signer[6]

    @property
    def token(self) -> "Seal":
        held = Seal.__new__(Seal)
        held.root = self.unsigned[0][1][0]
        return held
