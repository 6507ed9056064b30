"""Assessment: the page at which a service is rated, the officers' work on bad ratings, and the public board."""

import hmac
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from admin import assessment, rectify
from admin.model.case import Channel
from admin.model.operator import Right
from admin.model.rating import Level, Rating, RatingWrong, Service, Step, digest_of
from admin.store import ratings as store
from admin.web import names
from admin.web.gates import Board
from hub import callers, clock, web
from hub.callers import Operator, Public
from hub.i18n import _
from hub.problems import BadRequest

DESK = Operator(Right.desk)
MARK_SECONDS = 90 * 24 * 3600  # longer than a rating may be given and answered


def blueprint() -> Blueprint:
    """`/rate/…`, `/scoreboard`, `/console/assessment/…`."""
    bp = Blueprint("assessment", __name__)
    _public(bp)
    _officers(bp)
    return bp


def _public(bp: Blueprint) -> None:
    @web.route(bp, "/rate/<token>", gate=Public())
    def rate_form(token: str) -> Response:
        return _rate_page(token)

    @web.route(bp, "/rate/<token>", gate=Public(), methods=("POST",))
    def rate_send(token: str) -> Response:
        service, before = assessment.look(web.house(), token)
        try:
            opinion = assessment.opinion_of(service, request.form)
        except RatingWrong as wrong:
            if before is None:
                return _rate_page(token, request.form.to_dict(), wrong.fields)
            raise
        assessment.rate(web.house(), token, opinion, clock.now())
        response = web.see_other(f"/rate/{token}")
        cookie, value = _mark(token, service)
        web.set_cookie(response, cookie, value, seconds=MARK_SECONDS)
        return response

    @web.route(bp, "/scoreboard", gate=Public())
    def scoreboard() -> Response:
        with web.house().database.read() as db:
            scores = assessment.scoreboard(db)
            agencies = {one.agency: names.agency_name(db, one.agency) for one in scores}
            items = {one.item: _name(db, one.item) for one in scores if one.item is not None}
        return web.page("admin/scoreboard.html", scores=scores, agencies=agencies, items=items)


def _officers(bp: Blueprint) -> None:
    @web.route(bp, "/console/assessment", gate=DESK)
    def task_list() -> Response:
        done, now, scope = request.args.get("done") == "1", clock.now(), web.caller().place
        with web.house().database.read() as db:
            figures = assessment.figures(db, scope, now)
            rows = []
            for task in store.tasks(db, scope, done=done):
                rating = store.rating(db, task.rating)
                names_ = (_name(db, rating.service.item), names.officer_name(db, task.officer))
                rows.append((task, rating, *names_))
        return web.page("admin/rating_tasks.html", found=rows, figures=figures, done=done, now=now)

    @web.route(bp, "/console/assessment-figures", gate=Board(Right.desk))
    def rating_figures() -> Response:
        with web.house().database.read() as db:
            figures = assessment.figures(db, web.caller().place, clock.now())
        return web.page("admin/rating_figures.html", figures=figures)

    @web.route(bp, "/console/assessment/<id>", gate=DESK)
    def task_one(id: str) -> Response:
        return _task_page(id)

    @web.route(bp, "/console/assessment/<id>/assign", gate=DESK, methods=("POST",))
    def task_assign(id: str) -> Response:
        officer = request.form.get("officer", "")
        rectify.assign(web.house(), id, officer, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/assessment/{id}")

    @web.route(bp, "/console/assessment/<id>/step", gate=DESK, methods=("POST",))
    def task_step(id: str) -> Response:
        step, words = request.form.get("step", ""), request.form.get("words", "")
        if step not in {one.value for one in Step}:
            raise BadRequest("There is no operation %(name)s", name=step[:40])
        rectify.advance(web.house(), id, Step(step), words, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/assessment/{id}")

    @web.route(bp, "/console/assessment/<id>/appeal", gate=DESK, methods=("POST",))
    def task_appeal(id: str) -> Response:
        reason = request.form.get("reason", "")
        rectify.appeal(web.house(), id, reason, by=web.caller(), now=clock.now())
        return web.see_other(f"/console/assessment/{id}")


def _name(db: Connection, item: str) -> str:
    """What was rated: a service item, or a visit that was about none."""
    return names.item_name(db, item) if item else _("Visit to a counter")


def _rate_page(token: str, said: dict[str, str] | None = None, wrong: tuple[str, ...] = ()) -> Response:
    house, now = web.house(), clock.now()
    service, rating = assessment.look(house, token)
    theirs = _is_raters(token, service)
    with house.database.read() as db:
        told: dict[str, Any] = {"item": _name(db, service.item)}
        told["agency"] = names.agency_name(db, service.agency)
        told |= _outcome(rating if theirs else None)
    open_now = service.open_at(now)
    return web.page(
        "admin/rate.html",
        422 if wrong else 200,
        service=service,
        rating=rating,
        theirs=theirs,
        open_now=open_now,
        levels=[level.value for level in Level],
        said=said or {},
        errors=_errors(wrong, service),
        **told,
    )


def _is_raters(token: str, service: Service) -> bool:
    """Whether what was said may be shown: who served at a counter has seen the link, and must not learn it there.

    It is shown to the browser that rated, and to the visitor who is signed in.
    """
    if service.channel is Channel.online:
        return True  # the link stands on the applicant's own pages only
    cookie, value = _mark(token, service)
    if hmac.compare_digest(request.cookies.get(cookie, "").encode(), value.encode()):
        return True
    visitor = callers.current(web.house(), request, "my", clock.now())
    return visitor is not None and visitor.person == service.person


def _mark(token: str, service: Service) -> tuple[str, str]:
    """The cookie of the browser that rated: nobody makes it from the link alone."""
    value = hmac.digest(web.house().keys.secret("rating-link"), f"rated\0{service.instance}".encode(), "sha256").hex()
    return f"yinxin-rated-{digest_of(token)[:16]}", value


def _outcome(rating: Rating | None) -> dict[str, Any]:
    """What became of a rating, for the rater."""
    if rating is None or not rating.level.bad:
        return {"reply": None, "appeal": None, "task": None}
    house = web.house()
    with house.database.read() as db:
        appeal = rectify.granted(db, rating.id) if rating.excluded else None
        reply = rectify.reply_to(db, house, rating)
        return {"reply": reply, "appeal": appeal, "task": store.task(db, rating.id)}


def _errors(wrong: tuple[str, ...], service: Service) -> dict[str, str]:
    told = {
        "level": _("Choose how satisfied you are"),
        "text": _("At most 1000 characters"),
        "contact": _("At most 60 characters"),
    }
    answers = {question.value: _("Choose one of the answers") for question in service.questions}
    return {name: text for name, text in (told | answers).items() if name in wrong}


def _task_page(id: str) -> Response:
    house, who, now = web.house(), web.caller(), clock.now()
    with house.database.read() as db:
        rating, task = store.rating(db, id, who.place), store.task(db, id, who.place)
        opinion = store.opinion(db, house.vault, rating)
        history = [(done, names.officer_name(db, done.by)) for done in store.done(db, house.vault, id)]
        return web.page(
            "admin/rating_task.html",
            rating=rating,
            task=task,
            opinion=opinion,
            history=history,
            item=_name(db, rating.service.item),
            agency=names.agency_name(db, rating.service.agency),
            officer=names.officer_name(db, task.officer),
            officers=[(one.person, one.label) for one in rectify.officers_for(db, rating)],
            appeal=rectify.open_appeal(db, id, now),
            own=who.person == rating.service.officer,
            mine=who.person == task.officer,
            next=[step.value for step in task.steps],
            now=now,
        )
