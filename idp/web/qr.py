"""Signing in with a phone: the page of the computer with the code, and the page of the phone with the question."""

import secrets
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from flask import Blueprint, Response, request, url_for
from markupsafe import Markup

from hub import steps, symbol, web
from hub.callers import Public, Session
from hub.i18n import _
from hub.problems import TooMany
from hub.web import route
from idp.login import qr
from idp.model.flow import FLOW_SECONDS, STRONGEST, Step
from idp.model.qr import Asking, SameBrowser, Scan, Shown, Stage
from idp.provider import clients, flows
from idp.web import desk
from idp.web.account.words import service_name
from idp.web.desk import Visit

SIGNED_IN = Session("idp")
BROWSER_LENGTH = 43  # characters of 256 bits in base64url
ANSWERS = ("number", "cancel", "not-me")
LOCAL = [
    ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::/56")
]


def add(bp: Blueprint) -> None:
    """`/login/qr` on the computer, `/qr` on the phone."""
    _code(bp)
    _collect(bp)
    _scan(bp)
    _question(bp)


def _code(bp: Blueprint) -> None:
    @route(bp, "/login/qr", gate=Public(), endpoint="qr")
    def page() -> Response:
        visit = desk.visit()
        if visit.caller and visit.waiting and Step.login not in visit.waiting.steps:  # done meanwhile in another window
            return desk.onward(visit, visit.caller)
        if visit.waiting and visit.waiting.asked.level >= STRONGEST:  # only a passkey on this very device counts
            return web.see_other(visit.to("idp.login"))
        browser = _browser(visit)
        try:
            now = qr.shown(visit.house, _asking(visit, browser), visit.now)
        except TooMany as problem:
            return desk.refused(visit, "qr.html", problem, shown=Shown(Stage.over), code="", link="", on_phone=False)
        response = desk.show(visit, "qr.html", shown=now, on_phone=_on_phone(), **_drawn(visit, now))
        web.set_cookie(response, flows.cookie_name(visit.house), browser, seconds=FLOW_SECONDS)
        return response

    @route(bp, "/login/qr/state", gate=Public())
    def qr_state() -> Response:
        """What the page asks while it waits; without script it is loaded anew instead."""
        visit = desk.visit()
        qr.looked(visit.house, desk.network())
        found = qr.found(visit.house, visit.browser, visit.flow)
        if found is None:
            return web.answer({"stage": "gone"})
        now = qr.shown(visit.house, found, visit.now)
        return web.answer({"stage": now.stage.value, **_drawn(visit, now)})


def _collect(bp: Blueprint) -> None:
    @route(bp, "/login/qr", gate=Public(), methods=("POST",))
    def qr_posted() -> Response:
        """The phone agreed: this browser, and no other, gets its session."""
        visit = desk.visit()
        opened = qr.collect(
            visit.house, visit.browser, visit.flow, device=desk.device(), before=visit.caller, now=visit.now
        )
        return desk.enter(visit, opened)

    @route(bp, "/login/qr/again", gate=Public(), methods=("POST",))
    def qr_again() -> Response:
        visit = desk.visit()
        qr.forget(visit.house, visit.browser, visit.flow)
        return web.see_other(visit.to("idp.qr"))

    @route(bp, "/login/qr/cancel", gate=Public(), methods=("POST",))
    def qr_cancel() -> Response:
        visit = desk.visit()
        qr.forget(visit.house, visit.browser, visit.flow)
        return web.see_other(visit.to("idp.login"))


def _scan(bp: Blueprint) -> None:
    @route(bp, "/qr/<code>", gate=Public())
    def qr_scan(code: str) -> Response:
        """What the code holds. It works once, so it leaves the address line at once; a preview does not use it up."""
        visit = desk.visit()
        if request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", ""):
            return web.see_other(url_for("idp.qr_phone"))
        phone = secrets.token_urlsafe(32)
        try:
            qr.scan(visit.house, code, phone, visit.browser, network=desk.network(), now=visit.now)
        except SameBrowser as same:
            return web.see_other(url_for("idp.login", flow=same.flow or None))
        response = web.see_other(url_for("idp.qr_phone"))
        web.set_cookie(response, _cookie(visit), phone, seconds=qr.KEPT)
        return response


def _question(bp: Blueprint) -> None:
    @route(bp, "/qr", gate=SIGNED_IN)
    def qr_phone() -> Response:
        visit = desk.visit()
        phone = request.cookies.get(_cookie(visit), "")
        if not phone:
            return desk.show(visit, "qr_none.html")
        asking, scan = qr.held(visit.house, phone, visit.now)
        assert visit.caller is not None
        qr.may_answer(visit.house, visit.caller)
        if not qr.fresh_enough(asking, visit.caller, desk.RECENT, visit.now):
            return desk.again(visit)
        return desk.show(visit, "qr_phone.html", asking=asking, choices=scan.choices, **_who_asks(visit, asking, scan))

    @route(bp, "/qr", gate=SIGNED_IN, methods=("POST",))
    def qr_answered() -> Response:
        visit = desk.visit()
        phone = request.cookies.get(_cookie(visit), "")
        assert visit.caller is not None
        asking, scan = qr.held(visit.house, phone, visit.now)
        if not qr.fresh_enough(asking, visit.caller, desk.RECENT, visit.now):
            return desk.again(visit)
        answer = next((name for name in ANSWERS if name in request.form), "cancel")
        if answer == "number":
            answer = "agreed" if qr.approve(visit.house, phone, _number(), visit.caller, visit.now) else "wrong"
        else:
            qr.refuse(visit.house, phone, visit.caller, visit.now, disown=answer == "not-me")
        response = desk.show(visit, "qr_done.html", answer=answer, **_who_asks(visit, asking, scan))
        web.set_cookie(response, _cookie(visit), "")
        return response


# -- inside


def _asking(visit: Visit, browser: str) -> Asking:
    client = visit.waiting.client.id if visit.waiting else ""
    where = {"network": desk.network(), "device": desk.device()}
    return qr.ask(visit.house, browser, visit.flow, client=client, since=_since(visit), now=visit.now, **where)


def _since(visit: Visit) -> datetime | None:
    """After which moment the service wants a factor to be shown, if it wants that."""
    if visit.waiting is None:
        return None
    asked = visit.waiting.asked
    soon = asked.max_age is not None and timedelta(seconds=asked.max_age) <= 2 * desk.RECENT
    return visit.waiting.flow.started if soon or asked.prompt & {"login", "select_account"} else None


def _browser(visit: Visit) -> str:
    """The secret of this browser, made now if it has none."""
    return visit.browser if len(visit.browser) == BROWSER_LENGTH else secrets.token_urlsafe(32)


def _drawn(visit: Visit, shown: Shown) -> dict[str, Any]:
    """The code as a picture, and as the link behind it."""
    if shown.stage is not Stage.shown:
        return {"code": "", "link": ""}
    link = f"{visit.house.settings.issuer_url}/qr/{shown.code}"
    return {"code": Markup(symbol.svg(link)), "link": link}  # noqa: S704  our own drawing


def _on_phone() -> bool:
    """Whether the page with the code is itself read on a phone: there is nothing to scan then."""
    agent, mobile = request.headers.get("User-Agent", ""), request.headers.get("Sec-CH-UA-Mobile", "")
    return steps.device(agent, mobile) == "phone"


def _number() -> int:
    typed = request.form.get("number", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 2 else 0


def _who_asks(visit: Visit, asking: Asking, scan: Scan) -> dict[str, Any]:
    """What the phone tells of the asking side: enough to notice that it is not oneself."""
    client = clients.known(visit.house, asking.client, visit.now) if asking.client else None
    return {
        "asked_by": service_name(client) if client else _("My account"),
        "address": _origin(client.redirect_uris[0]) if client and client.redirect_uris else "",
        "device": asking.device or _("Unknown device"),
        "network": where(asking.network),
        "same_network": asking.network == desk.network(),
        "asked": visit.local(asking.made),
        "seconds": int((scan.ends - visit.now).total_seconds()),
    }


def where(network: str) -> str:
    """A network as people may know it again."""
    try:
        known = ip_network(network)
    except ValueError:
        return _("Unknown network")
    return _("This local network") if any(_within(known, one) for one in LOCAL) else network


def _within(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]  # of one version


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _cookie(visit: Visit) -> str:
    return visit.house.settings.cookie("qr")
