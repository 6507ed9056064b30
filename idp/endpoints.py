"""The provider's addresses: parse, call one verb, answer. Programs get OAuth's codes, people get pages."""

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, Response, request

from hub import client_cert, clock, web
from hub.callers import Program
from hub.web import route
from idp import endpoints_authorization, endpoints_logout, endpoints_registration, endpoints_resources
from idp.endpoints_answers import public, written
from idp.model.flow import Refused
from idp.provider import binding, device, discovery, par, server, token_status
from idp.provider.programs import LONGEST_FORM, Answer, Form, fields_of, refused

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
    endpoints_logout.add(bp)
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


# -- inside


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
