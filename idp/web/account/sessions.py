"""Sessions and devices: where one is signed in, until when, which services took part; end one, or all."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request, url_for

from hub import callers, sessions, web
from hub.caller import Caller
from hub.callers import Session
from hub.sessions import Limits
from hub.web import route
from idp.account import accounts
from idp.provider import grants
from idp.web import desk, signed_out
from idp.web.account.words import service_name_of
from idp.web.desk import Visit

SIGNED_IN = Session("idp")


@dataclass(frozen=True)
class Login:
    """One login as its person sees it."""

    caller: Caller
    opened: datetime
    device: str
    limits: Limits | None
    services: tuple[str, ...]
    here: bool

    @property
    def seen(self) -> datetime:
        """When it was used last."""
        return self.caller.seen or self.opened


def add(bp: Blueprint) -> None:
    """`/account/sessions…`, `/account/sign-out-everywhere`."""

    @route(bp, "/account/sessions", gate=SIGNED_IN, endpoint="sessions")
    def page() -> Response:
        visit = desk.visit()
        return desk.show(visit, "account_sessions.html", logins=_logins(visit), done=request.args.get("done", ""))

    @route(bp, "/account/sessions/end", gate=SIGNED_IN, methods=("POST",))
    def end_session() -> Response:
        """One of one's own sessions, after showing a factor (ASVS 7.5.2)."""
        visit = desk.visit()
        assert visit.caller is not None
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.sessions")
        accounts.end_session(visit.house, visit.caller, request.form.get("session", ""), now=visit.now)
        return web.see_other(url_for("idp.sessions", done="ended"))

    @route(bp, "/account/sign-out-everywhere", gate=SIGNED_IN, methods=("POST",))
    def sign_out_everywhere() -> Response:
        visit = desk.visit()
        assert visit.caller is not None
        if not desk.is_recent(visit):
            return desk.again_at(visit, "idp.sessions")
        told = accounts.sign_out_everywhere(visit.house, visit.caller, now=visit.now)
        return signed_out.leave(visit.house, told, visit.now)


def _logins(visit: Visit) -> list[Login]:
    with visit.house.database.read() as db:
        running = callers.sessions(db, visit.person, visit.now)
        parties = {one.sid: [p.client for p in grants.parties(db, [one.sid or ""])] for one, _, _ in running}
    here = visit.caller.session if visit.caller else None
    return [
        Login(
            one,
            opened,
            device,
            sessions.limits_of(one),
            tuple(service_name_of(visit, client) for client in dict.fromkeys(parties[one.sid])),
            one.session == here,
        )
        for one, opened, device in running
    ]
