"""Allowing the use of data: one page for each permission, apart from what a service is told at sign-in."""

from flask import Blueprint, Response, request, url_for

from hub import behalf, web
from hub.callers import Caller, Session
from hub.i18n import language
from hub.problems import NotFound
from hub.web import route
from idp.acting import doing, mandates
from idp.consent import data
from idp.model.data import DataPermission
from idp.model.flow import FlowGone, Pending, Step, must_say_now
from idp.model.mandate import NoMandate
from idp.provider import authorize
from idp.store import data as store
from idp.web import desk
from idp.web.desk import Visit
from idp.web.leave import leave


def add(bp: Blueprint) -> None:
    """`/allow`, and its withdrawal at `/account/data/withdraw`."""

    @route(bp, "/allow", gate=Session("idp"), endpoint="data")
    def page() -> Response:
        visit, waiting, caller = _waiting()
        asked = _next(visit, waiting, caller)
        if asked is None:
            return desk.onward(visit, caller)
        behalf.needs(caller, asked.item)
        return desk.show(
            visit,
            "data.html",
            client=waiting.client,
            asked=asked,
            number=waiting.asked.data.index(asked.id) + 1,
            count=len(waiting.asked.data),
            whom=_whom(visit, caller),
        )

    @route(bp, "/allow", gate=Session("idp"), methods=("POST",), endpoint="data_posted")
    def posted() -> Response:
        visit, waiting, caller = _waiting()
        if request.form.get("decision") != "allow":
            return leave(authorize.deny(visit.house, visit.flow, visit.browser, visit.now))
        asked = _next(visit, waiting, caller)
        if asked is not None and request.form.get("grant") == asked.id:  # the one that was shown, and no other
            with visit.house.database.write() as db:
                doing.stands(db, caller, visit.now, matter=asked.item)
                data.allow(db, visit.person, caller.acting_for, asked, now=visit.now)
        return desk.onward(visit, caller)

    @route(bp, "/account/data/withdraw", gate=Session("idp"), methods=("POST",), endpoint="data_withdraw")
    def withdraw() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        with visit.house.database.write() as db:
            data.withdraw(db, visit.person, visit.caller.acting_for, request.form.get("grant", ""), now=visit.now)
        return web.see_other(url_for("idp.services", _anchor="data"))


def _waiting() -> tuple[Visit, Pending, Caller]:
    visit = desk.visit()
    if visit.waiting is None or visit.caller is None:
        raise FlowGone("There is no open sign-in with this number")
    return visit, visit.waiting, visit.caller


def _next(visit: Visit, waiting: Pending, caller: Caller) -> DataPermission | None:
    """The first permission on which the person has to decide; None if something else comes first, or nothing is left."""
    if waiting.steps[:1] != (Step.data,):
        return None
    since = waiting.flow.started if must_say_now(waiting.asked, waiting.client) else None
    with visit.house.database.read() as db:
        agreed = data.agreed_since(db, visit.person, caller.acting_for, waiting.asked.data, since)
        open_ones = store.permissions(db, [id for id in waiting.asked.data if id not in agreed])
    if not all(one.in_force_at(visit.now) for one in open_ones):
        raise NotFound("The permission has ended; nothing was shared")
    return open_ones[0] if open_ones else None


def _whom(visit: Visit, caller: Caller) -> str:
    """Whose data it is about: the one for whom the person acts, or nothing for himself."""
    if not caller.acting_for:
        return ""
    with visit.house.database.read() as db:
        try:
            _, principal = mandates.standing(visit.house, db, visit.person, caller.acting_for, visit.now)
        except NoMandate:
            return caller.acting_for
    return principal.shown


def named(permission: DataPermission) -> dict[str, str]:
    """What a permission says, in the reader's language."""
    if language() == "zh-Hans":
        names = "、".join(field.name for field in permission.fields)
        return {"provider": permission.provider_name, "purpose": permission.purpose, "fields": names} | {
            "entry": permission.entry_name
        }
    names = ", ".join(field.name_en for field in permission.fields)
    return {"provider": permission.provider_name_en, "purpose": permission.purpose_en, "fields": names} | {
        "entry": permission.entry_name_en
    }
