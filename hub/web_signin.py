"""The three routes by which a first-party site signs its visitors in and out."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, request

from hub import behalf, callers, clock, signin, web
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from hub.signin import Site

HIGHER = ("2", "3")  # levels of assurance that a page may ask for beyond its site's own
Enter = Callable[[House, Caller, datetime], Caller]


def add(bp: Blueprint, site: Site, enter: Enter | None = None) -> None:
    """Give a blueprint `/sign-in`, `/callback` and `/sign-out` under the site's path.

    Our provider may lead a visitor to `/sign-in` (OpenID Connect Core 4), with its issuer as `iss`; nobody else.

    `enter` may add rights and place to the caller, or refuse him, before his session begins.
    """
    bound = f"{site.kind}-signin"

    @web.route(bp, f"{site.path}/sign-in", gate=callers.Public(), endpoint="sign_in")
    def sign_in() -> Response:
        onward = web.local(request.args.get("next"), f"{site.path}/")
        if request.args.get("iss", web.house().settings.issuer_url) != web.house().settings.issuer_url:
            raise signin.SignInFailed("Another provider began this sign-in")  # OpenID Connect Core 4
        url, browser = signin.begin(
            web.house(),
            site,
            onward,
            prompt="login" if "again" in request.args else "",
            level=int(asked) if (asked := request.args.get("level", "")) in HIGHER else 0,
        )
        response = web.see_other(url)
        web.set_cookie(response, web.house().settings.cookie(bound), browser, seconds=signin.FLOW_SECONDS)
        return response

    @web.route(bp, f"{site.path}/callback", gate=callers.Public(), endpoint="callback")
    def callback() -> Response:
        house, now = web.house(), clock.now()
        cookie = house.settings.cookie(bound)
        caller, onward, id_token = signin.complete(
            house, site, request.args.to_dict(), request.cookies.get(cookie, ""), now
        )
        if enter is not None:
            caller = enter(house, caller, now)
        hours = house.settings.session_hours
        with house.database.write() as db:
            caller, until = behalf.joins(db, caller, now)
            value = callers.begin(
                db, site.kind, caller, now=now, most_hours=hours, device=request.headers.get("User-Agent", "")
            )
            behalf.cap(db, value, until)
        house.shared.put(f"id-token:{digest_of(value)}", id_token, hours * 3600)
        response = web.see_other(onward)
        web.set_cookie(response, cookie, "")
        web.sign_in_cookie(response, site.kind, value)
        return response

    _sign_out(bp, site)
    web.login_at(site.kind, f"{bp.name}.sign_in")


def _sign_out(bp: Blueprint, site: Site) -> None:
    @web.route(bp, f"{site.path}/sign-out", gate=callers.Session(site.kind), methods=("POST",), endpoint="sign_out")
    def sign_out() -> Response:
        house, who = web.house(), web.caller()
        with house.database.write() as db:
            callers.end_sessions(db, at=clock.now(), digest=who.session)
        kept = house.shared.take(f"id-token:{who.session}")
        web.loosen("form-action", house.settings.issuer_url)
        response = web.see_other(signin.end_session_url(house, site, kept.decode() if kept else None))
        web.sign_in_cookie(response, site.kind, "")
        return response
