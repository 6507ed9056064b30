"""The page after a login has ended: which services are told, in which way, and where that can be seen."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from flask import Response

from hub import web
from hub.house import House
from idp.model.logout import Told
from idp.provider import clients, logout, logout_receipts
from idp.upstream.ending import There

ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")  # nothing that could say more in a Content-Security-Policy


def page(
    house: House, told: Sequence[Told], now: datetime, *, onward: str | None = None, there: There | None = None
) -> Response:
    """Answer the browser of the one who signed out: on to the service, by way of the page that its frames need, or the page."""
    frames = {client: kept for client, urls in logout.frames(house, told, now).items() if (kept := _framed(urls))}
    if there and onward and frames:
        onward, there = there.url, None  # the province's page sends the browser back to the service
    if there and onward:  # by way of the province: its session ends as well
        response = web.page("idp/upstream_leaving.html", there=there)
    elif onward and not frames:
        response = web.see_other(onward)
    else:
        named = dict.fromkeys(each.client for each in told if each.delivery or each.client in frames)
        services = [one for id in named if (one := clients.known(house, id, now))]
        receipt = _receipt(house, told, list(frames), now) if not onward else ""
        urls = [url for some in frames.values() for url in some]
        response = web.page(
            "idp/signed_out.html",
            services=services,
            frames=urls,
            receipt=receipt,
            onward=onward,
            there=there,
            both=False,
        )
    web.sign_in_cookie(response, "idp", "")
    return response


def _receipt(house: House, told: Sequence[Told], framed: Sequence[str], now: datetime) -> str:
    if not told:
        return ""
    with house.database.write() as db:
        return logout_receipts.keep(db, told, framed, now)


def _framed(urls: Sequence[str]) -> list[str]:
    """The addresses that may be framed; this page's policy lets exactly their origins in (Front-Channel Logout 1.0 3)."""
    kept = []
    for url in urls:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if ORIGIN.fullmatch(origin):
            web.loosen("frame-src", origin)
            kept.append(url)
    return kept
