"""Devices that cannot show a browser (RFC 8628): one asks and polls, its person answers on another device.

A request is kept where it may be lost: then the device begins again. Which redemption of an answered request counts is
decided, as for every code, by the unique row of the grant. Until the person has answered, a device that asks too often is slowed.
"""

import json
import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog

from hub import limits, notices
from hub.digest import digest_of
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import TooMany
from idp.model.client import PERSON_SCOPES, Client, GrantType
from idp.model.device import INTERVAL, LENGTH, LETTERS, SECONDS, Device, DeviceGone, typed
from idp.model.flow import FLOW_SECONDS, Asked, Flow, Refused, SignedIn, level_of
from idp.model.grant import Code, Tokens
from idp.provider import clients, codes, flows, grants, resources
from idp.provider.client_auth import authenticated
from idp.provider.programs import NO_STORE, Answer, Form, refused

log = structlog.get_logger("idp")
NO_SUCH_CODE = N_(
    "No device waits with this code. Compare it; once used, or after ten minutes, let the device show a new one"
)
KEPT = SECONDS + FLOW_SECONDS  # so long a device is told that its code has expired, rather than that there is none
ASKED = Limit("device-asked", 60, 300)  # devices of one network: a hall has dozens of terminals
TYPED = Limit("device-typed", 60, 300, guessing=True)  # codes from one network: that of a hall is shared; 60 of 2^34


# -- the device


def asked(form: Form) -> Answer:
    """Answer a device authorization request (RFC 8628 3.1, 3.2)."""
    try:
        client = authenticated(form)
        waiting = _checked(form, client)
        limits.check(form.house.shared, ASKED, form.network)
    except Refused as refusal:
        return refused(refusal)
    except TooMany:
        return Answer(429, {"error": "slow_down"}, NO_STORE | {"Retry-After": str(ASKED.seconds)})
    secret = secrets.token_urlsafe(32)
    digest = digest_of(secret)
    kept = asdict(waiting) | {"made": waiting.made.isoformat()}
    form.house.shared.put(_key("waits", digest), json.dumps(kept), KEPT)
    form.house.shared.put(_key("code", digest_of(waiting.user_code)), digest, SECONDS)
    return Answer(200, _told(form.house, secret, waiting), NO_STORE)


def redeem(house: House, secret: str, client: Client, now: datetime, *, cnf: str = "") -> Tokens:
    """The tokens of a device whose person agreed, once (RFC 8628 3.4, 3.5). Raises Refused, which may mean: not yet."""
    digest = digest_of(secret)
    # The answer first: whoever finds it gone finds the request gone too, as that is dropped before, and is not told to wait.
    said = house.shared.peek(_key("said", digest))
    waiting = _waiting(house, digest)
    if waiting is None or waiting.client != client.id:
        grants.used_again(house, secret, client, now)
        raise Refused("invalid_grant", "The device code is unknown or used")
    if now >= waiting.ends:
        raise Refused("expired_token", "The device code has expired")
    if said is None:
        raise _not_yet(house, digest)
    if said == NO:
        raise Refused("access_denied", "The person said no")
    code = codes.opened(house, said.decode(), purpose=ANSWER)
    if code is None:
        raise Refused("invalid_grant", "The device code is unknown or used")
    given = grants.redeem(house, secret, code, client, now, cnf=cnf)
    house.shared.forget(_key("waits", digest), _key("said", digest))  # in this order
    return given


# -- the person


def found(house: House, text: str, network: str, now: datetime) -> tuple[str, Device]:
    """The device that shows this code, and how it is kept. Raises DeviceGone, TooMany: nobody tries codes for long."""
    limits.check(house.shared, TYPED, network)
    code = typed(text)
    kept = house.shared.peek(_key("code", digest_of(code))) if code else None
    digest = kept.decode() if kept else ""
    waiting = _waiting(house, digest) if digest else None
    if waiting is None or now >= waiting.ends:
        raise DeviceGone(NO_SUCH_CODE)
    return digest, waiting


def begin(house: House, digest: str, waiting: Device, browser: str, now: datetime) -> Flow:
    """Open the sign-in of the person who says that the device is his, like that of any service. Raises DeviceGone."""
    client = clients.known(house, waiting.client, now)
    if client is None:
        raise DeviceGone("The service that asked is not registered any more")
    asks = Asked(
        client=client.id,
        redirect_uri=f"{house.settings.issuer_url}/device/done",  # nothing is sent there: the device fetches its answer
        scopes=waiting.scopes,
        level=waiting.level,
        prompt=frozenset({"login"}) if client.policy.asks_each_time else frozenset(),
        apis=resources.others(house, client, (), now) if client.registered.exchanges_for else (),
        device=digest,
    )
    return flows.keep(house, asks, browser, now)


def allow(house: House, asks: Asked, signed_in: SignedIn, now: datetime) -> str:
    """Let the device in as this person, who has done all that was asked; gives our page to show. Raises DeviceGone."""
    waiting = _waiting(house, asks.device)
    if waiting is None or now >= waiting.ends:
        raise DeviceGone("It took too long")
    _answer(house, asks.device, waiting, codes.seal(house, Code.of(asks, signed_in, now), purpose=ANSWER))
    with house.database.write() as db:
        title = N_("You let a device sign in as you")
        notices.tell(db, signed_in.person, title, link="/account/services", at=now)
    log.info("device.allowed", client=waiting.client)
    return f"{house.settings.issuer_url}/device/done?said=yes"


def refuse(house: House, digest: str) -> str:
    """Tell a device no; gives our page to show. Raises DeviceGone."""
    waiting = _waiting(house, digest)
    if waiting is None:
        raise DeviceGone(NO_SUCH_CODE)
    _answer(house, digest, waiting, NO)
    log.info("device.refused", client=waiting.client)
    return f"{house.settings.issuer_url}/device/done?said=no"


# -- inside

NO = b"no"
ANSWER = b"device"  # what stands in the short-term memory is no code that anybody could redeem


def _checked(form: Form, client: Client) -> Device:
    """What a device may ask for: what its client might ask at the authorization endpoint. Raises Refused."""
    if not client.may(GrantType.device) or GrantType.device not in client.policy.grant_types:
        raise Refused("unauthorized_client", "This client may not use the device flow")
    wanted = form.scopes or ("openid",)
    scopes = tuple(scope for scope in PERSON_SCOPES if scope in wanted)
    if "openid" not in scopes:
        raise Refused("invalid_scope", "The scope openid is missing")
    if not set(scopes) <= set(client.scopes):
        raise Refused("invalid_scope", "This client is not registered for a scope that it asks for")
    if not client.may(GrantType.refresh):
        scopes = tuple(scope for scope in scopes if scope != "offline_access")
    levels = [level for value in form.fields.get("acr_values", "").split() if (level := level_of(value))]
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return Device(client.id, scopes, max(client.level, min(levels, default=1)), code, form.network, form.now)


def _told(house: House, secret: str, waiting: Device) -> dict[str, Any]:
    page = f"{house.settings.issuer_url}/device"
    return {
        "device_code": secret,
        "user_code": waiting.code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={waiting.code}",
        "expires_in": SECONDS,
        "interval": INTERVAL,
    }


def _not_yet(house: House, digest: str) -> Refused:
    """Whoever asks faster than he was told waits five seconds longer from then on (RFC 8628 3.5)."""
    slower = int(house.shared.peek(_key("slower", digest)) or 0)
    # A second less than we said: the way of a message is not always the same length.
    if house.shared.first(_key("polled", digest), INTERVAL * (1 + slower) - 1):
        return Refused("authorization_pending", "The person has not answered yet")
    house.shared.count(_key("slower", digest), KEPT)
    house.shared.put(_key("polled", digest), b"1", INTERVAL * (2 + slower) - 1)
    return Refused("slow_down", "Wait five seconds longer between two requests")


def _answer(house: House, digest: str, waiting: Device, said: bytes | str) -> None:
    """Keep the answer, if it is the first. Raises DeviceGone."""
    if not house.shared.first(_key("answered", digest), KEPT):
        raise DeviceGone("It was answered before")
    house.shared.put(_key("said", digest), said, KEPT)
    house.shared.forget(_key("code", digest_of(waiting.user_code)))


def _waiting(house: House, digest: str) -> Device | None:
    kept = house.shared.peek(_key("waits", digest))
    if kept is None:
        return None
    value: dict[str, Any] = json.loads(kept)
    value |= {"scopes": tuple(value["scopes"]), "made": datetime.fromisoformat(value["made"])}
    return Device(**value)


def _key(kind: str, digest: str) -> str:
    return f"idp:device-{kind}:{digest}"
