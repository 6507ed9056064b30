"""The page after a login has ended: which services are told, in which way, and where that can be seen.

It has an address of its own, to which whatever ends a login sends the browser: going back, or loading it again, sends nothing
a second time. What it says is kept for a while where it may be lost; without that it says that one is signed out, and no more.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Response

from hub import web
from hub.digest import digest_of
from hub.house import House
from hub.shared import SharedDown
from idp.model.logout import Told
from idp.provider import clients, logout, logout_receipts
from idp.upstream.ending import There

PATH = "/oidc/logout/done"
SECONDS = 600  # for so long it can be loaded again with all that it said
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")  # nothing that could say more in a Content-Security-Policy


@dataclass(frozen=True)
class Said:
    """What the page says. `there`: the province whose session runs on, by its names and the address that ends it."""

    services: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    receipt: str = ""
    onward: str = ""
    there: tuple[str, str, str] | None = None


def leave(
    house: House, told: Sequence[Told], now: datetime, *, onward: str | None = None, there: There | None = None
) -> Response:
    """Answer the browser of the one who signed out: on to the service, or to the page, which comes first if it has frames."""
    found = logout.frames(house, told, now).items()
    frames = {client: kept for client, urls in found if (kept := [url for url in urls if _may_be_framed(url)])}
    if there and onward and frames:
        onward, there = there.url, None  # the province's page sends the browser back to the service
    if onward and not frames and not there:
        response = web.see_other(onward)
    else:
        services = tuple(dict.fromkeys(one.client for one in told if one.delivery or one.client in frames))
        urls = tuple(url for some in frames.values() for url in some)
        receipt = _receipt(house, told, list(frames), now) if not onward else ""
        named = (there.upstream.name, there.upstream.name_en, there.url) if there else None
        response = _led(house, Said(services, urls, receipt, onward or "", named), now)
    web.sign_in_cookie(response, "idp", "")
    return response


def page(house: House, id: str, now: datetime) -> Response:
    """The page as it was kept under this id, or the plain one."""
    try:
        kept = house.shared.peek(_key(id)) if id else None
    except SharedDown:
        kept = None
    return _shown(house, Said(**json.loads(kept)) if kept else Said(), now)


# -- inside


def _led(house: House, said: Said, now: datetime) -> Response:
    if said == Said():
        return web.see_other(house.settings.issuer_url + PATH)
    id = secrets.token_urlsafe(16)
    try:
        house.shared.put(_key(id), json.dumps(asdict(said)), SECONDS)
    except SharedDown:  # one is signed out already: better here than nowhere
        return _shown(house, said, now)
    return web.see_other(f"{house.settings.issuer_url}{PATH}?id={id}")


def _shown(house: House, said: Said, now: datetime) -> Response:
    there = dict(zip(("name", "name_en", "url"), said.there, strict=True)) if said.there else None
    if there and said.onward:  # by way of the province: its session ends as well
        return web.page("idp/upstream_leaving.html", there=there)
    services = [one for id in said.services if (one := clients.known(house, id, now))]
    frames = _framed(said.frames)
    return web.page(
        "idp/signed_out.html",
        services=services,
        frames=frames,
        receipt=said.receipt,
        onward=said.onward,
        there=there,
        both=False,
    )


def _receipt(house: House, told: Sequence[Told], framed: Sequence[str], now: datetime) -> str:
    if not told:
        return ""
    with house.database.write() as db:
        return logout_receipts.keep(db, told, framed, now)


def _framed(urls: Sequence[str]) -> list[str]:
    """Let exactly the origins of these addresses into this page's policy (Front-Channel Logout 1.0 3)."""
    for origin in dict.fromkeys(map(_origin, urls)):
        web.loosen("frame-src", origin)
    return list(urls)


def _may_be_framed(url: str) -> bool:
    return ORIGIN.fullmatch(_origin(url)) is not None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _key(id: str) -> str:
    return f"idp:signed-out:{digest_of(id)}"
