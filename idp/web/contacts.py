"""The phone and the address of an account: typed, confirmed by a code that was sent there, or removed."""

from flask import Blueprint, Response, abort, request

from hub import web
from hub.callers import Session
from hub.i18n import language
from hub.problems import TooMany
from hub.web import route
from idp.account import contacts
from idp.account.contacts import Contact
from idp.model.factor import ContactWrong, NotOffered, SignInAgain, WrongCredentials
from idp.web import desk, halfway
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


def add(bp: Blueprint) -> None:
    """`/account/contact/<kind>`."""

    @route(bp, "/account/contact/<kind>", gate=SIGNED_IN, endpoint="contact")
    def page(kind: str) -> Response:
        visit, known = desk.visit(), _kind(kind)
        return _page(visit, known) if desk.is_recent(visit) else desk.again(visit)

    @route(bp, "/account/contact/<kind>", gate=SIGNED_IN, methods=("POST",), endpoint="contact_posted")
    def posted(kind: str) -> Response:
        visit, known = desk.visit(), _kind(kind)
        if not desk.is_recent(visit):
            return desk.again(visit)
        return _confirmed(visit, known) if "code" in request.form else _sent(visit, known)

    @route(bp, "/account/contact/<kind>/remove", gate=SIGNED_IN, methods=("POST",), endpoint="contact_remove")
    def remove(kind: str) -> Response:
        visit, known = desk.visit(), _kind(kind)
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.security")
        assert visit.caller is not None
        try:
            contacts.remove(visit.house, visit.caller, known, now=visit.now)
        except NotOffered as problem:
            return _page(visit, known, {"": desk.said(problem)})
        return halfway.security("forgotten")


def _sent(visit: Visit, kind: Contact) -> Response:
    assert visit.caller is not None
    typed = request.form.get("value", "")
    try:
        contacts.begin(visit.house, visit.caller, kind, typed, language=language(), now=visit.now)
    except ContactWrong as problem:
        return _page(visit, kind, {"value": desk.said(problem)}, typed)
    except (NotOffered, TooMany) as problem:
        return _page(visit, kind, {"": desk.said(problem)}, typed)
    return web.see_other(visit.to("idp.contact", kind=kind.value))


def _confirmed(visit: Visit, kind: Contact) -> Response:
    assert visit.caller is not None
    try:
        contacts.confirm(visit.house, visit.caller, kind, request.form.get("code", ""), now=visit.now)
    except SignInAgain:
        return web.see_other(visit.to("idp.contact", kind=kind.value))
    except (WrongCredentials, TooMany) as problem:
        return _page(visit, kind, {"code": desk.said(problem)})
    return halfway.security(kind.value)


def _page(visit: Visit, kind: Contact, errors: dict[str, str] | None = None, typed: str = "") -> Response:
    assert visit.caller is not None
    waiting = contacts.pending(visit.house, visit.caller, kind)
    other = "other" in request.args or "value" in (errors or {})
    return desk.show(
        visit,
        "contact.html",
        errors=errors,
        kind=kind.value,
        waiting="" if other else waiting,
        typed=typed,
        offered=contacts.offered(visit.house, kind),
    )


def _kind(text: str) -> Contact:
    if text not in set(Contact):
        abort(404)
    return Contact(text)
