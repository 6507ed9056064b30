"""The provider's addresses: parse, call one verb, answer. Programs get OAuth's codes, people get pages."""

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub import callers, client_cert, clock, web
from hub.callers import Caller, Program, Public
from hub.problems import TooLarge
from hub.web import route
from idp import endpoints_authorization, endpoints_registration
from idp.consent import receipts
from idp.model.flow import Refused
from idp.model.receipt import TYPE as RECEIPT_TYPE
from idp.provider import binding, clients, device, discovery, logout, par, server, token_status, userinfo
from idp.provider.programs import LONGEST_FORM, Answer, Form, fields_of, refused
from idp.upstream import ending

OWN_PROOF = Program("the client proves itself in the request")
KNOWN_TO_ALL = Program("published for everybody")


def blueprint() -> Blueprint:
    """Every address of the protocol."""
    bp = Blueprint("oidc", __name__, template_folder="templates")
    _published(bp)
    endpoints_authorization.add(bp)
    endpoints_registration.add(bp)
    _programs(bp)
    _userinfo(bp)
    _receipts(bp)
    _logout(bp)
    return bp


def _published(bp: Blueprint) -> None:
    @route(bp, "/.well-known/openid-configuration", gate=KNOWN_TO_ALL)
    @route(bp, "/.well-known/oauth-authorization-server", gate=KNOWN_TO_ALL, endpoint="metadata")
    def configuration() -> Response:
        return _public(discovery.document(web.house()))

    @route(bp, "/oidc/jwks", gate=KNOWN_TO_ALL)
    def jwks() -> Response:
        return _public(discovery.jwks(web.house(), clock.now()), web.house().settings.jwks_seconds)


LONGEST_QUERY = 16_384  # characters; browsers and proxies take no more


def _programs(bp: Blueprint) -> None:
    @route(bp, "/oidc/token", gate=OWN_PROOF, methods=("POST",))
    def token() -> Response:
        return _written(_with_form(server.token))

    @route(bp, "/oidc/par", gate=OWN_PROOF, methods=("POST",))
    def pushed() -> Response:
        return _written(_with_form(par.answered))

    @route(bp, "/oidc/revoke", gate=OWN_PROOF, methods=("POST",))
    def revoke() -> Response:
        return _written(_with_form(token_status.revocation))

    @route(bp, "/oidc/device", gate=OWN_PROOF, methods=("POST",))
    def device_authorization() -> Response:
        return _written(_with_form(device.asked))

    @route(bp, "/oidc/introspect", gate=OWN_PROOF, methods=("POST",))
    def introspect() -> Response:
        return _written(_with_form(token_status.introspection))


def _userinfo(bp: Blueprint) -> None:
    @route(bp, "/oidc/userinfo", gate=Program("the access token is the proof"), methods=("GET", "POST"))
    def info() -> Response:
        """OpenID Connect Core 5.3; the token in the header or in a form, never in the address (RFC 6750 2)."""
        return _written(userinfo.answered(web.house(), _bearer(), clock.now()))


def _receipts(bp: Blueprint) -> None:
    @route(bp, "/oidc/consent-receipt", gate=Program("the access token is the proof"))
    def receipt() -> Response:
        """The signed record of what the person agreed to; the token in the header, never in the address."""
        found = receipts.fetched(web.house(), _bearer(), clock.now())
        if isinstance(found, Answer):
            return _written(found)
        return web.file(found.encode(), f"application/{RECEIPT_TYPE}")

    @route(bp, "/oidc/consent-receipt/keys", gate=KNOWN_TO_ALL)
    def receipt_keys() -> Response:
        return _public(json.dumps(receipts.keys(web.house())).encode())


def _logout(bp: Blueprint) -> None:
    @route(bp, "/oidc/logout", gate=Public())
    def end_session() -> Response:
        house, caller, now = web.house(), _signed_in(), clock.now()
        wanted = logout.asked(house, request.args, caller, now)
        if wanted.confirm:
            _allow_onward(wanted.onward)
            return web.page("idp/sign_out.html", client=wanted.client, params=request.args)
        return _signed_out(caller, wanted.onward)

    @route(bp, "/oidc/logout", gate=Program("changes nothing: sends the browser on to our GET"), methods=("POST",))
    def end_session_posted() -> Response:
        return _by_get("/oidc/logout")

    @route(bp, "/oidc/logout/confirmed", gate=Public(), methods=("POST",))
    def end_session_confirmed() -> Response:
        caller = _signed_in()
        wanted = logout.asked(web.house(), request.form, caller, clock.now())
        return _signed_out(caller, wanted.onward)


# -- inside


def _signed_in() -> Caller | None:
    return callers.current(web.house(), request, "idp", clock.now())


def _by_get(path: str) -> Response:
    """Send the browser on to our own GET with what it posted. An address can only hold so much."""
    given = urlencode([*request.args.items(multi=True), *request.form.items(multi=True)])
    if len(given) > LONGEST_QUERY:
        raise TooLarge("At most %(count)s characters are accepted", count=LONGEST_QUERY)
    return web.see_other(f"{web.house().settings.issuer_url}{path}?{given}")


def _signed_out(caller: Caller | None, onward: str | None) -> Response:
    house, now, told = web.house(), clock.now(), list[str]()
    there = ending.there(house, caller, onward, now)
    if caller is not None and caller.sid is not None:
        with house.database.write() as db:
            told = logout.end(db, now, sid=caller.sid, why="signed out")
    services = [client for id in told if (client := clients.known(house, id, now)) is not None]
    if there and onward:  # by way of the province: its session ends as well
        response = web.page("idp/upstream_leaving.html", there=there)
    else:
        response = web.see_other(onward) if onward else web.page("idp/signed_out.html", services=services, there=there)
    web.sign_in_cookie(response, "idp", "")
    return response


def _allow_onward(onward: str | None) -> None:
    """Browsers apply form-action to the redirect that answers a form, too."""
    if onward:
        web.loosen("form-action", "/".join(onward.split("/", 3)[:3]))


def _with_form(verb: Callable[[Form], Answer]) -> Answer:
    """Read the form and give it to a verb; what is wrong with the form is an answer as well."""
    if request.content_length is None or request.content_length > LONGEST_FORM:
        return refused(Refused("invalid_request", "The form is too large"))
    try:
        fields = fields_of(request.headers.get("Content-Type", ""), request.get_data(cache=False))
    except Refused as refusal:
        return refused(refusal)
    form = Form(
        web.house(),
        fields,
        request.headers.get("Authorization", ""),
        clock.now(),
        path=request.path,
        dpop=tuple(request.headers.getlist("DPoP")),
        address=request.remote_addr or "",
        accept=request.headers.get("Accept", ""),
        certificate=client_cert.passed_on(web.house(), request.environ),
    )
    answer = verb(form)
    return replace(answer, headers=answer.headers | binding.nonce_header(form)) if form.dpop else answer


def _bearer() -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.form.get("access_token") if request.method == "POST" else None


def _written(answer: Answer) -> Response:
    body = json.dumps(answer.body, ensure_ascii=False).encode() if answer.body else answer.text.encode()
    return Response(body, answer.status, answer.headers, mimetype=answer.media)


def _public(ready: bytes, seconds: int = discovery.DOCUMENT_SECONDS) -> Response:
    """Bytes that anybody may read and keep for a while, from any site's script too."""
    response = Response(ready, mimetype="application/json")
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
