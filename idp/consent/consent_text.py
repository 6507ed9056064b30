"""The wording of the consent page, by version and language, as it was shown and as its digest is kept.

Each version is a file that never changes, so what somebody agreed to years ago can be shown word by word.
"""

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from idp.model.client import Client
from idp.model.consent import TEXT_VERSION

FIELDS = {  # what each scope or claim tells, in the order in which it is shown
    "openid": ("subject", "level"),
    "profile": ("subject", "name", "level"),
    "realname": ("subject", "name", "number", "level"),
    "company": ("acting_for",),
    "claim:name": ("subject", "name", "level"),  # asked for by name, without the scope (OpenID Connect Core 5.5)
    "claim:number": ("subject", "number", "level"),
    "claim:company": ("acting_for",),
}
ORDER = ("subject", "name", "number", "acting_for", "level")
APIS = "2-apis"  # what is said besides, if it may call others in the person's name
_FOLDER = Path(__file__).parent / "texts"


@dataclass(frozen=True)
class Text:
    """One consent text as one person saw it for one service. It holds no value of his."""

    version: int
    language: str
    lines: tuple[str, ...]
    apis: tuple[Client, ...] = ()  # the other services that it names, to be called in the person's name

    @property
    def whole(self) -> str:
        """All of it; this is what the digest covers."""
        return "\n".join(self.lines) + "\n"

    @property
    def digest(self) -> str:
        """The digest that stands in the receipt."""
        return f"sha-256:{hashlib.sha256(self.whole.encode()).hexdigest()}"

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Each line as what it is about and what it says; the last ones are about nothing in particular."""
        mark = "：" if self.language == "zh-Hans" else ": "
        return [
            (before, after) if found else ("", before)
            for before, found, after in (x.partition(mark) for x in self.lines)
        ]


def fields(scopes: Iterable[str]) -> tuple[str, ...]:
    """What these scopes tell, each once."""
    told = {field for scope in scopes for field in FIELDS.get(scope, ())}
    return tuple(field for field in ORDER if field in told)


def text(
    client: Client,
    scopes: Iterable[str],
    place: str,
    language: str,
    version: int = TEXT_VERSION,
    *,
    apis: tuple[Client, ...] = (),
) -> Text:
    """The text about one service. `place` is where it belongs, in words of the language; `apis` are those of other services."""
    words, asked = _words(version)[language], frozenset(scopes)
    chinese = language == "zh-Hans"
    purpose = (client.purpose if chinese else client.purpose_en) or ("登录" if chinese else "to let you sign in.")
    filled = {
        "service": client.name if chinese else client.name_en,
        "owner": _owner(client, place, chinese=chinese),
        "purpose": purpose,
        "fields": words["joint"].join(words["fields"][field] for field in fields(asked)),
        "basis": words["bases"][client.basis.value],
        "lasting": words["lasting" if "offline_access" in asked else "each_time"],
    }
    lines = [line % filled for line in words["lines"]]
    if apis:  # right after what it is told
        more = _words(APIS)[language]
        named = [
            more["named"] % {"service": _name(one, language), "owner": _owner(one, "", chinese=chinese)} for one in apis
        ]
        lines.insert(1, more["line"] % {"apis": more["joint"].join(named)})
    return Text(version, language, tuple(lines), apis)


def _name(client: Client, language: str) -> str:
    return client.name if language == "zh-Hans" else client.name_en


def _owner(client: Client, place: str, *, chinese: bool) -> str:
    """The body that answers for a service: by its name, else by its place and code."""
    named = client.agency_name if chinese else client.agency_name_en or client.agency_name
    return named or (f"{place} {client.agency}".strip() if client.agency else client.id)


@cache
def _words(version: int | str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"consent-{version}.toml").read_text(encoding="utf-8"))
