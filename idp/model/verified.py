"""What a service asks of verified claims, and whether what we know meets it (OpenID Connect for Identity Assurance 1.0).

Pure: a request is JSON that a service sent, an offer is what we could say. What is constrained and not met is not told at all;
what was not asked for is left out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

FRAMEWORK = "urn:yinxin:realname"  # how names are proved here; docs/levels.md says what each level takes
RECORD = "electronic_record"
DOCUMENT = "document"
CHECKS = {  # how each of our methods is called there (Identity Assurance Schema Definition 1.0, check methods)
    "match": "data",
    "bank": "data",
    "telecom": "data",
    "network-id": "token",
    "live": "bvr",
    "counter": "vpip",
}
MOST = 5  # requests side by side
Json = dict[str, Any]


def requests(spec: object) -> list[Json]:
    """The requests in a claims parameter: one, or several of which each is answered for itself (5.2)."""
    given = spec if isinstance(spec, list) else [spec]
    return [one for one in given[:MOST] if isinstance(one, dict) and isinstance(one.get("claims"), dict)]


def answered(asked: Json, offer: Json, claims: Json, now: datetime) -> Json | None:
    """What of an offered verification and of claims this request gets; None if a constraint is not met or nothing is left."""
    wanted = asked.get("verification")
    if not isinstance(wanted, dict) or "trust_framework" not in wanted:  # it must be asked for (5.1)
        return None
    verification: Json = {}
    for name, spec in wanted.items():
        if name == "evidence":
            found = _evidence(spec, offer.get("evidence", []))
            if found is None:
                return None
            verification[name] = found
        elif name in offer:
            if not _met(spec, offer[name], now):
                return None
            verification[name] = offer[name]
        elif _is_essential(spec):
            return None
    told = {
        name: claims[name] for name, spec in asked["claims"].items() if name in claims and _met(spec, claims[name], now)
    }
    if any(_is_essential(spec) and name not in told for name, spec in asked["claims"].items()):
        return None
    return {"verification": verification, "claims": told} if told else None


def _met(spec: object, value: object, now: datetime) -> bool:
    """Whether a value meets what is asked of it: value, values, max_age in seconds (5.3)."""
    if not isinstance(spec, dict):
        return True
    if "value" in spec and spec["value"] != value:
        return False
    if "values" in spec and not (isinstance(spec["values"], list) and value in spec["values"]):
        return False
    if "max_age" not in spec:
        return True
    age = spec["max_age"]
    if isinstance(age, bool) or not isinstance(age, int) or not 0 <= age <= 10**10 or not isinstance(value, str):
        return False
    try:
        at = datetime.fromisoformat(value)
    except ValueError:  # of what is no time
        return False
    return at.tzinfo is not None and at >= now - timedelta(seconds=age)


def _evidence(spec: object, offered: Sequence[Json]) -> list[Json] | None:
    """The evidence that is asked for; each entry of a list names a type, and perhaps how it was checked (5.4)."""
    if spec is None:
        return list(offered)
    if not isinstance(spec, list):
        return None
    found = [one for one in offered if any(_is_such(entry, one) for entry in spec if isinstance(entry, dict))]
    return found or None


def _is_such(entry: Json, one: Json) -> bool:
    if not _named(entry.get("type"), one["type"]):
        return False
    checks = entry.get("check_details")
    if not isinstance(checks, list):
        return True
    made = one["check_details"][0]["check_method"]
    return any(_named(check.get("check_method"), made) for check in checks if isinstance(check, dict))


def _named(spec: object, value: str) -> bool:
    """A fixed name stands in an object as value or values."""
    if not isinstance(spec, dict):
        return spec is None
    values = spec.get("values")
    return spec.get("value", value) == value and (not isinstance(values, list) or value in values)


def _is_essential(spec: object) -> bool:
    return isinstance(spec, dict) and spec.get("essential") is True
