"""The rules of a client policy in words, each with its public source, and what still parts a service from fapi2."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.i18n import N_
from idp.model.client import Client
from idp.model.policy import CODE, FAPI2, STRONG, ClientAuth, GrantType, Policy


@dataclass(frozen=True)
class Rule:
    """One rule: whether a policy keeps it in its strict form, how each form reads, and where it is from."""

    strict: Callable[[Policy], bool]
    if_strict: str
    otherwise: str
    source: str

    def words(self, policy: Policy) -> str:
        """How the rule reads under this policy (a message id)."""
        return self.if_strict if self.strict(policy) else self.otherwise


RULES = (
    Rule(
        lambda policy: ClientAuth.secret_basic not in policy.auth,
        N_("It proves itself by a key or a certificate of its own"),
        N_("It proves itself by a key, a certificate or a secret; an installed program by none"),
        "FAPI 2.0 Security Profile 5.3.2.1, ASVS 10.4.16",
    ),
    Rule(
        lambda policy: policy.par_required,
        N_("Each sign-in begins with a request that it hands in itself (PAR)"),
        N_("A sign-in may begin in the browser's address"),
        "RFC 9126, FAPI 2.0 Security Profile 5.3.2.2",
    ),
    Rule(
        lambda policy: policy.pkce_required,
        N_("Each request brings a PKCE challenge, by S256"),
        N_("Programs without a secret bring a PKCE challenge, by S256; others may"),
        "RFC 7636, RFC 9700 2.1.1",
    ),
    Rule(
        lambda policy: policy.bound_required,
        N_("Access tokens work only together with its own key (DPoP or mutual TLS)"),
        N_("Access tokens work for whoever holds them, unless it binds them itself"),
        "RFC 9449, RFC 8705 3, FAPI 2.0 Security Profile 5.3.2.1",
    ),
    Rule(
        lambda policy: not policy.token_endpoint_as_audience,
        N_("What it signs to prove itself names our issuer alone as its reader"),
        N_("What it signs to prove itself may name our token endpoint as its reader"),
        "RFC 7523 3, FAPI 2.0 Security Profile 5.3.2.1",
    ),
    Rule(
        lambda policy: set(policy.assertion_algorithms) <= set(STRONG),
        N_("It signs with ES256, PS256 or EdDSA"),
        N_("It signs with ES256, PS256, EdDSA or RS256"),
        "FAPI 2.0 Security Profile 5.4.1",
    ),
    Rule(
        lambda policy: set(policy.id_token_algorithms) <= set(STRONG),
        N_("Its ID tokens are signed with ES256, PS256 or EdDSA"),
        N_("Its ID tokens are signed with RS256 unless it asks for another algorithm"),
        "FAPI 2.0 Security Profile 5.4.1, OpenID Connect Registration 2",
    ),
    Rule(
        lambda policy: policy.code_seconds <= 60,
        N_("A code is good for 60 seconds at most"),
        N_("A code is good for as long as the settings say, ten minutes at most"),
        "RFC 6749 4.1.2, FAPI 2.0 Security Profile 5.3.2.1",
    ),
    Rule(
        lambda policy: policy.rotates_refresh,
        N_("An installed program gets a new refresh token at each renewal"),
        N_("Refresh tokens stay the same; they work only for the service that proves itself"),
        "RFC 9700 4.14.2, FAPI 2.0 Security Profile 5.3.2.1",
    ),
    Rule(
        lambda policy: policy.response_types == CODE,
        N_("Tokens never pass through the browser's address"),
        N_("Tokens may pass through the browser's address, where others can read them"),
        "RFC 9700 2.1.2, ASVS 10.4.4",
    ),
    Rule(
        lambda policy: GrantType.client_credentials in policy.grant_types,
        N_("It may also call the API in its own name, and renew tokens"),
        N_("It signs people in and does nothing else; tokens are not renewed"),
        "RFC 6749 4.4, 6",
    ),
    Rule(
        lambda policy: policy.asks_each_time,
        N_("Nobody is taken for the one who sat there before: each sign-in starts anew"),
        N_("Who is signed in already need not sign in again"),
        "OpenID Connect Core 3.1.2.1",
    ),
)
PURPOSE = {
    "fapi2": N_("For a department's new service: the security profile that banks and states use"),
    "standard": N_("For certified programs as they come, and for services that register themselves"),
    "kiosk": N_("For machines in halls that many people share"),
    "legacy": N_("For old programs that can do no better; only an operator at the machine leads here"),
}


def missing(client: Client) -> list[str]:
    """What a service would have to change to live under fapi2, each in one sentence (message ids)."""
    if client.policy is FAPI2:
        return []
    said, found = client.registered, []
    if client.auth not in FAPI2.auth:
        found.append(N_("Register its public keys and prove itself by them instead of by a secret"))
    if client.id_token_algorithm not in FAPI2.id_token_algorithms:
        found.append(N_("Accept ID tokens that are signed with ES256"))
    if said.token_endpoint_auth_signing_alg not in ("", *STRONG):
        found.append(N_("Sign with ES256, PS256 or EdDSA instead of RS256"))
    if not set(client.grant_types) <= set(FAPI2.grant_types) or not set(said.response_types) <= set(CODE):
        found.append(N_("Ask for codes alone, and fetch the tokens itself"))
    if not client.needs_par:
        found.append(N_("Hand in each request itself before the browser comes (PAR)"))
    if not client.needs_pkce:
        found.append(N_("Send a PKCE challenge with each request"))
    if not client.needs_bound_tokens:
        found.append(N_("Bind its access tokens to its own key, by DPoP or mutual TLS"))
    if client.policy.token_endpoint_as_audience:
        found.append(N_("Name our issuer alone as the reader of what it signs to prove itself"))
    return found
