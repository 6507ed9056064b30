"""Keys as libraries take them: each signature is checked before it leaves, and the key itself never does.

A signature that went wrong may tell the private key (Boneh, DeMillo and Lipton 1997), and a license sealed with it is void. It
costs 0.05 ms on P-256.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from hub.jwk import PublicKey
from hub.keys.forms import ORDERS, PrivateKey
from hub.keys.problems import WrongSignature
from hub.keys.quarantine import Quarantine


class _Checked:
    """What all of them share. `opened` gives the key itself: from a file, or as a way into a token."""

    def __init__(self, name: str, custody: str, public: Any, opened: Callable[[], Any], quarantine: Quarantine) -> None:
        self._name, self._custody, self._public = name, custody, public
        self._opened, self._quarantine = opened, quarantine
        self.spared = False  # whether its signatures leave unchecked

    @cached_property
    def _key(self) -> Any:
        return self._opened()

    def _checked(self, sign: Callable[[Any], bytes], verify: Callable[[bytes], None]) -> bytes:
        self._quarantine.check(self._name)
        signature = sign(self._key)
        if self.spared:
            return signature
        try:
            verify(signature)
        except (
            InvalidSignature
        ) as error:  # the two halves do not belong together, or a bit flipped here or in the token
            self.__dict__.pop("_key", None)  # once released it is opened anew
            self._quarantine.put(self._name, self._custody)
            raise WrongSignature("The key %(name)s gave a wrong signature; it was not used", name=self._name) from error
        return signature

    def public_key(self) -> Any:
        """The public half."""
        return self._public

    @property
    def key_size(self) -> int:
        """The size of the key in bits."""
        size: int = self._public.key_size
        return size

    def private_numbers(self) -> Any:
        """Refused."""
        raise TypeError("this key does not leave its custody")

    def private_bytes(self, *_: Any, **__: Any) -> bytes:
        """Refused."""
        raise TypeError("this key does not leave its custody")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self


class EllipticKey(_Checked, ec.EllipticCurvePrivateKey):
    """An elliptic-curve key that signs with low s only, so that one signature has one form."""

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A DER signature (RFC 3279 2.2.3) whose s is at most half the order. Raises WrongSignature."""
        return self._checked(
            lambda key: _low(key.sign(data, signature_algorithm), ORDERS[self.curve.name]),
            lambda signature: self._public.verify(signature, data, signature_algorithm),
        )

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        curve: ec.EllipticCurve = self._public.curve
        return curve

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refused."""
        raise TypeError("a signing key agrees on nothing")


class RsaKey(_Checked, rsa.RSAPrivateKey):
    """An RSA key."""

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        """A signature by PKCS #1 (RFC 8017 8). Raises WrongSignature."""
        return self._checked(
            lambda key: key.sign(data, padding, algorithm),
            lambda signature: self._public.verify(signature, data, padding, algorithm),
        )

    def decrypt(self, ciphertext: bytes, padding: Any) -> bytes:
        """Refused."""
        raise TypeError("a signing key opens nothing")


class EdwardsKey(_Checked, ed25519.Ed25519PrivateKey):
    """An Ed25519 key."""

    def sign(self, data: Any) -> bytes:
        """A signature (RFC 8032 5.1.6). Raises WrongSignature."""
        return self._checked(lambda key: key.sign(data), lambda signature: self._public.verify(signature, data))

    def private_bytes_raw(self) -> bytes:
        """Refused."""
        raise TypeError("this key does not leave its custody")


def checked(
    name: str, custody: str, public: PublicKey, opened: Callable[[], Any], quarantine: Quarantine
) -> PrivateKey:
    """The key in the form for its kind, opened. Raises what opening it raises, and KeyQuarantined."""
    quarantine.check(name)
    kinds = ((ec.EllipticCurvePublicKey, EllipticKey), (rsa.RSAPublicKey, RsaKey), (object, EdwardsKey))
    kind: Any = next(made for half, made in kinds if isinstance(public, half))
    key: Any = kind(name, custody, public, opened, quarantine)
    key._key  # noqa: B018, SLF001  whoever cannot open it is told now
    return key  # type: ignore[no-any-return]


def _low(signature: bytes, order: int) -> bytes:
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, max(order - s, 0)))
