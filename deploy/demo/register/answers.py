"""Signed answers: compact JWS, ES256, with a key that is made at the first start and stays in the register's folder."""

import hashlib
import hmac
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

TYPE = "register-answer+jwt"


class Seal:
    """The register's key: signs answers, shows its public half."""

    def __init__(self, folder: Path, issuer: str) -> None:
        self.issuer = issuer
        self.key = _key(folder / "register-key.pem")

    def public(self) -> dict[str, Any]:
        """The public half as JWK with its RFC 7638 thumbprint as `kid`."""
        return {**self.key.as_dict(private=False), "kid": self.key.thumbprint(), "alg": "ES256", "use": "sig"}

    def claims(self, question: str, audience: str, nonce: str, **facts: Any) -> dict[str, Any]:
        """An answer for one asker (`aud`) to one question (`nonce`), with a transaction id for the evidence."""
        now, transaction = int(time.time()), secrets.token_urlsafe(12)
        about = {"iss": self.issuer, "aud": audience, "iat": now, "txn": transaction, "nonce": nonce}
        return {**about, "question": question, **facts}

    def pseudonym(self, number: str, asker: str) -> str:
        """What one asker gets to know of the person with this number: another asker gets something else."""
        secret = self.key.as_pem(private=True)
        return hmac.new(secret, f"{asker}\n{number}".encode(), hashlib.sha256).hexdigest()[:32].upper()

    def sign(self, claims: dict[str, Any], key: ECKey | None = None) -> str:
        """The claims as compact JWS."""
        header = {"alg": "ES256", "typ": TYPE, "kid": self.key.thumbprint()}
        return jws.serialize_compact(header, json.dumps(claims, ensure_ascii=False).encode(), key or self.key)


def _key(path: Path) -> ECKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        pem = ECKey.generate_key("P-256").as_pem(private=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
    return ECKey.import_key(path.read_bytes())
