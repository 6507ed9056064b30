"""The provider's addresses: parse, call one verb, answer. Programs get OAuth's codes, people get pages."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub import callers, client_cert, clock, web
from hub.callers import Caller, Program, Public
from hub.problems import TooLarge
from hub.web import route
from idp import endpoints_authorization, endpoints_registration, endpoints_resources
from idp.endpoints_answers import public, written
from idp.model.flow import Refused
from idp.provider import binding, clients, device, discovery, logout, par, server, token_status
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
    endpoints_resources.add(bp)
    _logout(bp)
    return bp


def _published(bp: Blueprint) -> None:
    @route(bp, "/.well-known/openid-configuration", gate=KNOWN_TO_ALL)
    @route(bp, "/.well-known/oauth-authorization-server", gate=KNOWN_TO_ALL, endpoint="metadata")
    def configuration() -> Response:
        return public(discovery.document(web.house()))

    @route(bp, "/oidc/jwks", gate=KNOWN_TO_ALL)
    def jwks() -> Response:
        return public(discovery.jwks(web.house(), clock.now()), web.house().settings.jwks_seconds)


LONGEST_QUERY = 16_384  # characters; browsers and proxies take no more


def _programs(bp: Blueprint) -> None:
    @route(bp, "/oidc/token", gate=OWN_PROOF, methods=("POST",))
    def token() -> Response:
        return written(_with_form(server.token))

    @route(bp, "/oidc/par", gate=OWN_PROOF, methods=("POST",))
    def pushed() -> Response:
        return written(_with_form(par.answered))

    @route(bp, "/oidc/revoke", gate=OWN_PROOF, methods=("POST",))
    def revoke() -> Response:
        return written(_with_form(token_status.revocation))

    @route(bp, "/oidc/device", gate=OWN_PROOF, methods=("POST",))
    def device_authorization() -> Response:
        return written(_with_form(device.asked))

    @route(bp, "/oidc/introspect", gate=OWN_PROOF, methods=("POST",))
    def introspect() -> Response:
        return written(_with_form(token_status.introspection))


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
