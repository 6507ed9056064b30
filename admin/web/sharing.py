"""Pages of data sharing: the public catalogue, and the console of those who ask and those who answer."""

from datetime import date, datetime, timedelta, timezone
from typing import TypeVar

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from admin import sharing, sharing_board
from admin.model.item import State as ItemState
from admin.model.operator import Right
from admin.model.sharing import (
    REGISTER,
    DataRequest,
    Entry,
    EntryWrong,
    Field,
    NoRequest,
    RequestWrong,
    Sensitivity,
    Sharing,
)
from admin.store import items
from admin.store import sharing as store
from admin.web import my_data
from admin.web.names import agency_name, item_name, officer_name, place_name
from hub import callers, clock, tree, web
from hub.callers import Operator
from hub.i18n import _, language
from hub.problems import NotFound
from idp.store import clients
from licenses import kinds
from seals import store as seals

OFFICER = Operator(Right.sharing)
CHINA = timezone(timedelta(hours=8))
FIELD_LINES = 8  # lines for fields on the form of an entry; a longer list is two entries


def blueprint() -> Blueprint:
    """`/data`, `/my/data…` and `/console/sharing…`."""
    bp = Blueprint("sharing", __name__)
    bp.add_app_template_global(_in_language, "in_language")
    _public(bp)
    my_data.add(bp)
    _catalogue(bp)
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

    @web.route(bp, "/console/sharing/entries/new", gate=OFFICER, methods=("GET", "POST"))
    def entry_new() -> Response:
        return _keep_entry("") if request.method == "POST" else _entry_page(_blank(), {})

    @web.route(bp, "/console/sharing/entries/<id>", gate=OFFICER, methods=("GET", "POST"))
    def entry_one(id: str) -> Response:
        with web.house().database.read() as db:
            found = store.entry(db, id, web.caller().place)
        return _keep_entry(id) if request.method == "POST" else _entry_page(_as_form(found), {}, found)


def _requests(bp: Blueprint) -> None:
    @web.route(bp, "/console/sharing/ask/<entry>", gate=OFFICER, methods=("GET", "POST"))
    def ask(entry: str) -> Response:
        if request.method == "GET":
            return _ask_page(entry, {}, {"per_day": "100", "until": _later(clock.now(), 180)})
        given = {name: request.form.get(name, "").strip() for name in ASKED}
        try:
            made = sharing.ask(web.house(), _wanted(entry, given), by=web.caller(), now=clock.now())
        except RequestWrong as problem:
            return _ask_page(entry, _errors(problem), given)
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
        return web.page("admin/sharing_call.html", call=call, places=places, entry=entry)

    @web.route(bp, "/console/sharing/board", gate=OFFICER)
    def board() -> Response:
        with web.house().database.read() as db:
            figures = sharing_board.figures(db, web.caller().place)
            calls = store.calls(db, web.caller().place, limit=30)
        return web.page("admin/sharing_board.html", figures=figures, calls=calls)


# -- what a page needs to know

ASKED = ("client", "item", "purpose", "purpose_en", "basis", "per_day", "until")
ENTRY = ("name", "name_en", "agency", "sharing", "basis", "basis_en", "source", "client", "tells_number")


def _request_page(id: str, errors: dict[str, str] | None = None) -> Response:
    scope, now = web.caller().place, clock.now()
    with web.house().database.read() as db:
        found = store.request(db, id, scope)
        entry = store.entry(db, found.entry)
        second = sharing.waits_for_second(db, found, now)
        client = clients.client(db, found.client)
        values = {
            "provider": agency_name(db, entry.agency),
            "asker": _in_language(client.name, client.name_en) if client else found.client,
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
        china=CHINA,
        **values,
    )


def _ask_page(id: str, errors: dict[str, str], given: dict[str, str]) -> Response:
    scope = web.caller().place
    with web.house().database.read() as db:
        entry = store.entry(db, id)
        provider = agency_name(db, entry.agency)
        mine = [one for one in clients.clients(db, scope) if not one.ended and not one.sandbox and not one.first_party]
        offered = items.items(db, scope, state=ItemState.production)
    return web.page(
        "admin/sharing_ask.html",
        422 if errors else 200,
        entry=entry,
        provider=provider,
        clients=[(one.id, f"{_in_language(one.name, one.name_en)} ({one.id})") for one in mine],
        items=[(one.code, f"{_in_language(one.name, one.name_en)} ({one.code})") for one in offered],
        given=dict.fromkeys(ASKED, "") | given,
        chosen=request.form.getlist("fields"),
        errors=errors,
    )


def _wanted(entry: str, given: dict[str, str]) -> sharing.Wanted:
    """The form as an officer's wish; a day or a number that is none becomes one that is refused."""
    try:
        until = datetime.combine(date.fromisoformat(given["until"]), datetime.max.time(), CHINA).replace(microsecond=0)
    except ValueError:
        until = clock.now()  # refused with whatever else is wrong
    per_day = given["per_day"] if given["per_day"].isascii() and given["per_day"].isdigit() else "0"
    words = {name: given[name] for name in ("client", "item", "purpose", "purpose_en", "basis")}
    fields = tuple(request.form.getlist("fields"))
    return sharing.Wanted(entry=entry, fields=fields, per_day=int(per_day[:9]), until=until, **words)


def _keep_entry(id: str) -> Response:
    given = {name: request.form.get(name, "").strip() for name in ENTRY}
    for number in range(FIELD_LINES):
        for part in ("key", "zh", "en", "sensitivity"):
            given[f"{part}-{number}"] = request.form.get(f"{part}-{number}", "").strip()
    ended = clock.now() if request.form.get("end") else None
    try:
        with web.house().database.read() as db:
            place = seals.agency(db, given["agency"]).place if given["agency"] else ""
        kept = sharing.offer(web.house(), _entry(id, given, place, ended), by=web.caller(), now=clock.now())
    except EntryWrong as problem:
        return _entry_page(given, _errors(problem))
    return web.see_other(f"/console/sharing/entries/{kept.id}?kept=1" if not ended else "/console/sharing")


def _entry(id: str, given: dict[str, str], place: str, ended: datetime | None) -> Entry:
    fields = tuple(
        Field(
            given[f"key-{number}"],
            given[f"zh-{number}"],
            given[f"en-{number}"],
            _one_of(Sensitivity, given[f"sensitivity-{number}"], "fields"),
        )
        for number in range(FIELD_LINES)
        if given[f"key-{number}"]
    )
    return Entry(
        id=id,
        name=given["name"],
        name_en=given["name_en"],
        agency=given["agency"],
        place=place,
        fields=fields,
        sharing=_one_of(Sharing, given["sharing"], "sharing"),
        basis=given["basis"],
        basis_en=given["basis_en"],
        source=given["source"],
        client=given["client"],
        tells_number=given["tells_number"] == "yes",
        ended=ended,
    )


def _entry_page(given: dict[str, str], errors: dict[str, str], entry: Entry | None = None) -> Response:
    with web.house().database.read() as db:
        agencies = [(one.code, _in_language(one.name, one.name_en)) for one in seals.agencies(db, web.caller().place)]
    return web.page(
        "admin/sharing_entry.html",
        422 if errors else 200,
        given=dict.fromkeys(ENTRY, "") | given,
        lines=range(FIELD_LINES),
        agencies=agencies,
        kinds=[(f"{REGISTER}{kind.slug}", _in_language(kind.name, kind.name_en)) for kind in kinds.all_kinds()],
        errors=errors,
        entry=entry,
        kept="kept" in request.args,
    )


def _blank() -> dict[str, str]:
    return {f"{part}-{number}": "" for number in range(FIELD_LINES) for part in ("key", "zh", "en", "sensitivity")}


def _as_form(entry: Entry) -> dict[str, str]:
    given = _blank() | {name: str(getattr(entry, name)) for name in ENTRY}
    given |= {"sharing": entry.sharing.value, "tells_number": "yes" if entry.tells_number else ""}
    for number, one in enumerate(entry.fields[:FIELD_LINES]):
        given |= {f"key-{number}": one.key, f"zh-{number}": one.name, f"en-{number}": one.name_en}
        given[f"sensitivity-{number}"] = one.sensitivity.value
    return given


Chosen = TypeVar("Chosen", Sharing, Sensitivity)


def _one_of(kind: type[Chosen], value: str, name: str) -> Chosen:
    try:
        return kind(value)
    except ValueError as error:
        raise EntryWrong(fields=(name,)) from error


def _errors(problem: EntryWrong) -> dict[str, str]:
    return {name: _wrong(name) for name in problem.fields}


def _wrong(name: str) -> str:
    """What is wrong with one field of a form, and how to put it right."""
    return {
        "name": _("Give the Chinese name, 2 to 80 characters"),
        "name_en": _("Give the English name, 2 to 120 characters"),
        "fields": _("Choose at least one field; each needs a key, a Chinese and an English name"),
        "basis": _("Name the rule, 4 to 500 characters"),
        "basis_en": _("Name the rule in English, 4 to 500 characters"),
        "sharing": _("Choose one of the three classes"),
        "source": _("Choose a kind of license that this body issues, or give the https address of its platform"),
        "client": _("Choose a registered program of this body"),
        "agency": _("Choose a body of your own place"),
        "item": _("Choose a service item of your own place that is in use"),
        "purpose": _("Say in Chinese what it is for, 4 to 500 characters"),
        "purpose_en": _("Say in English what it is for, 4 to 500 characters"),
        "per_day": _("Give the most calls a day, 1 to 100000"),
        "until": _("Give a day in the next three years"),
    }.get(name, _("These data are no longer offered"))


def _names(db: Connection, found: DataRequest, entries: dict[str, Entry]) -> dict[str, str]:
    entry = entries.get(found.entry) or store.entry(db, found.entry)
    client = clients.client(db, found.client)
    return {
        "entry": _in_language(entry.name, entry.name_en),
        "provider": agency_name(db, entry.agency),
        "client": _in_language(client.name, client.name_en) if client else found.client,
    }


def _asked_by_us(db: Connection, id: str, scope: str) -> bool:
    try:
        return bool(id) and tree.within(store.request(db, id, scope).place, scope)
    except NoRequest:
        return False


def _in_language(name: str, name_en: str) -> str:
    return name if language() == "zh-Hans" else name_en


def _later(now: datetime, days: int) -> str:
    return (now + timedelta(days=days)).date().isoformat()
