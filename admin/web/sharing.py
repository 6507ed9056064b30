"""Pages of data sharing: the public catalogue, and the console of those who ask and those who answer."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from admin import sharing, sharing_board
from admin.model.item import State as ItemState
from admin.model.operator import Right
from admin.model.sharing import (
    DataRequest,
    Entry,
    NoRequest,
    RequestWrong,
)
from admin.store import items
from admin.store import sharing as store
from admin.web import my_data, sharing_entries
from admin.web.gates import Board
from admin.web.names import agency_name, in_language, item_name, officer_name, place_name
from admin.web.sharing_entries import errors_of
from admin.workdays import BEIJING
from hub import callers, clock, tree, web
from hub.callers import Operator
from hub.i18n import _
from hub.problems import NotFound
from idp.store import clients

OFFICER = Operator(Right.sharing)


def blueprint() -> Blueprint:
    """`/data`, `/my/data…` and `/console/sharing…`."""
    bp = Blueprint("sharing", __name__)
    _public(bp)
    my_data.add(bp)
    _catalogue(bp)
    sharing_entries.add(bp)
    _requests(bp)
    _watching(bp)
    return bp


def _public(bp: Blueprint) -> None:
    @web.route(bp, "/data", gate=callers.Public())
    def catalogue() -> Response:
        with web.house().database.read() as db:
            found = store.entries(db)
            bodies = {one.agency: (agency_name(db, one.agency), place_name(db, one.place)) for one in found}
        groups = [(names, [one for one in found if one.agency == code]) for code, names in bodies.items()]
        return web.page("admin/data.html", groups=groups)


def _catalogue(bp: Blueprint) -> None:
    @web.route(bp, "/console/sharing", gate=OFFICER)
    def overview() -> Response:
        scope, now = web.caller().place, clock.now()
        with web.house().database.read() as db:
            everything = {one.id: one for one in store.entries(db)}
            found = store.requests(db, scope)
            asked = [(one, _names(db, one, everything)) for one in found if tree.within(one.place, scope)]
            got = [(one, _names(db, one, everything)) for one in found if tree.within(one.provider_place, scope)]
            offered = [(one, agency_name(db, one.agency)) for one in everything.values()]
            mine = {one.id for one in everything.values() if tree.within(one.place, scope)}
        return web.page("admin/sharing.html", offered=offered, mine=mine, asked=asked, got=got, now=now)


def _requests(bp: Blueprint) -> None:
    @web.route(bp, "/console/sharing/ask/<entry>", gate=OFFICER, methods=("GET", "POST"))
    def ask(entry: str) -> Response:
        if request.method == "GET":
            return _ask_page(entry, {}, {"per_day": "100", "until": _later(clock.now(), 180)})
        given = {name: request.form.get(name, "").strip() for name in ASKED}
        try:
            made = sharing.ask(web.house(), _wanted(entry, given), by=web.caller(), now=clock.now())
        except RequestWrong as problem:
            return _ask_page(entry, errors_of(problem), given)
        return web.see_other(f"/console/sharing/requests/{made.id}")

    @web.route(bp, "/console/sharing/requests/<id>", gate=OFFICER)
    def request_one(id: str) -> Response:
        return _request_page(id)

    @web.route(bp, "/console/sharing/requests/<id>/decide", gate=OFFICER, methods=("POST",))
    def request_decide(id: str) -> Response:
        approve, reason = request.form.get("decision") == "approve", request.form.get("reason", "")
        if not approve and not reason.strip():
            return _request_page(id, {"reason": _("Say why")})
        sharing.decide(web.house(), id, approve=approve, reason=reason, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/sharing/requests/{id}")

    @web.route(bp, "/console/sharing/requests/<id>/end", gate=OFFICER, methods=("POST",))
    def request_end(id: str) -> Response:
        reason = request.form.get("reason", "")
        if not reason.strip():
            return _request_page(id, {"reason": _("Say why")})
        sharing.end(web.house(), id, reason=reason, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/sharing/requests/{id}")


def _watching(bp: Blueprint) -> None:
    @web.route(bp, "/console/sharing/calls/<trace>", gate=OFFICER)
    def trace_one(trace: str) -> Response:
        scope = web.caller().place
        with web.house().database.read() as db:
            call = store.call_of_trace(db, trace)
            if call is None or not (tree.within(call.place, scope) or _asked_by_us(db, call.request, scope)):
                raise NotFound("There is no call %(trace)s", trace=trace[:40])
            places = {hop.place: place_name(db, hop.place) for hop in call.hops}
            entry = store.entry(db, call.entry) if call.entry else None
            programs = {call.client or "", *(hop.who for hop in call.hops)}
            stations = {id: _program(db, id) for id in programs}
        fields = [in_language(one.name, one.name_en) for one in entry.only(call.fields)] if entry else []
        page: dict[str, Any] = {"places": places, "entry": entry, "fields": fields, "stations": stations}
        return web.page("admin/sharing_call.html", call=call, **page)

    @web.route(bp, "/console/sharing/board", gate=Board(Right.sharing))
    def board() -> Response:
        with web.house().database.read() as db:
            figures = sharing_board.figures(db, web.caller().place)
            calls = store.calls(db, web.caller().place, limit=30)
        return web.page("admin/sharing_board.html", figures=figures, calls=calls)


# -- what a page needs to know

ASKED = ("client", "item", "purpose", "purpose_en", "basis", "per_day", "until")


def _request_page(id: str, errors: dict[str, str] | None = None) -> Response:
    scope, now = web.caller().place, clock.now()
    with web.house().database.read() as db:
        found = store.request(db, id, scope)
        entry = store.entry(db, found.entry)
        second = sharing.waits_for_second(db, found, now)
        client = clients.client(db, found.client)
        values = {
            "provider": agency_name(db, entry.agency),
            "asker": in_language(client.name, client.name_en) if client else found.client,
            "item": item_name(db, found.item),
            "decided_by": officer_name(db, found.decided_by),
            "asked_by": officer_name(db, found.asked_by),
            "calls": store.calls(db, request=id, limit=20),
        }
    return web.page(
        "admin/sharing_request.html",
        422 if errors else 200,
        found=found,
        entry=entry,
        second=second,
        errors=errors or {},
        sensitive=sharing.is_sensitive(entry, found),
        provides=tree.within(found.provider_place, scope),
        asks=tree.within(found.place, scope),
        mine=found.asked_by == web.caller().person,
        **values,
    )


def _ask_page(id: str, errors: dict[str, str], given: dict[str, str]) -> Response:
    scope = web.caller().place
    with web.house().database.read() as db:
        entry = store.entry(db, id)
        provider = agency_name(db, entry.agency)
        mine = [one for one in clients.clients(db, scope) if sharing.may_ask(one)]
        offered = items.items(db, scope, state=ItemState.production)
    return web.page(
        "admin/sharing_ask.html",
        422 if errors else 200,
        entry=entry,
        provider=provider,
        clients=[(one.id, f"{in_language(one.name, one.name_en)} ({one.id})") for one in mine],
        items=[(one.code, f"{in_language(one.name, one.name_en)} ({one.code})") for one in offered],
        given=dict.fromkeys(ASKED, "") | given,
        chosen=request.form.getlist("fields"),
        errors=errors,
    )


def _wanted(entry: str, given: dict[str, str]) -> sharing.Wanted:
    """The form as an officer's wish; a day or a number that is none becomes one that is refused."""
    try:
        until = datetime.combine(date.fromisoformat(given["until"]), datetime.max.time(), BEIJING).replace(
            microsecond=0
        )
    except ValueError:
        until = clock.now()  # refused with whatever else is wrong
    per_day = given["per_day"] if given["per_day"].isascii() and given["per_day"].isdigit() else "0"
    words = {name: given[name] for name in ("client", "item", "purpose", "purpose_en", "basis")}
    fields = tuple(request.form.getlist("fields"))
    return sharing.Wanted(entry=entry, fields=fields, per_day=int(per_day[:9]), until=until, **words)


def _names(db: Connection, found: DataRequest, entries: dict[str, Entry]) -> dict[str, str]:
    entry = entries.get(found.entry) or store.entry(db, found.entry)
    client = clients.client(db, found.client)
    return {
        "entry": in_language(entry.name, entry.name_en),
        "provider": agency_name(db, entry.agency),
        "client": in_language(client.name, client.name_en) if client else found.client,
    }


def _program(db: Connection, id: str) -> str:
    """A program by its name and its id; the id alone if nobody knows it any more."""
    client = clients.client(db, id)
    return f"{in_language(client.name, client.name_en)} ({id})" if client else id


def _asked_by_us(db: Connection, id: str, scope: str) -> bool:
    try:
        return bool(id) and tree.within(store.request(db, id, scope).place, scope)
    except NoRequest:
        return False


def _later(now: datetime, days: int) -> str:
    return (now + timedelta(days=days)).date().isoformat()
