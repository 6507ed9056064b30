"""The console's pages of services: the rules that each lives under, its addresses and keys, and who waits to be let in."""

from typing import Any

from flask import Blueprint, Response, request

from admin import clients, item_clients, policies
from admin.model.item import ItemWrong
from admin.model.operator import Right
from hub import clock, web
from hub.callers import Operator
from hub.i18n import N_, _
from hub.problems import NotFound
from idp.model import wish
from idp.model.client import Client, ClientWrong
from idp.model.policy import LEGACY, POLICIES
from idp.provider import client_keys
from idp.store import clients as store
from seals import store as seals

SEE, DO = Operator(Right.see), Operator(Right.services)
MAKE = Operator(Right.services, minutes=15)  # what is shown here opens a service's access
LISTS = ("redirect_uris", "post_logout_uris")
TEXTS = ("backchannel_logout_uri", "events_uri", "jwks_uri")
FIRST = {"policy": "policy", "addresses": "redirect_uris"}  # the field of each form at which what is wrong is said
NO_REASON = N_("Give a reason of 1 to 500 characters")


def blueprint() -> Blueprint:
    """`/console/clients/…`, `/console/policies`."""
    bp = Blueprint("clients", __name__)
    _looking(bp)
    _asking(bp)
    _wishing(bp)
    return bp


def _looking(bp: Blueprint) -> None:
    @web.route(bp, "/console/clients", gate=SEE)
    def client_list() -> Response:
        with web.house().database.read() as db:
            found = store.clients(db, web.caller().place)
            wishing = store.wishing(db, web.caller().place)
        waiting = sorted((one for one in found if one.waiting and not one.ended), key=lambda one: str(one.created))
        return web.page(
            "admin/clients.html",
            clients=[one for one in found if not one.waiting],
            waiting=waiting,
            wishing=wishing,
        )

    @web.route(bp, "/console/clients/<id>", gate=SEE)
    def client_one(id: str) -> Response:
        return _page(id)

    @web.route(bp, "/console/policies", gate=SEE)
    def policy_list() -> Response:
        return web.page(
            "admin/policies.html", policies=POLICIES.values(), rules=policies.RULES, purpose=policies.PURPOSE
        )


def _asking(bp: Blueprint) -> None:
    @web.route(bp, "/console/clients/<id>/policy", gate=DO, methods=("POST",))
    def client_policy(id: str) -> Response:
        return _asked(id, "policy", lambda client: clients.moved(client, request.form.get("policy", "")))

    @web.route(bp, "/console/clients/<id>/addresses", gate=DO, methods=("POST",))
    def client_addresses(id: str) -> Response:
        return _asked(id, "addresses", lambda _client: _typed_addresses())

    @web.route(bp, "/console/clients/<id>/let-in", gate=DO, methods=("POST",))
    def client_let_in(id: str) -> Response:
        given = {name: request.form.get(name, "") for name in ("agency", "policy")} | {
            "reason": request.form.get("let_in_reason", "")
        }
        if not _is_reason(given["reason"]):
            return _page(id, {"let_in_reason": _(NO_REASON)})
        try:
            made = clients.ask_to_let_in(web.house(), id, **given, by=web.caller(), now=clock.now())
        except ClientWrong as wrong:
            return _page(id, {"policy": _(wrong.message, **wrong.values)})
        return web.see_other(f"/console/approvals/{made.id}")

    @web.route(bp, "/console/clients/<id>/secret", gate=MAKE, methods=("POST",))
    def client_secret(id: str) -> Response:
        reason = request.form.get("secret_reason", "")
        if not _is_reason(reason):
            return _page(id, {"secret_reason": _(NO_REASON)})
        secret, _asked_for = clients.ask_for_secret(web.house(), id, reason=reason, by=web.caller(), now=clock.now())
        return _page(id, secret=secret)


def _wishing(bp: Blueprint) -> None:
    """What a service that looks after itself wishes to be shown as."""

    @web.route(bp, "/console/clients/<id>/wished-picture", gate=SEE)
    def client_wished_picture(id: str) -> Response:
        found = clients.wished_logo(web.house(), id, web.caller().place)
        if found is None:
            raise NotFound("There is no such picture")
        return web.file(found.data, found.media)

    @web.route(bp, "/console/clients/<id>/wish", gate=DO, methods=("POST",))
    def client_wish(id: str) -> Response:
        if request.form.get("decision") == "aside":
            clients.set_aside(web.house(), id, by=web.caller(), now=clock.now())
            return web.see_other(f"/console/clients/{id}")
        reason = request.form.get("wish_reason", "")
        if not _is_reason(reason):
            return _page(id, {"wish_reason": _(NO_REASON)})
        made = clients.ask_for_wish(web.house(), id, reason=reason, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/approvals/{made.id}")


def _asked(id: str, what: str, wanted: Any) -> Response:
    """Ask a second person for what was typed; what is wrong with it is said on the page."""
    reason = request.form.get(f"{what}_reason", "")
    if not _is_reason(reason):
        return _page(id, {f"{what}_reason": _(NO_REASON)})
    with web.house().database.read() as db:
        client = clients.one(db, id, web.caller().place)
    try:
        made = clients.ask(web.house(), id, wanted(client), reason=reason, by=web.caller(), now=clock.now())
    except ClientWrong as wrong:
        said = _(wrong.message, **wrong.values)
        if what == "policy" and policies.missing(client):
            said = f"{said}{_('. ')}{_('What it must change first stands on this page')}"
        return _page(id, {FIRST[what]: said})
    except ItemWrong:
        return _page(id, {"keys": _("Give a JWK set with one to five public keys")})
    return web.see_other(f"/console/approvals/{made.id}")


def _typed_addresses() -> dict[str, Any]:
    """The form's addresses and keys. Raises ItemWrong for keys that are none, or private."""
    typed = {name: request.form.get(name, "")[:20_000] for name in (*LISTS, *TEXTS, "keys")}
    made: dict[str, Any] = {name: [line.strip() for line in typed[name].splitlines() if line.strip()] for name in LISTS}
    made |= {name: typed[name].strip() for name in TEXTS}
    made["keys"] = list(item_clients.keys_of(typed["keys"])) if typed["keys"].strip() else []
    return made


def _page(id: str, errors: dict[str, str] | None = None, secret: str = "") -> Response:
    house, now = web.house(), clock.now()
    with house.database.read() as db:
        client = clients.one(db, id, web.caller().place)
        fixed, asked = clients.is_fixed(db, client), clients.waits(db, id, now)
        agencies = seals.agencies(db, web.caller().place)
    return web.page(
        "admin/client.html",
        422 if errors else 200,
        client=client,
        values=clients.values(client),
        wish=wish.of(client),
        typed=request.form if errors else {},
        fixed=fixed,
        asked=asked,
        agencies=agencies,
        body=_body_of(client, {one.code: one for one in agencies}),
        rules=policies.RULES,
        missing=policies.missing(client),
        purpose=policies.PURPOSE,
        reachable=[name for name in POLICIES if name not in (LEGACY.name, client.policy.name)],
        keys=client_keys.status(house, client) if client.registered.jwks_uri else None,
        overlap=client.old_secret_until if client.old_secret_until and client.old_secret_until > now else None,
        hours=house.settings.secret_overlap_hours,
        secret=secret,
        errors=errors or {},
    )


def _body_of(client: Client, agencies: dict[str, Any]) -> tuple[str, str]:
    """The body that answers for a service, in both languages."""
    known = agencies.get(client.agency)
    return (known.name, known.name_en) if known else (client.agency_name or client.agency, client.agency_name_en)


def _is_reason(text: str) -> bool:
    return 1 <= len(text.strip()) <= 500
