"""What programs ask all day is answered before Flask makes its objects for it (decision 38).

A request object, an answer object and their hooks take 0.2 ms, as long as making a token. An endpoint added with `direct` is a
function from the WSGI environment to a plain `Answer`. It stands at its route like any other, with its gate; but a request of the
usual form is answered here, behind the same headers and counts. All else goes on to Flask: what is out of the ordinary, and what
was refused by a Problem, which gets its page or its problem document there. What was found goes along: nothing is done twice.
"""

import io
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any

import structlog
from flask import Blueprint, Flask, Response, request
from flask.blueprints import BlueprintSetupState

from hub import i18n, metrics, steps
from hub.callers import Program, Public
from hub.house import House
from hub.web import here
from hub.web.incoming import cookies, preferred
from hub.web.routes import route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_FORM = 65_536  # bytes; what is longer is refused in words
LONGEST_QUERY = 16_384  # characters; browsers and proxies take no more
RAISED, FOUND, REQUEST = "yinxin.raised", "yinxin.found", "yinxin.request"  # what goes along in the environment


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers beside those that every answer has."""

    status: int
    body: bytes = b""
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


Verb = Callable[[House, "WSGIEnvironment"], Answer | None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A verb with the names under which its answers are counted. `pages`: it is asked by browsers, whose language counts."""

    verb: Verb
    rule: str
    name: str
    pages: bool = False


def direct(bp: Blueprint, rule: str, *, gate: Program, method: str = "POST", **options: Any) -> Callable[[Verb], Verb]:
    """Add an endpoint for programs, answered directly and by the same verb at its route. It raises what a view may raise."""

    def add(verb: Verb) -> Verb:
        def view() -> Response:
            body = request.get_data(cache=True) if request.content_length is not None else b""
            return written(verb(here.house(), {**request.environ, "wsgi.input": io.BytesIO(body)}))

        view.__name__ = verb.__name__
        route(bp, rule, gate=gate, methods=(method,), **options)(view)
        first(bp, rule, options.get("endpoint", verb.__name__), gate=gate, method=method)(verb)
        return verb

    return add


def first(
    bp: Blueprint, rule: str, endpoint: str, *, gate: Program | Public, method: str = "GET", pages: bool = False
) -> Callable[[Verb], Verb]:
    """Let a verb try before the view of a route; None: the view goes on, with what the verb left under FOUND."""
    assert isinstance(gate, Program | Public), "nobody is let in here"

    def add(verb: Verb) -> Verb:
        def at_registration(state: BlueprintSetupState) -> None:
            table = state.app.extensions.setdefault("direct", {})
            table[(method, rule)] = Endpoint(verb, rule, f"{bp.name}.{endpoint}", pages)

        bp.record(at_registration)
        return verb

    return add


def written(answer: Answer | None) -> Response:
    """The same answer as Flask wants it."""
    assert answer is not None
    return Response(answer.body, answer.status, answer.headers, content_type=answer.media)


class Direct:
    """WSGI: the endpoints that were added, before the application."""

    def __init__(self, app: Flask, following: "WSGIApplication", headers: Callable[[House], dict[str, str]]) -> None:
        self._table: dict[tuple[str, str], Endpoint] = app.extensions.setdefault("direct", {})
        self._app, self._following, self._headers = app, following, headers

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer, or hand on."""
        endpoint = self._table.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if endpoint is None or not is_usual(environ):
            return self._following(environ, start_response)
        began, house = perf_counter(), self._app.extensions["house"]
        environ[REQUEST] = begin(environ, pages=endpoint.pages)
        try:
            answer = endpoint.verb(house, environ)
        except Exception as error:  # noqa: BLE001  it is told in words, where there are words
            answer, environ[RAISED] = None, error
        if answer is None:
            environ["wsgi.input"].seek(0)  # as `is_usual` left it
            return self._following(environ, start_response)
        took = perf_counter() - began
        metrics.answered(endpoint.rule, environ["REQUEST_METHOD"], answer.status, took)
        steps.answered(house, endpoint.name, answer.status, took)
        steps.begin(None)
        usual = self._headers(house)  # each of them once: of two that differ, browsers obey neither
        headers = [*(usual | answer.headers).items(), ("X-Request-Id", environ[REQUEST])]
        if answer.media:
            headers.append(("Content-Type", answer.media))
        headers.append(("Content-Length", str(len(answer.body))))
        start_response(_status(answer.status), headers)
        return [answer.body]


def is_usual(environ: "WSGIEnvironment") -> bool:
    """Whether a request is of the usual form: short, with a body of known length that can be read again, in plain characters."""
    query = environ["QUERY_STRING"]
    if len(query) > LONGEST_QUERY or "%00" in query or "%ed" in query.lower() or not query.isascii():
        return False
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LONGEST_FORM:
        return False
    body = environ["wsgi.input"].read(int(length)) if length != "0" else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return b"%00" not in body and b"\0" not in body and b"%ed" not in body.lower()


def begin(environ: "WSGIEnvironment", *, pages: bool = True, asked: str | None = None) -> str:
    """Begin a request: who counts knows it, each line of the log bears its number, texts have the reader's language.

    `asked`: the language that its address names.
    """
    steps.begin(environ)
    number = environ.get(REQUEST) or secrets.token_hex(8)
    structlog.contextvars.bind_contextvars(request=number)
    if pages:
        i18n.choose(asked or cookies(environ).get("lang"), preferred(environ.get("HTTP_ACCEPT_LANGUAGE", "")))
    return str(number)


@lru_cache(64)
def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"
