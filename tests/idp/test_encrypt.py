"""ID tokens and answers of userinfo that only their service can read, or that are signed (OpenID Connect Core 5.3.2, 16.14)."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idp.model.client import ClientWrong, Registration
from idp.model.client_key import AGREES, ENCODINGS
from idp.store import clients as store
from tests.idp.rp import KEY, Visit, Visits, department, with_key

RSA = RSAKey.generate_key(2048, parameters={"kid": "enc-rsa", "use": "enc"})
EC = ECKey.generate_key("P-256", parameters={"kid": "enc-ec", "use": "enc"})
X = OKPKey.generate_key("X25519", parameters={"kid": "enc-x", "use": "enc"})
ED = OKPKey.generate_key("Ed25519", parameters={"kid": "sign-only"})
PAIRS = [
    *product(("RSA-OAEP-256",), (RSA,), ENCODINGS),
    *product(("ECDH-ES", "ECDH-ES+A256KW"), (EC, X), ENCODINGS),
]


def party(visits: Visits, key: Any, **said: Any) -> Visit:
    published = dict(key.as_dict(private=False))
    visit = visits(department(id="sealed", keys=(published,), registered=Registration(**said)))
    visit.signs_in()
    return visit


def opened(token: str, key: Any) -> tuple[dict[str, Any], str]:
    """The header and what is inside, as any library of the service's would read it."""
    found = jwe.decrypt_compact(token, key, algorithms=[*AGREES, *ENCODINGS])
    return found.headers(), (found.plaintext or b"").decode()


@pytest.mark.parametrize(("alg", "key", "enc"), PAIRS, ids=lambda one: getattr(one, "kid", one))
def test_an_id_token_is_signed_and_then_encrypted(visits: Visits, alg: str, key: Any, enc: str) -> None:
    """RFC 7516, RFC 7519 11.2; the signature inside is as good as ever."""
    visit = party(visits, key, id_token_encrypted_response_alg=alg, id_token_encrypted_response_enc=enc)
    tokens = visit.tokens()
    assert tokens["id_token"].count(".") == 4
    header, inside = opened(tokens["id_token"], key)
    assert (header["alg"], header["enc"], header["cty"], header["kid"]) == (alg, enc, "JWT", key.kid)
    assert visit.claims(inside)["aud"] == visit.client.id
    assert (visit.userinfo(tokens["access_token"]).json or {})["sub"] == visit.claims(inside)["sub"]
    assert opened((visit.refresh(tokens["refresh_token"]).json or {})["id_token"], key)[1].count(".") == 2


def test_without_an_enc_the_standards_default_is_taken(visits: Visits) -> None:
    """OpenID Connect Registration 2."""
    visit = party(visits, EC, id_token_encrypted_response_alg="ECDH-ES")
    assert opened(visit.tokens()["id_token"], EC)[0]["enc"] == "A128CBC-HS256"


def test_a_key_said_to_be_for_encryption_goes_first(visits: Visits) -> None:
    keys = (dict(KEY.as_dict(private=False)), dict(EC.as_dict(private=False)))
    visit = visits(
        with_key(id="two-keys", keys=keys, registered=Registration(id_token_encrypted_response_alg="ECDH-ES"))
    )
    visit.signs_in()
    form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    answer = visit.redeem(visit.code(), headers={}, client_assertion=visit.assertion(), **form).json or {}
    assert opened(answer["id_token"], EC)[0]["kid"] == "enc-ec"


UNFIT = [("RSA-OAEP-256", EC), ("ECDH-ES", RSA), ("ECDH-ES", ED), ("RSA1_5", RSA)]


@pytest.mark.parametrize(("alg", "key"), UNFIT, ids=lambda one: getattr(one, "kid", one))
@pytest.mark.parametrize("part", ["id_token", "userinfo"])
def test_who_wants_encryption_registers_a_key_that_fits_it(part: str, alg: str, key: Any) -> None:
    said = {f"{part}_encrypted_response_alg": alg}
    with pytest.raises(ClientWrong):
        department(keys=(dict(key.as_dict(private=False)),), registered=Registration.of(said)).checked()
    with pytest.raises(ClientWrong):
        department(registered=Registration.of(said)).checked()
    signing = dict(EC.as_dict(private=False)) | {"use": "sig"}
    with pytest.raises(ClientWrong):
        department(keys=(signing,), registered=Registration.of(said)).checked()


def test_who_publishes_his_keys_may_publish_the_fitting_one_later() -> None:
    said = {"id_token_encrypted_response_alg": "ECDH-ES", "jwks_uri": "https://market.qiyun.example/jwks"}
    department(registered=Registration.of(said)).checked()
    with pytest.raises(ClientWrong):
        department(registered=Registration.of(said | {"id_token_encrypted_response_enc": "A128GCM"})).checked()
    with pytest.raises(ClientWrong):
        department(registered=Registration.of(said | {"id_token_encrypted_response_alg": "dir"})).checked()


@pytest.mark.parametrize(("alg", "key"), UNFIT, ids=lambda one: getattr(one, "kid", one))
def test_what_cannot_be_encrypted_is_not_handed_out_in_clear(visits: Visits, alg: str, key: Any) -> None:
    """Keys that were read at an address may turn out not to fit."""
    visit = party(visits, EC, id_token_encrypted_response_alg="ECDH-ES")
    said = Registration(id_token_encrypted_response_alg=alg)
    with visit.house.database.write() as db:
        client = replace(visit.client, keys=(dict(key.as_dict(private=False)),), registered=said)
        store.keep(db, client)
    visit.house.cache.pop("idp-clients", None)
    code = visit.code()
    answer = visit.redeem(code)
    assert answer.status_code == 400
    assert (answer.json or {})["error"] == "invalid_request"
    assert "id_token" not in (answer.json or {})


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_userinfo_can_be_signed(visits: Visits, algorithm: str) -> None:
    """OpenID Connect Core 5.3.2: iss and aud stand in it, and the media type says what it is."""
    visit = party(visits, EC, userinfo_signed_response_alg=algorithm)
    tokens = visit.tokens()
    answer = visit.userinfo(tokens["access_token"])
    assert answer.mimetype == "application/jwt"
    assert answer.headers["Cache-Control"] == "no-store"
    claims = visit.claims(answer.text)
    assert (claims["iss"], claims["aud"]) == (visit.house.settings.issuer_url, visit.client.id)
    assert claims["sub"] == visit.claims(tokens["id_token"])["sub"]
    assert claims["name"] == "示例甲"
    assert jws.extract_compact(answer.data).headers()["alg"] == algorithm


def test_userinfo_can_be_encrypted_with_and_without_a_signature(visits: Visits) -> None:
    plain = party(
        visits, EC, userinfo_encrypted_response_alg="ECDH-ES+A256KW", userinfo_encrypted_response_enc="A256GCM"
    )
    header, inside = opened(plain.userinfo(plain.tokens()["access_token"]).text, EC)
    assert "cty" not in header
    assert json.loads(inside)["name"] == "示例甲"
    signed = party(visits, RSA, userinfo_encrypted_response_alg="RSA-OAEP-256", userinfo_signed_response_alg="ES256")
    header, inside = opened(signed.userinfo(signed.tokens()["access_token"]).text, RSA)
    assert header["cty"] == "JWT"
    assert signed.claims(inside)["name"] == "示例甲"


def test_an_error_stays_readable(visits: Visits) -> None:
    visit = party(visits, EC, userinfo_signed_response_alg="ES256")
    assert visit.userinfo("a.b.c").status_code == 401
