"""Single sign-on at our provider beside Flask + Authlib as its documentation shows it: the same flow, in one run.

    python -m bench.sso [rounds]

A flow is one authorization request of a person who is signed in and has agreed, and the redemption of its code (PKCE
S256, ID token ES256). CPU milliseconds of server, Redis and database, without HTTP server or network; the two take turns
round by round, so that a busy machine troubles both alike; median of rounds. Ours does more in that time: it looks the
session and the consent up, decides by a unique row, writes a line of the ledger and answers with security headers.
"""

import base64
import hashlib
import io
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_client_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import Column, Integer, String, create_engine
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker

import app as front
from hub import clock, valkey
from tests.conftest import settings_for
from tests.idp.rp import CALLBACK, SECRET, Visit, department

FLOWS = 60  # of each kind in a round
VERIFIER = secrets.token_urlsafe(32)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASK = {
    "response_type": "code",
    "client_id": "qiyun-market",
    "redirect_uri": CALLBACK,
    "scope": "openid profile",
    "state": "state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
PROOF = "Basic " + base64.b64encode(f"qiyun-market:{SECRET}".encode()).decode()


# -- the textbook


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id = Column(Integer, primary_key=True)
    name = Column(String(40))

    def get_user_id(self) -> Any:
        return self.id


class Client(Base, OAuth2ClientMixin):  # type: ignore[misc]
    __tablename__ = "client"
    id = Column(Integer, primary_key=True)


class Code(Base, OAuth2AuthorizationCodeMixin):  # type: ignore[misc]
    __tablename__ = "code"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer)


class Token(Base, OAuth2TokenMixin):  # type: ignore[misc]
    __tablename__ = "token"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer)


def textbook(folder: Path) -> flask.Flask:  # noqa: C901  it is one page of documentation
    """The provider of Authlib's documentation: SQLAlchemy models, Flask's session, keys read from their file."""
    engine = create_engine(f"sqlite:///{folder / 'textbook.db'}")
    Base.metadata.create_all(engine)
    db = scoped_session(sessionmaker(engine))
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)]}))

    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload
            values = {"client_id": request.client.client_id, "redirect_uri": asked.redirect_uri, "scope": asked.scope}
            challenge = {name: asked.data.get(name) for name in ("nonce", "code_challenge", "code_challenge_method")}
            db.add(Code(code=code, user_id=request.user.id, **values, **challenge))
            db.commit()

        def query_authorization_code(self, code: str, client: Any) -> Any:
            found = db.query(Code).filter_by(code=code, client_id=client.client_id).first()
            return found if found and not found.is_expired() else None

        def delete_authorization_code(self, authorization_code: Any) -> None:
            db.delete(authorization_code)
            db.commit()

        def authenticate_user(self, authorization_code: Any) -> Any:
            return db.get(User, authorization_code.user_id)

    class OpenID(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return bool(db.query(Code).filter_by(client_id=request.payload.client_id, nonce=nonce).first())

        def resolve_client_private_key(self, client: Any) -> KeySet:
            return KeySet.import_key_set(json.loads(keys.read_text()))

        def get_client_algorithm(self, client: Any) -> str:
            return "ES256"

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            return {"iss": "https://textbook.example", "aud": [client.client_id]}

        def generate_user_info(self, user: Any, scope: str) -> UserInfo:
            return UserInfo(sub=str(user.id), name=user.name)

    made = flask.Flask("textbook")
    made.secret_key = secrets.token_hex()
    made.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
    server = AuthorizationServer(made, create_query_client_func(db, Client), create_save_token_func(db, Token))
    server.register_grant(CodeGrant, [OpenID(require_nonce=False), CodeChallenge(required=True)])

    @made.get("/oidc/authorize")
    def authorize() -> Any:
        user = db.get(User, flask.session["id"])
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant=grant, grant_user=user)

    @made.post("/oidc/token")
    def token() -> Any:
        return server.create_token_response()

    @made.teardown_appcontext
    def done(_: object) -> None:
        db.remove()

    client = Client(client_id="qiyun-market", client_secret=SECRET)
    client.set_client_metadata(
        {
            "redirect_uris": [CALLBACK],
            "scope": "openid profile",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
        }
    )
    db.add_all([client, User(id=1, name="示例甲")])
    db.commit()
    return made


# -- both


class Side:
    """One provider as a browser and a relying party see it, with nothing between."""

    def __init__(self, served: flask.Flask, cookie: str) -> None:
        self._served, self._cookie = served, cookie

    def code(self) -> str:
        headers = self._call("GET", "/oidc/authorize", urlencode(ASK), b"", {"HTTP_COOKIE": self._cookie})[1]
        return parse_qs(urlsplit(headers["Location"]).query)["code"][0]

    def redeem(self, code: str) -> dict[str, str]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        status, _, body = self._call("POST", "/oidc/token", "", urlencode(form).encode(), {"HTTP_AUTHORIZATION": PROOF})
        assert status.startswith("200"), body
        tokens: dict[str, str] = json.loads(body)
        return tokens

    def _call(
        self, method: str, path: str, query: str, body: bytes, more: dict[str, str]
    ) -> tuple[str, dict[str, str], bytes]:
        said: list[Any] = []
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **more,
        }
        parts = self._served.wsgi_app(environ, lambda status, headers, _=None: said.append((status, dict(headers))))  # type: ignore[arg-type]
        data = b"".join(parts)
        parts.close()  # type: ignore[attr-defined]
        return said[0][0], said[0][1], data


def ours(folder: Path, redis_url: str) -> Side:
    read = settings_for(folder / "ours", redis_url)
    house = front.init(read, clock.now())
    served = front.create_app(read, rooms=("hub", "idp"), house=house)
    visit = Visit(house, served, department())
    visit.signs_in()
    name = house.settings.cookie("idp")
    cookie = visit.browser.get_cookie(name)
    assert cookie
    return Side(served, f"{name}={cookie.value}")


def theirs(folder: Path) -> Side:
    served = textbook(folder)
    signer = flask.sessions.SecureCookieSessionInterface().get_signing_serializer(served)
    assert signer
    return Side(served, f"session={signer.dumps({'id': 1})}")


def children_ms() -> float:
    """CPU milliseconds that our child processes (Redis) have used so far."""
    tick, mine, total = os.sysconf("SC_CLK_TCK"), str(os.getpid()), 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == mine:
            total += (int(fields[11]) + int(fields[12])) * 1000 / tick
    return total


def cpu(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call, here and in our child processes."""
    start, before = time.process_time(), children_ms()
    work()
    return (time.process_time() - start) * 1000 + children_ms() - before


def round_of(side: Side) -> tuple[float, float]:
    """CPU milliseconds per authorization and per redemption."""
    codes: list[str] = []
    asked = cpu(lambda: codes.extend(side.code() for _ in range(FLOWS)))
    redeemed = cpu(lambda: [side.redeem(code) for code in codes])
    return asked / FLOWS, redeemed / FLOWS


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "valkey").mkdir()
        with valkey.embedded(folder / "valkey") as url:
            mine, textbooks = ours(folder, url), theirs(folder)
            for side in (mine, textbooks):
                round_of(side)  # warm
            pairs = [(round_of(mine), round_of(textbooks)) for _ in range(rounds)]
    print(f"single sign-on, ES256, SQLite, {rounds} rounds of {FLOWS} flows; CPU ms per step, median")
    print(f"{'':24}{'ours':>9}{'textbook':>10}{'ratio':>8}")
    sums = [0.0, 0.0]
    for label, step in (("authorization", 0), ("redemption", 1)):
        columns = [median(pair[side][step] for pair in pairs) for side in (0, 1)]
        sums = [total + column for total, column in zip(sums, columns, strict=True)]
        print(f"{label:24}{columns[0]:>9.2f}{columns[1]:>10.2f}{columns[1] / columns[0]:>7.1f}x")
    print(f"{'flow':24}{sums[0]:>9.2f}{sums[1]:>10.2f}{sums[1] / sums[0]:>7.1f}x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
