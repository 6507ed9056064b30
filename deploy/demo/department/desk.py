"""The officer's form: made from the schema of the kind of license, filled with an example, or with what the visitor shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "field-"  # of the names of the license's own fields in the form

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Desk:
    """What a department issues (nothing, if there is no kind), an example of it, and what it takes over from a login."""

    kind: str
    title: str
    title_en: str
    example: dict[str, Any]
    taken_over: Callable[[Claims], dict[str, Any]] = lambda _claims: {}
    mark: str = "blue"
    held: Callable[[Claims], dict[str, Any] | None] = lambda _question: None  # what other bodies may ask us for


@dataclass(frozen=True)
class Field:
    """One line of the form."""

    key: str
    title: str
    title_en: str
    type: str
    value: str
    required: bool
    choices: tuple[str, ...] = ()
    error: str = ""

    @property
    def name(self) -> str:
        """Its name in the form."""
        return PREFIX + self.key


def fields(
    schema: Mapping[str, Any], values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> list[Field]:
    """The lines of the form: those of the example in its order, then whatever else is required or has a value."""
    required = set(schema.get("required", ()))
    keys = [*values, *(key for key in schema["properties"] if key not in values)]
    return [
        Field(
            key,
            said.get("x-title-zh", key),
            said.get("title", key),
            {"date": "date"}.get(said.get("format", ""), "number" if said.get("type") == "integer" else "text"),
            str(values.get(key, "")),
            key in required,
            tuple(said.get("enum", ())),
            (errors or {}).get(key, ""),
        )
        for key in keys
        if (said := schema["properties"].get(key)) and (key in required or values.get(key) not in (None, ""))
    ]


def prefilled(desk: Desk, claims: Claims) -> dict[str, Any]:
    """The example, with the visitor as the holder where the login tells enough."""
    return {**desk.example, **desk.taken_over(claims)}


def sent(schema: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The fields as the API wants them: whole numbers as numbers, empty lines left out, nothing judged here."""
    found: dict[str, Any] = {}
    for name, typed in form.items():
        key, value = name.removeprefix(PREFIX), typed.strip()
        said = schema["properties"].get(key) if name.startswith(PREFIX) else None
        if said and value:
            found[key] = int(value) if said.get("type") == "integer" and value.isdecimal() else value
    return found
