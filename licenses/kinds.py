"""The kinds of license: one declarative file each (`kinds/*.toml`), in the sections of the national C series of standards."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from hub.i18n import N_
from licenses.days import day_of, years_after
from licenses.fields import MASKS, TYPES, Rule, Value, Wrong, masked
from licenses.model import FieldError, FieldsWrong, Holder, KindWrong, NoSuchKind
from seals.model import Place

FOLDER = Path(__file__).parent / "kinds"
DRAWN = Path(__file__).parent / "typst"
COLOURS = ("gold", "green", "blue", "red")  # of the band on the page and in the wallet
GROUPS = ("base", "holder", "permit", "management")
HOLDER_TYPES = {"001": "统一社会信用代码", "111": "公民身份号码", "553": "外国人永久居留身份证号码"}


@dataclass(frozen=True)
class Item:
    """One item of information on a kind of license."""

    key: str
    group: str
    label: str
    label_en: str
    type: str
    required: bool = False
    max: int = 200
    english: bool = False
    mask: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    note: str = ""

    @property
    def rule(self) -> Rule:
        """What its type needs to know."""
        return Rule(self.max, tuple(value for value, _ in self.choices))

    @property
    def schema(self) -> dict[str, Any]:
        """Its part of the JSON Schema."""
        said = TYPES[self.type].schema | {"title": self.label_en, "x-title-zh": self.label}
        if self.type in ("text", "name"):
            said["maxLength"] = self.max
        if self.choices:
            said["enum"] = list(self.rule.choices)
        if self.note:
            said["description"] = self.note
        return said


@dataclass(frozen=True)
class Kind:
    """One kind of license, as its file declares it."""

    slug: str
    name: str
    name_en: str
    edition: str
    edition_en: str
    defined_by: str
    defined_by_name: str
    sequence: int
    version: int
    law: str
    law_en: str
    items: tuple[Item, ...]
    catalogue: Mapping[str, str]
    template: str
    colour: str
    agency_label: str
    agency_label_en: str
    seal_place: Place
    code_type: str
    shows: tuple[str, ...]
    compare: tuple[str, ...]
    validity: Mapping[str, Any]
    issuers: tuple[str, ...]
    seal: str
    serial: str

    @property
    def code(self) -> str:
        """Its code in identifiers: the defining authority and its number there (GB/T 36904)."""
        return f"{self.defined_by}{self.sequence:03}"

    @property
    def device(self) -> str:
        """The device that stands on its page, as SVG."""
        return (DRAWN / f"{self.template}_device.svg").read_text("utf-8")

    def item(self, key: str) -> Item:
        """One item by its key."""
        return next(item for item in self.items if item.key == key)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of `fields`. It cannot say all: `check` decides."""
        properties: dict[str, Any] = {}
        for item in self.items:
            properties[item.key] = item.schema
            if item.english:
                properties[f"{item.key}_en"] = english_of(item).schema
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:yinxin:kind:{self.slug}:{self.version}",
            "title": self.name_en,
            "x-title-zh": self.name,
            "type": "object",
            "properties": properties,
            "required": [item.key for item in self.items if item.required],
            "additionalProperties": False,
        }

    def check(self, fields: Mapping[str, Any], now: datetime) -> dict[str, Value]:
        """The fields as they will be printed, in the order of the kind. Raises FieldsWrong with one error per field."""
        errors: list[FieldError] = []
        checked: dict[str, Value] = {}
        expected = [
            item for shown in self.items for item in ((shown, english_of(shown)) if shown.english else (shown,))
        ]
        for item in expected:
            value = fields.get(item.key)
            if value is None or value == "":
                if item.required:
                    errors.append(FieldError(item.key, N_("This field is required")))
                continue
            try:
                checked[item.key] = TYPES[item.type].read(value, item.rule, day_of(now))
            except Wrong as wrong:
                errors.append(FieldError(item.key, wrong.message, wrong.values))
        strange = sorted(set(fields) - {item.key for item in expected})
        errors += [FieldError(key, N_("This kind of license has no such field")) for key in strange]
        if errors:
            raise FieldsWrong(errors)
        return checked

    def number(self, fields: Mapping[str, Value], identifier_serial: str) -> str:
        """The number by which people know the license; the serial, if the kind has no number of its own."""
        key = self.catalogue.get("number")
        return str(fields[key]) if key else identifier_serial

    def holder(self, fields: Mapping[str, Value]) -> Holder:
        """Who holds the license, by the items that the catalogue section names."""
        where = self.catalogue
        number = str(fields[where["holder_number"]])
        return Holder(str(fields[where["holder_name"]]), where["holder_number_type"], number)

    def valid_until(self, valid_from: date, asked: date | None, fields: Mapping[str, Value]) -> date | None:
        """The last day of validity by the kind's rule; None means no end. Raises FieldsWrong if another end is asked."""
        match self.validity:
            case {"rule": "years", "years": int(years)}:
                latest = years_after(valid_from, years)
                if asked and not valid_from <= asked <= latest:
                    raise FieldsWrong(
                        [
                            FieldError(
                                "valid_until", N_("Give a day up to %(latest)s"), (("latest", latest.isoformat()),)
                            )
                        ]
                    )
                return asked or latest
            case {"rule": "until-item", "item": str(key)}:
                until = date.fromisoformat(str(fields[key])) if key in fields else None
                if asked and asked != until:
                    raise FieldsWrong(
                        [FieldError("valid_until", N_("The end is the one that the license itself names"))]
                    )
                if until and until < valid_from:
                    raise FieldsWrong([FieldError(key, N_("This day is over: the license could not come into force"))])
                return until
        return asked

    def may_issue(self, agency: str) -> bool:
        """Whether this agency issues licenses of this kind."""
        return agency in self.issuers

    def masked(self, fields: Mapping[str, Value]) -> dict[str, str]:
        """The fields as others than the holder may see them; items in English follow their Chinese ones."""
        return {key: masked(self.item(key.removesuffix("_en")).mask, value) for key, value in fields.items()}

    def shown(self, fields: Mapping[str, Value]) -> dict[str, str]:
        """What the code on the license shows: nothing, unless the kind has a card code."""
        seen = self.masked({key: fields[key] for key in self.shows if key in fields})
        return seen if self.code_type == "card" else {}


def english_of(item: Item) -> Item:
    """The optional companion in English of an item."""
    return Item(
        f"{item.key}_en", item.group, f"{item.label}（英文）", f"{item.label_en} (English)", "text", max=item.max * 3
    )


def named(code_or_name: str) -> Kind:
    """A kind by its code or by the name of its file. Raises NoSuchKind."""
    for kind in all_kinds():
        if code_or_name in (kind.code, kind.slug):
            return kind
    raise NoSuchKind("No kind of license is called %(kind)s", kind=code_or_name[:40])


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Every kind, in the order of their codes. Read once per process. Raises KindWrong."""
    kinds = [read(path.read_text("utf-8"), path.stem.replace("_", "-")) for path in sorted(FOLDER.glob("*.toml"))]
    return tuple(sorted(kinds, key=lambda kind: kind.code))


def read(toml: str, slug: str) -> Kind:
    """A kind from the text of its file. Raises KindWrong."""
    try:
        kind = _read(tomllib.loads(toml), slug)
        _lint(kind)
    except (ValueError, TypeError, LookupError) as error:
        raise KindWrong("%(file)s: %(why)s", file=f"{slug}.toml", why=error) from error
    return kind


def _read(said: dict[str, Any], slug: str) -> Kind:
    style, use = said["style"], said["use"]
    return Kind(
        slug=slug,
        **said["type"],
        items=tuple(_item(item) for item in said["items"]),
        catalogue=said["catalogue"],
        template=style["template"],
        colour=style["colour"],
        agency_label=style["agency_label"],
        agency_label_en=style["agency_label_en"],
        seal_place=Place(**style["seal"]),
        code_type=use["code"],
        shows=tuple(use.get("shows", ())),
        compare=tuple(use["compare"]),
        validity=said["change"]["validity"],
        issuers=tuple(said["registration"]["issuers"]),
        seal=said["registration"]["seal"],
        serial=said["coding"]["serial"],
    )


def _item(said: dict[str, Any]) -> Item:
    choices = tuple((choice["value"], choice["en"]) for choice in said.get("choices", ()))
    return Item(**(said | {"choices": choices}))


def _lint(kind: Kind) -> None:
    """What a slip in a file would otherwise break much later."""
    keys = {item.key for item in kind.items}
    mapped = {kind.catalogue.get(part, "") for part in ("number", "holder_name", "holder_number")} - {""}
    if strange := (mapped | set(kind.shows) | set(kind.compare)) - keys:
        raise ValueError(f"there is no item {sorted(strange)}")
    for item in kind.items:
        if item.group not in GROUPS or item.type not in TYPES or item.mask not in MASKS:
            raise ValueError(f"the item {item.key} has an unknown group, type or mask")
    if kind.colour not in COLOURS:
        raise ValueError(f"the colour {kind.colour} is none of {COLOURS}")
    if kind.code_type not in ("static", "card") or (kind.code_type == "card") != bool(kind.shows):
        raise ValueError("a card code shows items, a static code shows none")
    if kind.validity["rule"] not in ("years", "until-item", "open"):
        raise ValueError("the rule of validity is unknown")
    if kind.catalogue["holder_number_type"] not in HOLDER_TYPES:
        raise ValueError("the type of the holder's number is unknown")
