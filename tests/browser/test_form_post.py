"""An answer that the browser posts to the service: by itself, or by a button, under the policy that every page has."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from hub import clock
from idp.provider import clients
from tests.browser.conftest import Live, Visit, listen, serve
from tests.browser.presses import presses
from tests.idp.rp import department


@pytest.mark.parametrize("javascript", [True, False])
def test_the_answer_reaches_the_service(live: Live, visit: Visit, *, javascript: bool) -> None:
    """OAuth 2.0 Form Post Response Mode 2. With `prompt=none` nobody has to sign in: the answer is that nobody did."""
    arrived: list[tuple[str, dict[str, list[str]]]] = []

    def service(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/callback":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
            arrived.append((environ["REQUEST_METHOD"], parse_qs(body)))
        start("200 OK", [("Content-Type", "text/html")])
        return [b"<h1>arrived</h1>"]

    with serve(listen(service)) as at:
        client = department(id="form", redirect_uris=(f"{at}/callback",))
        clients.add(live.house, client, by="test", now=clock.now())
        asked = {
            "client_id": client.id,
            "redirect_uri": f"{at}/callback",
            "response_type": "code",
            "response_mode": "form_post",
            "scope": "openid",
            "prompt": "none",
            "state": 'a "<b>& 中',
        }
        page = visit(f"{live.hub}/oidc/authorize?{urlencode(asked)}", javascript=javascript, language="en")
        if not javascript:
            presses(page.get_by_role("button", name="Continue"))
        page.get_by_role("heading", name="arrived").wait_for()
    method, fields = arrived[0]
    assert method == "POST"
    assert fields["state"] == ['a "<b>& 中']
    assert fields["error"] == ["login_required"]
    assert fields["iss"] == [live.hub]
