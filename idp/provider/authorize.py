"""The authorization endpoint: take a request, find what its person must still do, answer with a code.

The rules of a request stand in `idp.provider.checks`. `start` answers at once if nothing is missing (single sign-on); else the
request waits as a flow, and the pages of the room lead the person through its steps. `finish` answers when all are done.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from hub.callers import Caller
from hub.house import House
from hub.steps import step
from idp.acting import principals
from idp.consent import data
from idp.model.client import Client
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
from idp.provider import clients, device, flows, front, par, pseudonyms, received, responses, sandbox
from idp.provider.checks import Request, checked
from idp.provider.received import Given, Unreadable
from idp.provider.sandbox import OnlyTesters
from idp.store import consents as consent_store
from idp.store import mandates as mandate_store
from idp.upstream import ending


def start(
    house: House, params: Sequence[tuple[str, str]], caller: Caller | None, browser: str, now: datetime, net: str = ""
) -> Redirect | NeedsInteraction:
    """Take an authorization request: answer at once if nothing is missing, else open a flow bound to this browser.

    Raises UnknownClient or BadAuthorizationRequest, which are pages: nobody is sent to an address that is not registered;
    OnlyTesters for a stranger at a sandbox; TooMany when the network `net` opens too many flows; FlowGone for a pushed
    request that was answered already.
    """
    given = received.given(house, params, now)
    asked = _asked(house, given, now)
    if isinstance(asked, Redirect):
        return asked
    try:
        signed_in = _signed_in(house, given.client, caller, now, hint=asked.hinted_subject)
    except OnlyTesters:
        if "none" not in asked.prompt:
            raise
        return _refused(house, asked, given.client, Refused("access_denied", "A sandbox"))
    steps = _missing(house, asked, now, given.client, signed_in, now)
    if not steps and signed_in:
        step(house, "login", "at-once")
        return _answer(house, asked, given.client, signed_in, now)
    if "none" in asked.prompt:
        return _refused(house, asked, given.client, SILENT[steps[0]])
    step(house, "login", "begun")
    flow = flows.keep(house, asked, browser, now, net=net)
    return NeedsInteraction(flow.id, steps, new="create" in asked.prompt, ui_locales=asked.ui_locales)


def _asked(house: House, given: Given, now: datetime) -> Asked | Redirect:
    """The checked request, or the error to send back."""
    if par.is_ours(given.request_uri):
        pushed = par.load(house, given.client, given.request_uri)
        if pushed is None:
            raise FlowGone("The pushed request is unknown, used, or older than a minute")
        return pushed
    try:
        request = received.request(house, given, now)
    except Unreadable as fault:
        return _told(fault.outside, fault.refusal)
    try:
        return checked(request)
    except Refused as refusal:
        return _told(request, refusal)


def _told(request: Request, refusal: Refused) -> Redirect:
    """A fault in a request, told to the service in the way that it asked for, if it may."""
    said = responses.error(refusal)
    return responses.redirect(request.house, request.redirect_uri, request.response_mode, request.state, said)


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


def finish(house: House, flow_id: str, caller: Caller | None, browser: str, now: datetime) -> Redirect:
    """Where to send the browser: to the service with a code when all is done, else to our page for the next step.

    For whom the person acts is what the session says. Raises FlowGone.
    """
    waiting = pending(house, flow_id, caller, browser, now)
    signed_in = _signed_in(house, waiting.client, caller, now)
    if waiting.steps or signed_in is None:
        return Redirect(login_url(house, flow_id))
    flows.close(house, flow_id)  # from here the flow cannot be finished again
    step(house, "login", "returned")
    return _answer(house, waiting.asked, waiting.client, signed_in, now)


def deny(house: House, flow_id: str, browser: str, now: datetime) -> Redirect:
    """Where to send the browser when the person says no (RFC 6749 4.1.2.1). Raises FlowGone."""
    flow = flows.of_browser(house, flow_id, browser, now)
    flows.close(house, flow_id)
    client = clients.known(house, flow.asked.client, now)
    return _refused(house, flow.asked, client, Refused("access_denied", "The person said no"))


def login_url(house: House, flow_id: str, *, new: bool = False) -> str:
    """Our page that shows the next step of a flow; `new`: for somebody who wants an account first (prompt=create)."""
    return f"{house.settings.issuer_url}/{'register' if new else 'login'}?flow={quote(flow_id, safe='')}"


# -- inside


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
        authority=ending.authority(house, caller),
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
        with house.database.look() as db:
            consent = consent_store.consent(db, signed_in.agrees_for, client.id)
    if signed_in and asked.data:
        since = started if must_say_now(asked, client) else None
        with house.database.read() as db:
            allowed = data.agreed_since(db, signed_in.person, signed_in.acting_for, asked.data, since)
    return missing(asked, started, client, signed_in, consent, now, allowed=allowed, chosen=chosen)


def _answer(house: House, asked: Asked, client: Client, signed_in: SignedIn, now: datetime) -> Redirect:
    """Give what was asked for. Raises FlowGone where a pushed request was answered before; DeviceGone."""
    if asked.device:
        return Redirect(device.allow(house, asked, signed_in, now))
    par.use_up(house, asked)
    try:
        said = front.issued(house, asked, client, signed_in, now)
    except Refused as refusal:
        return _leaving(responses.refused(house, asked, refusal), client)
    return _leaving(responses.answered(house, asked, said), client)


def _refused(house: House, asked: Asked, client: Client | None, refusal: Refused) -> Redirect:
    """Tell an error. It is an answer too: a pushed request gets one."""
    if asked.device:
        return Redirect(device.refuse(house, asked.device))
    par.use_up(house, asked)
    return _leaving(responses.refused(house, asked, refusal), client)


def _leaving(answer: Redirect, client: Client | None) -> Redirect:
    return replace(answer, forget=True) if client and client.policy.asks_each_time else answer
