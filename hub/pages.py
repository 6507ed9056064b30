"""The front page and the pages of words that every site links to."""

from flask import Blueprint, Response

from hub import callers, web

WORDS = ("help", "privacy", "accessibility", "trust")


def blueprint() -> Blueprint:
    """`/` and the pages in the foot of each page."""
    bp = Blueprint("hub", __name__)

    @web.route(bp, "/", gate=callers.Public())
    def front() -> Response:
        return web.page("hub/front.html")

    for name in WORDS:
        _words(bp, name)
    return bp


def _words(bp: Blueprint, name: str) -> None:
    @web.route(bp, f"/{name}", gate=callers.Public(), endpoint=name)
    def words() -> Response:
        return web.page(f"hub/{name}.html")
