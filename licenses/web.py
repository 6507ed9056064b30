"""The wallet's pages: what I hold, show, download, print."""

from flask import Blueprint, Response

from hub import behalf, callers, clock, i18n, symbol, web, web_signin
from hub.signin import Site
from licenses import kinds, wallet

SITE = Site("wallet", "/wallet", level=3, scope="openid company")  # its holder may be a company
HOLDER = callers.Session("wallet", level=3)


def blueprint() -> Blueprint:
    """`/wallet/…`."""
    bp = Blueprint("wallet", __name__, template_folder="templates")
    web_signin.add(bp, SITE)

    @web.route(bp, "/wallet/", gate=HOLDER)
    def mine() -> Response:
        held = wallet.held(web.house(), web.caller(), clock.now())
        return web.page("licenses/wallet.html", held=held, english=_english())

    @web.route(bp, "/wallet/<number>", gate=HOLDER)
    def show(number: str) -> Response:
        held = wallet.one(web.house(), number, web.caller(), clock.now())
        hands_over = behalf.matters(web.caller()) is None
        return web.page("licenses/license.html", held=held, english=_english(), hands_over=hands_over)

    @web.route(bp, "/wallet/<number>/code.svg", gate=HOLDER)
    def code(number: str) -> Response:
        wallet.may_hand_over(web.caller())
        held = wallet.one(web.house(), number, web.caller(), clock.now())
        return web.file(symbol.svg(held.license.code).encode(), "image/svg+xml")

    @web.route(bp, "/wallet/<number>/file", gate=HOLDER)
    def file(number: str) -> Response:
        pdf = wallet.file(web.house(), number, web.caller(), clock.now())
        return web.file(pdf, "application/pdf", name=f"{number}.pdf")

    @web.route(bp, "/wallet/<number>/print", gate=HOLDER)
    def to_print(number: str) -> Response:
        pdf = wallet.file(web.house(), number, web.caller(), clock.now())
        return web.file(pdf, "application/pdf")  # without a name: the browser opens it, and prints from there

    @web.route(bp, "/wallet/device/<kind>.svg", gate=callers.Public())
    def device(kind: str) -> Response:
        return web.file(kinds.named(kind).device.encode(), "image/svg+xml", seconds=86_400)

    return bp


def _english() -> bool:
    return i18n.language() == "en"
