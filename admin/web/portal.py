"""The portal: the front door of every service, by words, by moment of life, by agency; kinds of licenses; public status."""

from collections import Counter
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from admin import portal, status
from admin.model.item import Audience, LifeEvent
from admin.model.status import Part, Turn
from admin.portal import Wanted
from admin.store import items as store
from admin.store import status as status_store
from admin.workdays import BEIJING
from hub import callers, clock, tree, web
from hub.callers import Caller, Public
from licenses import kinds
from seals import store as seals

PAGE = 20  # services on one page
MARKS = {  # one character stands for a moment of life, as on a seal; it is an ornament, the words stand beside it
    LifeEvent.business: "创",
    LifeEvent.running: "营",
    LifeEvent.child: "育",
    LifeEvent.study: "学",
    LifeEvent.work: "业",
    LifeEvent.marriage: "婚",
    LifeEvent.home: "居",
    LifeEvent.move: "迁",
    LifeEvent.health: "医",
    LifeEvent.retirement: "老",
}


def blueprint() -> Blueprint:
    """`/`, `/services`, `/departments`, `/kinds`, `/status`."""
    bp = Blueprint("portal", __name__)
    _front(bp)
    _services(bp)
    _departments(bp)
    _others(bp)
    return bp


def _front(bp: Blueprint) -> None:
    @web.route(bp, "/", gate=Public())
    def front() -> Response:
        with web.house().database.read() as db:
            items, agencies = store.public(db), seals.agencies(db)
        events = Counter(item.life_event for item in items)
        return web.page(
            "admin/front.html",
            marks={event: mark for event, mark in MARKS.items() if events[event]},
            events=events,
            audiences=Counter(one for one in Audience for item in items if item.for_(one)),
            agencies=[(one, Counter(item.agency for item in items)[one.code]) for one in agencies],
            items=items,
            online=sum(1 for item in items if item.online),
            kinds=kinds.all_kinds(),
            examples=[next(item for item in items if item.life_event is event) for event in MARKS if events[event]][:4],
            visitor=_visitor(),
        )


def _services(bp: Blueprint) -> None:
    @web.route(bp, "/services", gate=Public())
    def service_list() -> Response:
        wanted, number = _wanted(), _page_number()
        with web.house().database.read() as db:
            found = portal.found(db, wanted)
            agencies = seals.agencies(db)
            given = {item.agency for item in store.public(db)}
        shown = found[(number - 1) * PAGE : number * PAGE]
        return web.page(
            "admin/portal_services.html",
            wanted=wanted,
            shown=shown,
            count=len(found),
            number=number,
            previous=_link(number - 1) if number > 1 else None,
            next=_link(number + 1) if number * PAGE < len(found) else None,
            agencies=[one for one in agencies if one.code in given],
            names={one.code: one for one in agencies},
            marks=MARKS,
            visitor=_visitor(),
        )

    @web.route(bp, "/services/<code>", gate=Public())
    def service_page(code: str) -> Response:
        visitor = _visitor()
        with web.house().database.read() as db:
            item = portal.one(db, code)
            agency = seals.agency(db, item.agency)
            place = tree.get(db, item.place)
        return web.page(
            "admin/portal_service.html",
            item=item,
            agency=agency,
            place=place,
            kinds={kind.code: kind for kind in kinds.all_kinds()},
            visitor=visitor,
            held=portal.held(web.house(), visitor, item, clock.now()),
            mark=MARKS[item.life_event],
        )


def _departments(bp: Blueprint) -> None:
    @web.route(bp, "/departments", gate=Public())
    def department_list() -> Response:
        with web.house().database.read() as db:
            counted = Counter(item.agency for item in store.public(db))
            places = tree.places(db)
            agencies = seals.agencies(db)
        here = {place.path: [one for one in agencies if one.place == place.path] for place in places}
        return web.page(
            "admin/portal_departments.html",
            places=[(place, here[place.path]) for place in places if here[place.path]],
            counted=counted,
            visitor=_visitor(),
        )

    @web.route(bp, "/departments/<code>", gate=Public())
    def department_page(code: str) -> Response:
        with web.house().database.read() as db:
            agency = seals.agency(db, code)
            items = store.public(db, agency=code)
            place = tree.get(db, agency.place)
        return web.page(
            "admin/portal_department.html",
            agency=agency,
            place=place,
            items=items,
            kinds=[kind for kind in kinds.all_kinds() if kind.may_issue(code)],
            marks=MARKS,
            visitor=_visitor(),
        )


def _others(bp: Blueprint) -> None:
    @web.route(bp, "/kinds", gate=Public())
    def kind_list() -> Response:
        with web.house().database.read() as db:
            agencies = {one.code: one for one in seals.agencies(db)}
            items = store.public(db)
        return web.page(
            "admin/portal_kinds.html", kinds=kinds.all_kinds(), agencies=agencies, items=items, visitor=_visitor()
        )

    @web.route(bp, "/status", gate=Public())
    def status_page() -> Response:
        now = clock.now()
        found = status.history(web.house(), now)
        turns: list[Turn] | None = None
        if next(one for one in found if one.part is Part.portal).good_now:
            with web.house().database.read() as db:
                turns = status_store.turns(db)
        return web.page(
            "admin/portal_status.html",
            parts=found,
            turns=turns,
            now=now.astimezone(BEIJING),
            zone=BEIJING,
            visitor=_visitor(),
        )


def _wanted() -> Wanted:
    """What the address asks for. Anything that we do not know counts as nothing."""
    given = {name: request.args.get(name, "")[:80].strip() for name in ("q", "life", "for", "agency", "online")}
    return Wanted(
        words=given["q"],
        life_event=LifeEvent(given["life"]) if given["life"] in set(LifeEvent) else None,
        audience=Audience(given["for"]) if given["for"] in set(Audience) else None,
        agency=given["agency"],
        online=given["online"] == "yes",
    )


def _page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _link(number: int) -> str:
    kept = {name: value for name, value in request.args.items() if name in ("q", "life", "for", "agency", "online")}
    return f"/services?{urlencode(kept | {'page': number})}"


def _visitor() -> Caller | None:
    """Who is signed in at a citizen's pages of this portal, if anybody is."""
    now = clock.now()
    return next(filter(None, (callers.current(web.house(), request, kind, now) for kind in ("my", "wallet"))), None)
