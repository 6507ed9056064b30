"""The wallet's pages: what I hold, show, download, print."""

from flask import Blueprint, Response

from hub import callers, clock, i18n, web, web_signin
from hub.signin import Site
from licenses import qr, wallet

SITE = Site("wallet", "/wallet", level=3)
HOLDER = callers.Session("wallet", level=3)


def blueprint() -> Blueprint:
    """`/wallet/…`."""
    bp = Blueprint(
        "wallet", __name__, template_folder="templates", static_folder="static", static_url_path="/wallet/static"
    )
    web_signin.add(bp, SITE)

    @web.route(bp, "/wallet/", gate=HOLDER)
    def mine() -> Response:
        return web.page("licenses/wallet.html", held=wallet.held(web.house(), web.caller(), clock.now()))

    @web.route(bp, "/wallet/<number>", gate=HOLDER)
    def show(number: str) -> Response:
        held = wallet.one(web.house(), number, web.caller(), clock.now())
        return web.page("licenses/license.html", held=held, english=i18n.language() == "en")

    @web.route(bp, "/wallet/<number>/code.svg", gate=HOLDER)
    def code(number: str) -> Response:
        held = wallet.one(web.house(), number, web.caller(), clock.now())
        return web.file(qr.svg(held.license.code).encode(), "image/svg+xml")

    @web.route(bp, "/wallet/<number>/file", gate=HOLDER)
    def file(number: str) -> Response:
        pdf = wallet.file(web.house(), number, web.caller(), clock.now())
        return web.file(pdf, "application/pdf", name=f"{number}.pdf")

    return bp
