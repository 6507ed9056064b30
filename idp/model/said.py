"""Members of a JSON object that a service sends when it registers itself: each has the form that its standard gives it."""

from collections.abc import Mapping
from typing import Any

from idp.model.flow import Refused

Said = Mapping[str, Any]
MOST = 20  # members of one list
LONGEST = 2000  # characters of one text


def text(said: Said, name: str) -> str:
    """A text on one line, empty if it is left out. Raises Refused."""
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise wrong(f"{name} is not a text of at most {LONGEST} printable characters")
    return value


def texts(said: Said, name: str, *, error: str = "invalid_client_metadata") -> tuple[str, ...]:
    """A list of texts without repetitions, empty if it is left out. Raises Refused."""
    value = said.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST:
        raise Refused(error, f"{name} is not a list of at most {MOST} texts")
    if not all(isinstance(one, str) and 1 <= len(one) <= LONGEST and one.isprintable() for one in value):
        raise Refused(error, f"{name} is not a list of texts")
    return tuple(dict.fromkeys(value))


def boolean(said: Said, name: str) -> bool:
    """True or false; false if it is left out. Raises Refused."""
    value = said.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong(f"{name} is true or false")
    return bool(value)


def seconds(said: Said, name: str) -> int | None:
    """A number of seconds, if there is one. Raises Refused."""
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise wrong(f"{name} is a number of seconds")
    return value


def one_of(said: Said, name: str, values: Any, plain: str) -> str:
    """One of these values, or `plain` if it is left out. Raises Refused."""
    value = text(said, name)
    if value and value not in values:
        raise wrong(f"{name} has a value that is not supported")
    return value or plain


def wrong(words: str) -> Refused:
    """The refusal of a member, in plain ASCII."""
    return Refused("invalid_client_metadata", words)
