"""The papers that a service needs: what the applicant holds as a license he need not bring, the rest he adds as files."""

from collections.abc import Mapping
from dataclasses import replace

from admin.model.case import Material
from admin.model.item import ServiceItem
from admin.prefill import Prefilled

PAPER = "material-"  # of the names under which papers are asked for and errors are told
FILE_BYTES = 3_000_000  # a photographed page
TYPES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}  # how each begins


def materials(ready: Prefilled, files: Mapping[str, str], *, seen: bool = False) -> tuple[Material, ...]:
    """Each paper that the service needs, and how it came: as a license found in force, as a file, at the counter, or not yet."""
    needed = [
        Material(kind=one.kind.code, license=one.held.license.number if one.held and one.in_force else "")
        for one in ready.needed
    ]
    words = zip(ready.item.materials, ready.item.materials_en or ready.item.materials, strict=True)
    needed += [Material(words=chinese, words_en=english) for chinese, english in words]
    return tuple(
        one if one.license else replace(one, file=files.get(one.key, ""), seen=seen and not files.get(one.key))
        for one in needed
    )


def keys(item: ServiceItem) -> frozenset[str]:
    """The papers that a service may ask for, by `Material.key`."""
    return frozenset(Material(kind=code).key for code in item.licenses) | frozenset(
        Material(words=words).key for words in item.materials
    )


def media_type(data: bytes) -> str:
    """As what offices open a file: PDF, JPEG or PNG. Empty for anything else."""
    return next((name for start, name in TYPES.items() if data.startswith(start)), "")
