"""A service in the words in which it registers itself (OpenID Connect Dynamic Client Registration 2, RFC 7591 2), and back.

What is read here is what is used; what cannot be used is refused, and what we do not know is passed over (RFC 7591 2).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from idp.model import said as read
from idp.model.client import PERSON_SCOPES, Client, ClientAuth, ClientWrong, GrantType, safe_uri
from idp.model.client_key import public_members, refusal
from idp.model.flow import Refused, level_of
from idp.model.registration import DIGESTS, NOTHING_SAID, Registration
from idp.model.said import MOST, Said

LANGUAGE = re.compile(r"client_name#([A-Za-z0-9-]{2,35})")
ADDRESSES = (
    "jwks_uri",
    "sector_identifier_uri",
    "initiate_login_uri",
    "frontchannel_logout_uri",
    "backchannel_logout_uri",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
)
ADDRESS_LISTS = ("post_logout_redirect_uris", "request_uris")
BOOLEANS = (
    "require_auth_time",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "backchannel_logout_session_required",
)
TEXTS = (
    "software_id",
    "software_version",
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)
CHOICES = {  # a member, and the member of discovery that tells which values we can use
    "token_endpoint_auth_method": "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg": "token_endpoint_auth_signing_alg_values_supported",
    "subject_type": "subject_types_supported",
    "id_token_signed_response_alg": "id_token_signing_alg_values_supported",
    "id_token_encrypted_response_alg": "id_token_encryption_alg_values_supported",
    "id_token_encrypted_response_enc": "id_token_encryption_enc_values_supported",
    "userinfo_signed_response_alg": "userinfo_signing_alg_values_supported",
    "userinfo_encrypted_response_alg": "userinfo_encryption_alg_values_supported",
    "userinfo_encrypted_response_enc": "userinfo_encryption_enc_values_supported",
    "introspection_signed_response_alg": "introspection_signing_alg_values_supported",
    "authorization_signed_response_alg": "authorization_signing_alg_values_supported",
    "request_object_signing_alg": "request_object_signing_alg_values_supported",
    "request_object_encryption_alg": "request_object_encryption_alg_values_supported",
    "request_object_encryption_enc": "request_object_encryption_enc_values_supported",
}
ENCRYPTED = ("id_token_encrypted_response", "userinfo_encrypted_response", "request_object_encryption")
PLAIN_ENC = "A128CBC-HS256"  # OpenID Connect Registration 2: the default of each _enc whose _alg is given
# Sign-ins without an address of the service, and tokens for others' APIs, are given by service management alone.
SELF_REGISTERED = (GrantType.code, GrantType.refresh, GrantType.client_credentials)
PLAIN_SCOPES = ("openid", "profile", "offline_access")


def described_by(said: Said, base: Client, taken: Mapping[str, Any]) -> Client:
    """The client that `said` describes. `base` gives what no registration decides; `taken` is our discovery document.

    Raises Refused with invalid_redirect_uri or invalid_client_metadata.
    """
    native = read.one_of(said, "application_type", ("web", "native"), "web") == "native"
    redirects = read.texts(said, "redirect_uris", error="invalid_redirect_uri")
    for uri in redirects:
        _redirect_is_safe(uri, native=native)
    for name in ADDRESSES:
        _address_is_safe(name, read.text(said, name))
    for name in ADDRESS_LISTS:
        for uri in read.texts(said, name):
            _address_is_safe(name, uri.partition("#")[0] if name == "request_uris" else uri, native=native)
    chosen = {name: read.one_of(said, name, taken.get(member, ()), "") for name, member in CHOICES.items()}
    grants = _grants(said, base)
    if (GrantType.code in grants) != bool(redirects):
        raise Refused("invalid_redirect_uri", "redirect_uris belong to authorization_code, and only to it")
    names = _names(said, redirects, base)
    client = replace(
        base,
        name=names[0],
        name_en=names[1],
        auth=ClientAuth(chosen["token_endpoint_auth_method"] or "client_secret_basic"),
        redirect_uris=redirects,
        post_logout_uris=read.texts(said, "post_logout_redirect_uris"),
        backchannel_logout_uri=read.text(said, "backchannel_logout_uri"),
        grant_types=grants,
        scopes=_scopes(said, grants),
        keys=_keys(said),
        id_token_algorithm=chosen["id_token_signed_response_alg"] or base.policy.id_token_algorithm,
        pairwise=chosen["subject_type"] != "public",
        sector=urlsplit(read.text(said, "sector_identifier_uri")).hostname or "",
        native=native,
        registered=_registered(said, base, chosen),
    )
    if client.auth.value.startswith("client_secret"):
        client = replace(client, secret_digest=base.secret_digest or "0" * 64)  # the caller makes the real one
    else:
        client = replace(client, secret_digest="", old_secret_digest="", old_secret_until=None)
    _fits(client)
    return client


def description(client: Client) -> dict[str, Any]:
    """What is registered of a client, in the standards' names: what we use, with our defaults filled in."""
    said = {**_PLAIN, **client.registered.said()}
    for name in (*DIGESTS, "wished"):
        said.pop(name, None)
    given = {
        "client_id": client.id,
        "client_name": client.name_en,
        "client_name#zh-Hans": client.name,
        "client_name#en": client.name_en,
        "application_type": "native" if client.native else "web",
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_uris),
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "token_endpoint_auth_method": client.auth.value,
        "grant_types": [grant.value for grant in client.grant_types],
        "scope": " ".join(client.scopes),
        "subject_type": "pairwise" if client.pairwise else "public",
        "id_token_signed_response_alg": client.id_token_algorithm,
        "jwks": {"keys": list(client.keys)} if client.keys else {},
    }
    return {name: value for name, value in (given | said).items() if value not in ("", [], {}, None)}


_PLAIN: dict[str, Any] = {"response_types": list(NOTHING_SAID.response_types)}


# -- inside


def _registered(said: Said, base: Client, chosen: Mapping[str, str]) -> Registration:
    values: dict[str, Any] = {name: read.text(said, name) for name in (*TEXTS, *ADDRESSES)}
    values.pop("backchannel_logout_uri")
    values |= {name: read.boolean(said, name) for name in BOOLEANS}
    plain = ("token_endpoint_auth_method", "subject_type", "id_token_signed_response_alg")
    values |= {name: value for name, value in chosen.items() if name not in plain}
    for name in ENCRYPTED:
        alg, enc = values.get(f"{name}_alg"), values.get(f"{name}_enc")
        if enc and not alg:
            raise read.wrong(f"{name}_enc needs {name}_alg")
        if alg and not enc:
            values[f"{name}_enc"] = PLAIN_ENC
    return replace(
        base.registered,
        **values,
        response_types=_response_types(said, base),
        request_uris=read.texts(said, "request_uris"),
        contacts=read.texts(said, "contacts"),
        default_max_age=read.seconds(said, "default_max_age"),
        default_acr_values=tuple(one for one in read.texts(said, "default_acr_values") if level_of(one) is not None),
    )


def _response_types(said: Said, base: Client) -> tuple[str, ...]:
    people_come = GrantType.code in _grants(said, base)
    asked = read.texts(said, "response_types") or (("code",) if people_come else ())
    spelled = tuple(" ".join(sorted(one.split())) for one in asked)
    if any(one not in {" ".join(sorted(known.split())) for known in base.policy.response_types} for one in spelled):
        raise read.wrong("Of the response types there is code alone")  # RFC 9700 2.1.2
    if people_come and not spelled:
        raise read.wrong("authorization_code needs the response type code")
    return spelled


def _grants(said: Said, base: Client) -> tuple[GrantType, ...]:
    asked = read.texts(said, "grant_types") or (GrantType.code.value,)
    taken = {one.value: one for one in base.policy.grant_types if one in SELF_REGISTERED}
    wrong = [one for one in asked if one not in taken]
    if wrong:
        raise read.wrong("A grant type is not among those that may be registered")
    return tuple(dict.fromkeys(taken[one] for one in asked))


def _scopes(said: Said, grants: tuple[GrantType, ...]) -> tuple[str, ...]:
    """The scopes that it may ask of a person. Those of our API are given by service management alone."""
    asked = set(read.text(said, "scope").split())
    scopes = tuple(one for one in PERSON_SCOPES if one in asked) if asked else PLAIN_SCOPES
    return tuple(dict.fromkeys(("openid", *scopes))) if GrantType.code in grants else ()


def _names(said: Said, redirects: tuple[str, ...], base: Client) -> tuple[str, str]:
    """Its name in Chinese and in English; one serves as the other."""
    plain = read.text(said, "client_name").strip()
    tagged = {
        found[1].lower(): read.text(said, name).strip()
        for name in list(said)[: 5 * MOST]
        if (found := LANGUAGE.fullmatch(name))
    }
    chinese = next((text for tag, text in sorted(tagged.items()) if tag.partition("-")[0] == "zh" and text), "")
    english = next((text for tag, text in sorted(tagged.items()) if tag.partition("-")[0] == "en" and text), "")
    host = urlsplit(redirects[0]).hostname if redirects else None
    known = plain or chinese or english or host or base.id
    names = (chinese or known, english or known)
    if any(len(name) > 100 or not name.isprintable() for name in names):
        raise read.wrong("client_name has at most 100 printable characters")
    return names


def _keys(said: Said) -> tuple[dict[str, Any], ...]:
    given = said.get("jwks")
    if given is None:
        return ()
    keys = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(keys, list) or not keys or len(keys) > MOST or not all(isinstance(key, dict) for key in keys):
        raise read.wrong("jwks is not a JWK Set")
    if said.get("jwks_uri"):
        raise read.wrong("jwks and jwks_uri exclude each other")
    if why := next(filter(None, map(refusal, keys)), ""):
        raise read.wrong(f"jwks holds {why}" if why.startswith("a") else f"jwks: {why}")
    return tuple(public_members(key) for key in keys)


def _fits(client: Client) -> None:
    said = client.registered
    named = [name for name in TEXTS if name.startswith("tls_client_auth_") and getattr(said, name)]
    if (client.auth is ClientAuth.tls) != (len(named) == 1) or len(named) > 1:
        raise read.wrong("tls_client_auth needs exactly one of its subject members")  # RFC 8705 2.1.2
    try:
        client.checked()
    except ClientWrong as error:
        raise read.wrong(error.detail.encode("ascii", "replace").decode()) from error


def _redirect_is_safe(uri: str, *, native: bool) -> None:
    """https, or the loopback address of an installed program (RFC 8252 7.3); no wildcard, fragment, script."""
    if not safe_uri(uri, native=native) or (not native and not uri.startswith("https://")):
        raise Refused("invalid_redirect_uri", "A redirect URI is an https address without a fragment or wildcard")


def _address_is_safe(name: str, uri: str, *, native: bool = False) -> None:
    if uri and (not safe_uri(uri, native=native) or not (native or uri.startswith("https://"))):
        raise read.wrong(f"{name} is not an https address")
