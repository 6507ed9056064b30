"""A service that uses the provider: who owns it, how it proves itself, what it may ask for."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from hub.problems import Problem
from idp.model.address import safe_uri, same_but_port
from idp.model.client_key import AGREES, ENCODINGS, PRIVATE, encrypts, refusal, signs
from idp.model.policy import FAPI2, KIOSK, LEGACY, POLICIES, STANDARD, ClientAuth, GrantType, Policy
from idp.model.registration import NOTHING_SAID, Registration

# Who needs a client finds here what goes with it.
__all__ = [
    "FAPI2",
    "ID_TOKEN_ALGORITHMS",
    "KIOSK",
    "LEGACY",
    "PERSON_SCOPES",
    "POLICIES",
    "STANDARD",
    "Basis",
    "Client",
    "ClientAuth",
    "ClientWrong",
    "GrantType",
    "Policy",
    "Registration",
    "UnknownClient",
    "is_id",
    "safe_uri",
]
PERSON_SCOPES = ("openid", "profile", "realname", "company", "offline_access")
ID_TOKEN_ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")  # RFC 6749 3.3 scope-token
_CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


class Basis(StrEnum):
    """Why a service may use what it is told (Personal Information Protection Law, articles 13 and 34)."""

    consent = "consent"  # the person's own yes
    duty = "duty"  # a duty or power of the body by law; the person's yes lets him decide when


class ClientWrong(Problem):
    """The description of a client breaks a rule; nothing was stored."""

    status = 400
    title = "This service cannot be registered"
    advice = "Correct the named field and try again."


class UnknownClient(Problem):
    """No service is registered under this client_id. Never redirected anywhere (RFC 9700 4.11)."""

    status = 400
    title = "This service is not registered here"
    advice = "Go back to the service that sent you and tell its help desk. You have done nothing wrong."


@dataclass(frozen=True)
class Client:
    """One registered service (an OAuth client, an OpenID Connect relying party)."""

    id: str
    name: str
    name_en: str
    agency: str  # unified code of the body that answers for it
    place: str  # its place in the tree: hub/880000/…
    auth: ClientAuth
    redirect_uris: tuple[str, ...] = ()
    post_logout_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    events_uri: str = ""  # where it is told what becomes of the accounts of its people (RFC 8935)
    grant_types: tuple[GrantType, ...] = (GrantType.code,)
    scopes: tuple[str, ...] = ("openid",)
    secret_digest: str = ""
    keys: tuple[dict[str, Any], ...] = field(default=(), hash=False)  # its public JWKs
    policy: Policy = STANDARD
    id_token_algorithm: str = "RS256"  # what a client gets that names none (OpenID Connect Registration 2)
    pairwise: bool = True
    sector: str = ""  # host that its pairwise subjects belong to
    native: bool = False  # an installed program: may use a loopback port of its choice
    first_party: bool = False  # ours: no consent page
    level: int = 1  # the assurance level that it always needs
    purpose: str = ""  # why it asks, on the consent page: legal basis in one sentence
    purpose_en: str = ""
    basis: Basis = Basis.consent
    citation: str = ""  # the rule behind a duty or power
    sandbox: bool = False  # on trial: for its testers alone, told of invented people, without access to the API
    testers: tuple[str, ...] = ()  # keyed indexes of account names
    registered: Registration = NOTHING_SAID  # what it said of itself beside the common, in the standards' own names
    agency_name: str = ""  # the body that answers for it, as people call it
    agency_name_en: str = ""
    waiting: bool = False  # it registered itself and nobody has approved it yet: nothing works
    old_secret_digest: str = ""  # of the secret before this one, good for a while after the change
    old_secret_until: datetime | None = None
    created: datetime | None = None
    ended: datetime | None = None

    @property
    def public(self) -> bool:
        """True for a client that cannot keep a secret (RFC 6749 2.1)."""
        return self.auth is ClientAuth.none

    @property
    def is_stranger(self) -> bool:
        """True if it looks after its own registration (RFC 7592): nobody here has read which addresses it names."""
        return bool(self.registered.registration_access_digest)

    @property
    def needs_pkce(self) -> bool:
        """True if its authorization requests must bring a challenge (RFC 9700 2.1.1)."""
        return self.public or self.policy.pkce_required

    @property
    def needs_par(self) -> bool:
        """True if it may begin by a pushed request only (RFC 9126 5, 6)."""
        return self.policy.par_required or self.registered.require_pushed_authorization_requests

    @property
    def needs_bound_tokens(self) -> bool:
        """True if its access tokens must be bound to a key of its own, by whichever way it brings one."""
        said = self.registered
        return (
            self.policy.bound_required
            or said.dpop_bound_access_tokens
            or said.tls_client_certificate_bound_access_tokens
        )

    @property
    def rotates_refresh(self) -> bool:
        """True if each renewal replaces the refresh token (RFC 9700 4.14.2: of clients that cannot prove themselves)."""
        return self.public and self.policy.rotates_refresh

    @property
    def told_of_logout(self) -> bool:
        """True if it is told when a login ends, by either channel: then it must know the login by a name, the claim sid."""
        return bool(self.backchannel_logout_uri or self.registered.frontchannel_logout_uri)

    @property
    def person_scopes(self) -> tuple[str, ...]:
        """The scopes that it may ask of a person."""
        return tuple(scope for scope in self.scopes if scope in PERSON_SCOPES)

    @property
    def api_scopes(self) -> tuple[str, ...]:
        """The scopes that it may use in its own name."""
        return tuple(scope for scope in self.scopes if scope not in PERSON_SCOPES)

    def may(self, grant_type: GrantType) -> bool:
        """True if it is registered for this grant type."""
        return grant_type in self.grant_types

    def redirects_to(self, uri: str) -> bool:
        """True if `uri` is registered, as an exact string; a native program may vary its loopback port (RFC 9700 2.1)."""
        if uri in self.redirect_uris:
            return True
        return self.native and any(same_but_port(uri, registered) for registered in self.redirect_uris)

    def moved_to(self, policy: Policy) -> "Client":
        """This client under another policy. Keys that it registered take the place of a secret that is not allowed there."""
        kept = self.id_token_algorithm in policy.id_token_algorithms
        algorithm = self.id_token_algorithm if kept else policy.id_token_algorithm
        made = replace(self, policy=policy, id_token_algorithm=algorithm)
        if self.auth in policy.auth or not (self.keys or self.registered.jwks_uri):
            return made
        no_secret: dict[str, Any] = {"secret_digest": "", "old_secret_digest": "", "old_secret_until": None}
        return replace(made, auth=ClientAuth.private_key_jwt, **no_secret)

    def checked(self) -> "Client":
        """This client, if its description keeps every rule; raises ClientWrong naming the first that is broken."""
        for check in CHECKS:
            check(self)
        return self


def is_id(text: str) -> bool:
    """Whether this could be the id of a service."""
    return _CLIENT_ID.fullmatch(text) is not None


def _id_is_plain(client: Client) -> None:
    if not is_id(client.id):
        raise ClientWrong("The client id may hold letters, digits and . _ ~ - only, at most 64")


def _has_names(client: Client) -> None:
    if not client.name.strip() or not client.name_en.strip():
        raise ClientWrong("A service needs its name in Chinese and in English")


def _has_redirects_if_people_come(client: Client) -> None:
    people_come = client.may(GrantType.code) or client.may(GrantType.implicit)
    if people_come != bool(client.redirect_uris):
        raise ClientWrong("A service that people sign in to needs a redirect URI, another one none")


def _uris_are_safe(client: Client) -> None:
    for uri in (*client.redirect_uris, *client.post_logout_uris, *_told_at(client)):
        if not safe_uri(uri, native=client.native):
            raise ClientWrong("%(uri)s is not an https address without a fragment", uri=uri)


def _told_at(client: Client) -> tuple[str, ...]:
    said = client.registered
    told = (client.backchannel_logout_uri, client.events_uri, said.frontchannel_logout_uri, said.initiate_login_uri)
    read = (said.jwks_uri, said.sector_identifier_uri, said.resource)
    return tuple(uri for uri in (*told, *read) if uri)


def _scopes_are_tokens(client: Client) -> None:
    wrong = [scope for scope in client.scopes if not _SCOPE.fullmatch(scope)]
    if wrong:
        raise ClientWrong("%(scope)s is not a scope", scope=wrong[0])
    if client.may(GrantType.code) and "openid" not in client.scopes:
        raise ClientWrong("A service that people sign in to needs the scope openid")


def _proof_fits(client: Client) -> None:
    secret = client.auth in (ClientAuth.secret_basic, ClientAuth.secret_post)
    if secret != bool(client.secret_digest):
        raise ClientWrong("A secret belongs to client_secret_basic and client_secret_post, and only to them")
    if client.keys and client.registered.jwks_uri:
        raise ClientWrong("Give a service's keys or the address where they are read, not both")
    needs_keys = client.auth in (ClientAuth.private_key_jwt, ClientAuth.self_signed_tls)
    if needs_keys and not client.keys and not client.registered.jwks_uri:
        raise ClientWrong("A service that proves itself by a key needs its public keys, or their address")
    if any(PRIVATE & key.keys() for key in client.keys):
        raise ClientWrong("A private key was given; only its public half may be registered")
    if any(refusal(key) for key in client.keys):
        raise ClientWrong("A key is not a public JWK of type EC, RSA or OKP")
    policy, said = client.policy, client.registered.token_endpoint_auth_signing_alg
    algorithms = [one for one in policy.assertion_algorithms if said in ("", one)]
    proves = client.auth is not ClientAuth.private_key_jwt or any(
        signs(k, alg) for k in client.keys for alg in algorithms
    )
    if client.keys and not proves:
        raise ClientWrong("None of the keys fits a signature that the policy %(policy)s takes", policy=policy.name)


def _can_be_written_to(client: Client) -> None:
    """Who wants an answer that it alone reads has a key for that; one that publishes its keys may do so later."""
    said = client.registered
    for part in ("id_token", "userinfo"):
        alg, enc = (getattr(said, f"{part}_encrypted_response_{name}") for name in ("alg", "enc"))
        unknown = [value for value, known in ((alg, AGREES), (enc, ENCODINGS)) if value and value not in known]
        if unknown:
            raise ClientWrong("Answers are not encrypted with %(value)s", value=unknown[0])
        if alg and not said.jwks_uri and not any(encrypts(key, alg) for key in client.keys):
            raise ClientWrong(
                "Encrypted answers need a public key that fits %(value)s, or the address of keys", value=alg
            )


def _public_has_no_credentials_of_its_own(client: Client) -> None:
    if client.public and client.may(GrantType.client_credentials):
        raise ClientWrong("A public client cannot use client_credentials")


def _algorithm_is_known(client: Client) -> None:
    if client.id_token_algorithm not in ID_TOKEN_ALGORITHMS:
        raise ClientWrong("ID tokens are signed with %(algorithms)s", algorithms=", ".join(ID_TOKEN_ALGORITHMS))


def _keeps_its_policy(client: Client) -> None:
    policy, said = client.policy, client.registered
    answers = (client.id_token_algorithm, said.userinfo_signed_response_alg, said.introspection_signed_response_alg)
    rules: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (policy.auth, (client.auth,)),
        (policy.id_token_algorithms, answers),
        (policy.assertion_algorithms, (said.token_endpoint_auth_signing_alg, said.request_object_signing_alg)),
        (policy.grant_types, client.grant_types),
        (policy.response_types, said.response_types),
    )
    for allowed, values in rules:
        for value in values:
            if value and value not in allowed:
                raise ClientWrong(
                    "The policy %(policy)s does not allow %(value)s", policy=policy.name, value=str(value)
                )


def _sector_is_plain(client: Client) -> None:
    hosts = {urlsplit(uri).hostname for uri in client.redirect_uris}
    if client.pairwise and len(hosts) > 1 and not client.sector:
        raise ClientWrong("Redirect URIs on several hosts need a sector (OpenID Connect Core 8.1)")


def _sandbox_is_apart(client: Client) -> None:
    if not client.sandbox:
        if client.testers:
            raise ClientWrong("Only a sandbox has testers")
        return
    if client.api_scopes or client.first_party or client.may(GrantType.client_credentials):
        raise ClientWrong("A sandbox may sign its testers in, and no more")
    if not client.pairwise or client.sector != client.id:
        raise ClientWrong("The subjects of a sandbox belong to it alone: its sector is its own id")


CHECKS = (
    _id_is_plain,
    _has_names,
    _has_redirects_if_people_come,
    _uris_are_safe,
    _scopes_are_tokens,
    _proof_fits,
    _can_be_written_to,
    _public_has_no_credentials_of_its_own,
    _algorithm_is_known,
    _keeps_its_policy,
    _sector_is_plain,
    _sandbox_is_apart,
)
