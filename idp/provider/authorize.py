"""The authorization endpoint: take a request, find what its person must still do, answer with a code.

The rules of a request stand in `idp.provider.checks`. `start` answers at once if nothing is missing (single sign-on); else the
request waits as a flow, and the pages of the room lead the person through its steps. `finish` answers when all are done.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from hub.callers import Caller
from hub.house import House
from hub.problems import Problem
from hub.steps import step
from idp.acting import principals
from idp.consent import data
from idp.model.client import Client, UnknownClient
from idp.model.flow import (
    Asked,
    FlowGone,
    NeedsInteraction,
    Pending,
    Redirect,
    Refused,
    SignedIn,
    Step,
    missing,
    must_choose,
    must_say_now,
)
from idp.model.grant import Code
from idp.provider import clients, device, flows, grants, pseudonyms, sandbox
from idp.provider.checks import Request, checked
from idp.provider.sandbox import OnlyTesters
from idp.store import consents as consent_store
from idp.store import mandates as mandate_store


class BadAuthorizationRequest(Problem):
    """The request cannot be answered to the service, because it is not known where (RFC 6749 4.1.2.1)."""

    status = 400
    title = "The service sent a wrong request"
    advice = "Go back to the service and tell its help desk. You have done nothing wrong."


def start(
    house: House, params: Sequence[tuple[str, str]], caller: Caller | None, browser: str, now: datetime, net: str = ""
) -> Redirect | NeedsInteraction:
    """Take an authorization request: answer at once if nothing is missing, else open a flow bound to this browser.

    Raises UnknownClient or BadAuthorizationRequest, which are pages: nobody is sent to an address that is not registered;
    OnlyTesters for a stranger at a sandbox; TooMany when the network `net` opens too many flows.
    """
    request = _received(house, params, now)
    try:
        asked = checked(request)
    except Refused as refusal:
        return Redirect(_error(house, request.redirect_uri, request.params.get("state"), refusal))
    try:
        signed_in = _signed_in(house, request.client, caller, now, hint=asked.hinted_subject)
    except OnlyTesters:
        if "none" not in asked.prompt:
            raise
        return Redirect(_error(house, asked.redirect_uri, asked.state, Refused("access_denied", "A sandbox")))
    steps = _missing(house, asked, now, request.client, signed_in, now)
    if not steps and signed_in:
        step(house, "login", "at-once")
        return Redirect(_code(house, asked, request.client, signed_in, now))
    if "none" in asked.prompt:
        return Redirect(_error(house, asked.redirect_uri, asked.state, SILENT[steps[0]]))
    step(house, "login", "begun")
    return NeedsInteraction(flows.keep(house, asked, browser, now, net=net).id, steps)


SILENT = {  # OpenID Connect Core 3.1.2.6: what prompt=none is answered when something is missing
    Step.login: Refused("login_required", "The person must sign in"),
    Step.whom: Refused("account_selection_required", "The person must choose for whom he acts"),
    Step.level: Refused("interaction_required", "The person must prove a real name"),
    Step.consent: Refused("consent_required", "The person must agree"),
    Step.data: Refused("consent_required", "The person must agree to the use of data"),
}


def pending(house: House, flow_id: str, caller: Caller | None, browser: str, now: datetime) -> Pending:
    """An open flow of this browser with what is still to do. Raises FlowGone."""
    flow = flows.of_browser(house, flow_id, browser, now)
    client = clients.known(house, flow.asked.client, now)
    if client is None:
        raise FlowGone("The service that asked is not registered any more")
    signed_in = _signed_in(house, client, caller, now, hint=flow.asked.hinted_subject)
    chosen = signed_in is not None and flows.has_chosen(house, flow.id, signed_in.sid)
    return Pending(flow, client, _missing(house, flow.asked, flow.started, client, signed_in, now, chosen=chosen))


def finish(house: House, flow_id: str, caller: Caller | None, browser: str, now: datetime) -> str:
    """The address to send the browser to: the service with a code when all is done, else our page for the next step.

    For whom the person acts is what the session says. Raises FlowGone.
    """
    waiting = pending(house, flow_id, caller, browser, now)
    signed_in = _signed_in(house, waiting.client, caller, now)
    if waiting.steps or signed_in is None:
        return login_url(house, flow_id)
    flows.close(house, flow_id)  # from here the flow cannot be finished again
    step(house, "login", "returned")
    if waiting.asked.device:
        return device.allow(house, waiting.asked, signed_in, now)
    return _code(house, waiting.asked, waiting.client, signed_in, now)


def deny(house: House, flow_id: str, browser: str, now: datetime) -> str:
    """The address to send the browser to when the person says no (RFC 6749 4.1.2.1). Raises FlowGone."""
    flow = flows.of_browser(house, flow_id, browser, now)
    flows.close(house, flow_id)
    if flow.asked.device:
        return device.refuse(house, flow.asked.device)
    return _error(house, flow.asked.redirect_uri, flow.asked.state, Refused("access_denied", "The person said no"))


def login_url(house: House, flow_id: str) -> str:
    """Our page that shows the next step of a flow."""
    return f"{house.settings.issuer_url}/login?flow={quote(flow_id, safe='')}"


# -- inside


def _received(house: House, params: Sequence[tuple[str, str]], now: datetime) -> Request:
    """Find the client and the address; until both are certain every fault is a page (RFC 9700 4.11)."""
    given = [(name, value) for name, value in params if value]  # RFC 6749 3.1: empty counts as omitted
    counted = Counter(name for name, _ in given)
    values = dict(given)
    for name in ("client_id", "redirect_uri"):
        if counted[name] != 1:
            raise BadAuthorizationRequest("%(name)s is missing or repeated", name=name)
    client = clients.known(house, values["client_id"], now)
    if client is None:
        raise UnknownClient("There is no such client_id here")
    if not client.redirects_to(values["redirect_uri"]):
        raise BadAuthorizationRequest("The redirect_uri is not registered for this service")
    repeated = frozenset(name for name, count in counted.items() if count > 1)
    if "state" in repeated:
        del values["state"]
    return Request(house, client, values["redirect_uri"], values, repeated, now)


def _signed_in(
    house: House, client: Client, caller: Caller | None, now: datetime, *, hint: str | None = None
) -> SignedIn | None:
    if caller is None or caller.person is None or caller.sid is None or caller.auth_time is None:
        return None
    sandbox.admits(house, client, caller.person)
    subject = pseudonyms.subject(house, client, principals.subject(caller.person, caller.acting_for))
    return SignedIn(
        sid=caller.sid,
        person=caller.person,
        subject=subject,
        level=caller.level,
        amr=caller.amr,
        at=caller.auth_time,
        acting_for=caller.acting_for,
        holder_keys=caller.holder_keys,
        could_be=_could_be(house, client, caller.person, now) if hint not in (None, subject) else frozenset(),
    )


def _could_be(house: House, client: Client, person: str, now: datetime) -> frozenset[str]:
    """What the client calls the person, and those for whom he may act."""
    with house.database.read() as db:
        held = {one.principal for one in mandate_store.of_person(db, person, now)}
    whom = [None, *held]
    return frozenset(pseudonyms.subject(house, client, principals.subject(person, one)) for one in whom)


def _missing(
    house: House,
    asked: Asked,
    started: datetime,
    client: Client,
    signed_in: SignedIn | None,
    now: datetime,
    *,
    chosen: bool = False,
) -> tuple[Step, ...]:
    chosen = chosen or not must_choose(asked) or (signed_in is not None and signed_in.at >= started)
    consent, allowed = None, tuple[str, ...]()
    if signed_in and (asked.data or not client.first_party):
        since = started if must_say_now(asked, client) else None
        with house.database.read() as db:
            consent = consent_store.consent(db, signed_in.agrees_for, client.id)
            if asked.data:
                allowed = data.agreed_since(db, signed_in.person, signed_in.acting_for, asked.data, since)
    return missing(asked, started, client, signed_in, consent, now, allowed=allowed, chosen=chosen)


def _code(house: House, asked: Asked, client: Client, signed_in: SignedIn, now: datetime) -> str:
    """Give a code for what was asked and build the address that carries it (RFC 6749 4.1.2, RFC 9207 2)."""
    code = grants.give_code(house, Code.of(asked, signed_in, now), now)
    return _answer(house, asked.redirect_uri, {"code": code}, asked.state)


def _error(house: House, redirect_uri: str, state: str | None, refusal: Refused) -> str:
    said = {"error": refusal.error}
    if refusal.description:
        said["error_description"] = refusal.description
    return _answer(house, redirect_uri, said, state)


def _answer(house: House, redirect_uri: str, said: dict[str, str], state: str | None) -> str:
    if state is not None:
        said["state"] = state
    said["iss"] = house.settings.issuer_url
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(said)}"
