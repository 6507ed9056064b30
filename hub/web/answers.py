"""What goes out: pages, JSON, files, redirects, cookies."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, current_app, g, jsonify, redirect, render_template, request, url_for

from hub import i18n, notices
from hub.web.here import caller, house

LONGEST_PATH = 2000  # characters
TEXT, LARGE, USUAL = "text", "large", "usual"  # the cookie, and what stands in an address, for the size of letters
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
    set_cookie(response, house().settings.cookie(kind), value, seconds=seconds)


def loosen(directive: str, source: str) -> None:
    """Allow one more source in this answer's Content-Security-Policy. Say why where you call it."""
    policy = g.setdefault("policy", dict(POLICY))
    policy[directive] = f"{policy[directive]} {source}" if directive in policy else source


def local(target: str | None, fallback: str) -> str:
    """A path on this site to go on to, never another site (no open redirect), and of no unusual length: it is kept."""
    if not target or len(target) > LONGEST_PATH or "\\" in target:
        return fallback
    ok = target.startswith("/") and not target.startswith("//") and not urlsplit(target).netloc
    return target if ok else fallback


def signed_in_name() -> str:
    """The name of the person who is signed in on this page, or nothing."""
    return _names()[0]


def site_name() -> str:
    """What this installation calls itself, in the reader's language."""
    return house().settings.called(i18n.language())


def acting_name() -> str:
    """The name of the one for whom he acts, or nothing if he acts for himself."""
    return _names()[1] if caller().acting_for else ""


def _names() -> tuple[str, str]:
    """The two lines of a session's sealed name. They are opened once per page."""
    who = caller()
    if not who.sealed_name or not who.person:
        return "", ""
    if "names" not in g:
        with house().database.read() as db:
            sealed = house().vault.decrypt(db, who.person, who.sealed_name, "session-name").decode()
        name, _line, principal = sealed.partition("\n")
        g.names = (name, principal)
    found: tuple[str, str] = g.names
    return found


def unseen_notices() -> int:
    """How many notices wait for the person who is signed in on this page."""
    if not caller().person:
        return 0
    with house().database.read() as db:
        return notices.unseen(db, caller().person or "")


def language_link(code: str) -> str:
    """This page in the other language, with the rest of its query kept."""
    query = {**request.args.to_dict(), "lang": code}
    return f"{request.path}?{urlencode(query)}"


def large_text() -> bool:
    """Whether this reader wants everything in large letters."""
    return request.args.get(TEXT, request.cookies.get(TEXT, "")) == LARGE


def text_link() -> str:
    """This page in letters of the other size, with the rest of its query kept."""
    query = {**request.args.to_dict(), TEXT: USUAL if large_text() else LARGE}
    return f"{request.path}?{urlencode(query)}"


def keep_text(response: Response, *, large: bool) -> None:
    """Let this browser remember the size of letters. A script may read it: it tells nothing."""
    secure = house().settings.secure
    response.set_cookie(TEXT, LARGE if large else USUAL, max_age=31_536_000, samesite="Lax", secure=secure, path="/")


def page_name() -> str:
    """What this page is called wherever pages are counted: the name of its route, never its address."""
    return request.endpoint or "hub.none"


def static(name: str, blueprint: str = "") -> str:
    """The address of a static file, with its digest so that it can be kept for a year."""
    if blueprint:
        folder = current_app.blueprints[blueprint].static_folder
        return url_for(f"{blueprint}.static", filename=name, v=_version(f"{folder}/{name}"))
    return url_for("static", filename=name, v=_version(f"{current_app.static_folder}/{name}"))


@cache
def _version(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
