"""Agreeing: what a service is told, why, and for how long; or refusing."""

from flask import Blueprint, Response, request

from hub import tree
from hub.callers import Caller, Session
from hub.i18n import _, language
from hub.problems import NotFound
from hub.steps import step
from hub.web import route
from idp.acting import mandates
from idp.consent import consent_text, consents
from idp.consent.consent_text import Text
from idp.model.client import Client
from idp.model.flow import FlowGone, Pending, Step
from idp.model.mandate import PERSON, NoMandate, Principal
from idp.numbers.rules import masked
from idp.provider import authorize, clients, sandbox
from idp.store import people
from idp.web import desk
from idp.web.desk import Visit
from idp.web.leave import leave


def add(bp: Blueprint) -> None:
    """`/consent`."""

    @route(bp, "/consent", gate=Session("idp"), endpoint="consent")
    def page() -> Response:
        visit, waiting, caller = _waiting()
        if waiting.steps[:1] != (Step.consent,):
            return desk.onward(visit, caller)
        step(visit.house, "login", "consent-shown")
        return desk.show(
            visit,
            "consent.html",
            client=waiting.client,
            told=_told(visit, waiting, caller),
            text=_text(visit, waiting),
        )

    @route(bp, "/consent", gate=Session("idp"), methods=("POST",), endpoint="consent_posted")
    def posted() -> Response:
        visit, waiting, caller = _waiting()
        if request.form.get("decision") != "agree":
            return leave(authorize.deny(visit.house, visit.flow, visit.browser, visit.now))
        if waiting.steps[:1] == (Step.consent,):  # nobody agrees before he is known as well as the service asks
            client, scopes, text = waiting.client, waiting.asked.told, _text(visit, waiting)
            consents.agree(visit.house, _agrees_for(caller), client, scopes, text, now=visit.now, by=caller.label)
        return desk.onward(visit, caller)


def _waiting() -> tuple[Visit, Pending, Caller]:
    visit = desk.visit()
    if visit.waiting is None or visit.caller is None:
        raise FlowGone("There is no open sign-in with this number")
    return visit, visit.waiting, visit.caller


def _text(visit: Visit, waiting: Pending) -> Text:
    """The words that are shown, agreed to, and kept by their digest."""
    found = (clients.known(visit.house, one, visit.now) for one in waiting.asked.apis)
    apis = tuple(one for one in found if one)  # one that was ended meanwhile takes no token any more
    return consent_text.text(waiting.client, waiting.asked.told, _place(visit, waiting.client), language(), apis=apis)


def _told(visit: Visit, waiting: Pending, caller: Caller) -> list[tuple[str, str]]:
    """What the service will be told, each with its value: nobody agrees to what he does not see."""
    fields = consent_text.fields(waiting.asked.told)
    with visit.house.database.read() as db:
        own = sandbox.profile(waiting.client, people.profile(db, visit.house.vault, visit.person))
        try:
            acting = mandates.standing(visit.house, db, visit.person, caller.acting_for or "", visit.now)
        except NoMandate:
            acting = None
    told = [(_("A number made for this service alone"), _("It tells the service that it is you again"))]
    if acting:
        told += _of_principal(visit, waiting, acting[1])
    if "name" in fields and own.name:
        told.append((_("Your name"), own.name))
    if "number" in fields and own.number:
        told.append((_("The number of your paper"), masked(own.number)))
    if "acting_for" in fields and not (acting and acting[1].person):
        real = acting[1].shown if acting else ""
        told.append((_("For whom you act"), sandbox.company(waiting.client, real) if acting else _("For myself")))
    told.append((_("How your name was verified"), level_name(caller.level)))
    return told


def _agrees_for(caller: Caller) -> str:
    """Whose agreement it is: that of a person for whom the caller acts, else his own."""
    whom = caller.acting_for or ""
    return whom.removeprefix(PERSON) if whom.startswith(PERSON) else caller.person or ""


def _of_principal(visit: Visit, waiting: Pending, principal: Principal) -> list[tuple[str, str]]:
    """What the service is told of a person for whom somebody acts: he is the one whom it will know."""
    if principal.person is None:
        return []
    with visit.house.database.read() as db:
        profile = sandbox.profile(waiting.client, people.profile(db, visit.house.vault, principal.person))
    told, fields = [], consent_text.fields(waiting.asked.told)
    if "name" in fields:
        told.append((_("Name of the person for whom you act"), profile.name))
    if "number" in fields and profile.number:
        told.append((_("His or her number"), masked(profile.number)))
    return told


def level_name(level: int) -> str:
    """A level of assurance in the reader's language."""
    return {
        1: _("Not verified: your own statement"),
        2: _("Name and number match the register"),
        3: _("Name and number match, and a live check"),
        4: _("Checked at a counter"),
    }[level]


def _place(visit: Visit, client: Client) -> str:
    """Where the service belongs, in words."""
    with visit.house.database.read() as db:
        try:
            place = tree.get(db, client.place)
        except NotFound:
            return ""
    return place.name if language() == "zh-Hans" else place.name_en
