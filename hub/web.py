"""The web side of the house: gates on routes, pages, problems, CSRF, headers, language.

A route is added with `route(blueprint, rule, gate=…)`; there is no other way, and a test says so.
"""

import contextvars
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import jinja2
import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    has_request_context,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from jsonschema import Draft202012Validator
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from hub import callers, clock, i18n
from hub.callers import Caller, Gate
from hub.house import House
from hub.problems import BadRequest, NotAllowed, NotFound, NotSignedIn, Problem, TooLarge, Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger("web")
View = TypeVar("View", bound=Callable[..., Any])
SAFE = {"GET", "HEAD", "OPTIONS"}
CSRF_FIELD = "csrf"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
LOGINS: dict[str, str] = {}  # kind of session -> where its login begins; each site names its own with `login_at`


class UnsafeForm(NotAllowed):
    """A form came without its protection against other sites, or after the page had grown too old."""

    title = "This page has expired"
    advice = "Go back, load the page again, and send the form once more. Nothing was changed."


class FieldsWrong(BadRequest):
    """The body does not fit its JSON Schema. `extras["errors"]` lists {pointer, detail} (RFC 9457 3.2 example)."""

    status = 422
    title = "Some fields are wrong"
    advice = "Correct the fields that are named here and send it again."


# -- routes


def route(
    bp: Blueprint | Flask, rule: str, *, gate: Gate, methods: tuple[str, ...] = ("GET",), **options: Any
) -> Callable[[View], View]:
    """Add a view behind its gate. The view finds its caller by `caller()`."""

    def add(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            if gate.cookies and request.method not in SAFE:
                _check_csrf()
            g.caller = gate.admit(house(), request, clock.now())
            return view(**arguments)

        guarded.__gate__ = gate  # type: ignore[attr-defined]
        bp.add_url_rule(rule, view_func=guarded, methods=list(methods), **options)
        return view

    return add


def house() -> House:
    """The open house of this process."""
    found: House = current_app.extensions["house"]
    return found


def caller() -> Caller:
    """Who asks. Set by the route's gate."""
    found: Caller = g.get("caller", callers.NOBODY)
    return found


def login_at(kind: str, endpoint: str) -> None:
    """Say where a visitor without a session of this kind is sent to sign in."""
    LOGINS[kind] = endpoint


# -- answers


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page. Pages are private and not stored unless the view says otherwise (`cacheable`)."""
    response = current_app.make_response((render_template(template, **values), status))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = i18n.language()
    return response


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """Answer a program with JSON."""
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers)
    return response


def file(data: bytes, kind: str, *, name: str = "", seconds: int = 0) -> Response:
    """Answer with a file; `seconds` is how long anyone may keep it (0: not at all)."""
    response = Response(data, content_type=kind)
    response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "no-store"
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def see_other(url: str) -> Response:
    """Redirect with 303, so that a posted form is never posted again elsewhere (RFC 9700 4.12)."""
    response = redirect(url, 303)
    assert isinstance(response, Response)
    response.headers["Cache-Control"] = "no-store"
    return response


def set_cookie(response: Response, name: str, value: str, *, seconds: int | None = None, strict: bool = False) -> None:
    """Set a cookie that scripts cannot read. `value` empty deletes it."""
    response.set_cookie(
        name,
        value,
        max_age=0 if not value else seconds,
        secure=house().settings.secure,
        httponly=True,
        samesite="Strict" if strict else "Lax",
        path="/",
    )


def sign_in_cookie(response: Response, kind: str, value: str) -> None:
    """Hand a session of one site to the browser (value of `callers.open_session`; empty ends it)."""
    seconds = house().settings.session_hours * 3600
    set_cookie(response, callers.cookie_name(house(), kind), value, seconds=seconds)


def loosen(directive: str, source: str) -> None:
    """Allow one more source in this answer's Content-Security-Policy. Say why where you call it."""
    policy = g.setdefault("policy", dict(POLICY))
    policy[directive] = f"{policy[directive]} {source}" if directive in policy else source


def local(target: str | None, fallback: str) -> str:
    """A path on this site to go on to, never another site (no open redirect)."""
    ok = target and target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    return target if ok and target and not urlsplit(target).netloc else fallback


def shape(schema: dict[str, Any]) -> dict[str, Any]:
    """The JSON body of this request, checked. Raises BadRequest, FieldsWrong."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadRequest("Send a JSON object with Content-Type application/json")
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in error.absolute_path), "detail": error.message}
        for error in Draft202012Validator(schema).iter_errors(body)
    ]
    if errors:
        raise FieldsWrong("%(count)s fields do not fit", count=len(errors), extras={"errors": errors[:50]})
    return body


# -- forms


def csrf_token() -> str:
    """The token of this browser: a keyed hash of a random cookie that other sites cannot set or read."""
    if "form_cookie" not in g:
        g.form_cookie = request.cookies.get(_form_cookie()) or secrets.token_urlsafe(16)
    return _form_token(g.form_cookie)


def csrf() -> Markup:
    """The hidden field that belongs into each form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, csrf_token())


def _check_csrf() -> None:
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        raise UnsafeForm("The form came from another site")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise UnsafeForm("The form came from another site")
    sent = request.headers.get("X-Csrf") or request.form.get(CSRF_FIELD, "")
    cookie = request.cookies.get(_form_cookie(), "")
    if not cookie or not hmac.compare_digest(sent.encode(), _form_token(cookie).encode()):
        raise UnsafeForm("The form carries no valid token")


def _form_token(cookie: str) -> str:
    return hmac.digest(house().keys.secret("csrf"), cookie.encode(), "sha256").hex()


def _form_cookie() -> str:
    site = house().cache.get("site", "hub")
    return f"__Host-yinxin-form-{site}" if house().settings.secure else f"yinxin-form-{site}"


# -- the application's frame


def frame(app: Flask, opened: House) -> None:
    """Give an application its house, headers, languages and problem pages."""
    app.extensions["house"] = opened
    app.config["MAX_CONTENT_LENGTH"] = opened.settings.upload_bytes + 100_000
    app.config["MAX_FORM_MEMORY_SIZE"] = 1_000_000
    app.config["JSON_AS_ASCII"] = False
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        _=i18n._,
        csrf=csrf,
        who=caller,  # not `caller`: inside a {% call %} block Jinja gives that name to the block
        signed_in_name=signed_in_name,
        language=i18n.language,
        languages=i18n.LANGUAGES,
        language_link=language_link,
        static=static,
        settings=opened.settings,
        now=clock.now,
    )
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)


def isolated(application: "WSGIApplication") -> "WSGIApplication":
    """The application in a context of its own, so that a call from within a request does not touch that request."""

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return contextvars.Context().run(application, environ, start_response)

    return call


def signed_in_name() -> str:
    """The name of the person who is signed in on this page, or nothing."""
    who = caller()
    if not who.sealed_name or not who.person:
        return ""
    with house().database.read() as db:
        return house().vault.decrypt(db, who.person, who.sealed_name, "session-name").decode()


def language_link(code: str) -> str:
    """This page in the other language, with the rest of its query kept."""
    query = {**request.args.to_dict(), "lang": code}
    return f"{request.path}?{urlencode(query)}"


def static(name: str, blueprint: str = "") -> str:
    """The address of a static file, with its digest so that it can be kept for a year."""
    if blueprint:
        folder = current_app.blueprints[blueprint].static_folder
        return url_for(f"{blueprint}.static", filename=name, v=_version(f"{folder}/{name}"))
    return url_for("static", filename=name, v=_version(f"{current_app.static_folder}/{name}"))


@cache
def _version(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)
    best = request.accept_languages.best_match(["zh-Hans", "zh-CN", "zh", "en"], default=i18n.DEFAULT)
    i18n.choose(request.args.get("lang") or request.cookies.get("lang"), best)


def _finish(response: Response) -> Response:
    policy = g.get("policy", POLICY)
    response.headers.setdefault("Content-Security-Policy", "; ".join(f"{name} {text}" for name, text in policy.items()))
    for name, text in HEADERS.items():
        response.headers.setdefault(name, text)
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if house().settings.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint and request.endpoint.endswith("static") and request.args.get("v"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if response.mimetype == "text/html":
        response.vary.update(("Accept-Language", "Cookie"))
    if "form_cookie" in g and g.form_cookie != request.cookies.get(_form_cookie()):
        set_cookie(response, _form_cookie(), g.form_cookie, strict=False)
    chosen = request.args.get("lang")
    if chosen in i18n.LANGUAGES and chosen != request.cookies.get("lang"):
        response.set_cookie("lang", chosen, max_age=31_536_000, samesite="Lax", secure=house().settings.secure)
    return response


# -- problems


def wants_json() -> bool:
    """Programs get problem+json: everything under /api, everything with a token, everyone who accepts JSON first."""
    if request.path.startswith(("/api/", "/pki/")) or "Authorization" in request.headers:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best is not None and best != "text/html"


def problem_body(problem: Problem) -> dict[str, Any]:
    """RFC 9457 members; `type` names the page of the kind in our documentation."""
    body: dict[str, Any] = {
        "type": f"urn:yinxin:problem:{problem.code}",
        "title": i18n._(problem.title),
        "status": problem.status,
        "detail": i18n._(problem.message, **problem.values) if problem.message else "",
        "advice": i18n._(problem.advice) if problem.advice else "",
    }
    return {name: text for name, text in (body | problem.extras).items() if text not in ("", None)}


def _problem(problem: Problem) -> Response:
    level = log.error if problem.status >= 500 else log.info
    level("problem", kind=problem.code, status=problem.status, endpoint=request.endpoint)
    if wants_json():
        response = jsonify(problem_body(problem))
        response.content_type = "application/problem+json"
    elif isinstance(problem, NotSignedIn) and request.method == "GET" and _login(problem):
        return see_other(_login(problem))
    else:
        detail = i18n._(problem.message, **problem.values) if problem.message else ""
        response = page("hub/problem.html", problem=problem, detail=detail, request_id=g.get("request_id", ""))
    response.status_code = problem.status
    response.headers["Cache-Control"] = "no-store"
    if problem.status in (429, 503):
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", 30))
    if isinstance(problem, NotSignedIn) and wants_json():
        bearer = 'Bearer error="invalid_token"' if "Authorization" in request.headers else "Bearer"
        response.headers["WWW-Authenticate"] = bearer
    if isinstance(problem, NotAllowed) and "Authorization" in request.headers:
        scope = problem.extras.get("scope", "")
        response.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{scope}"'
    return response


def _login(problem: Problem) -> str:
    endpoint = LOGINS.get(problem.extras.get("session", ""))
    return url_for(endpoint, next=request.full_path.rstrip("?")) if endpoint in current_app.view_functions else ""


class MethodNotAllowed(BadRequest):
    """The address exists, but not for this method."""

    status = 405
    title = "This address does not take that method"


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        megabytes = house().settings.upload_bytes // 1_000_000
        return _problem(TooLarge("At most %(megabytes)s MB are accepted", megabytes=megabytes))
    if error.code == 404:
        return _problem(NotFound("There is nothing at this address"))
    if error.code == 405:
        response = _problem(MethodNotAllowed("Use another method"))
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
        return response
    if error.code and error.code >= 500:
        return _problem(Unavailable())
    return _problem(BadRequest())


class OurFault(Problem):
    """A fault of ours. The request id leads to the log line."""

    status = 500
    title = "Something went wrong on our side"
    advice = "Please try again. If it happens again, tell us the number of this request."


def _bug(error: Exception) -> Response:
    log.error("bug", endpoint=request.endpoint if has_request_context() else None, exc_info=error)
    if current_app.testing and current_app.config.get("PROPAGATE_BUGS", True):
        raise error
    return _problem(OurFault("Request %(id)s", id=g.get("request_id", ""), extras={"request": g.get("request_id", "")}))
