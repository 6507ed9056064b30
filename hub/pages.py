"""The pages of words that every site links to."""

from flask import Blueprint, Response

from hub import callers, web
from hub.problems import NotFound

WORDS = ("help", "privacy", "accessibility", "trust")


def blueprint() -> Blueprint:
    """The pages in the foot of each page."""
    bp = Blueprint("hub", __name__)

    @web.route(bp, "/demo-ca.crt", gate=callers.Public())
    def demo_ca() -> Response:
        """The CA of the demo's own TLS, for a phone on the same network."""
        chain = web.house().settings.tls_certificate
        if not (web.house().settings.test_edition and chain and (chain.parent / "demo-ca.crt").exists()):
            raise NotFound("There is nothing at this address")
        return web.file((chain.parent / "demo-ca.crt").read_bytes(), "application/x-x509-ca-cert", name="demo-ca.crt")

    for name in WORDS:
        _words(bp, name)
    return bp


def _words(bp: Blueprint, name: str) -> None:
    @web.route(bp, f"/{name}", gate=callers.Public(), endpoint=name)
    def words() -> Response:
        return web.page(f"hub/{name}.html")
