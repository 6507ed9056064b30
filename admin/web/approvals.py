"""The list of what waits for a second person, and the page on which he decides."""

from flask import Blueprint, Response, request

from admin import approvals, clients, policies
from admin.model.operator import Right
from admin.store import approvals as store
from admin.web import names
from hub import clock, web
from hub.callers import Operator
from idp.model.policy import FAPI2
from idp.store import clients as client_store


def blueprint() -> Blueprint:
    """`/console/approvals/…`."""
    bp = Blueprint("approvals", __name__)

    @web.route(bp, "/console/approvals", gate=Operator(Right.see))
    def approval_list() -> Response:
        with web.house().database.read() as db:
            return web.page("admin/approvals.html", found=store.all_approvals(db, web.caller().place), now=clock.now())

    @web.route(bp, "/console/approvals/<id>", gate=Operator(Right.see))
    def approval_one(id: str) -> Response:
        with web.house().database.read() as db:
            found = store.approval(db, id, web.caller().place)
            asker = names.officer_name(db, found.asked_by)
            client = client_store.client(db, found.subject) if found.kind == clients.CHANGE else None
        open_now = found.open_at(clock.now())
        mine = found.asked_by == web.caller().person
        strict = client is not None and open_now and found.body["after"].get("policy") == FAPI2.name
        missing = policies.missing(client) if client and strict else []
        return web.page("admin/approval.html", found=found, open_now=open_now, mine=mine, asker=asker, missing=missing)

    @web.route(bp, "/console/approvals/<id>/decide", gate=Operator(Right.approve), methods=("POST",))
    def approval_decide(id: str) -> Response:
        said = request.form
        approvals.decide(
            web.house(),
            id,
            approve=said.get("decision") == "approve",
            digest=said.get("digest", ""),
            words=said.get("words", ""),
            by=web.caller(),
            now=clock.now(),
        )
        return web.see_other(f"/console/approvals/{id}")

    @web.route(bp, "/console/approvals/<id>/withdraw", gate=Operator(Right.see), methods=("POST",))
    def approval_withdraw(id: str) -> Response:
        approvals.withdraw(web.house(), id, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/approvals/{id}")

    return bp
