"""The authorization endpoint: what a browser brings, and where it is sent next."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, request

from hub import callers, clock, limits, web
from hub.callers import Caller, Program, Public
from hub.digest import digest_of
from hub.house import House
from hub.problems import TooLarge
from hub.web import direct, route
from hub.web.answers import TEXT
from hub.web.direct import LONGEST_QUERY
from hub.web.incoming import cookies
from idp.model.flow import FLOW_SECONDS, FlowGone, NeedsInteraction, Redirect
from idp.provider import authorize, flows
from idp.provider.programs import LONGEST_FORM
from idp.web import restart
from idp.web.leave import leave

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

POSTED_SECONDS = 60  # a posted request only waits for the redirect that follows
BROWSER_LENGTH = 43  # characters of 256 bits in base64url
LANGUAGES = {"zh": "zh-Hans", "zh-hans": "zh-Hans", "zh-cn": "zh-Hans", "en": "en", "en-us": "en", "en-gb": "en"}
Pairs = list[tuple[str, str]]


def add(bp: Blueprint) -> None:
    """`/oidc/authorize`."""
    restart.leads_back(bp)

    direct.first(bp, "/oidc/authorize", "authorization", gate=Public(), pages=True)(_at_once)

    @route(bp, "/oidc/authorize", gate=Public())
    def authorization() -> Response:
        found: Found | None = request.environ.get(direct.FOUND)
        return _shown(found or _begun(list(request.args.items(multi=True))))

    # A form posted from another site brings no Lax cookies; our own GET does (OpenID Connect Core 3.1.2.1 asks for both).
    @route(bp, "/oidc/authorize", gate=Program("changes nothing: sends the browser on to our GET"), methods=("POST",))
    def authorization_posted() -> Response:
        given = [*request.args.items(multi=True), *request.form.items(multi=True)]
        at, query = f"{web.house().settings.issuer_url}/oidc/authorize", urlencode(given)
        if len(query) <= LONGEST_QUERY:
            return web.see_other(f"{at}?{query}")
        return web.see_other(f"{at}/posted/{_kept(given, query)}")

    @route(bp, "/oidc/authorize/posted/<name>", gate=Public())
    def authorization_kept(name: str) -> Response:
        """A posted request that no address can hold."""
        kept = web.house().shared.peek(_key(name))
        if kept is None:
            raise FlowGone("The request that was posted is too old")
        return _shown(_begun([(str(name), str(value)) for name, value in json.loads(kept)]))


def _at_once(house: House, environ: "WSGIEnvironment") -> direct.Answer | None:
    """Single sign-on: whoever is signed in and has agreed goes straight back. All else goes on to a page."""
    now, session = clock.now(), cookies(environ).get(house.settings.cookie("idp"))
    try:
        given = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, errors="strict")
    except ValueError:
        return None
    caller = callers.of_cookie(house, session, "idp", now) if session else None
    if caller is None or any(name in ("lang", TEXT) for name, _ in given):
        return None
    found = _asked(house, given, caller, environ, now)
    answer = found.answer
    if isinstance(answer, NeedsInteraction) or answer.fields or answer.forget or not answer.url.isascii():
        environ[direct.FOUND] = found
        return None
    return direct.Answer(303, media="", headers={"Location": answer.url, "Cache-Control": "no-store"})


def _begun(given: Pairs) -> "Found":
    house, now = web.house(), clock.now()
    return _asked(house, given, callers.current(house, request, "idp", now), request.environ, now)


@dataclass(frozen=True)
class Found:
    """What a request led to, and the secret of the browser in which it goes on."""

    browser: str
    answer: Redirect | NeedsInteraction


def _asked(house: House, given: Pairs, caller: Caller | None, environ: "WSGIEnvironment", now: datetime) -> Found:
    browser = cookies(environ).get(flows.cookie_name(house), "")
    if len(browser) != BROWSER_LENGTH:
        browser = secrets.token_urlsafe(32)
    net = limits.network(environ.get("REMOTE_ADDR", ""))
    return Found(browser, authorize.start(house, given, caller, browser, now, net))


def _shown(found: Found) -> Response:
    house, answer = web.house(), found.answer
    if not isinstance(answer, NeedsInteraction):
        return leave(answer)
    at = authorize.login_url(house, answer.flow, new=answer.new)
    response = web.see_other(at + _language(answer.ui_locales))
    web.set_cookie(response, flows.cookie_name(house), found.browser, seconds=FLOW_SECONDS)
    return response


def _kept(given: Pairs, query: str) -> str:
    """Keep a request that no address can hold, under a name that can be in one. A form may be as large as at other endpoints."""
    if len(query) > LONGEST_FORM:
        raise TooLarge("At most %(count)s characters are accepted", count=LONGEST_FORM)
    house, name = web.house(), secrets.token_urlsafe(24)
    limits.check(house.shared, flows.OPENED, limits.network(request.remote_addr or ""))
    house.shared.put(_key(name), json.dumps(given), POSTED_SECONDS)
    return name


def _key(name: str) -> str:
    return f"idp:posted:{digest_of(name)}"


def _language(asked: tuple[str, ...]) -> str:
    """The language that the service asks for, unless this browser has chosen one here (OpenID Connect Core 3.1.2.1)."""
    found = next((LANGUAGES[locale.lower()] for locale in asked if locale.lower() in LANGUAGES), None)
    return f"&lang={found}" if found and "lang" not in request.cookies else ""
