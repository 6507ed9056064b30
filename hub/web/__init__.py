"""The web side of the house: gates on routes, pages, problems, forms, headers, language."""

from hub.web.answers import (
    answer,
    file,
    keep_text,
    local,
    loosen,
    page,
    see_other,
    set_cookie,
    sign_in_cookie,
    site_name,
    static,
)
from hub.web.frame import frame, isolated
from hub.web.here import caller, house
from hub.web.incoming import BodyWrong, UnsafeForm, csrf, json_object, shape, writable
from hub.web.refusals import problem_body, wants_json
from hub.web.routes import login_at, route

__all__ = [
    "BodyWrong",
    "UnsafeForm",
    "answer",
    "caller",
    "csrf",
    "file",
    "frame",
    "house",
    "isolated",
    "json_object",
    "keep_text",
    "local",
    "login_at",
    "loosen",
    "page",
    "problem_body",
    "route",
    "see_other",
    "set_cookie",
    "shape",
    "sign_in_cookie",
    "site_name",
    "static",
    "wants_json",
    "writable",
]
