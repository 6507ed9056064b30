"""No dead ends: a sign-in that cannot go on leads to where it can begin again, and a tab that waits goes on by itself."""

import structlog
from flask import Blueprint, Response, g, request, url_for

from hub import clock, web
from hub.callers import Public
from hub.house import House
from hub.i18n import _
from hub.problems import Problem
from hub.web import UnsafeForm, route
from hub.web.refusals import refused
from idp.model.client import Client
from idp.model.factor import SignInAgain
from idp.model.flow import FlowGone, Step
from idp.provider import clients, flows, initiation
from idp.web import desk
from idp.web.account.words import service_name

log = structlog.get_logger("web")


def add(bp: Blueprint) -> None:
    """`/login/waiting`, and the pages for sign-ins that are gone, left half-way, or whose form has grown old."""
    for kind in (SignInAgain, UnsafeForm):
        bp.register_error_handler(kind, _page)
    leads_back(bp)

    @route(bp, "/login/waiting", gate=Public())
    def login_waiting() -> Response:
        """Whether a page that asks to sign in can go on: it was done in another window."""
        visit = desk.visit()
        due = Step.login in visit.waiting.steps if visit.waiting else "again" in request.args
        return web.answer({"go": visit.caller is not None and not due})


def leads_back(bp: Blueprint) -> None:
    """Let the addresses of a blueprint lead whoever comes too late back to the service."""
    bp.register_error_handler(FlowGone, _page)


def start_of(client: Client) -> str:
    """Where a visit to a service begins: the front page of its site; of ours, the sign-in itself. Empty for a program."""
    uri = client.redirect_uris[0] if client.redirect_uris and not client.native else ""
    if not uri.startswith(("https://", "http://")):
        return ""
    if client.first_party:
        return f"{uri.removesuffix('/callback')}/"
    return "/".join(uri.split("/", 3)[:3]) + "/"


def _page(problem: Problem) -> Response:
    if web.wants_json():
        return refused(problem)
    log.info("problem", kind=problem.code, status=problem.status, endpoint=request.endpoint)
    g.problem = problem.code
    client = _client(web.house()) if isinstance(problem, FlowGone) else None
    return web.page(
        "idp/restart.html",
        problem.status,
        problem=problem,
        detail=_(problem.message, **problem.values) if problem.message else "",
        service=service_name(client) if client else "",
        start=(initiation.address(web.house(), client) or start_of(client)) if client else "",
        again="" if isinstance(problem, FlowGone) else _again(problem),
        request_id=g.get("request_id", ""),
    )


def _client(house: House) -> Client | None:
    """The service of the sign-in that is gone: its address still names it, or that of the request."""
    id = flows.client_of(request.args.get("flow", "")) or request.args.get("client_id", "")[:64]
    return clients.known(house, id, clock.now()) if id else None


def _again(problem: Problem) -> str:
    """The same page anew, or the first step of the sign-in."""
    if isinstance(problem, UnsafeForm):
        return request.full_path.rstrip("?") if _has_page() else url_for("idp.account")
    kept = {name: request.args[name] for name in ("flow", "next") if request.args.get(name)}
    kept["next"] = web.local(kept.get("next"), "")
    return url_for("idp.login", flow=kept.get("flow"), next=kept["next"] or None)


def _has_page() -> bool:
    """Whether this address can be loaded, and not only sent to."""
    rules = request.url_rule.map.iter_rules() if request.url_rule else ()
    return any(
        rule.rule == request.url_rule.rule and "GET" in (rule.methods or ()) for rule in rules if request.url_rule
    )
