"""The other ways to prove who one is: bank, phone company, network identity, counter; and proving it anew."""

from flask import Blueprint, Response, request

from hub import web
from hub.problems import NotFound, TooMany
from hub.web import route
from idp import realname, registers
from idp.model.person import Level
from idp.model.realname import HasNumber, NeedsNumber, RegisterLater, Source, WrongStep
from idp.realname import means as ways
from idp.realname.means import Means
from idp.web import desk
from idp.web import realname as pages
from idp.web.desk import Visit
from idp.web.realname import RETURN_REFUSALS, SIGNED_IN


def add(bp: Blueprint) -> None:
    """`/realname/ways`, `/realname/by/…`, `/realname/network-id`, `/realname/counter`, `/realname/anew`."""
    _choice(bp)
    _network_id(bp)
    _counter(bp)
    _anew(bp)


def _choice(bp: Blueprint) -> None:
    @route(bp, "/realname/ways", gate=SIGNED_IN, endpoint="realname_ways")
    def page() -> Response:
        return _choose(desk.visit())

    @route(bp, "/realname/by/<way>", gate=SIGNED_IN, endpoint="realname_by")
    def by(way: str) -> Response:
        return pages.show(desk.visit(), means=_means(way))

    @route(bp, "/realname/by/<way>", gate=SIGNED_IN, methods=("POST",), endpoint="realname_by_posted")
    def by_posted(way: str) -> Response:
        return pages.prove(desk.visit(), _means(way))


def _network_id(bp: Blueprint) -> None:
    @route(bp, "/realname/network-id", gate=SIGNED_IN, methods=("POST",), endpoint="network_id")
    def begin() -> Response:
        visit = desk.visit()
        back = visit.house.settings.issuer_url + visit.to("idp.network_id_ended")
        try:
            page = realname.begin_network_id(
                visit.house, visit.person, back, binding=pages.binding(visit), now=visit.now
            )
        except (HasNumber, RegisterLater, TooMany) as problem:
            return _choose(visit, problem)
        return web.see_other(page)

    @route(bp, "/realname/network-id", gate=SIGNED_IN, endpoint="network_id_ended")
    def ended() -> Response:
        """Back from the network identity service. What counts is what it says to us."""
        visit = desk.visit()
        came = {name: request.args.get(name, "") for name in ("request", "ticket")}
        try:
            person = realname.end_network_id(
                visit.house, visit.person, **came, binding=pages.binding(visit), now=visit.now
            )
        except RETURN_REFUSALS as problem:
            return _choose(visit, problem)
        return desk.enter(visit, pages.step_up(visit, person))


def _counter(bp: Blueprint) -> None:
    @route(bp, "/realname/counter", gate=SIGNED_IN, endpoint="realname_counter")
    def page() -> Response:
        return desk.show(desk.visit(), "realname_counter.html", code="")

    @route(bp, "/realname/counter", gate=SIGNED_IN, methods=("POST",), endpoint="realname_counter_posted")
    def code() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):  # an account left open on a table is not shown to be anybody's
            return desk.again(visit)
        try:
            shown = realname.counter_code(visit.house, visit.person)
        except TooMany as problem:
            return desk.refused(visit, "realname_counter.html", problem, code="")
        return desk.show(visit, "realname_counter.html", code=shown)


def _anew(bp: Blueprint) -> None:
    @route(bp, "/realname/anew", gate=SIGNED_IN, endpoint="realname_anew")
    def page() -> Response:
        return _renew(desk.visit())

    @route(bp, "/realname/anew", gate=SIGNED_IN, methods=("POST",), endpoint="realname_anew_posted")
    def posted() -> Response:
        visit = desk.visit()
        try:
            return pages.to_live_check(visit)
        except (RegisterLater, WrongStep, NeedsNumber) as problem:
            return _renew(visit, problem)


def _choose(visit: Visit, problem: Exception | None = None) -> Response:
    status = realname.status(visit.house, visit.person)
    offered = {source.value for source in Source if registers.offered(visit.house, source)}
    to = registers.address(visit.house, Source.network_id)
    given = {"offered": offered, "numbered": bool(status.person.holder_key), "level": int(status.person.level)}
    return _page(visit, "realname_ways.html", problem, to, **given)


def _renew(visit: Visit, problem: Exception | None = None) -> Response:
    status = realname.status(visit.house, visit.person)
    if status.person.holder_key is None or status.person.level < Level.matched:
        return web.see_other(visit.to("idp.realname"))
    given = {"level": int(status.person.level), "profile": status.profile}
    return _page(visit, "realname_anew.html", problem, visit.house.settings.register_url, **given)


def _page(visit: Visit, template: str, problem: Exception | None, to: str, **values: object) -> Response:
    errors = {"": desk.said(problem)} if problem else {}  # type: ignore[arg-type]
    response = desk.show(visit, template, errors=errors, status=getattr(problem, "status", 200), to=to, **values)
    if response.status_code in {429, 503}:
        response.headers["Retry-After"] = "60"
    return response


def _means(way: str) -> Means:
    means = ways.ALL.get(way)
    if means is None or not registers.offered(web.house(), means.source):
        raise NotFound("There is no such way")
    return means
