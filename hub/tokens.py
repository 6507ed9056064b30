"""What an access token of ours is worth at our own doors: whose it is, and whether it comes with the key it is bound to."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from joserfc.jwk import ECKey

from hub import access, lanes, nonces
from hub import token_keys as key_rows
from hub.access import Denied, Shown
from hub.caller import Caller
from hub.i18n import N_
from hub.problems import NotSignedIn
from hub.revocations import is_revoked
from hub.tree import ROOT

if TYPE_CHECKING:
    from hub.house import House

LEVEL = "urn:yinxin:loa:"


def audience(house: "House") -> str:
    """The audience of access tokens for our own API (RFC 8707 resource)."""
    return f"{house.settings.home_url}/api"


def read_token(house: "House", token: str | Shown, now: datetime, *, audience_is: str | None = None) -> Caller:
    """The caller whom an access token names. Raises NotSignedIn for each that is not ours, whole, current and unrevoked.

    A token that is bound to a key counts only with the request that shows the key.
    """
    given = token if isinstance(token, Shown) else Shown(token, "bearer", "", ())
    try:
        claims = access.signed(given.token, lambda kid: token_key(house, kid, now))
        wanted = audience_is or audience(house)
        access.current(claims, issuer=house.settings.issuer_url, audiences=(wanted,), now=now.timestamp())
        held(house, given, claims, now)
    except Denied as denied:
        raise not_let_in(house, denied, given, now) from denied
    with house.database.look() as db:
        if is_revoked(db, [claims.get(name) for name in ("jti", "gid", "sid", "client_id")]):
            raise NotSignedIn("The token was revoked")
    level = str(claims.get("acr", ""))
    auth_time = claims.get("auth_time")
    return Caller(
        client=claims.get("client_id"),
        agency=claims.get("agency"),
        place=claims.get("place", ROOT),
        scopes=frozenset(str(claims.get("scope", "")).split()),
        person=claims.get("person"),
        level=int(level.removeprefix(LEVEL)) if level.removeprefix(LEVEL).isdigit() else 0,
        amr=tuple(claims.get("amr", ())),
        auth_time=datetime.fromtimestamp(auth_time, now.tzinfo) if isinstance(auth_time, int) else None,
        acting_for=claims.get("acting_for"),
        holder_keys=tuple(claims.get("holder_keys", ())),
        sid=claims.get("sid"),
        grant=claims.get("gid"),
        details=tuple(claims.get("authorization_details", ())),
    )


def signed_claims(house: "House", token: str, *, kind: str | None) -> dict[str, Any]:
    """The claims of a JWT that one of our token keys signed with ES256 and that has the `typ` of its kind (RFC 8725 3.11).

    Raises NotSignedIn; what the claims say is for the caller to judge.
    """
    try:
        return access.signed(token, lambda kid: token_key(house, kid), typ=kind or "JWT")
    except Denied as denied:
        raise NotSignedIn(denied.why) from denied


def held(house: "House", given: Shown, claims: Mapping[str, Any], now: datetime) -> None:
    """Refuse a bound token from anybody who does not show its key, and a proof that was shown before. Raises Denied."""
    moment = now.timestamp()
    lanes.stays()
    access.held(
        given,
        claims,
        now=moment,
        once=house.shared.first,
        nonce_fits=lambda nonce: nonces.fits(house, nonce, moment),
        nonce_needed=house.settings.dpop_nonces,
    )


def not_let_in(house: "House", denied: Denied, given: Shown, now: datetime, *, metadata: str = "") -> NotSignedIn:
    """The refusal as a Problem, with the headers that say how to come back."""
    return NotSignedIn(denied.why, headers=challenges(house, denied, given, now, metadata=metadata or described(house)))


def challenges(house: "House", denied: Denied, given: Shown, now: datetime, *, metadata: str) -> dict[str, str]:
    """The headers of a refusal: what was wrong, which proofs are taken, the nonce for the next one."""
    fresh = {"DPoP-Nonce": nonces.current(house, now.timestamp())} if given.scheme == "dpop" else {}
    return {"WWW-Authenticate": access.challenge(denied, given, metadata=metadata)} | fresh


def described(house: "House", path: str = "/api") -> str:
    """Where a resource of ours describes itself (RFC 9728 3.1)."""
    origin = house.settings.issuer_url if path.startswith("/oidc/") else house.settings.home_url
    return f"{origin}/.well-known/oauth-protected-resource{path}"


WHY_NOT = (
    N_("Send an access token in the Authorization header"),
    N_("The token is not one of ours"),
    N_("The token is damaged or forged"),
    N_("The token was issued by someone else"),
    N_("The token is meant for another service"),
    N_("The token has expired"),
    N_("The token is not valid yet"),
    N_("The token is not bound to a key; show it as a bearer token"),
    N_("The token is bound to a key; show it with a proof of that key"),
    N_("The token is bound to another key"),
    N_("The proof of possession is missing, wrong or was used before"),
    N_("The proof needs the nonce of the DPoP-Nonce header"),
)  # the words of `hub.access`, which knows no languages


def token_key(house: "House", kid: str, now: datetime | None = None) -> ECKey | None:
    """The public half of the elliptic token key of this `kid`, imported once per process. A new one is found at once.

    With `now` only a key that still stands in our JWK Set: every token that another one signed has expired.
    """
    ring = key_rows.ring(house)
    found = ring.by_kid.get(kid) or key_rows.ring(house, anew=True).by_kid.get(kid)
    if found is None or found.jwk["kty"] != "EC" or (now is not None and not found.is_shown(now)):
        return None
    kept: dict[str, ECKey] = house.cache.setdefault("token-keys", {})
    if kid not in kept:
        kept[kid] = ECKey.import_key(dict(found.jwk))
    return kept[kid]
