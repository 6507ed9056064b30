"""Letting in a device that cannot show this page itself: type its code, compare, say yes (RFC 8628 3.3)."""

import secrets
from typing import Any

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Public
from hub.i18n import language
from hub.problems import TooMany
from hub.web import route
from idp.model.device import LENGTH, Device, DeviceGone, typed
from idp.model.flow import FLOW_SECONDS
from idp.provider import authorize, clients, device, flows
from idp.web import desk
from idp.web.desk import Visit
from idp.web.qr import BROWSER_LENGTH, where


def add(bp: Blueprint) -> None:
    """`/device`."""

    @route(bp, "/device", gate=Public(), endpoint="device")
    def page() -> Response:
        """Where the code is typed. One that came in the address is only written into the field: nothing happens by a link."""
        return desk.show(desk.visit(), "device.html", code=typed(request.args.get("user_code", "")), length=LENGTH)

    @route(bp, "/device", gate=Public(), methods=("POST",), endpoint="device_posted")
    def posted() -> Response:
        visit, code = desk.visit(), request.form.get("user_code", "")
        try:
            _, waiting = device.found(visit.house, code, desk.network(), visit.now)
        except (DeviceGone, TooMany) as problem:
            return desk.refused(visit, "device.html", problem, "user_code", code=typed(code), length=LENGTH)
        return desk.show(visit, "device_ask.html", waiting=waiting, **_who_asks(visit, waiting))

    @route(bp, "/device/answer", gate=Public(), methods=("POST",))
    def device_answered() -> Response:
        visit = desk.visit()
        digest, waiting = device.found(visit.house, request.form.get("user_code", ""), desk.network(), visit.now)
        if request.form.get("answer") != "mine":
            return web.see_other(device.refuse(visit.house, digest))
        browser = visit.browser if len(visit.browser) == BROWSER_LENGTH else secrets.token_urlsafe(32)
        flow = device.begin(visit.house, digest, waiting, browser, visit.now)
        response = web.see_other(authorize.login_url(visit.house, flow.id))
        web.set_cookie(response, flows.cookie_name(visit.house), browser, seconds=FLOW_SECONDS)
        return response

    @route(bp, "/device/done", gate=Public())
    def device_done() -> Response:
        return desk.show(
            desk.visit(), "device_done.html", agreed=request.args.get("said") == "yes", again=url_for("idp.device")
        )


def _who_asks(visit: Visit, waiting: Device) -> dict[str, Any]:
    """What tells a device that stands here from one that stands elsewhere."""
    client = clients.known(visit.house, waiting.client, visit.now)
    name = (client.name if language() == "zh-Hans" else client.name_en) if client else waiting.client
    same = waiting.network == desk.network()
    return {
        "asked_by": name,
        "network": where(waiting.network),
        "same_network": same,
        "asked": visit.local(waiting.made),
    }
