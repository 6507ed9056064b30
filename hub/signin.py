"""First-party sign-in: wallet and console are ordinary OpenID Connect clients of our own provider.

Each has its own cookie. The code is redeemed at the token endpoint like anybody's; in one process that call takes no socket.
"""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

import sqlalchemy as sa
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken

from hub import callers
from hub.callers import Caller
from hub.house import House
from hub.problems import NotAllowed, NotSignedIn

FLOW_SECONDS = 900  # proving a name may take a while; the provider's own flow ends as well


class SignInFailed(NotSignedIn):
    """The provider sent the visitor back without a usable answer."""

    status = 400
    title = "Signing in did not work"
    advice = "Start again. If you cancelled on purpose, nothing was changed."


@dataclass(frozen=True)
class Site:
    """A first-party site: its kind of session, its path, the least level and the scope that it asks for."""

    kind: str
    path: str
    level: int = 1
    scope: str = "openid"

    def callback(self, house: House) -> str:
        """The registered redirect URI."""
        return f"{house.settings.home_url}{self.path}/callback"


def begin(house: House, site: Site, onward: str, *, prompt: str = "", level: int = 0) -> tuple[str, str]:
    """Where to send the visitor, and the value of the cookie that binds the answer to this browser.

    `level` is one beyond the site's own that the page where he goes needs.
    """
    state, browser = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    flow = {"browser": browser, "verifier": verifier, "nonce": nonce, "onward": onward}
    house.shared.put(f"signin:{site.kind}:{state}", json.dumps(flow), FLOW_SECONDS)
    asked = {
        "response_type": "code",
        "client_id": site.kind,
        "redirect_uri": site.callback(house),
        "scope": site.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        "acr_values": f"{callers.LEVEL}{max(site.level, level)}",
    }
    return (
        f"{house.settings.issuer_url}/oidc/authorize?{urlencode(asked | ({'prompt': prompt} if prompt else {}))}",
        browser,
    )


def complete(house: House, site: Site, answer: dict[str, str], browser: str, now: datetime) -> tuple[Caller, str, str]:
    """The caller whom the provider names, where he wanted to go, and the ID token. Raises SignInFailed."""
    taken = house.shared.take(f"signin:{site.kind}:{answer.get('state', '')}")
    if taken is None:
        raise SignInFailed("This sign-in was used before, or has taken too long")
    flow = json.loads(taken)
    if not secrets.compare_digest(flow["browser"].encode(), browser.encode()):
        raise SignInFailed("The sign-in was begun in another browser")
    if answer.get("iss") != house.settings.issuer_url:  # RFC 9207 2.4
        raise SignInFailed("The answer comes from another provider")
    if "code" not in answer:
        raise SignInFailed("The provider says: %(error)s", error=answer.get("error", "no code"))
    tokens = _redeem(house, site, answer["code"], flow["verifier"])
    _check_id_token(house, site, tokens["id_token"], flow["nonce"], now)
    caller = callers.read_token(house, tokens["access_token"], now)
    if caller.level < site.level:
        raise NotAllowed("This needs a verified real name at level %(level)s", level=site.level)
    with house.database.read() as db:
        caller = replace(caller, sealed_name=_name(db, caller))
    return caller, flow["onward"], tokens["id_token"]


def client_secret(house: House, site: Site) -> str:
    """The secret that `idp` registers for this client and `_redeem` shows."""
    return house.keys.secret(f"client-{site.kind}").hex()


def end_session_url(house: House, site: Site, id_token: str | None) -> str:
    """Where to send the visitor to end the login everywhere (OpenID Connect RP-Initiated Logout 2)."""
    asked = {"client_id": site.kind, "post_logout_redirect_uri": f"{house.settings.home_url}/"}
    return f"{house.settings.issuer_url}/oidc/logout?{urlencode(asked | ({'id_token_hint': id_token} if id_token else {}))}"


def _redeem(house: House, site: Site, code: str, verifier: str) -> dict[str, str]:
    import base64

    credentials = base64.b64encode(f"{site.kind}:{client_secret(house, site)}".encode()).decode()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": site.callback(house),
        "code_verifier": verifier,
    }
    url = f"{house.settings.issuer_url}/oidc/token"
    said = house.fetch.post(url, form=form, headers={"Authorization": f"Basic {credentials}"})
    if said.status != 200:
        raise SignInFailed("The provider did not accept the code")
    tokens: dict[str, str] = said.json()
    return tokens


def _check_id_token(house: House, site: Site, token: str, nonce: str, now: datetime) -> None:
    """OpenID Connect Core 3.1.3.7, with Authlib's claim rules."""
    claims = CodeIDToken(
        callers.signed_claims(house, token, kind=None),
        {},
        options={
            "iss": {"essential": True, "value": house.settings.issuer_url},
            "aud": {"essential": True, "value": site.kind},
            "nonce": {"essential": True, "value": nonce},
        },
        params={"nonce": nonce, "client_id": site.kind},
    )
    try:
        claims.validate(now=int(now.timestamp()), leeway=callers.LEEWAY)
    except Exception as error:
        raise SignInFailed("The ID token does not fit") from error


def _name(db: sa.Connection, caller: Caller) -> bytes | None:
    """The sealed name of the login that this session belongs to."""
    table = callers.session_table
    query = sa.select(table.c.name).where(table.c.sid == caller.sid, table.c.kind == "idp", table.c.name.is_not(None))
    return db.execute(query.order_by(table.c.opened.desc()).limit(1)).scalar()  # each step-up begins a new row
