"""What stands on a license because the office writes it there: the applicant is not asked for it."""

from collections.abc import Mapping
from typing import Any

from licenses.kinds import Kind

FOOD = "food-business-license"
HOTLINE = "12315"  # complaints about food, in the whole country
FOOD_KINDS = {"食品销售经营者": "1", "餐饮服务经营者": "2", "集中用餐单位食堂": "3"}


def prefix(kind: Kind, fields: Mapping[str, Any], region: str) -> str:
    """By what the office's own numbers of this kind are counted: JY, the kind of business, the region. "" if it has none."""
    if kind.slug != FOOD:
        return ""
    return f"JY{FOOD_KINDS.get(str(fields.get('business_kind')), '1')}{region}"


def assigned(kind: Kind, fields: Mapping[str, Any], region: str, serial: int) -> dict[str, str]:
    """The fields that the office writes, for the application with this serial."""
    if kind.slug != FOOD:
        return {}
    return {"license_number": checked(f"{prefix(kind, fields, region)}{serial:06}"), "complaints": HOTLINE}


def keys(kind: Kind) -> frozenset[str]:
    """Which fields the office writes."""
    return frozenset(assigned(kind, {}, "000000", 0))


def checked(number: str) -> str:
    """A number of letters and digits with its check digit (GB/T 17710, MOD 11,10 over the digits)."""
    product = 10
    for digit in filter(str.isdigit, number):
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return f"{number}{(11 - product) % 10}"
