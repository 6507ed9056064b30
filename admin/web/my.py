"""A citizen's own pages: where everything that concerns him begins, and his notices."""

from flask import Blueprint, Response

from admin.web.gates import MINE, MY, me
from hub import clock, notices, web, web_signin


def blueprint() -> Blueprint:
    """`/my/…`."""
    bp = Blueprint("my", __name__)
    web_signin.add(bp, MY)

    @web.route(bp, "/my/", gate=MINE)
    def home() -> Response:
        with web.house().database.read() as db:
            return web.page("admin/my.html", unseen=notices.unseen(db, me()))

    @web.route(bp, "/my/notices", gate=MINE)
    def notice_list() -> Response:
        with web.house().database.write() as db:
            found = notices.of_person(db, me())
            notices.seen(db, me(), clock.now())
        return web.page("admin/notices.html", notices=found)

    return bp
