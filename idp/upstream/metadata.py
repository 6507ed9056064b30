"""What a provider publishes of itself (OpenID Connect Discovery 4) and its keys, kept for a while, fetched again when needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from hub.house import House
from idp.model.upstream import ALGORITHMS, AnswerNotTrusted, Upstream, UpstreamDown, issuer_like
from idp.upstream import breaker

FRESH = timedelta(hours=1)
STALE = timedelta(days=1)  # longer than this we go by no old document, however dead its owner is
AGAIN = timedelta(seconds=30)  # so often an unknown key makes us ask: a forger must not make us ask each time
LONGEST_KEYS = 50


@dataclass(frozen=True)
class Metadata:
    """The members that we use."""

    authorization: str
    token: str
    jwks: str
    userinfo: str = ""
    par: str = ""
    end_session: str = ""
    algorithms: tuple[str, ...] = ("RS256",)  # of ID tokens
    dpop: bool = False
    names_itself: bool = False  # in each answer (RFC 9207 3)
    assertion_audience: str = ""


def of(house: House, upstream: Upstream, now: datetime) -> Metadata:
    """The provider's document, at most an hour old; if it is down, up to a day. Raises UpstreamDown, AnswerNotTrusted."""
    kept: dict[str, tuple[Metadata, datetime]] = house.cache.setdefault("upstream-metadata", {})
    known = kept.get(upstream.issuer)
    if known is not None and now - known[1] < FRESH:
        return known[0]
    try:
        found = read(house, upstream)
    except UpstreamDown:
        if known is not None and now - known[1] < STALE:
            return known[0]
        raise
    kept[upstream.issuer] = (found, now)
    return found


def answers(house: House, upstream: Upstream, now: datetime) -> Metadata:
    """The same, of a provider that answers: nobody is sent to the pages of one that does not.

    One that failed is asked anew, whatever we have kept of it. Raises UpstreamDown, AnswerNotTrusted.
    """
    return read(house, upstream) if breaker.has_failed(house, upstream) else of(house, upstream, now)


def read(house: House, upstream: Upstream) -> Metadata:
    """Fetch and check the document. Raises UpstreamDown, AnswerNotTrusted."""
    document = published(house, upstream)
    return Metadata(
        authorization=_address(upstream, document, "authorization_endpoint"),
        token=_address(upstream, document, "token_endpoint"),
        jwks=_address(upstream, document, "jwks_uri"),
        userinfo=_address(upstream, document, "userinfo_endpoint", needed=False),
        par=_address(upstream, document, "pushed_authorization_request_endpoint", needed=False),
        end_session=_address(upstream, document, "end_session_endpoint", needed=False),
        algorithms=_algorithms(document),
        dpop="ES256" in _texts(document, "dpop_signing_alg_values_supported"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        assertion_audience=upstream.issuer,
    )


def published(house: House, upstream: Upstream) -> dict[str, Any]:
    """The document as it is. Raises UpstreamDown, AnswerNotTrusted."""
    url = f"{upstream.issuer.rstrip('/')}/.well-known/openid-configuration"
    document = _json(breaker.call(house, upstream, "GET", url))
    if document.get("issuer") != upstream.issuer:  # Discovery 4.3: else anybody could speak for anybody
        raise AnswerNotTrusted("The provider calls itself by another name")
    return document


def keys(house: House, upstream: Upstream, kid: str, now: datetime) -> list[dict[str, Any]]:
    """The provider's public keys; fetched again for a kid that we do not know, but not for each one (RFC 7517 5).

    Raises UpstreamDown, AnswerNotTrusted.
    """
    kept: dict[str, tuple[list[dict[str, Any]], datetime]] = house.cache.setdefault("upstream-keys", {})
    known = kept.get(upstream.issuer)
    if known is not None:
        has = any(key.get("kid") == kid for key in known[0])
        if now - known[1] < (FRESH if has else AGAIN):
            return known[0]
    said = _json(breaker.call(house, upstream, "GET", of(house, upstream, now).jwks)).get("keys")
    if not isinstance(said, list) or len(said) > LONGEST_KEYS:
        raise AnswerNotTrusted("The provider publishes no keys")
    found = [key for key in said if isinstance(key, dict) and key.get("use", "sig") == "sig"]
    kept[upstream.issuer] = (found, now)
    return found


def _json(answer: Any) -> dict[str, Any]:
    document = answer.json() if answer.status == 200 else None
    if not isinstance(document, dict):
        raise AnswerNotTrusted("What the provider publishes cannot be read")
    return document


def _address(upstream: Upstream, document: dict[str, Any], name: str, *, needed: bool = True) -> str:
    """An endpoint, over TLS if its issuer is."""
    value = document.get(name)
    if value is None and not needed:
        return ""
    plain = isinstance(value, str) and issuer_like(value.partition("?")[0])
    if not plain or (upstream.issuer.startswith("https:") and urlsplit(str(value)).scheme != "https"):
        raise AnswerNotTrusted("What the provider publishes cannot be read")
    return str(value)


def _algorithms(document: dict[str, Any]) -> tuple[str, ...]:
    """Those of its ID tokens that we take."""
    said = _texts(document, "id_token_signing_alg_values_supported")
    return tuple(one for one in ALGORITHMS if one in said) or ("RS256",)


def _texts(document: dict[str, Any], name: str) -> list[str]:
    value = document.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
