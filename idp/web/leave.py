"""Sending a browser back to the service, in the way that the service asked for."""

from urllib.parse import urlsplit

from flask import Response, g

from hub import web
from idp.login import session
from idp.model.flow import Redirect


def leave(answer: Redirect) -> Response:
    """The redirect, or the page whose form the browser posts. Whoever sat at a machine for many is forgotten by it."""
    if answer.fields:
        parts = urlsplit(answer.url)
        web.loosen("form-action", f"{parts.scheme}://{parts.netloc}")  # this form goes to the service and nowhere else
        response = web.page("idp/form_post.html", address=answer.url, fields=answer.fields)
    else:
        response = web.see_other(answer.url)
    if answer.forget:
        web.sign_in_cookie(response, session.KIND, "")
        g.session_forgotten = True
    return response


def is_forgotten() -> bool:
    """Whether this answer takes the session from the browser: nothing may give it back."""
    return bool(g.get("session_forgotten"))
