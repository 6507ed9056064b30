"""The frame of an application: its house, headers, languages and problem pages."""

import contextvars
from collections.abc import Iterable
from typing import TYPE_CHECKING

import jinja2
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from hub import clock, i18n, steps
from hub.house import House
from hub.problems import Problem
from hub.web import direct
from hub.web.answers import (
    LARGE,
    POLICY,
    TEXT,
    USUAL,
    acting_name,
    keep_text,
    language_link,
    large_text,
    page_name,
    set_cookie,
    signed_in_name,
    site_name,
    static,
    text_link,
    unseen_notices,
)
from hub.web.here import caller, house
from hub.web.incoming import csrf, form_cookie_name
from hub.web.refusals import bug, http_error, refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {text}" for name, text in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
OVER_TLS = HEADERS | {"Strict-Transport-Security": "max-age=31536000"}


def frame(app: Flask, opened: House) -> None:
    """Give an application its house, headers, languages and problem pages."""
    app.extensions["house"] = opened
    app.wsgi_app = direct.Direct(app, app.wsgi_app, _headers)  # type: ignore[method-assign]
    if opened.settings.behind_proxy:  # else all visitors share the proxy's address, and each limit that counts by it
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=0)  # type: ignore[method-assign]
    app.config["MAX_CONTENT_LENGTH"] = opened.settings.upload_bytes + 100_000
    app.config["MAX_FORM_MEMORY_SIZE"] = 1_000_000
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]  # a schema keeps the order of its kind
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.add_extension("jinja2.ext.do")  # {% do rows.append(...) %}: the rows of a table
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        _=i18n._,
        csrf=csrf,
        who=caller,  # not `caller`: inside a {% call %} block Jinja gives that name to the block
        signed_in_name=signed_in_name,
        acting_name=acting_name,
        unseen_notices=unseen_notices,
        language=i18n.language,
        languages=i18n.LANGUAGES,
        language_link=language_link,
        large_text=large_text,
        text_link=text_link,
        static=static,
        page_name=page_name,
        settings=opened.settings,
        site_name=site_name,
        now=clock.now,
    )
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
    app.register_error_handler(Problem, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, bug)


def isolated(application: "WSGIApplication") -> "WSGIApplication":
    """The application in a context of its own, so that a call from within a request does not touch that request."""

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return contextvars.Context().run(application, environ, start_response)

    return call


def _begin() -> None:
    g.request_id = direct.begin(request.environ, asked=request.args.get("lang"))
    if direct.RAISED in request.environ:  # refused before there was a page to say it on
        raise request.environ[direct.RAISED]


def _headers(opened: House) -> dict[str, str]:
    return OVER_TLS if opened.settings.secure else HEADERS


def _end(error: BaseException | None) -> None:
    steps.begin(None)


def _finish(response: Response) -> Response:
    if "policy" in g:
        text = "; ".join(f"{name} {text}" for name, text in g.policy.items())
        response.headers.setdefault("Content-Security-Policy", text)
    for name, text in _headers(house()).items():
        if name not in response.headers:  # then there is nothing to put it in place of, which is what takes long
            response.headers.add(name, text)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if request.endpoint and request.endpoint.endswith("static") and request.args.get("v"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if response.mimetype == "text/html":
        response.vary.update(("Accept-Language", "Cookie"))
    if "form_cookie" in g and g.form_cookie != request.cookies.get(form_cookie_name()):
        set_cookie(response, form_cookie_name(), g.form_cookie, strict=False)
    chosen = request.args.get("lang")
    if chosen in i18n.LANGUAGES and chosen != request.cookies.get("lang"):
        response.set_cookie("lang", chosen, max_age=31_536_000, samesite="Lax", secure=house().settings.secure)
    size = request.args.get(TEXT)
    if size in (LARGE, USUAL) and size != request.cookies.get(TEXT):
        keep_text(response, large=size == LARGE)
    return response
