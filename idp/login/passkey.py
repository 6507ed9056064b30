"""Passkeys: WebAuthn Level 3 through the library `webauthn`, whose only door this is."""

import hashlib
import ipaddress
import json
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub import ledger, notices
from hub.house import House
from hub.i18n import N_
from hub.settings import Settings
from idp.model.factor import Factor, Kind, SignInAgain, WrongCredentials
from idp.model.person import Person, Profile
from idp.store import factors as store

log = structlog.get_logger("idp")
CHALLENGE_BYTES = 32
CHALLENGE_SECONDS = 600  # a page may stay open for a while before the person touches the key
LOGIN = "login"


def available(settings: Settings) -> bool:
    """Whether browsers allow passkeys here: they need a name, not a bare IP address (WebAuthn 5.1.3)."""
    try:
        ipaddress.ip_address(urlsplit(settings.issuer_url).hostname or "")
    except ValueError:
        return True
    return False


def options_to_add(house: House, person: Person, profile: Profile, known: list[Factor]) -> str:
    """What the browser needs to make a passkey for this account, as JSON."""
    options = generate_registration_options(
        rp_id=_rp_id(house),
        rp_name=f"{house.settings.site_name} {house.settings.site_name_en}",
        user_id=person.id.encode(),  # random; says nothing of the person
        user_name=profile.account,
        user_display_name=profile.account,
        challenge=_challenge(house, f"add:{person.id}"),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(factor.fact("credential")))
            for factor in known
            if factor.kind is Kind.passkey
        ],
    )
    return options_to_json(options)


def added(house: House, person: Person, answer: str, label: str, now: datetime) -> Factor:
    """A new passkey from the browser's answer; the caller keeps it. Raises SignInAgain, WrongCredentials."""
    challenge = _redeemed(house, answer, f"add:{person.id}")
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(house),
            expected_origin=house.settings.issuer_url,
            require_user_verification=True,
        )
    except Exception as error:  # hostile bytes: CBOR and ASN.1 readers may fail in any way
        raise WrongCredentials("The passkey could not be added") from error
    return Factor(
        id=secrets.token_hex(16),
        person=person.id,
        kind=Kind.passkey,
        label=label,
        secret=made.credential_public_key,
        created=now,
        handle=_handle(made.credential_id),
        facts={
            "credential": bytes_to_base64url(made.credential_id),
            "synced": made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            "aaguid": made.aaguid,
        },
        counter=made.sign_count,
    )


def options_to_sign_in(house: House) -> str:
    """What the browser needs to sign in with any passkey of this site, as JSON. Names no account."""
    options = generate_authentication_options(
        rp_id=_rp_id(house),
        challenge=_challenge(house, LOGIN),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def signed_in(house: House, answer: str, now: datetime) -> Factor:
    """The passkey that signed. Its challenge works once. Raises SignInAgain, WrongCredentials."""
    challenge = _redeemed(house, answer, LOGIN)
    with house.database.read() as db:
        factor = store.by_handle(db, _handle(_credential_id(answer)))
    if factor is None:
        raise WrongCredentials("This passkey is not known here (any more)")
    _proved(house, factor, answer, challenge, now)
    return factor


def options_to_confirm(house: House, known: list[Factor], challenge: bytes) -> str:
    """What the browser needs to let this person's own passkeys sign a challenge that binds what he confirms, as JSON."""
    options = generate_authentication_options(
        rp_id=_rp_id(house),
        challenge=challenge,
        allow_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(factor.fact("credential")))
            for factor in known
            if factor.kind is Kind.passkey
        ],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def confirmed(house: House, person: str, answer: str, challenge: bytes, now: datetime) -> dict[str, str]:
    """What a stranger needs to check again that this person's passkey signed the challenge. Raises WrongCredentials.

    It does not decide whether the challenge may still be used: whoever keeps the evidence does, once.
    """
    with house.database.read() as db:
        factor = store.by_handle(db, _handle(_credential_id(answer)))
    if factor is None or factor.person != person or factor.kind is not Kind.passkey:
        raise WrongCredentials("This passkey is not known here (any more)")
    response = _proved(house, factor, answer, challenge, now)
    signed = {name: str(response[name]) for name in ("authenticatorData", "clientDataJSON", "signature")}
    return {
        "credential": factor.fact("credential"),
        "publicKey": bytes_to_base64url(factor.secret),  # COSE (RFC 9053)
        "rp": _rp_id(house),
        "origin": house.settings.issuer_url,
        **signed,
    }


def _proved(house: House, factor: Factor, answer: str, challenge: bytes, now: datetime) -> dict[str, Any]:
    """What the passkey answered, if it signed the challenge. Its use is noted. Raises WrongCredentials."""
    try:
        proved = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(house),
            expected_origin=house.settings.issuer_url,
            credential_public_key=factor.secret,
            credential_current_sign_count=0,  # looked at below, where it can be told to the owner
            require_user_verification=True,
        )
        response: dict[str, Any] = json.loads(answer)["response"]
    except Exception as error:  # hostile bytes, or a wrong signature
        raise WrongCredentials("The passkey could not be checked") from error
    _counted(house, factor, proved.new_sign_count, now)
    return response


COPIED = N_(
    "A passkey of your account, %(label)s, was used twice: somebody may have copied it. Remove it, and add a new one."
)


def _counted(house: House, factor: Factor, count: int, now: datetime) -> None:
    """Note the use. A counter that did not go on means that two devices sign with one key (WebAuthn Level 3 6.1.1)."""
    if not count and not factor.counter:  # an authenticator that does not count
        with house.database.write() as db:
            store.touch(db, factor, now)
        return
    with house.database.write() as db:
        went_on = store.advance(db, factor, count, now)
        if not went_on:
            notices.tell(db, factor.person, COPIED, link="/account/security", at=now, label=factor.label or "?")
            who = f"person:{factor.person}"
            ledger.wrote(db, "person.factor.copied", who, by=who, at=now, facts={"kind": factor.kind.value})
    if not went_on:
        log.warning("passkey.copied")
        raise WrongCredentials("The passkey could not be checked")


def _challenge(house: House, purpose: str) -> bytes:
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    house.shared.put(_key(challenge), purpose, CHALLENGE_SECONDS)
    return challenge


def _redeemed(house: House, answer: str, purpose: str) -> bytes:
    """The challenge that the browser signed, if we gave it out for this purpose and nobody used it yet."""
    try:
        response = json.loads(answer)["response"]
        challenge = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"])).challenge
    except Exception as error:  # hostile bytes
        raise WrongCredentials("The browser's answer cannot be read") from error
    kept = house.shared.take(_key(challenge))
    if kept is None or kept.decode() != purpose:
        raise SignInAgain("The page was open for too long, or was used already")
    return challenge


def _credential_id(answer: str) -> bytes:
    try:
        text: Any = json.loads(answer)["rawId"]
        return base64url_to_bytes(text)
    except Exception as error:  # hostile bytes
        raise WrongCredentials("The browser's answer cannot be read") from error


def _rp_id(house: House) -> str:
    return urlsplit(house.settings.issuer_url).hostname or ""


def _key(challenge: bytes) -> str:
    return f"idp:passkey:{hashlib.sha256(challenge).hexdigest()}"


def _handle(credential_id: bytes) -> str:
    return hashlib.sha256(credential_id).hexdigest()
