"""Whether a call for data may be answered: one small function for each rule, in order, each with its own refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from admin.model.datacall import GrantOver, NoConsent, OtherPurpose, TokenRefused, Withdrawn, WrongClient
from admin.model.sharing import DataRequest, Entry, NoRequest
from admin.store import sharing as store
from hub import callers, limits
from hub.access import Shown
from hub.callers import Caller
from hub.house import House
from hub.limits import Limit
from hub.problems import NotSignedIn
from idp.acting import principals
from idp.model.client import Client
from idp.model.data import TYPE
from idp.model.grant import Grant
from idp.provider import clients
from idp.provider.tokens import sign
from idp.store import data as permissions
from idp.store import grants

STRANGERS = Limit("data-strangers", 30, 60)  # calls of one network without a token of ours; each is written down


@dataclass(frozen=True)
class Asked:
    """A call as it came in. `digest` is that of its body."""

    token: str
    grant: str
    purpose: str
    case: str
    digest: str
    net: str
    shown: Shown | None = None  # the token with what proves its key, if it is bound to one


@dataclass(frozen=True)
class Use:
    """A call on its way through the checks: what is known of it so far."""

    house: House
    asked: Asked
    now: datetime
    caller: Caller
    client: Client
    request: DataRequest
    entry: Entry
    grant: Grant


def admitted(house: House, asked: Asked, now: datetime) -> Use:
    """The call, once it has passed every check but the count. Raises a Refusal."""
    caller = _caller(house, asked, now)
    client = clients.known(house, caller.client or "", now)
    with house.database.read() as db:
        grant = grants.grant(db, caller.grant or "")
        if client is None or grant is None:
            raise TokenRefused("The token was revoked")
        try:
            request = store.request(db, asked.grant)
        except NoRequest as error:
            raise NoConsent("The token names no grant %(id)s", id=asked.grant[:40]) from error
        entry = store.entry(db, request.entry)
    use = Use(house, asked, now, caller, client, request, entry, grant)
    for check in CHECKS:
        check(use)
    return use


def ours(house: House, token: str) -> dict[str, Any] | None:
    """What a token of ours says, expired or revoked too; None for a forgery."""
    try:
        return callers.signed_claims(house, token, kind="at+jwt")
    except NotSignedIn:
        return None


# -- the checks, in order; each raises its own refusal


def grant_is_of_this_client(use: Use) -> None:
    """A grant is given to one client, and nobody lends it."""
    if use.request.client != use.caller.client:
        raise WrongClient("The grant %(id)s", id=use.request.id)


def person_allowed_it(use: Use) -> None:
    """The token says that the person agreed to this very grant (RFC 9396 9.1)."""
    if not any(one.get("type") == TYPE and one.get("grant") == use.request.id for one in use.caller.details):
        raise NoConsent("The token names no grant %(id)s", id=use.request.id)


def person_still_allows_it(use: Use) -> None:
    """What the person takes back is refused at the next call, whatever the token says."""
    with use.house.database.read() as db:
        if permissions.allowed(db, use.grant.person, use.grant.acting_for or "", use.request.id) is None:
            raise Withdrawn("The grant %(id)s", id=use.request.id)


def person_still_acts_for_it(use: Use) -> None:
    """Who allowed it for another has a mandate for this very matter at the moment of the call."""
    if not use.grant.acting_for:
        return
    with use.house.database.read() as db:
        held = principals.mandates(db, use.grant.person, use.grant.acting_for, use.now)
    if not any(one.covers(use.request.item) for one in held):
        raise TokenRefused("There is no mandate for it, or it has ended")


def grant_is_in_force(use: Use) -> None:
    """Grants end by their day, or by one of the two bodies."""
    if not use.request.in_force_at(use.now) or use.entry.ended is not None:
        raise GrantOver("The grant %(id)s", id=use.request.id)


def purpose_is_the_granted_one(use: Use) -> None:
    """Each call says what it is for; another purpose is another request."""
    if use.asked.purpose != use.request.item:
        raise OtherPurpose("This grant is for %(item)s", item=use.request.item)


CHECKS: tuple[Callable[[Use], None], ...] = (
    grant_is_of_this_client,
    person_allowed_it,
    grant_is_in_force,
    person_still_allows_it,
    person_still_acts_for_it,
    purpose_is_the_granted_one,
)


# -- inside


def _caller(house: House, asked: Asked, now: datetime) -> Caller:
    """Whom the token names. Raises TokenRefused; Withdrawn where the person has taken back what it rests on."""
    try:
        caller = callers.read_token(house, asked.shown or asked.token, now, audience_is=sign.data_audience(house))
    except NotSignedIn as error:
        claims = ours(house, asked.token)
        if claims is None:
            limits.check(house.shared, STRANGERS, asked.net)
            raise TokenRefused("The token is damaged or forged") from error
        named = [one for one in claims.get("authorization_details", ()) if one.get("grant") == asked.grant]
        if named and _has_withdrawn(house, claims, asked.grant):
            raise Withdrawn("The grant %(id)s", id=asked.grant) from error
        if not claims.get("authorization_details"):
            raise NoConsent("The token names no grant %(id)s", id=asked.grant[:40]) from error
        raise TokenRefused(error.message, headers=error.headers, **error.values) from error
    return caller


def _has_withdrawn(house: House, claims: dict[str, Any], id: str) -> bool:
    with house.database.read() as db:
        grant = grants.grant(db, str(claims.get("gid", "")))
        return grant is not None and permissions.allowed(db, grant.person, grant.acting_for or "", id) is None
