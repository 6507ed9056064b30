"""Faults on demand, so that others can see what they do when a register is slow, down, or not to be trusted."""

import time
from typing import Any

from joserfc.jwk import ECKey

from deploy.demo.register.answers import Seal

FAULTS = ("none", "slow", "down", "garbage", "wrong-signature", "wrong-audience", "wrong-nonce", "old")
SLOW_SECONDS = 12.0
HOUR = 3600


class Faults:
    """The fault that is switched on in this process."""

    def __init__(self, name: str = "none", slow_seconds: float = SLOW_SECONDS) -> None:
        self.name = name if name in FAULTS else "none"
        self.slow_seconds = slow_seconds

    def answer(self, seal: Seal, question: str, audience: str, nonce: str, **facts: Any) -> tuple[str, int]:
        """The answer and its status: right, or spoilt as ordered."""
        if self.name == "down":
            return "down for maintenance", 503
        if self.name == "slow":
            time.sleep(self.slow_seconds)
        if self.name == "garbage":
            return "<html>not an answer</html>", 200
        claims = seal.claims(question, audience, nonce, **facts)
        claims |= self._spoilt(claims)
        other = ECKey.generate_key("P-256") if self.name == "wrong-signature" else None
        return seal.sign(claims, other), 200

    def _spoilt(self, claims: dict[str, Any]) -> dict[str, Any]:
        spoilt = {
            "old": {"iat": claims["iat"] - HOUR},
            "wrong-audience": {"aud": "https://someone-else.example"},
            "wrong-nonce": {"nonce": "another"},
        }
        return spoilt.get(self.name, {})
