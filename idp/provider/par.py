"""Pushed authorization requests (RFC 9126): the client hands its request in itself, and the browser only carries its name.

A request is checked when it is pushed, by the very checks of the authorization endpoint, and kept as it was checked. The name
stays good while its person is on the way, a page loaded twice included; it is used up when he is done.
"""

import json
import secrets
from dataclasses import replace

from hub import limits
from hub.digest import digest_of
from hub.house import House
from hub.problems import TooMany
from idp.model.client import Client
from idp.model.flow import FLOW_SECONDS, Asked, FlowGone, Refused
from idp.provider import binding, flows, received
from idp.provider.checks import checked
from idp.provider.client_auth import authenticated
from idp.provider.programs import NO_STORE, Answer, Form, refused

PREFIX = "urn:ietf:params:oauth:request_uri:"
SECONDS = 60  # RFC 9126 2.2: from 5 to 600; it only has to reach the browser
PROOFS = {"client_secret", "client_assertion", "client_assertion_type"}


def answered(form: Form) -> Answer:
    """Answer a pushed authorization request with the name that stands for it (RFC 9126 2)."""
    try:
        client = authenticated(form)
        if client.public:  # anybody can be it, and the short-term memory is everybody's
            limits.check(form.house.shared, flows.OPENED, form.network)
        asked = checked(received.pushed(form.house, client, _params(form), form.now))
        jkt = binding.jkt(form, client, asked.dpop_jkt)  # RFC 9449 10.1
    except Refused as refusal:
        return refused(refusal)
    except TooMany:
        return Answer(429, {"error": "slow_down"}, NO_STORE | {"Retry-After": str(flows.OPENED.seconds)})
    name = secrets.token_urlsafe(32)
    asked = replace(asked, dpop_jkt=jkt, pushed=digest_of(name))
    form.house.shared.put(_key(digest_of(name)), json.dumps(flows.dumped(asked)), SECONDS)
    return Answer(201, {"request_uri": PREFIX + name, "expires_in": SECONDS}, NO_STORE)


def is_ours(request_uri: str) -> bool:
    """Whether a request_uri names a pushed request."""
    return request_uri.startswith(PREFIX)


def load(house: House, client: Client, request_uri: str) -> Asked | None:
    """The request that a client pushed under this name, or None: unknown, too old, used, or another client's."""
    kept = house.shared.peek(_key(digest_of(request_uri.removeprefix(PREFIX))))
    asked = flows.loaded(json.loads(kept)) if kept else None
    if asked is None or asked.client != client.id or not client.redirects_to(asked.redirect_uri):
        return None
    return asked


def use_up(house: House, asked: Asked) -> None:
    """Use a pushed request up: of any number of answers to it one goes out. Raises FlowGone for every other.

    Several flows of one browser may have begun with the same name, each good for half an hour, while the name itself is kept
    for a minute; so it is not the taking of the name that decides, but who first says "done". That is one atomic step (SET NX)
    and is remembered until the last of those flows is over. It may be lost with the short-term memory, as then every flow and
    every name is lost with it: nothing is left that could be finished twice.
    """
    if asked.pushed is None:
        return
    if not house.shared.first(f"idp:par-done:{asked.pushed}", FLOW_SECONDS + SECONDS):
        raise FlowGone("This sign-in was finished in another window")
    house.shared.forget(_key(asked.pushed))


def _params(form: Form) -> dict[str, str]:
    return {name: value for name, value in form.fields.items() if name not in PROOFS}


def _key(digest: str) -> str:
    return f"idp:par:{digest}"
