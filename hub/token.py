"""Private keys in a PKCS#11 token (an HSM): made there, used there, never outside.

One session per process, opened when first needed; its keys are looked up once. What has failed is tried once more on a new
session, at last with the module started anew: a token that was taken out and put back is used again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pkcs11
import structlog
from cryptography.hazmat.primitives import serialization
from pkcs11 import MGF, Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from hub.jwk import PublicKey
from hub.keys.forms import CURVES, SIZES, Algorithm
from hub.keys.in_token import EllipticInToken, RsaInToken
from hub.keys.problems import KeyMissing
from hub.token_line import Line, TokenBusy, TokenGone

__all__ = ["Token", "TokenBusy", "TokenGone"]

Got = TypeVar("Got")
FAULTS = (pkcs11.PKCS11Error, RuntimeError, OSError)
WRONG_PIN = (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.PinExpired)
MAKING = 60.0  # seconds: an RSA key may take a small token half a minute
PSS = {  # (RFC 8017 8.1: as much salt as digest)
    "sha256": (Mechanism.SHA256, MGF.SHA256, 32),
    "sha384": (Mechanism.SHA384, MGF.SHA384, 48),
    "sha512": (Mechanism.SHA512, MGF.SHA512, 64),
}
STAYS = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}

log = structlog.get_logger("token")


class Token:
    """One PKCS#11 token, by its module, label and PIN. Every verb raises TokenGone and TokenBusy."""

    def __init__(self, module: Path, label: str, pin: str) -> None:
        self._line = Line(lambda: _Desk(module, label, pin, alone=lambda: self._line.left == 0).serve)

    @staticmethod
    def makes(algorithm: str) -> bool:
        """Whether keys of this kind are made in a token."""
        return algorithm in CURVES or algorithm in SIZES

    def create(self, name: str, algorithm: Algorithm) -> None:
        """Make a key pair in the token, once: sensitive, not extractable."""

        def make(session: "_Desk") -> None:
            try:
                session.look_up(ObjectClass.PRIVATE_KEY, name)
            except pkcs11.NoSuchKey:
                session.make(name, algorithm)

        self._line.ask(make, seconds=MAKING)

    def public(self, name: str) -> PublicKey:
        """The public half."""

        def read(session: "_Desk") -> bytes:
            key = session.look_up(ObjectClass.PUBLIC_KEY, name)
            return encode_rsa_public_key(key) if key.key_type == KeyType.RSA else encode_ec_public_key(key)

        der = self._line.ask(read)
        key = serialization.load_der_public_key(der)
        if not isinstance(key, PublicKey):
            raise TokenGone(f"The key {name} in the token is of another kind")
        return key

    def key(self, name: str, public: PublicKey) -> EllipticInToken | RsaInToken:
        """A key of the token, to be signed with."""
        return (EllipticInToken if hasattr(public, "curve") else RsaInToken)(self, name)

    def sign_digest(self, name: str, digest: bytes) -> bytes:
        """ECDSA over a digest; gives r and s side by side."""
        return self._sign(name, digest, mechanism=Mechanism.ECDSA)

    def sign_pkcs1(self, name: str, digest_info: bytes) -> bytes:
        """RSA by PKCS #1 v1.5 over a digest with the name of its algorithm before it."""
        return self._sign(name, digest_info, mechanism=Mechanism.RSA_PKCS)

    def sign_pss(self, name: str, hash_name: str, digest: bytes) -> bytes:
        """RSA-PSS over a digest."""
        return self._sign(name, digest, mechanism=Mechanism.RSA_PKCS_PSS, mechanism_param=PSS[hash_name])

    def _sign(self, name: str, data: bytes, **how: Any) -> bytes:
        signature: bytes = self._line.ask(
            lambda session: session.look_up(ObjectClass.PRIVATE_KEY, name).sign(data, **how)
        )
        return signature


class _Desk:
    """What the one thread at a token keeps open."""

    def __init__(self, module: Path, label: str, pin: str, *, alone: Callable[[], bool]) -> None:
        self._module, self._label, self._pin = module, label, pin
        self._alone = alone  # whether no other thread of this process hangs in the module
        self._session: Any = None
        self._handles: dict[tuple[ObjectClass, str], Any] = {}  # a look-up costs 1 ms in a token with 40 keys
        self._refused = False

    def serve(self, act: Callable[["_Desk"], Got]) -> Got:
        """Do what is asked; once more on a new session if it failed. Raises TokenGone, KeyMissing."""
        try:
            try:
                return act(self._open())
            except FAULTS as error:
                if isinstance(error, WRONG_PIN):
                    raise
                log.warning("token.again", why=type(error).__name__)
                self._drop()
                return act(self._open())
        except pkcs11.NoSuchKey as error:
            raise KeyMissing("The token has no key of this name") from error
        except FAULTS as error:
            self._refused = isinstance(error, WRONG_PIN)
            self._drop()
            raise TokenGone(f"{type(error).__name__}") from error

    def look_up(self, kind: ObjectClass, name: str) -> Any:
        """A key's handle, which is good for as long as the session."""
        if (kind, name) not in self._handles:
            self._handles[kind, name] = self._session.get_key(object_class=kind, label=name)
        return self._handles[kind, name]

    def make(self, name: str, algorithm: str) -> None:
        """Make a key pair in the token."""
        about: Any = {"store": True, "label": name, "private_template": STAYS}
        if algorithm in SIZES:
            self._session.generate_keypair(KeyType.RSA, SIZES[algorithm], **about)
        else:
            parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(CURVES[algorithm].name)}
            self._session.create_domain_parameters(KeyType.EC, parameters, local=True).generate_keypair(**about)

    def _open(self) -> "_Desk":
        if self._session is None:
            if self._refused:  # some tries with a wrong PIN lock a token for good
                raise TokenGone("It refused the PIN; start again with the right one")
            try:
                self._session = self._logged_in()
            except FAULTS as error:
                if isinstance(error, WRONG_PIN) or not self._alone():
                    raise
                self._start_anew()
                self._session = self._logged_in()
        return self

    def _logged_in(self) -> Any:
        token = pkcs11.lib(str(self._module)).get_token(token_label=self._label)
        try:
            return token.open(user_pin=self._pin, rw=True)
        except pkcs11.UserAlreadyLoggedIn:  # by a session that was left behind: a login is the process's
            return token.open(rw=True)

    def _start_anew(self) -> None:
        """Start the module anew: many see a token that was away only then."""
        module = pkcs11.lib(str(self._module))
        try:
            module.finalize()
        except FAULTS as error:
            log.info("token.not-finalized", why=type(error).__name__)
        module.initialize()

    def _drop(self) -> None:
        session, self._session = self._session, None
        self._handles.clear()
        try:
            if session is not None:
                session.close()
        except FAULTS:
            return  # it is gone anyway
