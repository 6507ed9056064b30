"""Signing in by way of one's province: the page to choose it, the way there and back, and the link to an account here."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, url_for

from hub import lanes, web
from hub.callers import Caller, Public, Session
from hub.house import House
from hub.i18n import _, language
from hub.problems import NotFound, Problem, TooMany
from hub.steps import step
from hub.web import route
from idp.model.factor import LastFactor
from idp.model.realname import NeedsGuardian
from idp.model.upstream import (
    AnswerNotTrusted,
    Link,
    NotLinked,
    Upstream,
    UpstreamDown,
    UpstreamRefused,
    VouchedTooLow,
    is_federated,
)
from idp.provider import authorize
from idp.upstream import answer, arrive, begin, breaker, configured, links
from idp.upstream.answer import Cancelled
from idp.upstream.arrive import Waits
from idp.web import desk, halfway, upstream_ending
from idp.web.desk import Visit

REFUSALS = (
    NotLinked,
    AnswerNotTrusted,
    UpstreamDown,
    UpstreamRefused,
    VouchedTooLow,
    Cancelled,
    NeedsGuardian,
    TooMany,
    NotFound,
)
LAST_DAYS = 180  # for which a browser remembers the province that was chosen last


def add(bp: Blueprint) -> None:
    """`/upstream` and what is below it."""
    _choose(bp)
    _callback(bp)
    _link(bp)
    upstream_ending.add(bp)


def _choose(bp: Blueprint) -> None:
    @route(bp, "/upstream", gate=Public(), endpoint="upstream")
    def page() -> Response:
        visit = desk.visit()
        if _must_show_a_way(visit):
            return desk.again(visit)
        step(visit.house, "login", "shown")
        return _chooser(visit)

    @route(bp, "/upstream", gate=Public(), methods=("POST",), endpoint="upstream_posted")
    def posted() -> Response:
        """To the province. A page of its own, so that this form leads nowhere else: browsers follow redirects by its rules."""
        lanes.calls_out()
        visit = desk.visit()
        if _must_show_a_way(visit):
            return desk.again(visit)
        try:
            upstream = configured.one(visit.house, request.form.get("province", ""))
            browser = secrets.token_urlsafe(32)
            url = _address(visit, upstream, browser)
        except REFUSALS as problem:
            return _chooser(visit, problem)
        response = _go_on(visit, url, upstream)
        web.set_cookie(response, _name(visit.house, "upstream"), browser, seconds=begin.SECONDS)
        web.set_cookie(response, _name(visit.house, "province"), upstream.id, seconds=LAST_DAYS * 86_400)
        return response


def _callback(bp: Blueprint) -> None:
    @route(bp, "/upstream/<id>/callback", gate=Public(), endpoint="upstream_callback")
    def callback(id: str) -> Response:
        """Back from the province. What it says is believed only after every check."""
        lanes.calls_out()
        house, visit = web.house(), desk.visit()
        upstream = None
        try:
            upstream = configured.one(house, id)
            errand = begin.taken(house, request.args.get("state", ""), _cookie(house, "upstream"), visit.now)
            visit = _again(visit, errand.flow, errand.next)
            if errand.upstream != upstream.id:  # RFC 9700 4.4: an answer at the address of another
                raise AnswerNotTrusted("The answer comes from another provider")
            return _arrived(visit, upstream, errand, request.args)
        except REFUSALS as problem:
            step(house, "login", "wrong")
            return _failed(visit, upstream, problem)


def _link(bp: Blueprint) -> None:
    @route(bp, "/upstream/link", gate=Public(), endpoint="upstream_link")
    def page() -> Response:
        visit = desk.visit()
        try:
            half = arrive.waiting(visit.house, _cookie(visit.house, "upstream-half"), visit.now)
        except REFUSALS as problem:
            return _failed(visit, None, problem)
        signed_in = visit.caller is not None and visit.caller.person == half.person
        recent = visit.caller is not None and visit.caller.auth_time is not None and visit.caller.auth_time >= half.at
        ready = signed_in and recent
        return desk.show(visit, "upstream_link.html", upstream=half.told.upstream, ready=ready, login=_login_for(visit))

    @route(bp, "/upstream/link", gate=Session("idp"), methods=("POST",), endpoint="upstream_link_posted")
    def posted() -> Response:
        visit = desk.visit()
        cookie = _cookie(visit.house, "upstream-half")
        try:
            if "no" not in request.form:
                arrive.confirm(visit.house, cookie, _caller(visit), visit.now)
        except REFUSALS as problem:
            return _failed(visit, None, problem)
        response = desk.onward(visit, _caller(visit))
        web.set_cookie(response, _name(visit.house, "upstream-half"), "")
        return response

    @route(bp, "/account/links/remove", gate=Session("idp"), methods=("POST",), endpoint="upstream_unlink")
    def unlink() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.security")
        try:
            links.remove(visit.house, _caller(visit), request.form.get("link", ""), now=visit.now)
        except LastFactor as problem:
            return _failed(replace(visit, next=url_for("idp.security")), None, problem)
        return halfway.security("unlinked")


# -- inside


def _arrived(visit: Visit, upstream: Upstream, errand: begin.Errand, given: Mapping[str, str]) -> Response:
    house = visit.house
    told = answer.told(house, upstream, errand, given, visit.now)
    if errand.person and visit.person != errand.person:  # he wanted a link, and would be signed in as somebody else
        raise NotLinked("Sign in with the account that is yours here")
    opened = arrive.arrive(
        house,
        told,
        before=visit.caller,
        linking=errand.person,
        device=desk.device(),
        cookie=desk.device_cookie(house),
        now=visit.now,
    )
    if isinstance(opened, Waits):
        response = _go_on(visit, visit.to("idp.upstream_link"), upstream)
        web.set_cookie(response, _name(house, "upstream-half"), opened.cookie, seconds=arrive.HALF_SECONDS)
        return response
    if isinstance(opened, Link):
        return _go_on(visit, url_for("idp.security", done="linked"), upstream)
    entered = desk.enter(visit, opened)
    if entered.status_code != 303:
        return entered
    response = _go_on(visit, entered.location or "/", upstream)
    for value in entered.headers.getlist("Set-Cookie"):
        response.headers.add("Set-Cookie", value)
    web.set_cookie(response, _name(house, "upstream"), "")
    return response


def _address(visit: Visit, upstream: Upstream, browser: str) -> str:
    """Where to send the browser. A link is asked for by whoever showed a way of his own a moment ago."""
    mine = visit.caller is not None and not is_federated(visit.caller.amr) and desk.is_recent(visit)
    return begin.begin(
        visit.house,
        upstream,
        visit.waiting.asked if visit.waiting else None,
        browser=browser,
        flow=visit.flow,
        onward=visit.next,
        again=visit.caller is not None and not mine,
        person=visit.person if mine else "",
        language="zh-Hans" if language() == "zh-Hans" else "en",
        net=desk.network(),
        now=visit.now,
    )


def _connects(visit: Visit) -> bool:
    """Whether somebody who is signed in came from his account, to connect a province's account with it."""
    return visit.caller is not None and not visit.flow and visit.next == url_for("idp.security")


def _must_show_a_way(visit: Visit) -> bool:
    """Whether he has to show a factor once more: else he would not be connected, but signed in as whom the province names."""
    return _connects(visit) and not is_federated(_caller(visit).amr) and not desk.is_recent(visit)


def _chooser(visit: Visit, problem: Problem | None = None) -> Response:
    found = configured.offered(visit.house, visit.now)
    last = _cookie(visit.house, "province")
    down = {one.id for one in found if breaker.is_down(visit.house, one)}
    by_region = sorted(found, key=lambda one: (one.region_en, one.name_en))
    grouped = [(key, list(some)) for key, some in groupby(by_region, key=lambda one: (one.region, one.region_en))]
    again = visit.caller is not None and is_federated(visit.caller.amr)
    values: dict[str, Any] = {"groups": grouped, "last": last, "down": down, "problem": problem, "again": again}
    errors = {"province": _(problem.title)} if problem else {}
    status = problem.status if problem else 200
    response = desk.show(visit, "upstream.html", errors=errors, status=status, **values)
    if status in (429, 503):
        response.headers["Retry-After"] = str(breaker.WAITS[0])
    return response


def _failed(visit: Visit, upstream: Upstream | None, problem: Problem) -> Response:
    values: dict[str, Any] = {"problem": problem, "upstream": upstream, "back": visit.next if _connects(visit) else ""}
    response = desk.show(visit, "upstream_failed.html", status=problem.status, **values)
    if problem.status in (429, 503):
        response.headers["Retry-After"] = str(breaker.WAITS[0])
    return response


def _go_on(visit: Visit, url: str, upstream: Upstream) -> Response:
    """A page that goes on by itself. It ends the chain of redirects, which a browser would judge by the first form's rules."""
    return desk.show(visit, "upstream_onward.html", url=url, upstream=upstream, away=bool(urlsplit(url).netloc))


def _again(visit: Visit, flow: str, onward: str) -> Visit:
    """The visit with the flow that was under way when the browser left. Raises FlowGone."""
    waiting = authorize.pending(visit.house, flow, visit.caller, visit.browser, visit.now) if flow else None
    return replace(visit, flow=flow, waiting=waiting, next=onward)


def _login_for(visit: Visit) -> str:
    """The sign-in page, and from there back to the question."""
    here = url_for("idp.upstream_link", flow=visit.flow or None)
    return url_for("idp.login", again=1, next=here)


def _caller(visit: Visit) -> Caller:
    assert visit.caller is not None  # the gate admits nobody else
    return visit.caller


def _cookie(house: House, name: str) -> str:
    return request.cookies.get(_name(house, name), "")


def _name(house: House, name: str) -> str:
    return house.settings.cookie(name)
