"""The provider's addresses: parse, call one verb, answer. Programs get OAuth's codes, people get pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint

from hub import client_cert, clock
from hub.callers import Program
from hub.house import House
from hub.web import direct
from hub.web.direct import Answer as Plain
from idp import endpoints_authorization, endpoints_logout, endpoints_registration, endpoints_resources
from idp.endpoints_answers import plain, published
from idp.model.flow import Refused
from idp.provider import binding, device, discovery, par, server, token_status
from idp.provider.programs import LONGEST_FORM, Answer, Form, fields_of, refused

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

OWN_PROOF = Program("the client proves itself in the request")
KNOWN_TO_ALL = Program("published for everybody")
FORMS: dict[str, Callable[[Form], Answer]] = {
    "token": server.token,
    "par": par.answered,
    "revoke": token_status.revocation,
    "device": device.asked,
    "introspect": token_status.introspection,
}


def blueprint() -> Blueprint:
    """Every address of the protocol."""
    bp = Blueprint("oidc", __name__, template_folder="templates")
    _published(bp)
    endpoints_authorization.add(bp)
    endpoints_registration.add(bp)
    for name, verb in FORMS.items():
        _takes_form(bp, name, verb)
    endpoints_resources.add(bp)
    endpoints_logout.add(bp)
    return bp


def _published(bp: Blueprint) -> None:
    @direct.direct(bp, "/.well-known/openid-configuration", gate=KNOWN_TO_ALL, method="GET")
    @direct.direct(bp, "/.well-known/oauth-authorization-server", gate=KNOWN_TO_ALL, method="GET", endpoint="metadata")
    def configuration(house: House, _environ: "WSGIEnvironment") -> Plain:
        return published(discovery.document(house))

    @direct.direct(bp, "/oidc/jwks", gate=KNOWN_TO_ALL, method="GET")
    def jwks(house: House, _environ: "WSGIEnvironment") -> Plain:
        return published(discovery.jwks(house, clock.now()), house.settings.jwks_seconds)


# -- inside


def _takes_form(bp: Blueprint, name: str, verb: Callable[[Form], Answer]) -> None:
    """An endpoint to which a client sends a form with its own proof."""

    @direct.direct(bp, f"/oidc/{name}", gate=OWN_PROOF, endpoint=name)
    def endpoint(house: House, environ: "WSGIEnvironment") -> Plain:
        return plain(_with_form(house, environ, verb))


def _with_form(house: House, environ: "WSGIEnvironment", verb: Callable[[Form], Answer]) -> Answer:
    """Read the form and give it to a verb; what is wrong with the form is an answer as well."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or int(length) > LONGEST_FORM:
        return refused(Refused("invalid_request", "The form is too large"))
    try:
        fields = fields_of(environ.get("CONTENT_TYPE", ""), environ["wsgi.input"].read())
    except Refused as refusal:
        return refused(refusal)
    form = Form(
        house,
        fields,
        environ.get("HTTP_AUTHORIZATION", ""),
        clock.now(),
        path=environ["PATH_INFO"],
        dpop=(environ["HTTP_DPOP"],) if "HTTP_DPOP" in environ else (),
        address=environ.get("REMOTE_ADDR", ""),
        accept=environ.get("HTTP_ACCEPT", ""),
        certificate=client_cert.passed_on(house, environ),
    )
    answer = verb(form)
    return replace(answer, headers=answer.headers | binding.nonce_header(form)) if form.dpop else answer
