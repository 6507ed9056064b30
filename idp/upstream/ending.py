"""Signing out on both sides: ours ends the province's session, the province's ends ours."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from hub import lanes
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from idp.model.logout import Told as Ended
from idp.model.upstream import AnswerNotTrusted, Upstream, UpstreamDown, is_federated
from idp.provider import logout
from idp.store import upstreams as store
from idp.upstream import answer, configured, jose, metadata
from idp.upstream.checks import SKEW
from idp.upstream.jose import Claims

EVENT = "http://schemas.openid.net/event/backchannel-logout"
OLDEST = 300  # seconds; a logout token lives two minutes (Back-Channel Logout 2.4)
LONGEST_SID = 255  # characters
WAY_BACK = 900  # seconds for coming back from the province's page
TYPES = ("logout+jwt", "jwt")


@dataclass(frozen=True)
class There:
    """Where to end the login at the province as well."""

    upstream: Upstream
    url: str


def authority(house: House, caller: Caller) -> str:
    """The issuer that vouched for a login, or nothing: then it was us. Asked only for a login that says so."""
    if not is_federated(caller.amr):
        return ""
    with house.database.read() as db:
        found = store.login(db, caller.sid or "")
    return found.issuer if found else ""


def there(house: House, caller: Caller | None, onward: str | None, now: datetime) -> There | None:
    """The address that ends the province's session too (RP-Initiated Logout 2), or None if there is none, or it is down.

    Its page sends the browser back to us, and from us to `onward`. Nobody is ever sent to a page that does not answer.
    """
    if caller is None:
        return None
    with house.database.read() as db:
        found = store.login(db, caller.sid or "")
        upstream = store.upstream(db, found.upstream) if found else None
        hint = house.vault.decrypt(db, caller.person or "", found.hint, store.HINT).decode() if found else ""
    if upstream is None:
        return None
    lanes.calls_out()
    try:
        about = metadata.answers(house, upstream, now)
    except (UpstreamDown, AnswerNotTrusted):
        return None
    if not about.end_session:
        return None
    asked = {"client_id": upstream.client_id, "post_logout_redirect_uri": back(house)}
    asked |= {"id_token_hint": hint} if hint else {}  # without it the province asks him first
    asked["state"] = _way_back(house, onward)
    return There(upstream, f"{about.end_session}{'&' if '?' in about.end_session else '?'}{urlencode(asked)}")


def back(house: House) -> str:
    """Where a province sends the browser after it has ended its session."""
    return f"{house.settings.issuer_url}/upstream/signed-out"


def came_back(house: House, state: str) -> str:
    """Where the browser was to go then, or nothing."""
    kept = house.shared.take(_key(state)) if state else None
    return str(json.loads(kept)) if kept else ""


def told(house: House, id: str, token: str, now: datetime) -> int:
    """A province ends a session of its own: so do we, with everything that came of it, and tell our services.

    Gives how many logins ended. Raises AnswerNotTrusted, NotFound, UpstreamDown.
    """
    lanes.calls_out()
    upstream = configured.one(house, id)
    algorithms = metadata.of(house, upstream, now).algorithms
    claims, _ = jose.verified(house, upstream, token, now, algorithms=algorithms, typ=TYPES)
    _checked(upstream, claims, int(now.timestamp()))
    sid, sub = answer.their_sid(house, upstream, claims.get("sid")), claims.get("sub")
    if not house.shared.first(f"idp:upstream:logout:{digest_of(upstream.id + claims['jti'])}", OLDEST * 2):
        raise AnswerNotTrusted("The logout token was used before")
    with house.database.write() as db:
        if sid:
            found = store.logins(db, their_sid=sid)
        else:
            link = store.link_of(db, answer.subject(house, upstream, str(sub)))
            found = store.logins(db, link=link.id) if link else []
        for one in found:
            logout.end(db, now, sid=one.sid, why="signed out at the province")
    return len(found)


def framed(house: House, id: str, issuer: str, sid: str, now: datetime) -> tuple[Upstream, list[Ended]]:
    """The same, told by a frame in the province's page (Front-Channel Logout 1.0 2); gives the services that took part.

    The session is named, never guessed from a cookie: browsers keep cookies from frames of others, and a frame that anybody may
    make must end nothing of whose name he does not know. Raises AnswerNotTrusted, NotFound.
    """
    upstream = configured.one(house, id)
    if issuer != upstream.issuer or not 0 < len(sid) <= LONGEST_SID:
        raise AnswerNotTrusted("The sign-out does not name a session of this provider")
    with house.database.read() as db:
        found = store.logins(db, their_sid=answer.their_sid(house, upstream, sid))
    ended: list[Ended] = []
    if found:
        with house.database.write() as db:
            for one in found:
                ended += logout.ended(db, now, sid=one.sid, why="signed out at the province")
    return upstream, ended


def _checked(upstream: Upstream, claims: Claims, moment: int) -> None:
    """Back-Channel Logout 2.6, each rule of it. Raises AnswerNotTrusted."""
    issued, ends, events = claims.get("iat"), claims.get("exp", moment + 1), claims.get("events")
    rules = {
        "iss": claims.get("iss") == upstream.issuer,
        "aud": claims.get("aud") in (upstream.client_id, [upstream.client_id]),
        "iat": type(issued) is int and moment - OLDEST <= issued <= moment + SKEW,
        "exp": type(ends) is int and ends > moment - SKEW,
        "events": isinstance(events, dict) and isinstance(events.get(EVENT), dict),
        "nonce": "nonce" not in claims,
        "jti": isinstance(claims.get("jti"), str) and 0 < len(claims["jti"]) <= 255,
        "sub or sid": any(isinstance(claims.get(name), str) and claims[name] for name in ("sub", "sid")),
    }
    for name, kept in rules.items():
        if not kept:
            raise AnswerNotTrusted("The logout token is wrong: %(name)s", name=name)


def _way_back(house: House, onward: str | None) -> str:
    state = secrets.token_urlsafe(16)
    house.shared.put(_key(state), json.dumps(onward or ""), WAY_BACK)
    return state


def _key(state: str) -> str:
    return f"idp:upstream:out:{digest_of(state)}"


__all__ = ["There", "authority", "back", "came_back", "framed", "there", "told"]
