"""The console's pages of service items: describe one, try its program, ask for production, raise its level, end it."""

from typing import Any

from flask import Blueprint, Response, request

from admin import item_clients, item_form, services
from admin.item_figures import figures
from admin.model.item import CODE, ItemWrong, ServiceItem, State
from admin.model.operator import Right
from admin.store import items as store
from admin.web import names
from hub import clock, web
from hub.callers import Operator
from hub.i18n import N_, _
from hub.problems import BadRequest
from idp.model.person import AccountNameWrong
from idp.store import clients as client_store
from licenses import kinds
from seals import store as seals

SEE, DO = Operator(Right.see), Operator(Right.services)
WORDS = {  # what is said about a field that breaks its rule, in the order of the form
    "code": N_("Give the unified code of the agency, a dash and four digits"),
    "taken": N_("There is an item with this code already"),
    "name": N_("Give the name in Chinese, 2 to 80 characters"),
    "name_en": N_("Give the name in English, 2 to 120 characters"),
    "summary": N_("At most 500 characters on one line"),
    "summary_en": N_("At most 500 characters on one line"),
    "also": N_("At most 20 lines, each at most 40 characters"),
    "life_event": N_("Choose from the list"),
    "audience": N_("Choose from the list"),
    "level": N_("Choose a level from 1 to 3; raising it needs a higher one"),
    "legal_basis": N_("Name the rule that this service rests on"),
    "legal_basis_en": N_("Name the rule that this service rests on"),
    "statutory_days": N_("Give whole working days, 0 to 365; 0 means at once"),
    "promised_days": N_("Give whole working days, not more than the rule allows"),
    "kind": N_("This agency does not issue this kind of license"),
    "licenses": N_("There is no such kind of license"),
    "materials": N_("At most 20 lines, each at most 500 characters"),
    "materials_en": N_("Give as many lines in English as in Chinese"),
    "where": N_("Say where people apply"),
    "access": N_("Only a service at the agency's own site has a client"),
    "url": N_("Give a web address with https"),
    "client": N_("Name a client of this agency that is in use"),
    "offline_basis": N_("An item that is not online needs the rule that forbids it"),
    "hidden_basis": N_("An item that is not shown needs the rule that forbids it"),
    "private_key": N_("This is a private key. Keep it to yourself, make a new pair, and give the public half only"),
    "keys": N_("Give a JWK set with one to five public keys, or its address, not both"),
    "redirect_uris": N_("Give 1 to 10 addresses with https on one host, one on each line"),
    "trial_uris": N_("Give addresses with https, or http on localhost, one on each line"),
    "post_logout_uris": N_("Give addresses with https, one on each line"),
    "backchannel_logout_uri": N_("Give an address with https"),
    "events_uri": N_("Give an address with https"),
    "jwks_uri": N_("Give an address with https"),
    "scopes": N_("Choose from the list"),
    "purpose": N_("Say in 2 to 200 characters why the service needs to know who signs in"),
    "purpose_en": N_("Say in 2 to 200 characters why the service needs to know who signs in"),
    "policy": N_("Choose from the list"),
    "basis": N_("Choose from the list"),
    "citation": N_("Name the rule that gives this duty or power, 4 to 200 characters"),
}
FIELD_OF = {"taken": "code", "private_key": "keys", "access": "where"}  # where the message stands


def blueprint() -> Blueprint:
    """`/console/services/…`."""
    bp = Blueprint("services", __name__)
    _looking(bp)
    _describing(bp)
    _deciding(bp)
    return bp


def _looking(bp: Blueprint) -> None:
    @web.route(bp, "/console/services", gate=SEE)
    def item_list() -> Response:
        scope, now = web.caller().place, clock.now()
        with web.house().database.read() as db:
            live, drafts = store.items(db, scope), store.items(db, scope, state=State.draft)
            agencies = {one.code: one for one in seals.agencies(db, scope)}
            asked = {one.code for one in (*live, *drafts) if services.waits(db, one.code, now)}
            board = figures(db, scope, now)
            ended = store.items(db, scope, state=State.ended)
        return web.page(
            "admin/services.html", live=live, drafts=drafts, ended=ended, agencies=agencies, asked=asked, board=board
        )

    @web.route(bp, "/console/services/<code>", gate=SEE)
    def item_one(code: str) -> Response:
        return _item_page(code)


def _describing(bp: Blueprint) -> None:
    @web.route(bp, "/console/services/new", gate=DO, methods=("GET", "POST"))
    def item_new() -> Response:
        if request.method == "GET":
            return _form_page({"level": "2", "where": "here"}, code=_free_code())
        code = request.form.get("code", "")[:40].strip().upper()
        return _keep(code, new=True)

    @web.route(bp, "/console/services/<code>/edit", gate=DO, methods=("GET", "POST"))
    def item_edit(code: str) -> Response:
        if request.method == "POST":
            return _keep(code, new=False)
        with web.house().database.read() as db:
            live = store.item(db, code, web.caller().place)
            found = store.draft(db, code) or live
        return _form_page(item_form.typed_of(found), code=code, known=found)

    @web.route(bp, "/console/services/<code>/drop", gate=DO, methods=("POST",))
    def item_drop(code: str) -> Response:
        services.drop(web.house(), code, by=web.caller(), now=clock.now())
        return web.see_other("/console/services")

    @web.route(bp, "/console/services/<code>/testers", gate=DO, methods=("POST",))
    def item_testers(code: str) -> Response:
        with web.house().database.read() as db:
            item = store.versions(db, code, web.caller().place)[:1] or [store.item(db, code, web.caller().place)]
        if request.form.get("decision") == "none":
            item_clients.drop_testers(web.house(), item[0], by=web.caller(), now=clock.now())
            return web.see_other(f"/console/services/{code}#sandbox")
        account = request.form.get("account", "")[:100]
        try:
            item_clients.name_tester(web.house(), item[0], account, by=web.caller(), now=clock.now())
        except (AccountNameWrong, ItemWrong):
            return _item_page(code, {"account": _("Give an account name as one signs in with it; at most 50 testers")})
        return web.see_other(f"/console/services/{code}#sandbox")


def _deciding(bp: Blueprint) -> None:
    @web.route(bp, "/console/services/<code>/propose", gate=DO, methods=("POST",))
    def item_propose(code: str) -> Response:
        if errors := _no_reason("reason"):
            return _item_page(code, errors)
        reason = request.form["reason"]
        made = services.propose(web.house(), code, reason=reason, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/approvals/{made.id}")

    @web.route(bp, "/console/services/<code>/raise", gate=DO, methods=("POST",))
    def item_raise(code: str) -> Response:
        given = request.form.get("level", "")
        try:
            level = int(given) if given in {"2", "3"} else 0
            services.raise_level(web.house(), code, level, by=web.caller(), now=clock.now())
        except ItemWrong:
            return _item_page(code, {"level": _(WORDS["level"])})
        return web.see_other(f"/console/services/{code}")

    @web.route(bp, "/console/services/<code>/end", gate=DO, methods=("POST",))
    def item_end(code: str) -> Response:
        if errors := _no_reason("basis"):
            return _item_page(code, errors)
        basis = request.form["basis"]
        made = services.ask_to_end(web.house(), code, basis=basis, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/approvals/{made.id}")


def _keep(code: str, *, new: bool) -> Response:
    if not CODE.fullmatch(code):
        return _form_page(_typed(), code=code, errors=("code",), known=None)
    try:
        item = item_form.read(request.form.to_dict(flat=False), code)
        made = services.describe(web.house(), item, new=new, by=web.caller(), now=clock.now())
    except ItemWrong as wrong:
        known = None
        if not new:
            with web.house().database.read() as db:
                known = store.item(db, code, web.caller().place)
        return _form_page(_typed(), code=code, errors=wrong.fields, known=known)
    return web.see_other(f"/console/services/{made.code}")


def _form_page(
    typed: dict[str, Any], *, code: str, errors: tuple[str, ...] = (), known: ServiceItem | None = None
) -> Response:
    with web.house().database.read() as db:
        agencies = seals.agencies(db, web.caller().place)
        mine = {one.code for one in agencies}
        usable = [one for one in client_store.clients(db, web.caller().place) if one.agency in mine]
    return web.page(
        "admin/service_form.html",
        422 if errors else 200,
        typed=typed,
        code=code,
        known=known,
        errors=_said(errors),
        agencies=agencies,
        clients=[one for one in usable if not (one.ended or one.sandbox or one.first_party)],
        kinds=kinds.all_kinds(),
        api_scopes=item_clients.API_SCOPES,
    )


def _item_page(code: str, errors: dict[str, str] | None = None) -> Response:
    now = clock.now()
    with web.house().database.read() as db:
        item = store.item(db, code, web.caller().place)
        draft = store.draft(db, code)
        versions = store.versions(db, code)
        changers = {one.changed_by: names.changer_name(db, one.changed_by) for one in versions}
        agency = seals.agency(db, item.agency)
        sandbox = client_store.client(db, item_clients.sandbox_id(code))
        client = client_store.client(db, item.client) if item.client else None
        waits = services.waits(db, code, now)
    return web.page(
        "admin/service.html",
        422 if errors else 200,
        item=item,
        draft=draft,
        changes=_changes(item, draft) if draft and draft is not item else [],
        versions=versions,
        changers=changers,
        agency=agency,
        sandbox=sandbox if sandbox and not sandbox.ended else None,
        client=client if client and not client.ended else None,
        waits=waits,
        kinds={kind.code: kind for kind in kinds.all_kinds()},
        errors=errors or {},
    )


def _changes(item: ServiceItem, draft: ServiceItem) -> list[tuple[str, Any, Any]]:
    """What the draft would change: field, as it is, as it would be."""
    if item.version == draft.version:
        return []
    before, after = store.body(item), store.body(draft)
    return [(name, before[name], after[name]) for name in after if name != "version" and before[name] != after[name]]


def _said(wrong: tuple[str, ...]) -> dict[str, str]:
    """What is said about each wrong field, in the order of the form; the more exact of two messages stays."""
    said: dict[str, str] = {}
    for name, words in WORDS.items():
        if name in wrong:
            said.setdefault(FIELD_OF.get(name, name), _(words))
    return said


def _typed() -> dict[str, Any]:
    lists = {name: request.form.getlist(name) for name in ("licenses", "scopes")}
    return {name: value[:20_000] for name, value in request.form.items()} | lists


def _no_reason(name: str) -> dict[str, str]:
    if 1 <= len(request.form.get(name, "").strip()) <= 500:
        return {}
    return {name: _("Give a reason of 1 to 500 characters")}


def _free_code() -> str:
    """A code that is free, of the operator's first agency."""
    with web.house().database.read() as db:
        agencies = seals.agencies(db, web.caller().place)
        if not agencies:
            raise BadRequest("There is no agency in your part of the tree yet")
        agency = agencies[0].code
        used = {one.code for state in State for one in store.items(db, state=state, agency=agency)}
    return next(code for number in range(1, 10_000) if (code := f"{agency}-{number:04}") not in used)
