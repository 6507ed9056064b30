"""What machines ask about this process: is it alive, can it do its job, how much did it do."""

from time import perf_counter

from flask import Blueprint, Response, current_app, g, request

from hub import clock, health, limits, metrics, steps, vitals
from hub.callers import Program
from hub.problems import NotAllowed, NotFound
from hub.web import answer, house, route

QUIET = ("health", "static")  # machines ask, and files are given: nobody waits for these
LOOPBACK = {"127.0.0.1", "::1", ""}  # empty: over a unix socket


def blueprint() -> Blueprint:
    """Give the routes of this module, and count every request of the application."""
    bp = Blueprint("health", __name__)
    bp.before_app_request(_begin)
    bp.after_app_request(_count)

    @route(bp, "/healthz", gate=Program("says nothing but that this process runs"))
    def alive() -> Response:
        return answer({"alive": True})

    @route(bp, "/readyz", gate=Program("a load balancer asks without credentials"))
    def ready() -> Response:
        report = health.report(house(), clock.now())
        return answer({"ready": report.ready, "checks": report.results}, 200 if report.ready else 503)

    @route(bp, "/metrics", gate=Program("answers to this machine alone, and holds no personal data"))
    def numbers() -> Response:
        forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
        if forwarded or (request.remote_addr or "") not in LOOPBACK:
            raise NotFound("There is nothing at this address")
        response = Response(metrics.text(house(), clock.now()), content_type=metrics.CONTENT_TYPE)
        response.headers["Cache-Control"] = "no-store"
        return response

    @route(
        bp, "/api/vitals", gate=Program("counts how fast a page was, for nobody and about nobody"), methods=("POST",)
    )
    def page_was() -> Response:
        """A browser reads no answer to this: what is not believed is dropped without a word."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin" or not _from_here():
            raise NotAllowed("A page tells this only to its own site")
        length = request.content_length  # a body of unknown length is not read at all
        if request.mimetype == "application/json" and length is not None and length <= vitals.LONGEST:
            net = limits.network(request.remote_addr or "")
            vitals.report(house(), request.get_data(cache=False), pages=current_app.view_functions, net=net)
        return Response(status=204)

    return bp


def _from_here() -> bool:
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host


def _begin() -> None:
    g.began = perf_counter()


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} else "other"
    took = perf_counter() - g.get("began", perf_counter())
    metrics.answered(route, method, response.status_code, took)
    endpoint = request.endpoint or "none"
    if not endpoint.startswith(QUIET) and not endpoint.endswith("static"):
        steps.answered(house(), endpoint, response.status_code, took)
        if "problem" in g:
            steps.count(house(), "problem", endpoint, g.problem)
    return response
