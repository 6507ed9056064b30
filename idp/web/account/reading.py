"""A receipt as its owner reads it: opened from the signed record itself, not from anything beside it."""

import base64
import json
from typing import Any

from idp.model.receipt import Receipt


def of(receipt: Receipt) -> dict[str, Any]:
    """What a receipt says: the words that were shown and their digest. Its signature is ours, made when it was kept."""
    body = receipt.signed.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    notice = claims.get("pii_processing", {}).get("privacy_notice", {})
    return {"text": notice.get("text", "").strip().split("\n"), "digest": notice.get("digest", "")}
