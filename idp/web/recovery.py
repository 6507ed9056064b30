"""Getting back into one's account: who one is, then a new password; with a counter's code; and the owner's way to stop it."""

import secrets
from typing import Any

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Public, Session
from hub.i18n import language
from hub.problems import Problem, TooMany
from hub.web import route
from idp import registers
from idp.account import recovery, recovery_end
from idp.account.recovery import Found
from idp.login import password
from idp.model.factor import Kind, NotOffered, PasswordWrong, WrongCredentials
from idp.model.realname import (
    Form,
    LiveCheckFailed,
    NeedsGuardian,
    NotMatched,
    NotYours,
    PaperIncomplete,
    RegisterLater,
    Source,
    WrongStep,
)
from idp.model.recovery import OPEN, RecoveryStopped, ResetCodeWrong, Way
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.realname.paper import FieldWrong
from idp.web import desk
from idp.web.desk import Visit

SIGNED_IN = Session("idp")
FIELDS = ("name", "number", "country", "born")
REFUSALS = (NotMatched, NeedsGuardian, RegisterLater, TooMany)
RETURNED = (LiveCheckFailed, RegisterLater, WrongStep, NotYours)


def add(bp: Blueprint) -> None:
    """`/recover…`."""
    _who(bp)
    _back(bp)
    _account(bp)
    _sms(bp)
    _code(bp)
    _stop(bp)


def _who(bp: Blueprint) -> None:
    @route(bp, "/recover", gate=Public())
    def recover() -> Response:
        return _form(desk.visit(), {})

    @route(bp, "/recover", gate=Public(), methods=("POST",), endpoint="recover_posted")
    def posted() -> Response:
        visit = desk.visit()
        typed = {name: request.form.get(name, "").strip() for name in FIELDS}
        browser = _browser()
        how = {"browser": browser, "net": desk.network(), "device": _device(visit), "return_url": _return(visit)}
        try:
            page = recovery.begin(visit.house, Form(**typed), **how, now=visit.now)
        except PaperIncomplete:
            return _form(visit, typed, more=True)
        except NameWrong as problem:
            return _form(visit, typed | {"name": problem.suggestion or typed["name"]}, {"name": desk.said(problem)})
        except NumberWrong as problem:
            meant = typed | {"number": problem.suggestion or typed["number"]}
            return _form(visit, meant, {"number": desk.corrected(problem)})
        except FieldWrong as problem:
            return _form(visit, typed, {problem.field: desk.said(problem)}, more=True)
        except REFUSALS as problem:
            return _refused(visit, problem, typed)
        return _bound(visit, web.see_other(page), browser)

    @route(bp, "/recover/network-id", gate=Public(), methods=("POST",), endpoint="recover_network_id")
    def network_id() -> Response:
        visit = desk.visit()
        browser = _browser()
        how = {"browser": browser, "net": desk.network(), "return_url": _return(visit)}
        try:
            page = recovery.begin_network_id(visit.house, **how, now=visit.now)
        except REFUSALS as problem:
            return _refused(visit, problem, {})
        return _bound(visit, web.see_other(page), browser)


def _back(bp: Blueprint) -> None:
    @route(bp, "/recover/checked", gate=Public())
    def recover_checked() -> Response:
        """Back from the register. What counts is what it says to us, not what this address says."""
        visit = desk.visit()
        came = request.args.get("check") or request.args.get("request", "")
        browser = request.cookies.get(_name(visit), "")
        if not browser:
            recovery.void(visit.house, came)
            raise NotYours("The check was begun somewhere else")
        try:
            ticket = request.args.get("ticket", "")
            recovery.prove(visit.house, browser=browser, check=came, ticket=ticket, now=visit.now)
        except RETURNED as problem:
            return _refused(visit, problem, {})
        return web.see_other(visit.to("idp.recover_account"))


def _account(bp: Blueprint) -> None:
    @route(bp, "/recover/account", gate=Public())
    def recover_account() -> Response:
        visit = desk.visit()
        return _choose(visit, _found(visit))

    @route(bp, "/recover/account", gate=Public(), methods=("POST",), endpoint="recover_finished")
    def finished() -> Response:
        visit = desk.visit()
        found = _found(visit)
        lost = "lost" in request.form
        if found.protected and lost and not found.may_drop(visit.now):
            return _wait(visit, found)
        chosen, code = request.form.get("password", ""), request.form.get("code", "")
        try:
            account = recovery_end.finish(
                visit.house,
                request.cookies.get(_name(visit), ""),
                chosen,
                code=code,
                sent="sent" in request.form,
                lost=lost,
                keep="drop" not in request.form,
                net=desk.network(),
                now=visit.now,
            )
        except PasswordWrong as problem:
            return _choose(visit, found, {"password": desk.said(problem)}, code=code, sent="sent" in request.form)
        except (WrongCredentials, TooMany) as problem:
            errors = {"code": desk.said(problem)}
            return _choose(visit, found, errors, status=problem.status, sent="sent" in request.form)
        response = desk.show(visit, "recover_done.html", account=account)
        web.set_cookie(response, _name(visit), "")
        if visit.caller is not None:
            web.sign_in_cookie(response, "idp", "")
        return response


def _sms(bp: Blueprint) -> None:
    @route(bp, "/recover/sms", gate=Public(), methods=("POST",))
    def recover_sms() -> Response:
        """A code to the phone that the account knows: who still has it, has the second factor."""
        visit = desk.visit()
        found = _found(visit)
        try:
            browser = request.cookies.get(_name(visit), "")
            recovery_end.send_code(visit.house, browser, language=language(), now=visit.now)
        except (NotOffered, TooMany) as problem:
            return _choose(visit, found, {"": desk.said(problem)}, status=problem.status)
        return _choose(visit, found, sent=True)


def _code(bp: Blueprint) -> None:
    @route(bp, "/recover/code", gate=Public())
    def recover_code() -> Response:
        return desk.show(desk.visit(), "recover_code.html")

    @route(bp, "/recover/code", gate=Public(), methods=("POST",), endpoint="recover_code_posted")
    def posted() -> Response:
        visit = desk.visit()
        browser = _browser()
        try:
            typed = request.form.get("code", "")
            recovery_end.take_code(visit.house, typed, browser=browser, net=desk.network(), now=visit.now)
        except (ResetCodeWrong, TooMany) as problem:
            return desk.refused(visit, "recover_code.html", problem, "code")
        return _bound(visit, web.see_other(visit.to("idp.recover_account")), browser)


def _stop(bp: Blueprint) -> None:
    @route(bp, "/recover/stop", gate=SIGNED_IN)
    def recover_stop() -> Response:
        visit = desk.visit()
        wait = recovery_end.waiting(visit.house, visit.person, visit.now)
        return desk.show(visit, "recover_stop.html", wait=wait, stopped=False)

    @route(bp, "/recover/stop", gate=SIGNED_IN, methods=("POST",), endpoint="recover_stopped")
    def stopped() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        ended = recovery_end.stop(visit.house, visit.caller, visit.now)
        return desk.show(visit, "recover_stop.html", wait=None, stopped=ended)


# -- inside


def _form(visit: Visit, typed: dict[str, str], errors: dict[str, str] | None = None, *, more: bool = False) -> Response:
    given = dict.fromkeys(FIELDS, "") | typed
    return desk.show(
        visit,
        "recover.html",
        errors=errors,
        to=registers.address(visit.house, Source.population),
        typed=given,
        more=more,
        network_id=recovery.way_to_network_id(visit.house),
    )


def _refused(visit: Visit, problem: Problem, typed: dict[str, str]) -> Response:
    field = "number" if isinstance(problem, NotMatched | NeedsGuardian) else ""
    response = _form(visit, typed, {field: desk.said(problem)})
    response.status_code = problem.status
    if problem.status in {429, 503}:
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", 60))
    return response


def _found(visit: Visit) -> Found:
    return recovery.account(visit.house, request.cookies.get(_name(visit), ""), visit.now)


def _choose(
    visit: Visit,
    found: Found,
    errors: dict[str, str] | None = None,
    *,
    code: str = "",
    status: int = 200,
    sent: bool = False,
) -> Response:
    kinds = {factor.kind for factor in found.factors}
    values: dict[str, Any] = {
        "account": found.account,
        "protected": found.protected,
        "has_code": Kind.totp in kinds or sent,
        "has_sms": Kind.sms in kinds,
        "sent": sent,
        "passkeys": Kind.passkey in kinds,
        "may_drop": found.may_drop(visit.now),
        "at_counter": found.recovery.way is Way.counter,
        "wait": found.wait,
        "least": password.ALONE,
    }
    return desk.show(visit, "recover_account.html", errors=errors, status=status, code=code, **values)


def _wait(visit: Visit, found: Found) -> Response:
    try:
        wait = recovery_end.wait(visit.house, request.cookies.get(_name(visit), ""), visit.now)
    except RecoveryStopped as problem:
        return desk.refused(visit, "recover_wait.html", problem, wait=None)
    return desk.show(visit, "recover_wait.html", wait=wait)


def _bound(visit: Visit, response: Response, browser: str) -> Response:
    web.set_cookie(response, _name(visit), browser, seconds=int(OPEN.total_seconds()))
    return response


def _browser() -> str:
    """The secret that binds a recovery to this browser: a new one each time."""
    return secrets.token_urlsafe(32)


def _return(visit: Visit) -> str:
    return visit.house.settings.issuer_url + url_for("idp.recover_checked", flow=visit.flow or None)


def _device(visit: Visit) -> str:
    return request.cookies.get(visit.house.settings.cookie("device"), "")


def _name(visit: Visit) -> str:
    return visit.house.settings.cookie("recover")
