"""Two languages: message ids are English, the Chinese text stands in each room's `translations/`.

The catalogues are read once per process from their sources (Babel's reader), so there is no compile step to forget.
"""

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

LANGUAGES = {"zh-Hans": "中文", "en": "English"}
DEFAULT = "zh-Hans"
_language = ContextVar("language", default=DEFAULT)
_ROOT = Path(__file__).resolve().parent.parent


@cache
def catalogue() -> dict[str, str]:
    """Every Chinese text by its English message id, from all rooms."""
    texts: dict[str, str] = {}
    for path in sorted(_ROOT.glob("*/translations/*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_Hans"):
                if message.id and message.string and not message.fuzzy:
                    texts[str(message.id)] = str(message.string)
    return texts


def choose(asked: str | None, best: str | None) -> None:
    """Set the reader's language for this request: what he chose, else what his browser prefers, else Chinese."""
    _language.set(asked if asked in LANGUAGES else ("en" if best == "en" else DEFAULT))


def language() -> str:
    """The reader's language in this request: `zh-Hans` or `en`."""
    return _language.get()


def translated(message: str, to: str, **values: Any) -> str:
    """The text of a message id in one named language; `%(name)s` is filled in afterwards."""
    text = catalogue().get(message, message) if to == "zh-Hans" else message
    return text % values if values else text


def _(message: str, **values: Any) -> str:
    """The text of a message id in the reader's language."""
    return translated(message, language(), **values)


def N_(message: str) -> str:  # noqa: N802  the name that gettext's tools know
    """Mark a message id that is translated later, where it is shown."""
    return message
