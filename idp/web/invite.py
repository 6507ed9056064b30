"""An operator's first visit: the one-time link makes an account, and leads straight on to its second factor."""

from flask import Blueprint, Response, request, url_for

from hub import web
from hub.callers import Public
from hub.web import route
from idp.account import invite
from idp.login import password, sign_in
from idp.login.sign_in import Passed
from idp.model.person import AccountNameWrong
from idp.web import desk
from idp.web.register import checked


def add(bp: Blueprint) -> None:
    """`/invite/<token>`."""

    @route(bp, "/invite/<token>", gate=Public(), endpoint="invite")
    def page(token: str) -> Response:
        visit = desk.visit()
        invite.invitation(visit.house, token, visit.now)
        return desk.show(visit, "invite.html", account="", least=password.WITH_ANOTHER)

    @route(bp, "/invite/<token>", gate=Public(), methods=("POST",), endpoint="invite_posted")
    def posted(token: str) -> Response:
        visit = desk.visit()
        invite.invitation(visit.house, token, visit.now)
        account, chosen = request.form.get("account", ""), request.form.get("password", "")
        errors = checked(account, chosen, alone=False)
        if not errors:
            try:
                person = invite.take(visit.house, token, account, chosen, now=visit.now)
            except AccountNameWrong as problem:
                errors["account"] = desk.said(problem)
        if errors:
            return desk.show(visit, "invite.html", errors=errors, account=account, least=password.WITH_ANOTHER)
        passed = Passed(person, ("pwd",))
        opened = sign_in.finish(visit.house, passed, device=desk.device(), now=visit.now, before=visit.caller)
        return desk.enter(visit, opened, web.see_other(url_for("idp.second_factor")))
