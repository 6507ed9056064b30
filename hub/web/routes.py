"""Routes: each is added with its gate; there is no other way, and a test says so."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Flask, g, request

from hub import clock
from hub.callers import Gate
from hub.web.here import house
from hub.web.incoming import check_csrf, check_text

View = TypeVar("View", bound=Callable[..., Any])
SAFE = {"GET", "HEAD", "OPTIONS"}
LOGINS: dict[str, str] = {}  # kind of session -> where its login begins; each site names its own with `login_at`


def route(
    bp: Blueprint | Flask, rule: str, *, gate: Gate, methods: tuple[str, ...] = ("GET",), **options: Any
) -> Callable[[View], View]:
    """Add a view behind its gate. The view finds its caller by `caller()`."""

    def add(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            if gate.cookies and request.method not in SAFE:
                check_csrf()
            check_text(read=gate.cookies)
            g.caller = gate.admit(house(), request, clock.now())
            return view(**arguments)

        guarded.__gate__ = gate  # type: ignore[attr-defined]
        bp.add_url_rule(rule, view_func=guarded, methods=list(methods), **options)
        return view

    return add


def login_at(kind: str, endpoint: str) -> None:
    """Say where a visitor without a session of this kind is sent to sign in."""
    LOGINS[kind] = endpoint
