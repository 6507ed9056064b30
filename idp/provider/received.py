"""What comes in at the authorization endpoints: who asks, where the answer goes, and which parameters count."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.house import House
from hub.problems import Problem
from idp.model.client import Client, UnknownClient
from idp.model.flow import Refused
from idp.provider import clients, request_object
from idp.provider.checks import Request
from idp.provider.programs import SEVERAL


class BadAuthorizationRequest(Problem):
    """The request cannot be answered to the service, because it is not known where (RFC 6749 4.1.2.1)."""

    status = 400
    title = "The service sent a wrong request"
    advice = "Go back to the service and tell its help desk. You have done nothing wrong."


@dataclass(frozen=True)
class Given:
    """The parameters of a request that came by the browser, and the client that it says it is of."""

    client: Client
    values: dict[str, str]
    repeated: frozenset[str]

    @property
    def request_uri(self) -> str:
        """Where the request stands, if it stands elsewhere."""
        return self.values.get("request_uri", "")


def given(house: House, params: Sequence[tuple[str, str]], now: datetime) -> Given:
    """Find the client. Raises UnknownClient or BadAuthorizationRequest, which are pages (RFC 9700 4.11)."""
    kept = [(name, value) for name, value in params if value]  # RFC 6749 3.1: empty counts as omitted
    counted = Counter(name for name, _ in kept if name != SEVERAL)
    if counted["client_id"] != 1:
        raise BadAuthorizationRequest("%(name)s is missing or repeated", name="client_id")
    values = dict(kept)
    if SEVERAL in values:
        values[SEVERAL] = " ".join(value for name, value in kept if name == SEVERAL)
    client = clients.known(house, values["client_id"], now)
    if client is None:
        raise UnknownClient("There is no such client_id here")
    return Given(client, values, frozenset(name for name, count in counted.items() if count > 1))


def request(house: House, said: Given, now: datetime) -> Request:
    """The request as its checks want it. Until client and address are certain every fault is a page.

    Raises Unreadable with a fault that can be told at the address outside; BadAuthorizationRequest.
    """
    values, repeated = said.values, said.repeated
    if not {"request", "request_uri"} & values.keys():
        return Request(house, said.client, _address(said.client, values, repeated), values, repeated, now)
    try:
        inside = request_object.opened(house, said.client, values, now, repeated=repeated)
    except Refused as refusal:
        # A request that cannot be read: told where it says outside, if that is an address of the client (RFC 9101 7).
        outside = {name: value for name, value in values.items() if name not in ("request", "request_uri")}
        address = _address(said.client, outside, repeated)
        raise Unreadable(Request(house, said.client, address, outside, repeated, now), refusal) from refusal
    return Request(
        house, said.client, _address(said.client, inside, frozenset()), inside, frozenset(), now, signed=True
    )


class Unreadable(Exception):
    """A request object that counts for nothing; who asked is told so by what stands outside."""

    def __init__(self, outside: Request, refusal: Refused) -> None:
        super().__init__(refusal.error)
        self.outside = outside
        self.refusal = refusal


def pushed(house: House, client: Client, params: Mapping[str, str], now: datetime) -> Request:
    """A request that its client pushes (RFC 9126 2.1). Raises Refused: here everything is told to the client."""
    if "request_uri" in params:
        raise Refused("invalid_request", "request_uri is for the authorization endpoint")
    values, signed = dict(params) | {"client_id": client.id}, "request" in params
    if signed:
        values = request_object.opened(house, client, {"request": params["request"]}, now)
    if "redirect_uri" not in values or not client.redirects_to(values["redirect_uri"]):
        raise Refused("invalid_request", "redirect_uri is missing or not registered for this client")
    return Request(house, client, values["redirect_uri"], values, frozenset(), now, pushed=True, signed=signed)


def _address(client: Client, values: Mapping[str, str], repeated: frozenset[str]) -> str:
    if "redirect_uri" in repeated or "redirect_uri" not in values:
        raise BadAuthorizationRequest("%(name)s is missing or repeated", name="redirect_uri")
    if not client.redirects_to(values["redirect_uri"]):
        raise BadAuthorizationRequest("The redirect_uri is not registered for this service")
    return values["redirect_uri"]
