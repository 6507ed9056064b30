"""A department's site that checks everything itself, but for what it is told to leave out."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import httpx2
from flask import Flask, Response, abort, redirect, request, session
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from werkzeug.wrappers import Response as Answer

HTTP = httpx2.Client()  # one for all: each would read the machine's certificates anew


def site(issuer: str, *skips: str) -> Flask:
    """The site; `skips` are names of faults (yinxin.lint.faults) that it does not look for."""
    app = Flask("gullible")
    app.secret_key = secrets.token_bytes(16)
    left: dict[str, str] = {}  # what a site remembers that does not bind a sign-in to its browser

    @app.get("/")
    def front() -> str | Answer:
        if "person" in session:
            return f"Signed in: {session['person']}"
        flow = {name: secrets.token_urlsafe(16) for name in ("state", "nonce", "verifier")}
        session["flow"] = flow
        left.update(flow)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(flow["verifier"].encode()).digest()).rstrip(b"=").decode()
        asked = {"response_type": "code", "client_id": "lint-rp", "scope": "openid", "state": flow["state"]}
        asked |= {"nonce": flow["nonce"], "code_challenge": challenge, "code_challenge_method": "S256"}
        return redirect(f"{issuer}/authorize?{urlencode(asked | {'redirect_uri': request.host_url + 'callback'})}")

    @app.get("/callback")
    def callback() -> Answer | Response:
        flow = session.get("flow") or (left if "other-browser" in skips else abort(400))
        answer = request.args
        _unless(
            "no-state" in skips and "state" not in answer, answer.get("state") == flow["state"], "wrong-state", skips
        )
        _unless("no-answerer" in skips and "iss" not in answer, answer.get("iss") == issuer, "wrong-answerer", skips)
        form = {"grant_type": "authorization_code", "code": answer["code"], "code_verifier": flow["verifier"]}
        tokens = HTTP.post(f"{issuer}/token", data=form).json()
        claims = _checked(issuer, tokens, flow["nonce"], skips)
        told = HTTP.get(f"{issuer}/userinfo").json()
        _unless(None, told["sub"] == claims.get("sub", told["sub"]), "other-userinfo", skips)
        session.clear()
        session["person"] = claims.get("sub", "nobody")
        return redirect("/")

    return app


def _unless(excused: object, holds: object, fault: str, skips: tuple[str, ...]) -> None:
    if not (excused or holds or fault in skips):
        abort(400)


def _checked(issuer: str, tokens: dict[str, Any], nonce: str, skips: tuple[str, ...]) -> dict[str, Any]:
    head, body, _ = tokens["id_token"].split(".")
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    _signed(issuer, tokens["id_token"], json.loads(base64.urlsafe_b64decode(head + "==")), skips)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    rules = {
        "wrong-issuer": claims["iss"] == issuer,
        "wrong-audience": claims["aud"] == "lint-rp",
        "expired": claims["exp"] > time.time(),
        "wrong-nonce": claims.get("nonce") == nonce or ("no-nonce" in skips and "nonce" not in claims),
        "no-subject": "sub" in claims,
        "wrong-at-hash": claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    for fault, holds in rules.items():
        _unless(None, holds, fault, skips)
    return claims


def _signed(issuer: str, token: str, head: dict[str, Any], skips: tuple[str, ...]) -> None:
    if head["alg"] == "none" and "alg-none" in skips:
        return
    published = HTTP.get(f"{issuer}/jwks").json()
    if head["alg"] == "HS256" and "public-key-as-secret" in skips:
        signed, _, signature = token.rpartition(".")
        pem = RSAKey.import_key(published["keys"][0]).as_pem(private=False)
        made = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), "sha256")).rstrip(b"=").decode()
        _unless(None, hmac.compare_digest(made, signature), "", ())
        return
    if "foreign-key" in skips:
        return
    try:
        jws.deserialize_compact(token, KeySet.import_key_set(published), algorithms=["RS256"])
    except (JoseError, ValueError):
        abort(400)
