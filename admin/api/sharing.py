"""The API of shared data: one call for one person's data, the grants of a client, and the keys of our answers."""

import re

from flask import Blueprint, Response, request

from admin import share, sources
from admin.admit import Asked
from admin.store import sharing as store
from hub import callers, clock, limits, web
from hub.callers import Program
from hub.problems import BadRequest
from idp.model.data import DataPermission
from idp.store import data as permissions

CASE = re.compile(r"[A-Za-z0-9._-]{1,40}")  # a case number, of ours or of the body that asks
LONGEST = 2000  # bytes of a call: it names things, it carries none


def blueprint() -> Blueprint:
    """`/api/sharing/…`."""
    bp = Blueprint("sharing_api", __name__, url_prefix="/api/sharing")

    @web.route(bp, "/data", gate=Program("the access token is the proof; a refusal is written down"), methods=("POST",))
    def data() -> Response:
        answered = share.share(web.house(), _asked(), clock.now())
        call = answered.call
        body = {"data": answered.jws, "trace": call.trace, "hops": [hop.told for hop in call.hops]}
        return web.answer(body)

    @web.route(bp, "/grants", gate=callers.Scope("data:list"))
    def grants() -> Response:
        with web.house().database.read() as db:
            found = permissions.of_client(db, web.caller().client or "")
            left = {one.id: store.request(db, one.id).per_day for one in found}
        now = clock.now()
        return web.answer({"grants": [_told(one, left[one.id]) for one in found if one.in_force_at(now)]})

    @web.route(bp, "/jwks", gate=Program("published for everybody"))
    def jwks() -> Response:
        return web.file(sources.jwks(web.house()).encode(), "application/jwk-set+json", seconds=300)

    return bp


def _asked() -> Asked:
    """The call as it came in. Raises BadRequest for what has not the form of one; the rest is judged by the verb."""
    raw = request.get_data(cache=True)
    body = web.json_object() if len(raw) <= LONGEST else None
    if body is None or set(body) - {"grant", "purpose", "case"}:
        raise BadRequest("Send a JSON object with the members grant, purpose and, if there is one, case")
    given = {name: body.get(name, "") for name in ("grant", "purpose", "case")}
    if not all(isinstance(value, str) and web.writable(value) for value in given.values()) or (
        given["case"] and not CASE.fullmatch(given["case"])
    ):
        raise BadRequest("Send a JSON object with the members grant, purpose and, if there is one, case")
    shown = callers.shown(web.house(), request)  # RFC 6750 2.1: in the header, nowhere else
    net = limits.network(request.remote_addr or "")
    return Asked(shown.token, **given, digest=share.digest_of(raw), net=net, shown=shown)


def _told(permission: DataPermission, per_day: int) -> dict[str, object]:
    return {
        "grant": permission.id,
        "provider": permission.provider,
        "provider_name": permission.provider_name,
        "provider_name_en": permission.provider_name_en,
        "entry_name": permission.entry_name,
        "entry_name_en": permission.entry_name_en,
        "fields": [{"key": one.key, "name": one.name, "name_en": one.name_en} for one in permission.fields],
        "purpose": permission.item,
        "per_day": per_day,
        "until": int(permission.until.timestamp()),
    }
