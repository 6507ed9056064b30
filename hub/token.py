"""Private keys in a PKCS#11 token (an HSM): made there, used there, never outside.

One session per process, opened when first needed and used by one thread at a time; it is dropped after every fault, so a
token that comes back is used again.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import pkcs11
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from hub.problems import Unavailable

Got = TypeVar("Got")


class TokenGone(Unavailable):
    """The token does not answer, or not as it should; nothing was signed."""

    title = "The key token cannot be reached"
    advice = "Nothing was lost. The operator should look at the token; then try again."


class Token:
    """One PKCS#11 token, by its module, label and PIN."""

    def __init__(self, module: Path, label: str, pin: str) -> None:
        self._module, self._label, self._pin = module, label, pin
        self._lock = Lock()
        self._session: Any = None

    def create(self, name: str, curve: ec.EllipticCurve) -> None:
        """Make a key pair in the token, once: sensitive, not extractable. Raises TokenGone."""

        def make(session: Any) -> None:
            if not list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: name})):
                parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve.name)}
                session.create_domain_parameters(KeyType.EC, parameters, local=True).generate_keypair(
                    store=True,
                    label=name,
                    private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
                )

        self._with(make)

    def public(self, name: str) -> ec.EllipticCurvePublicKey:
        """The public half. Raises TokenGone."""
        der = self._with(
            lambda session: encode_ec_public_key(session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=name))
        )
        key = serialization.load_der_public_key(der)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TokenGone(f"The key {name} in the token is of another kind")
        return key

    def key(self, name: str, public: Any) -> "TokenKey":
        """A key of the token in the form that libraries take a private key in."""
        return TokenKey(self, name, public)

    def sign(self, name: str, digest: bytes) -> bytes:
        """Sign a digest; gives r and s side by side. Raises TokenGone."""
        signature: bytes = self._with(
            lambda session: session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=name).sign(
                digest, mechanism=Mechanism.ECDSA
            )
        )
        return signature

    def _with(self, act: Callable[[Any], Got]) -> Got:
        with self._lock:
            try:
                if self._session is None:
                    token = pkcs11.lib(str(self._module)).get_token(token_label=self._label)
                    self._session = token.open(user_pin=self._pin, rw=True)
                return act(self._session)
            except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
                self._drop()
                raise TokenGone(f"{type(error).__name__}") from error

    def _drop(self) -> None:
        session, self._session = self._session, None
        try:
            if session is not None:
                session.close()
        except (pkcs11.PKCS11Error, RuntimeError):
            return  # it is gone anyway


class TokenKey(ec.EllipticCurvePrivateKey):
    """A key of a token in the form that libraries take a private key in."""

    def __init__(self, token: Token, name: str, public: ec.EllipticCurvePublicKey) -> None:
        self._token, self._name, self._public = token, name, public

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A DER signature (RFC 3279 2.2.3). Raises TokenGone."""
        hashing = signature_algorithm.algorithm
        digest = bytes(data) if isinstance(hashing, Prehashed) else hashlib.new(hashing.name, data).digest()
        raw = self._token.sign(self._name, digest)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """The size of the key in bits."""
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refused."""
        raise TypeError("a signing key agrees on nothing")

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Refused."""
        raise TypeError("this key does not leave its token")

    def private_bytes(self, *_: Any, **__: Any) -> bytes:
        """Refused."""
        raise TypeError("this key does not leave its token")

    def __copy__(self) -> "TokenKey":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "TokenKey":
        return self
