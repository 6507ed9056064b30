"""What an authorization request must keep to: one small function for each rule, in order."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from hub.house import House
from idp.consent import data
from idp.model import claims
from idp.model.client import PERSON_SCOPES, Client, GrantType
from idp.model.data import DATA_LEVEL
from idp.model.flow import PROMPTS, Asked, Refused, level_of
from idp.provider import resources, responses
from idp.provider.tokens import read

LONGEST = 2048  # bytes of one parameter; a 64-character nonce and a long state fit well
LONGER = {"id_token_hint": read.LONGEST, "claims": claims.LONGEST}  # a whole token, a whole object
LONGEST_HINT = 64  # characters of a login_hint and of all ui_locales: no account name is longer
ALWAYS = frozenset({"login"})  # at a machine for many everybody signs in anew
WORDS = {"code": 0, "id_token": 1, "token": 2}
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
    pushed: bool = False  # at the pushed authorization request endpoint (RFC 9126)
    signed: bool = False  # the client signed all of it (RFC 9101)

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
    def response_type(self) -> str:
        """What is asked for, its words in the order in which a policy names them (they have none: Multiple Response Types 3)."""
        words = self.params.get("response_type", "").split()
        return " ".join(sorted(words, key=lambda word: WORDS.get(word, 9)))

    @property
    def response_mode(self) -> str:
        """How the answer travels, if it may."""
        return responses.mode(self.response_type, self.params.get("response_mode"))

    @property
    def state(self) -> str | None:
        """What the service recognises its request by; a repeated one names none."""
        return None if "state" in self.repeated else self.params.get("state")

    @cached_property
    def claims(self) -> str:
        """The claims parameter in one form. Raises Refused."""
        if "claims" not in self.params:
            return ""
        try:
            return claims.parsed(self.params["claims"], self.client.scopes)
        except claims.ClaimsWrong as error:
            raise Refused("invalid_request", str(error)) from error

    @property
    def resources(self) -> tuple[str, ...]:
        """For which APIs the tokens shall be (RFC 8707 2); several stand side by side, as an address holds no space."""
        return tuple(dict.fromkeys(self.params.get("resource", "").split()))


# -- the checks, in order; each raises its own refusal, which is told to the service


def nothing_is_repeated(request: Request) -> None:
    """RFC 6749 3.1."""
    if request.repeated:
        raise Refused("invalid_request", f"Repeated: {_printable(' '.join(sorted(request.repeated)))}")


def nothing_is_too_long(request: Request) -> None:
    """Sizes are bounded."""
    for name, value in request.params.items():
        if len(value.encode("utf-8", "replace")) > LONGER.get(name, LONGEST):
            raise Refused("invalid_request", f"Too long: {_printable(name)}")


def request_is_pushed_where_it_must(request: Request) -> None:
    """RFC 9126 5, 6; FAPI 2.0 Security Profile 5.3.2.2."""
    if request.client.needs_par and not request.pushed:
        raise Refused("invalid_request", "This client begins with a pushed authorization request")


def request_is_signed_where_it_must(request: Request) -> None:
    """RFC 9101 10.5: a client that signs its requests is not spoken for by anybody who does not."""
    if request.client.registered.require_signed_request_object and not request.signed:
        raise Refused("invalid_request", "This client sends its requests as signed request objects")


def nothing_is_registered_in_passing(request: Request) -> None:
    """OpenID Connect Core 7.2.1: say so rather than ignore it."""
    if "registration" in request.params:
        raise Refused("registration_not_supported", "registration is not supported")


def response_type_is_allowed(request: Request) -> None:
    """RFC 9700 2.1.2: no tokens in the front channel, but for a client of the policy `legacy`."""
    if not request.params.get("response_type", "").split():
        raise Refused("invalid_request", "response_type is missing")
    if request.response_type not in request.client.policy.response_types:
        raise Refused("unsupported_response_type", "This response_type is not supported for this client")


def response_mode_is_allowed(request: Request) -> None:
    """Multiple Response Types 3: no token stands in a query. Which modes a client may use says its policy (ASVS 10.4.12)."""
    mode = request.params.get("response_mode")
    if mode is not None and (mode != request.response_mode or mode not in request.client.policy.response_modes):
        raise Refused("invalid_request", "This response_mode is not supported here")


def client_may_send_people(request: Request) -> None:
    """RFC 6749 4.1.2.1."""
    client, kinds = request.client, set(request.response_type.split())
    registered = {" ".join(sorted(one.split())) for one in client.registered.response_types}
    if " ".join(sorted(kinds)) not in registered or ("code" in kinds and not client.may(GrantType.code)):
        raise Refused("unauthorized_client", "This client is not registered for this response_type")
    if kinds & responses.IN_FRONT and not client.may(GrantType.implicit):
        raise Refused("unauthorized_client", "This client is not registered for tokens in the front channel")
    if "token" in kinds and client.needs_bound_tokens:  # there is no proof in an address (RFC 9449 5.2)
        raise Refused("unauthorized_client", "The tokens of this client are bound to its key")


def nonce_is_there_where_needed(request: Request) -> None:
    """OpenID Connect Core 3.2.2.1, 3.3.2.1: an ID token that comes through the browser is bound to its request."""
    if "id_token" in request.response_type.split() and "nonce" not in request.params:
        raise Refused("invalid_request", "nonce is missing")


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


def dpop_key_is_a_thumbprint(request: Request) -> None:
    """RFC 9449 10: of the key with which the code will be redeemed (RFC 7638: SHA-256, like a challenge)."""
    if "dpop_jkt" in request.params and not S256.fullmatch(request.params["dpop_jkt"]):
        raise Refused("invalid_request", "dpop_jkt is not the SHA-256 thumbprint of a key")


def acr_can_be_met(request: Request) -> None:
    """OpenID Connect Core 5.5.1.1: an essential level that nobody can have here (Unmet Authentication Requirements 1.0)."""
    if claims.is_essential(request.claims, "acr"):
        values = claims.values(request.claims, "acr")
        if values and not any(level_of(value) for value in values):
            raise Refused("unmet_authentication_requirements", "No level that is asked for is known here")


def resources_are_known(request: Request) -> None:
    """RFC 8707 2: tokens are for APIs that are registered here."""
    if request.resources:
        resources.checked(request.house, request.client, request.resources, request.now)


CHECKS: tuple[Callable[[Request], None], ...] = (
    nothing_is_repeated,
    nothing_is_too_long,
    request_is_pushed_where_it_must,
    request_is_signed_where_it_must,
    nothing_is_registered_in_passing,
    response_type_is_allowed,
    response_mode_is_allowed,
    client_may_send_people,
    nonce_is_there_where_needed,
    scope_is_allowed,
    pkce_is_s256,
    prompt_is_known,
    max_age_is_a_number,
    dpop_key_is_a_thumbprint,
    resources_are_known,
    acr_can_be_met,
)


def checked(request: Request) -> Asked:
    """What the request asks for, once it has passed every check. Raises Refused."""
    for check in CHECKS:
        check(request)
    params, said = request.params, request.client.registered
    details = params.get("authorization_details")
    permitted = data.asked_for(request.house, request.client, details, request.now) if details else ()
    levels = _levels(request)
    level = max(request.client.level, min(filter(None, map(level_of, levels)), default=1))
    return Asked(
        client=request.client.id,
        redirect_uri=request.redirect_uri,
        scopes=request.scopes,
        state=request.state,
        nonce=params.get("nonce"),
        challenge=params.get("code_challenge"),
        prompt=request.prompt | ALWAYS if request.client.policy.asks_each_time else request.prompt,
        max_age=int(params["max_age"]) if "max_age" in params else said.default_max_age,
        level=max(level, DATA_LEVEL) if permitted else level,
        hinted_subject=_hinted_subject(request),
        login_hint=params.get("login_hint", "")[:LONGEST_HINT],
        ui_locales=tuple(params.get("ui_locales", "")[:LONGEST_HINT].split()),
        data=permitted,
        response_type=request.response_type,
        response_mode=request.response_mode,
        claims=request.claims,
        acr_values=levels,
        resources=request.resources,
        apis=_apis(request),
        dpop_jkt=params.get("dpop_jkt"),
    )


def _apis(request: Request) -> tuple[str, ...]:
    """The other services that shall be called in the person's name."""
    if not request.resources and not request.client.registered.exchanges_for:
        return ()
    return resources.others(request.house, request.client, request.resources, request.now)


def _levels(request: Request) -> tuple[str, ...]:
    """The acr values asked for: as a claim, as a parameter, or those that the client registered (Registration 2).

    Unknown ones do not count (OpenID Connect Core 3.1.2.1: voluntary); one of the others must be reached.
    """
    if asked := claims.values(request.claims, "acr"):
        return asked
    return tuple(request.params.get("acr_values", "").split()) or request.client.registered.default_acr_values


def _hinted_subject(request: Request) -> str | None:
    """Whom the service expects: by an id_token_hint, or as the value of the claim sub (OpenID Connect Core 5.5.1)."""
    hint = request.params.get("id_token_hint")
    named = {*claims.values(request.claims, "sub")} | ({_of_hint(request, hint)} if hint else set())
    if len(named) > 1:
        raise Refused("invalid_request", "More than one person is expected")
    return min(named, default=None)


def _of_hint(request: Request, hint: str) -> str:
    """Whom the id_token_hint names; it may have expired, but must be ours and this client's."""
    try:
        said = read.hint(request.house, hint)
    except read.NotAToken as error:
        raise Refused("invalid_request", "id_token_hint is not an ID token of this provider") from error
    if said["aud"] != request.client.id:
        raise Refused("invalid_request", "id_token_hint belongs to another client")
    return str(said["sub"])


def _printable(text: str) -> str:
    """The part of a text that may stand in an error_description (RFC 6749 4.1.2.1)."""
    return "".join(char for char in text if " " <= char <= "~" and char not in '"\\')[:80]
