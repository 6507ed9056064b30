"""One handler renders every problem: problem+json for programs, a page for people (RFC 9457)."""

from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Response, current_app, g, has_request_context, jsonify, request, url_for
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from hub import i18n
from hub.problems import BadRequest, NotAllowed, NotFound, NotSignedIn, Problem, TooLarge, Unavailable
from hub.web.answers import page, see_other
from hub.web.here import house
from hub.web.routes import LOGINS

log = structlog.get_logger("web")


def wants_json() -> bool:
    """Programs get problem+json: everything under /api, everything with a token, everyone who accepts JSON first."""
    if request.path.startswith(("/api/", "/pki/")) or "Authorization" in request.headers:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best is not None and best != "text/html"


def problem_body(problem: Problem) -> dict[str, Any]:
    """RFC 9457 members; `type` names the page of the kind in our documentation."""
    body: dict[str, Any] = {
        "type": f"urn:yinxin:problem:{problem.code}",
        "title": i18n._(problem.title),
        "status": problem.status,
        "detail": i18n._(problem.message, **problem.values) if problem.message else "",
        "advice": i18n._(problem.advice) if problem.advice else "",
    }
    return {name: text for name, text in (body | problem.extras).items() if text not in ("", None)}


def refused(problem: Problem) -> Response:
    """Answer with a Problem: to a program as JSON, to a person as a page, or by the way to sign in."""
    level = log.error if problem.status >= 500 else log.info
    level("problem", kind=problem.code, status=problem.status, endpoint=request.endpoint)
    g.problem = problem.code
    if wants_json():
        response = jsonify(problem_body(problem))
        response.content_type = "application/problem+json"
    elif request.method == "GET" and (way := _login(problem)):
        del g.problem  # not a fault: the way in
        return see_other(way)
    else:
        detail = i18n._(problem.message, **problem.values) if problem.message else ""
        number = g.get("request_id", "")
        response = page("hub/problem.html", problem=problem, detail=detail, way=_way(problem), request_id=number)
    response.status_code = problem.status
    response.headers["Cache-Control"] = "no-store"
    if problem.status in (429, 503):
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", 30))
    if isinstance(problem, NotSignedIn) and wants_json():
        bearer = 'Bearer error="invalid_token"' if "Authorization" in request.headers else "Bearer"
        response.headers["WWW-Authenticate"] = bearer
    if isinstance(problem, NotAllowed) and "Authorization" in request.headers:
        scope = problem.extras.get("scope", "")
        scheme = "DPoP" if request.headers["Authorization"][:5].lower() == "dpop " else "Bearer"
        response.headers["WWW-Authenticate"] = f'{scheme} error="insufficient_scope", scope="{scope}"'
    response.headers.update(problem.headers)
    return response


def _login(problem: Problem) -> str:
    """Where a visitor can get what a gate of his site misses: a session, a fresh one, a higher level. Empty if nowhere."""
    endpoint = LOGINS.get(problem.extras.get("session", ""))
    missing = {name: problem.extras[name] for name in ("level", "again") if name in problem.extras}
    if endpoint not in current_app.view_functions or not (missing or isinstance(problem, NotSignedIn)):
        return ""
    return url_for(endpoint, next=request.full_path.rstrip("?"), **missing)


def _way(problem: Problem) -> str:
    """The page where its reader does what is missing, and from which he comes back. Empty if there is none."""
    way, settings = problem.way, house().settings
    if way is None:
        return ""
    url = f"{settings.issuer_url if way.provider else ''}{way.path}"
    if way.provider and settings.home_url != settings.issuer_url:  # it leads to no other site
        return url
    onward = urlencode({"next": way.back or _page_of(request.path)})
    return f"{url}{'&' if '?' in url else '?'}{onward}"


def _page_of(path: str) -> str:
    """The page to which a form belongs: its own address, or the nearest above it that can be opened."""
    routes = current_app.url_map.bind("")
    while path.strip("/") and not routes.test(path, "GET"):
        path = path.rstrip("/").rpartition("/")[0] or "/"
    return path


class MethodNotAllowed(BadRequest):
    """The address exists, but not for this method."""

    status = 405
    title = "This address does not take that method"


def http_error(error: HTTPException) -> Response:
    """Answer with what Flask itself refuses, as a Problem of ours."""
    if isinstance(error, RequestEntityTooLarge):
        megabytes = house().settings.upload_bytes // 1_000_000
        return refused(TooLarge("At most %(megabytes)s MB are accepted", megabytes=megabytes))
    if error.code == 404:
        return refused(NotFound("There is nothing at this address"))
    if error.code == 405:
        response = refused(MethodNotAllowed("Use another method"))
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
        return response
    if error.code and error.code >= 500:
        return refused(Unavailable())
    return refused(BadRequest())


class OurFault(Problem):
    """A fault of ours. The request id leads to the log line."""

    status = 500
    title = "Something went wrong on our side"
    advice = "Please try again. If it happens again, tell us the number of this request."


def bug(error: Exception) -> Response:
    """Answer with a fault of ours: the log has everything, the reader a number."""
    log.error("bug", endpoint=request.endpoint if has_request_context() else None, exc_info=error)
    if current_app.testing and current_app.config.get("PROPAGATE_BUGS", True):
        raise error
    return refused(OurFault("Request %(id)s", id=g.get("request_id", ""), extras={"request": g.get("request_id", "")}))
