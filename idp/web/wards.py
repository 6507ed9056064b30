"""Adding a child, and acting by the order of a court."""

from collections.abc import Callable

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Session
from hub.problems import Problem, TooMany
from hub.web import route
from idp.acting import wards
from idp.model.mandate import Mandate
from idp.model.person import AccountEnded
from idp.model.realname import RegisterLater
from idp.model.ward import NotAChild, NotHisWard, NotOneself, OrderWrong
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.web import desk
from idp.web.desk import Visit

PROVED = Session("idp", level=3)
REFUSALS = (
    NameWrong,
    NumberWrong,
    NotHisWard,
    NotAChild,
    NotOneself,
    OrderWrong,
    AccountEnded,
    RegisterLater,
    TooMany,
)
FIELDS = {NameWrong: "name", NumberWrong: "number", NotAChild: "number", NotOneself: "number", OrderWrong: "order"}


def add(bp: Blueprint) -> None:
    """`/account/mandates/child` and `/account/mandates/order`."""

    @route(bp, "/account/mandates/child", gate=PROVED, endpoint="ward_child")
    def child() -> Response:
        return _page("ward_child.html")

    @route(bp, "/account/mandates/child", gate=PROVED, methods=("POST",), endpoint="ward_child_posted")
    def child_posted() -> Response:
        def add_it(visit: Visit, typed: dict[str, str]) -> Mandate:
            return wards.add_child(visit.house, visit.person, typed["name"], typed["number"], now=visit.now)

        return _posted("ward_child.html", "idp.ward_child", add_it)

    @route(bp, "/account/mandates/order", gate=PROVED, endpoint="ward_order")
    def order() -> Response:
        return _page("ward_order.html")

    @route(bp, "/account/mandates/order", gate=PROVED, methods=("POST",), endpoint="ward_order_posted")
    def order_posted() -> Response:
        def add_it(visit: Visit, typed: dict[str, str]) -> Mandate:
            asked = (typed["name"], typed["number"], typed["order"])
            return wards.add_by_order(visit.house, visit.person, *asked, now=visit.now)

        return _posted("ward_order.html", "idp.ward_order", add_it)


def _page(template: str) -> Response:
    visit = desk.visit()
    return desk.show(visit, template, typed=_typed()) if desk.is_recent(visit) else desk.again(visit)


def _posted(template: str, endpoint: str, add_it: Callable[[Visit, dict[str, str]], Mandate]) -> Response:
    visit, typed = desk.visit(), _typed()
    if not desk.is_recent(visit):
        return web.see_other(url_for("idp.login", again=1, next=url_for(endpoint)))
    try:
        added = add_it(visit, typed)
    except REFUSALS as problem:
        return desk.refused(visit, template, problem, _field(problem), typed=typed)
    return web.see_other(url_for("idp.mandates", done="added", _anchor=f"m-{added.id}"))


def _field(problem: Problem) -> str:
    return next((name for kind, name in FIELDS.items() if isinstance(problem, kind)), "")


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in ("name", "number", "order")}
