"""Send a person to a provider: everything that the answer has to bring back is made here, and bound to this browser."""

import hashlib
import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from hub import limits
from hub.digest import digest_of
from hub.house import House
from hub.limits import Limit
from idp.model.flow import Asked
from idp.model.upstream import AnswerNotTrusted, Proof, Upstream, UpstreamRefused
from idp.store import upstreams as store
from idp.upstream import breaker, jose, metadata
from idp.upstream.metadata import Metadata

SECONDS = 900  # for signing in there, maybe with a factor to be fetched first
OPENED = Limit("upstream", 300, 300)  # of one network: each opens a call to a province
SLACK = (
    20  # seconds that we ask of a sign-in to be younger than the service does: the way back takes some, and rounding
)
AGE = 12 * 3600  # seconds: an older sign-in there is none here; and asking for an age makes auth_time certain


@dataclass(frozen=True)
class Errand:
    """What was asked of a provider, for one browser: the answer has to fit it."""

    upstream: str
    browser: str  # digest of the cookie
    verifier: str
    nonce: str
    flow: str
    next: str
    level: int  # that the service asks for
    max_age: int
    login: bool  # he was to sign in anew
    began: float
    person: str = ""  # who is signed in here already: a link for him is asked

    @property
    def anew(self) -> bool:
        """Whether only a sign-in counts that was done for this errand."""
        return self.login or self.max_age == 0


def begin(
    house: House,
    upstream: Upstream,
    asked: Asked | None,
    *,
    browser: str,
    flow: str,
    onward: str,
    again: bool,
    person: str,
    language: str,
    net: str,
    now: datetime,
) -> str:
    """The address to send the browser to. Raises UpstreamDown, UpstreamRefused, AnswerNotTrusted, TooMany."""
    limits.check(house.shared, OPENED, net)
    about = metadata.answers(house, upstream, now)
    anew = again or bool(asked and "login" in asked.prompt)
    age = min(AGE, max(0, asked.max_age - SLACK) if asked and asked.max_age is not None else AGE)
    errand = Errand(
        upstream=upstream.id,
        browser=digest_of(browser),
        verifier=secrets.token_urlsafe(48),
        nonce=secrets.token_urlsafe(24),
        flow=flow,
        next=onward,
        level=asked.level if asked else 1,
        max_age=0 if anew else age,
        login=anew,
        began=now.timestamp(),
        person=person,
    )
    state = secrets.token_urlsafe(24)
    params = _params(house, upstream, about, errand, state, asked, language)
    query = _pushed(house, upstream, about, params, now) if about.par else params
    house.shared.put(_key(state), json.dumps(asdict(errand)), SECONDS)
    return f"{about.authorization}{'&' if '?' in about.authorization else '?'}{urlencode(query)}"


def taken(house: House, state: str, browser: str, now: datetime) -> Errand:
    """What was asked under this state, once, and only for the browser that asked. Raises AnswerNotTrusted."""
    kept = house.shared.take(_key(state)) if state else None
    if kept is None:
        raise AnswerNotTrusted("This sign-in was used before, or has taken too long")
    errand = Errand(**json.loads(kept))
    if not secrets.compare_digest(errand.browser, digest_of(browser)):
        raise AnswerNotTrusted("This sign-in was begun in another browser")
    if not 0 <= now.timestamp() - errand.began < SECONDS:
        raise AnswerNotTrusted("This sign-in was used before, or has taken too long")
    return errand


def callback(house: House, upstream: Upstream) -> str:
    """Our address for its answers, one for each provider: an answer of another cannot be mixed up with it (RFC 9700 4.4)."""
    return f"{house.settings.issuer_url}/upstream/{upstream.id}/callback"


def proven(
    house: House, upstream: Upstream, form: dict[str, str], now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """A form and its headers with the proof that we are the client."""
    if upstream.proof is Proof.key:
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        told = {"client_assertion_type": kind, "client_assertion": jose.assertion(house, upstream, now)}
        return form | {"client_id": upstream.client_id} | told, {}
    with house.database.read() as db:
        secret = store.secret(db, house.vault, upstream.id)
    if upstream.proof is Proof.post:
        return form | {"client_id": upstream.client_id, "client_secret": secret}, {}
    pair = f"{quote(upstream.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749 2.3.1
    return form, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _params(
    house: House,
    upstream: Upstream,
    about: Metadata,
    errand: Errand,
    state: str,
    asked: Asked | None,
    language: str,
) -> dict[str, str]:
    """What the service asked is handed on: freshness, level, language, and whom it expects."""
    digest = hashlib.sha256(errand.verifier.encode()).digest()
    params = {
        "response_type": "code",
        "client_id": upstream.client_id,
        "redirect_uri": callback(house, upstream),
        "scope": " ".join(upstream.scopes),
        "state": state,
        "nonce": errand.nonce,
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "acr_values": " ".join(upstream.asks(errand.level)),
        "max_age": str(errand.max_age),
        "ui_locales": " ".join((asked.ui_locales if asked else ()) or (language,)),
        "login_hint": asked.login_hint if asked else "",
        "prompt": "login" if errand.login else "",
        "dpop_jkt": jose.jkt(house) if about.dpop else "",
    }
    return {name: value for name, value in params.items() if value}


def _pushed(house: House, upstream: Upstream, about: Metadata, params: dict[str, str], now: datetime) -> dict[str, str]:
    """Hand the request over behind the browser's back (RFC 9126 2)."""
    form, headers = proven(house, upstream, params, now)
    answer = breaker.call(house, upstream, "POST", about.par, form=form, headers=headers)
    said = answer.json() if answer.status == 201 else {}
    uri = said.get("request_uri") if isinstance(said, dict) else None
    if not isinstance(uri, str) or not uri:
        raise UpstreamRefused("It does not take our requests: %(status)s", status=answer.status)
    return {"client_id": upstream.client_id, "request_uri": uri}


def _key(state: str) -> str:
    return f"idp:upstream:state:{digest_of(state)}"
