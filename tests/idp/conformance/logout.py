"""The modules of the plans for logout: RP-initiated, front-channel, back-channel."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.idp.conformance.suite import OTHER, Op, module, query_of
from tests.idp.rp import Visit, b64

BYE = "https://market.qiyun.example/bye"


def end_session(op: Op, visit: Visit, **asked: str) -> TestResponse:
    """Send the browser there; it follows to our page that says that one is signed out."""
    return _seen(visit, visit.browser.get(op.path("end_session_endpoint"), query_string=asked))


def _seen(visit: Visit, answer: TestResponse) -> TestResponse:
    return visit.browser.get(answer.location) if "/oidc/logout/done" in answer.headers.get("Location", "") else answer


def asked_for(tokens: dict[str, Any], **changes: str | None) -> dict[str, str]:
    plain = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE, "state": "bye-1"}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def is_signed_out(op: Op, visit: Visit) -> None:
    """The suite asks once more with prompt=none."""
    assert op.answer(visit, prompt="none")["error"] in ("login_required", "interaction_required")


def goes_back(response: TestResponse) -> dict[str, str]:
    """Where the browser ends: by redirect, or by the page that first told the services in frames."""
    onward = response.location if response.status_code == 303 else onward_of(response)
    assert onward.partition("?")[0] == BYE, onward
    return query_of(onward)


def onward_of(response: TestResponse) -> str:
    """Where the page of frames goes on: by its script as soon as they are loaded, or by its link."""
    found = re.search(r'<a [^>]*id="onward" href="([^"]+)"', response.text)
    assert found, response.text
    return html.unescape(found[1])


def asks_or_refuses(op: Op, visit: Visit, response: TestResponse) -> None:
    """An error page or a question; nobody is redirected, and nobody was signed out by it."""
    op.shows_page(response)
    assert response.status_code in (200, 400)
    assert "code" in op.answer(visit, prompt="none")


def signs_out_by_page(op: Op, visit: Visit, response: TestResponse) -> None:
    """The question of docs/automation.md is answered by its first button."""
    text = op.shows_page(response)
    assert 'id="sign-out"' in text
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    assert token
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', text))
    done = visit.browser.post("/oidc/logout/confirmed", data=hidden | {"csrf": token[1]})
    assert 'id="signed-out"' in op.shows_page(_seen(visit, done))
    is_signed_out(op, visit)


@module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
def discovery(op: Op) -> None:
    assert op.about["end_session_endpoint"].startswith(op.about["issuer"])


@module("oidcc-rp-initiated-logout")
def logout(op: Op) -> None:
    visit = op.client()
    assert goes_back(end_session(op, visit, **asked_for(op.flow(visit)))) == {"state": "bye-1"}
    is_signed_out(op, visit)


@module("oidcc-rp-initiated-logout-no-state")
def no_state(op: Op) -> None:
    visit = op.client()
    assert goes_back(end_session(op, visit, **asked_for(op.flow(visit), state=None))) == {}
    is_signed_out(op, visit)


@module(
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
)
def bad_address(op: Op) -> None:
    visit = op.client()
    tokens = op.flow(visit)
    for wrong in (BYE + "?foo=bar", BYE + "/bad", "https://other.example/"):
        response = end_session(op, visit, **asked_for(tokens, post_logout_redirect_uri=wrong))
        asks_or_refuses(op, visit, response)


@module("oidcc-rp-initiated-logout-modified-id-token-hint")
def modified_hint(op: Op) -> None:
    visit = op.client()
    tokens = op.flow(visit)
    unsigned = ".".join((b64(b'{"alg":"none"}'), tokens["id_token"].split(".")[1], ""))
    asks_or_refuses(op, visit, end_session(op, visit, **asked_for(tokens, id_token_hint=unsigned)))


@module("oidcc-rp-initiated-logout-bad-id-token-hint")
def foreign_hint(op: Op) -> None:
    import json

    from joserfc import jws

    visit = op.client()
    tokens = op.flow(visit)
    forged = jws.serialize_compact({"alg": "ES256", "kid": "rp-2"}, json.dumps(tokens["claims"]), OTHER)
    asks_or_refuses(op, visit, end_session(op, visit, **asked_for(tokens, id_token_hint=forged)))


@module("oidcc-rp-initiated-logout-no-id-token-hint")
def no_hint(op: Op) -> None:
    visit = op.client()
    asks_or_refuses(op, visit, end_session(op, visit, **asked_for(op.flow(visit), id_token_hint=None)))


@module("oidcc-rp-initiated-logout-no-params")
def no_parameters(op: Op) -> None:
    visit = op.client()
    op.flow(visit)
    signs_out_by_page(op, visit, end_session(op, visit))


@module("oidcc-rp-initiated-logout-only-state")
def only_state(op: Op) -> None:
    visit = op.client()
    op.flow(visit)
    signs_out_by_page(op, visit, end_session(op, visit, state="bye-1"))


@module("oidcc-rp-initiated-logout-no-post-logout-redirect-uri")
def no_address(op: Op) -> None:
    visit = op.client()
    asked = asked_for(op.flow(visit), post_logout_redirect_uri=None)
    assert 'id="signed-out"' in op.shows_page(end_session(op, visit, **asked))
    is_signed_out(op, visit)


@module("oidcc-frontchannel-logout-discovery-endpoint-verification")
def front_channel_discovery(op: Op) -> None:
    assert op.about["frontchannel_logout_supported"] is True
    assert op.about["frontchannel_logout_session_supported"] is True


@module("oidcc-frontchannel-rp-initiated-logout")
def front_channel(op: Op) -> None:
    """The page loads each service's address with iss and sid in a frame, then goes on."""
    from idp.model.registration import Registration

    told = "https://market.qiyun.example/front"
    said = Registration(frontchannel_logout_uri=told, frontchannel_logout_session_required=True)
    visit = op.client(id="framed", registered=said)
    tokens = op.flow(visit)
    response = end_session(op, visit, **asked_for(tokens))
    frames = [html.unescape(one) for one in re.findall(r'<iframe[^>]* src="([^"]+)"', response.text)]
    ours = next(one for one in frames if one.partition("?")[0] == told)
    assert query_of(ours) == {"iss": op.about["issuer"], "sid": tokens["claims"]["sid"]}
    host = "{0.scheme}://{0.netloc}".format(urlsplit(told))
    assert host in response.headers["Content-Security-Policy"]
    assert goes_back(response) == {"state": "bye-1"}
    is_signed_out(op, visit)


@module("oidcc-backchannel-logout-discovery-endpoint-verification")
def back_channel_discovery(op: Op) -> None:
    assert op.about["backchannel_logout_supported"] is True
    assert op.about["backchannel_logout_session_supported"] is True


@module("oidcc-backchannel-rp-initiated-logout")
def back_channel(op: Op) -> None:
    """One POST with one member: a logout token of this very sign-in."""
    from flask import Flask, request

    from hub import clock, outbox

    heard: list[dict[str, str]] = []
    service = Flask("service")

    @service.post("/back")
    def back() -> str:
        heard.append(request.form.to_dict())
        return ""

    told = "https://back.qiyun.example/back"
    op.at.house.fetch.serve_here("https://back.qiyun.example", service.wsgi_app)
    visit = op.client(id="told", backchannel_logout_uri=told)
    tokens = op.flow(visit)
    assert goes_back(end_session(op, visit, **asked_for(tokens))) == {"state": "bye-1"}
    outbox.deliver(op.at.house, clock.now())
    assert [list(one) for one in heard] == [["logout_token"]]
    claims = visit.claims(heard[0]["logout_token"])
    assert (claims["iss"], claims["sid"]) == (op.about["issuer"], tokens["claims"]["sid"])
    assert claims["aud"] in (visit.client.id, [visit.client.id])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert claims["jti"]
    assert "nonce" not in claims
    assert claims.get("sub", tokens["claims"]["sub"]) == tokens["claims"]["sub"]
    is_signed_out(op, visit)
