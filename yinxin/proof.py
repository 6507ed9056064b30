"""Check a proof that something stands in the ledger: no server, no database, and no trust in whoever handed it over.

    from yinxin.proof import check_proof

    proved = check_proof(open("proof.json").read(), [json.load(open("checkpoint.jwk"))])
    print(proved.event["kind"], proved.event["at"], proved.event["facts"])

The event with its salt gives a leaf; the leaf with the path gives the root of a tree of that size (RFC 9162 2.1.3.2); the root
is signed by a key that you hold already. Whatever does not fit raises NotProved with the reason.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

TYPE = "urn:yinxin:inclusion-proof:1"
MEMBERS = {"type", "event", "salt", "leaf", "size", "path", "root", "at", "kid", "signature"}
EVENT = ("kind", "subject", "by", "place", "at", "facts")  # in the order in which they are hashed
SALT, DIGEST = 16, 32  # bytes
LONGEST = 100_000  # characters of a proof: a tree of any size needs less
LARGEST = 2**53  # leaves: whole numbers that every reader of JSON holds exactly

__all__ = ["NotProved", "Proved", "check_proof", "keys_of", "leaf_hash", "root_of"]


class NotProved(Exception):
    """The proof does not hold; the text says why."""


@dataclass(frozen=True)
class Proved:
    """The event stands as leaf `leaf` in the signed tree of `size` leaves of the moment `at`."""

    event: Mapping[str, Any]
    leaf: int
    size: int
    at: str
    root: bytes


def check_proof(proof: str | bytes | Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Proved:
    """What the proof proves under one of these checkpoint keys (public JWKs). Raises NotProved."""
    said = _read(proof)
    event, leaf, size = _event(said["event"]), _count(said["leaf"]), _count(said["size"])
    path = [_bytes(one, DIGEST) for one in _list(said["path"])]
    root = root_of(leaf_hash(event, _bytes(said["salt"], SALT)), leaf, size, path)
    if root != _bytes(said["root"], DIGEST):
        raise NotProved("the event and its path do not lead to the root: one of them was changed")
    _check_signature(said, size, root, keys)
    return Proved(event, leaf, size, said["at"], root)


def leaf_hash(event: Mapping[str, Any], salt: bytes) -> bytes:
    """The salted hash of an event as it stands in the tree."""
    text = json.dumps([event[name] for name in EVENT], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(b"\0" + salt + text.encode("utf-8", "surrogatepass")).digest()


def root_of(leaf_digest: bytes, leaf: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which a leaf and its path lead (RFC 9162 2.1.3.2). Raises NotProved for a path of the wrong length."""
    if not 0 <= leaf < size:
        raise NotProved("the leaf is not in a tree of this size")
    at, last, digest = leaf, size - 1, leaf_digest
    for other in path:
        if last == 0:
            raise NotProved("the path is too long")
        if at & 1 or at == last:
            digest = _parent(other, digest)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            digest = _parent(digest, other)
        at, last = at >> 1, last >> 1
    if last:
        raise NotProved("the path is too short")
    return digest


def keys_of(folder: str | PathLike[str], now: datetime) -> list[Mapping[str, Any]]:
    """The checkpoint keys of a trust folder made by `yinxin trust fetch`; none if its trust list is missing or too old."""
    from verification.trust import Trust  # who brings the key himself needs nothing but this file and one library

    held = Trust.load(Path(folder), now).list
    return list(held.trusted("checkpoint", now)) if held else []


# -- inside


def _read(proof: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(proof, str | bytes):
        if len(proof) > LONGEST:
            raise NotProved("the file is too large to be a proof")
        try:
            proof = json.loads(proof, object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise NotProved("the file is not JSON") from error
    if not isinstance(proof, Mapping) or set(proof) != MEMBERS or proof["type"] != TYPE:
        raise NotProved("the file is not a proof of inclusion of this kind")
    return proof


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A member given twice could be read in two ways; nothing of that sort is proved."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _event(event: Any) -> Mapping[str, Any]:
    texts = EVENT[:-1]
    if not isinstance(event, Mapping) or set(event) != set(EVENT) or not isinstance(event["facts"], Mapping):
        raise NotProved("the event does not have the form of an event")
    if not all(isinstance(event[name], str) for name in texts):
        raise NotProved("the event does not have the form of an event")
    return event


def _check_signature(said: Mapping[str, Any], size: int, root: bytes, keys: Sequence[Mapping[str, Any]]) -> None:
    if not isinstance(said["at"], str) or not isinstance(said["kid"], str):
        raise NotProved("the tree head does not have the form of a tree head")
    key = next((jwk for jwk in keys if jwk.get("kid") == said["kid"]), None)
    if key is None:
        raise NotProved("the tree head is signed by a key that you do not trust")
    text = f"yinxin ledger\n{size}\n{root.hex()}\n{said['at']}\n".encode("utf-8", "surrogatepass")
    try:
        signature = base64.b64decode(said["signature"], validate=True)
        _public(key).verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError) as error:
        raise NotProved("the signature of the tree head does not fit") from error


def _public(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise NotProved("the key is not a P-256 key")
    try:
        x, y = (base64.urlsafe_b64decode(f"{jwk[name]}==") for name in ("x", "y"))
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
        return numbers.public_key()
    except (KeyError, ValueError, TypeError) as error:
        raise NotProved("the key cannot be read") from error


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > 64:
        raise NotProved("the path is not a list of hashes")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST:
        raise NotProved("the place in the tree is not a number")
    return value


def _bytes(value: Any, size: int) -> bytes:
    """Lower-case hexadecimal of exactly so many bytes."""
    if not isinstance(value, str) or len(value) != 2 * size or set(value) - set("0123456789abcdef"):
        raise NotProved(f"{size} bytes in hexadecimal are missing")
    return bytes.fromhex(value)


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
