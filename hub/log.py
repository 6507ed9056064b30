"""Log lines as events with named values, without secrets and without persons.

Every line of this process, of libraries too, passes the same redaction. It is the second fence: the first is not to log such
things at all (names above all: no rule can find a name in running text).
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

from hub import clock

HIDDEN = "[hidden]"
OPENING = {"password", "passphrase", "secret", "token", "tokens", "cookie", "authorization", "code", "otp", "pin"}
OPENING |= {"assertion", "private", "credential", "salt", "answer"}
PERSONAL = {"name", "phone", "mobile", "email", "address", "birth", "birthday", "number", "holder"}
QUIET = ("httpx2", "httpcore2", "dramatiq", "sqlalchemy", "alembic", "fontTools", "pyhanko", "pyhanko_certvalidator")

PATTERNS = [
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){1,4}"),  # JWT, JWS, JWE
    re.compile(r"(?i:\b(?:bearer|basic|dpop) )[\w~+/.=-]{8,}"),
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # the user and password of an address
    re.compile(r"(?i:(?<=[?&;])[\w-]*(?:code|token|secret|password|state|nonce|assertion|hint)=)[^&\s;\"']+"),
    re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])"),  # citizen's number, 18 characters
    re.compile(r"(?<![0-9A-Za-z])[A-Z]{3}\d{12}(?![0-9A-Za-z])"),  # foreigner's card of the old form
    re.compile(r"(?<![0-9A-Za-z.:-])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z])"),  # mobile phone
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    # A random token of 32 bytes in base64url; a digest in hex may stay, it names a file or a commit.
    re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{40,}"),
]


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what stands under a private name, and whatever looks like a secret or a person's number anywhere else."""
    return {key: _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: Any) -> Any:
    if not (OPENING | PERSONAL).isdisjoint(re.split(r"[^a-z]+", key.lower())):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(name): _hidden(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", each) for each in value]
    if isinstance(value, bool | int | float) or value is None:
        return value if len(str(value)) < 11 else cleaned(str(value))
    return cleaned(value if isinstance(value, str) else repr(value))


def cleaned(text: str) -> str:
    """Give a text without what looks like a secret or a person's number."""
    for pattern in PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


def _timed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {"at": clock.now().isoformat(timespec="milliseconds"), **event}


COMMON: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    _timed,
)


def formatter(*, json: bool) -> ProcessorFormatter:
    """The one formatter: for our events and for the lines of libraries."""
    render = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    last: list[Any] = [ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info, redact, render]
    return ProcessorFormatter(foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *COMMON], processors=last)


def setup(*, json: bool) -> None:
    """Send every log line of this process to stderr, redacted; also those of the web server, which brings its own."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(json=json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("_granian", "granian.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    structlog.configure(
        processors=[*COMMON, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
