"""Faults on demand, so that others can see what they do when a register is slow, down, or not to be trusted."""

import time
from typing import Any

from joserfc.jwk import ECKey

from deploy.demo.register.answers import Seal

FAULTS = ("none", "slow", "down", "garbage", "wrong-signature", "wrong-audience", "wrong-nonce", "old")
QUESTIONS = (
    "match",
    "status",
    "live",
    "live-result",
    "representative",
    "guardian",
    "court-order",
    "bank",
    "telecom",
    "network-id",
    "network-id-result",
)
SLOW_SECONDS = 12.0
HOUR = 3600


class Faults:
    """The faults that are switched on in this process: one for all questions, or one for some of them."""

    def __init__(self, name: str = "none", slow_seconds: float = SLOW_SECONDS) -> None:
        self._all = name if name in FAULTS else "none"
        self._only: dict[str, str] = {}
        self.slow_seconds = slow_seconds

    def switch(self, name: str, only: str = "") -> None:
        """Switch a fault on, for one question or for all; for all it overrules what was set for one."""
        if only:
            self._only[only] = name
        else:
            self._all, self._only = name, {}

    def now(self, question: str = "") -> str:
        """What is switched on for a question."""
        return self._only.get(question, self._all)

    def answer(self, seal: Seal, question: str, audience: str, nonce: str, **facts: Any) -> tuple[str, int]:
        """The answer and its status: right, or spoilt as ordered."""
        fault = self.now(question)
        if fault == "down":
            return "down for maintenance", 503
        if fault == "slow":
            time.sleep(self.slow_seconds)
        if fault == "garbage":
            return "<html>not an answer</html>", 200
        claims = seal.claims(question, audience, nonce, **facts)
        claims |= _spoilt(fault, claims)
        other = ECKey.generate_key("P-256") if fault == "wrong-signature" else None
        return seal.sign(claims, other), 200


def _spoilt(fault: str, claims: dict[str, Any]) -> dict[str, Any]:
    spoilt = {
        "old": {"iat": claims["iat"] - HOUR},
        "wrong-audience": {"aud": "https://someone-else.example"},
        "wrong-nonce": {"nonce": "another"},
    }
    return spoilt.get(fault, {})
