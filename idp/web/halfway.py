"""Between the first factor and the session: what is still due, kept under a cookie of this browser."""

from flask import Response, request, url_for

from hub import web
from hub.house import House
from idp.login import sign_in
from idp.login.sign_in import Passed
from idp.web import desk
from idp.web.desk import Visit


def half(visit: Visit) -> Passed:
    """The half-way sign-in of this browser. Raises SignInAgain."""
    return sign_in.half(visit.house, cookie(visit), visit.now)


def cookie(visit: Visit) -> str:
    """The value that names it."""
    return request.cookies.get(_name(visit.house), "")


def passed(visit: Visit, passed: Passed, *, over: bool = False) -> Response:
    """The next page: the second factor, another password, or on to where the visitor wanted to go.

    `over`: the half-way sign-in of this browser led here, and is used up.
    """
    if over:
        sign_in.end_half(visit.house, cookie(visit))
    if passed.due or passed.change:
        response = web.see_other(visit.to("idp.second" if passed.due else "idp.change"))
        value = sign_in.keep_half(visit.house, passed, visit.now)
        web.set_cookie(response, _name(visit.house), value, seconds=sign_in.HALF_SECONDS)
        return response
    opened = sign_in.finish(
        visit.house,
        passed,
        device=desk.device(),
        now=visit.now,
        before=visit.caller,
        cookie=desk.device_cookie(visit.house),
    )
    response = desk.enter(visit, opened)
    if over:
        web.set_cookie(response, _name(visit.house), "")
    return response


def security(done: str) -> Response:
    """Back to the page of all factors, which says what was done."""
    return web.see_other(url_for("idp.security", done=done))


def _name(house: House) -> str:
    return house.settings.cookie("idp-half")
