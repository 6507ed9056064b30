"""What comes in: forms with their guard against other sites, and JSON bodies with their schema."""

import hmac
import re
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlsplit

from flask import g, request
from jsonschema import Draft202012Validator
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept, MultiDict
from werkzeug.http import parse_accept_header, parse_cookie

from hub import i18n
from hub.problems import BadRequest, NotAllowed, NotFound
from hub.web.here import house

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CSRF_FIELD = "csrf"
FORM = "application/x-www-form-urlencoded"
UNWRITABLE = re.compile("[\0\ud800-\udfff]")


class UnsafeForm(NotAllowed):
    """A form came without its protection against other sites, or after the page had grown too old."""

    title = "This page has expired"
    advice = "Go back, load the page again, and send the form once more. Nothing was changed."


class BodyWrong(BadRequest):
    """The body does not fit its JSON Schema. `extras["errors"]` lists {pointer, detail} (RFC 9457 3.2 example)."""

    status = 422
    title = "Some fields are wrong"
    advice = "Correct the fields that are named here and send it again."


def shape(schema: dict[str, Any]) -> dict[str, Any]:
    """The JSON body of this request, checked. Raises BadRequest, BodyWrong."""
    body = json_object()
    if body is None:
        raise BadRequest("Send a JSON object with Content-Type application/json")
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in error.absolute_path), "detail": error.message}
        for error in Draft202012Validator(schema).iter_errors(body)
    ]
    if not errors and not _all_writable(_texts(body)):
        errors = [{"pointer": "", "detail": "A text holds a character that cannot be kept"}]
    if errors:
        raise BodyWrong("%(count)s fields do not fit", count=len(errors), extras={"errors": errors[:50]})
    return body


def json_object() -> dict[str, Any] | None:
    """The JSON object of this request, if it is one."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # lists in lists without end
        return None
    return body if isinstance(body, dict) else None


def check_text(*, read: bool) -> None:
    """Refuse an address or a form with characters that no database keeps. Raises NotFound, BadRequest.

    `read`: the form may be read here; else it is left for a view that reads it in its own way.
    """
    if not _all_writable((request.view_args or {}).values()):
        raise NotFound("There is nothing at this address")
    given = [*request.args.values()]
    if read and request.mimetype in (FORM, "multipart/form-data"):
        given += request.form.values()
    elif request.mimetype == FORM:
        given.append(unquote_plus(request.get_data(cache=True).decode(errors="replace")))
    if not _all_writable(given):
        raise BadRequest


def _all_writable(texts: Iterable[Any]) -> bool:
    return all(writable(text) for text in texts if isinstance(text, str))


def writable(text: str) -> bool:
    """Whether a database keeps these characters: PostgreSQL takes no U+0000, and no UTF-8 has halves of pairs."""
    return not UNWRITABLE.search(text)


def _texts(body: Any) -> Iterator[str]:
    """Every text in a JSON value, the names of members too."""
    parts = [body]
    while parts:
        part = parts.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict | list):
            parts += part if isinstance(part, list) else [*part, *part.values()]


def cookies(environ: "WSGIEnvironment") -> MultiDict[str, str]:
    """The cookies of a request, read once."""
    kept: MultiDict[str, str] | None = environ.get("yinxin.cookies")
    if kept is None:
        kept = environ["yinxin.cookies"] = parse_cookie(environ.get("HTTP_COOKIE", ""))
    return kept


@lru_cache(256)  # browsers of one country say much the same, and weighing it costs 20 microseconds
def preferred(header: str) -> str | None:
    """The language that a browser prefers of those that we know."""
    said = parse_accept_header(header, LanguageAccept)
    return said.best_match(["zh-Hans", "zh-CN", "zh", "en"], default=i18n.DEFAULT)


def csrf_token() -> str:
    """The token of this browser: a keyed hash of a random cookie that other sites cannot set or read."""
    if "form_cookie" not in g:
        g.form_cookie = request.cookies.get(form_cookie_name()) or secrets.token_urlsafe(16)
    return _form_token(g.form_cookie)


def csrf() -> Markup:
    """The hidden field that belongs into each form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, csrf_token())


def check_csrf() -> None:
    """Refuse a form that another site sent, or that lacks the token of this browser. Raises UnsafeForm."""
    origin = request.headers.get("Origin")
    if origin and origin != "null" and _host(origin) != request.host:
        raise UnsafeForm("The form came from another site")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise UnsafeForm("The form came from another site")
    sent = request.headers.get("X-Csrf") or request.form.get(CSRF_FIELD, "")
    cookie = request.cookies.get(form_cookie_name(), "")
    if not cookie or not hmac.compare_digest(sent.encode(), _form_token(cookie).encode()):
        raise UnsafeForm("The form carries no valid token")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _form_token(cookie: str) -> str:
    return hmac.digest(house().keys.secret("csrf"), cookie.encode(), "sha256").hex()


def form_cookie_name() -> str:
    """The cookie that ties this site's forms to the browser."""
    return house().settings.cookie(f"form-{house().cache.get('site', 'hub')}")
