"""Two accounts of one person: the page on which he shows the factors of the other one, or says that it is not his."""

from flask import Blueprint, Response, request

from hub.callers import Public, Session
from hub.problems import TooMany
from hub.web import route, see_other
from idp.account import merge
from idp.model.factor import WrongCredentials
from idp.model.life import CannotMerge
from idp.web import desk

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/merge` and `/account/misuse`."""

    @route(bp, "/account/merge", gate=SIGNED_IN, endpoint="merge")
    def page() -> Response:
        visit = desk.visit()
        if not desk.is_recent(visit):
            return desk.again(visit)
        return desk.show(visit, "merge.html", account="", taken="taken" in request.args)

    @route(bp, "/account/merge", gate=SIGNED_IN, methods=("POST",), endpoint="merge_posted")
    def posted() -> Response:
        visit = desk.visit()
        if visit.caller is None or not desk.is_recent(visit):
            return desk.again(visit)
        typed = {name: request.form.get(name, "") for name in ("account", "password", "code")}
        try:
            other = merge.other(visit.house, visit.caller, **typed, net=desk.network(), now=visit.now)
            stays = merge.join(visit.house, visit.caller, other, now=visit.now)
        except (WrongCredentials, CannotMerge, TooMany) as problem:
            return desk.refused(visit, "merge.html", problem, "account", account=typed["account"], taken=False)
        return see_other("/account" if stays.id == visit.person else "/account/merged")

    @route(bp, "/account/misuse", gate=SIGNED_IN, methods=("POST",), endpoint="misuse")
    def misuse() -> Response:
        visit = desk.visit()
        merge.report_misuse(visit.house, visit.person, now=visit.now)
        return desk.show(visit, "misuse.html")

    @route(bp, "/account/merged", gate=Public(), endpoint="merged")
    def merged() -> Response:
        return desk.show(desk.visit(), "merged.html")
