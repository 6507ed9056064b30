"""What an authorization request must keep to: one small function for each rule, in order."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub.house import House
from idp.consent import data
from idp.model.client import PERSON_SCOPES, Client, GrantType
from idp.model.data import DATA_LEVEL
from idp.model.flow import PROMPTS, Asked, Refused, level_of
from idp.provider.tokens import read

LONGEST = 2048  # bytes of one parameter; a 64-character nonce and a long state fit well
LONGEST_HINT = 64  # characters of a login_hint and of all ui_locales: no account name is longer
S256 = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 7636 4.2: base64url of a SHA-256 digest


@dataclass(frozen=True)
class Request:
    """An authorization request of a known client to a known address, before its checks."""

    house: House
    client: Client
    redirect_uri: str
    params: dict[str, str]
    repeated: frozenset[str]
    now: datetime

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is asked of the person; unknown scopes are ignored (OpenID Connect Core 3.1.2.1), in our own order."""
        asked = self.params.get("scope", "").split()
        scopes = tuple(scope for scope in PERSON_SCOPES if scope in asked)
        refreshes = self.client.may(GrantType.refresh)
        return scopes if refreshes else tuple(scope for scope in scopes if scope != "offline_access")

    @property
    def prompt(self) -> frozenset[str]:
        """How the person shall be asked (OpenID Connect Core 3.1.2.1)."""
        return frozenset(self.params.get("prompt", "").split())

    @property
    def level(self) -> int:
        """The least level asked for. Unknown acr values do not count (OpenID Connect Core 5.5.1.1: voluntary)."""
        known = [level for value in self.params.get("acr_values", "").split() if (level := level_of(value))]
        return max(self.client.level, min(known, default=1))


# -- the checks, in order; each raises its own refusal, which is told to the service


def nothing_is_repeated(request: Request) -> None:
    """RFC 6749 3.1."""
    if request.repeated:
        raise Refused("invalid_request", f"Repeated: {_printable(' '.join(sorted(request.repeated)))}")


def nothing_is_too_long(request: Request) -> None:
    """Sizes are bounded; an id_token_hint is a whole token."""
    for name, value in request.params.items():
        if len(value.encode("utf-8", "replace")) > (4 * LONGEST if name == "id_token_hint" else LONGEST):
            raise Refused("invalid_request", f"Too long: {_printable(name)}")


def request_objects_are_not_taken(request: Request) -> None:
    """OpenID Connect Core 6.1, 6.2, 7.2.1: say so rather than ignore them."""
    for name in ("request", "request_uri", "registration"):
        if name in request.params:
            raise Refused(f"{name}_not_supported", f"{name} is not supported")


def response_is_a_code_in_the_query(request: Request) -> None:
    """RFC 9700 2.1.2: no tokens in the front channel."""
    if "response_type" not in request.params:
        raise Refused("invalid_request", "response_type is missing")
    if request.params["response_type"] != "code":
        raise Refused("unsupported_response_type", "Only response_type=code is supported")
    if request.params.get("response_mode", "query") != "query":
        raise Refused("invalid_request", "Only response_mode=query is supported")


def client_may_send_people(request: Request) -> None:
    """RFC 6749 4.1.2.1."""
    if not request.client.may(GrantType.code):
        raise Refused("unauthorized_client", "This client may not use the authorization code flow")


def scope_is_allowed(request: Request) -> None:
    """OpenID Connect Core 3.1.2.1: openid is needed; the rest must be registered."""
    if "openid" not in request.scopes:
        raise Refused("invalid_scope", "The scope openid is missing")
    beyond = [scope for scope in request.scopes if scope not in request.client.scopes]
    if beyond:
        raise Refused("invalid_scope", f"This client is not registered for {beyond[0]}")


def pkce_is_s256(request: Request) -> None:
    """RFC 7636, RFC 9700 2.1.1: S256 only; a challenge without a method would be plain."""
    challenge, method = request.params.get("code_challenge"), request.params.get("code_challenge_method")
    if challenge is None and method is None:
        if request.client.needs_pkce:
            raise Refused("invalid_request", "code_challenge is missing")
        return
    if method != "S256":
        raise Refused("invalid_request", "Only code_challenge_method=S256 is supported")
    if not S256.fullmatch(challenge or ""):
        raise Refused("invalid_request", "code_challenge is not a base64url SHA-256 digest")


def prompt_is_known(request: Request) -> None:
    """OpenID Connect Core 3.1.2.1."""
    if unknown := request.prompt - PROMPTS:
        raise Refused("invalid_request", f"Unknown prompt: {_printable(' '.join(sorted(unknown)))}")
    if "none" in request.prompt and len(request.prompt) > 1:
        raise Refused("invalid_request", "prompt=none stands alone")


def max_age_is_a_number(request: Request) -> None:
    """OpenID Connect Core 3.1.2.1: seconds; zero means: sign in again."""
    if not re.fullmatch(r"[0-9]{1,9}", request.params.get("max_age", "0")):
        raise Refused("invalid_request", "max_age is not a number of seconds")


CHECKS: tuple[Callable[[Request], None], ...] = (
    nothing_is_repeated,
    nothing_is_too_long,
    request_objects_are_not_taken,
    response_is_a_code_in_the_query,
    client_may_send_people,
    scope_is_allowed,
    pkce_is_s256,
    prompt_is_known,
    max_age_is_a_number,
)


def checked(request: Request) -> Asked:
    """What the request asks for, once it has passed every check. Raises Refused."""
    for check in CHECKS:
        check(request)
    params = request.params
    hint = params.get("id_token_hint")
    details = params.get("authorization_details")
    permitted = data.asked_for(request.house, request.client, details, request.now) if details else ()
    return Asked(
        client=request.client.id,
        redirect_uri=request.redirect_uri,
        scopes=request.scopes,
        state=params.get("state"),
        nonce=params.get("nonce"),
        challenge=params.get("code_challenge"),
        prompt=request.prompt,
        max_age=int(params["max_age"]) if "max_age" in params else None,
        level=max(request.level, DATA_LEVEL) if permitted else request.level,
        hinted_subject=_hinted_subject(request, hint) if hint else None,
        login_hint=params.get("login_hint", "")[:LONGEST_HINT],
        ui_locales=tuple(params.get("ui_locales", "")[:LONGEST_HINT].split()),
        data=permitted,
    )


def _hinted_subject(request: Request, hint: str) -> str:
    """Whom the id_token_hint names; it may have expired, but must be ours and this client's."""
    try:
        claims = read.hint(request.house, hint)
    except read.NotAToken as error:
        raise Refused("invalid_request", "id_token_hint is not an ID token of this provider") from error
    if claims["aud"] != request.client.id:
        raise Refused("invalid_request", "id_token_hint belongs to another client")
    return str(claims["sub"])


def _printable(text: str) -> str:
    """The part of a text that may stand in an error_description (RFC 6749 4.1.2.1)."""
    return "".join(char for char in text if " " <= char <= "~" and char not in '"\\')[:80]
