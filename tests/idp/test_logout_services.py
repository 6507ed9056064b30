"""What services learn of a sign-out: by the back channel, in the browser's frames, and the receipt that shows it.

OpenID Connect Back-Channel Logout 1.0, Front-Channel Logout 1.0, RP-Initiated Logout 1.0.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask, request
from joserfc import jws
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

import app as front
from hub import clock, outbox
from hub.house import House
from idp import retention
from idp.account import life, locks
from idp.consent import consents
from idp.model.life import Basis, Ground
from idp.model.registration import Registration
from idp.provider import expiry, logout
from idp.store import clients as client_store
from tests.idp.rp import Visit, department
from tests.idp.test_logout import seen
from yinxin.receipt import NotAReceipt, check_receipt

BYE = "https://market.qiyun.example/bye"
TOLD = "https://market.qiyun.example/told"
FRAME = "https://market.qiyun.example/framed?from=op"


@pytest.fixture
def told(house: House, app: Flask) -> Visit:
    """A department with a back channel."""
    visit = Visit(house, app, department(backchannel_logout_uri=TOLD))
    visit.signs_in()
    return visit


def framed(visit: Visit, *, session: bool = True, **changes: Any) -> Visit:
    """Another department, which is told in a frame; the same person signs in there with the same browser."""
    registered = Registration(frontchannel_logout_uri=FRAME, frontchannel_logout_session_required=session)
    made = Visit(visit.house, visit.app, department(id="framed", registered=registered, **changes), browser_of=visit)
    made.agrees()
    return made


def receiver(house: House, status: int = 200, origin: str = "https://market.qiyun.example") -> list[str]:
    site, got = Flask("site"), list[str]()

    @site.post("/told")
    def take() -> tuple[str, int]:
        got.append(request.form["logout_token"])
        return "", status

    house.fetch.serve_here(origin, site)
    return got


def sign_out(visit: Visit, **params: str) -> TestResponse:
    """Ask for it, and follow to the page that says so."""
    return seen(visit, visit.browser.get(f"/oidc/logout?{urlencode(params)}"))


def frames(page: TestResponse) -> list[str]:
    return [unescape(one) for one in re.findall(r'<iframe hidden src="([^"]+)"', page.text)]


def receipt_at(page: TestResponse) -> str:
    found = re.search(r'href="(/logout/receipt/[^"]+)"', page.text)
    assert found
    return found[1]


# -- the front channel


def test_the_page_after_signing_out_frames_every_service_with_issuer_and_session(told: Visit) -> None:
    """Front-Channel Logout 1.0 2, 3: iss and sid when the service wants them; its own query stays."""
    other = framed(told)
    claims = other.claims(other.tokens()["id_token"])
    page = sign_out(told, id_token_hint=told.tokens()["id_token"])
    (address,) = frames(page)
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert query == {"from": "op", "iss": told.house.settings.issuer_url, "sid": claims["sid"]}
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["frame-src"] == "https://market.qiyun.example"
    assert "cookies" in page.text or "Cookie" in page.text  # best effort, and said so


def test_a_service_that_needs_no_session_is_framed_as_it_registered(told: Visit) -> None:
    other = framed(told, session=False)
    hint = other.tokens()["id_token"]
    assert frames(sign_out(other, id_token_hint=hint)) == [FRAME]


def test_a_page_without_frames_allows_none(told: Visit) -> None:
    page = sign_out(told, id_token_hint=told.tokens()["id_token"])
    assert "frame-src" not in page.headers["Content-Security-Policy"]
    assert frames(page) == []


def test_frames_come_before_the_way_back_to_the_service(told: Visit) -> None:
    """With frames to load nobody is redirected past them; the page goes on by itself, or by its link without scripts."""
    other = framed(told)
    hint = other.tokens()["id_token"]
    page = sign_out(other, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s&1")
    assert page.status_code == 200
    assert f'href="{BYE}?state=s%261"' in page.text
    assert "signed_out.js" in page.text
    assert sign_out(other, id_token_hint=hint, post_logout_redirect_uri=BYE).location == BYE  # nothing left to frame


def test_a_service_of_another_login_is_not_framed(told: Visit) -> None:
    other = framed(told)
    other.tokens()
    told.signs_in()
    assert frames(sign_out(told, id_token_hint=told.tokens()["id_token"])) == []


def test_nothing_in_an_address_can_widen_the_policy(told: Visit) -> None:
    odd = Registration(frontchannel_logout_uri="https://a.example;script-src *;/x")
    other = Visit(told.house, told.app, department(id="odd"), browser_of=told)
    other.agrees()
    hint = other.tokens()["id_token"]
    with told.house.database.write() as db:
        client_store.keep(db, replace(other.client, registered=odd))
    told.house.cache.clear()
    page = sign_out(other, id_token_hint=hint)
    assert frames(page) == []
    assert "script-src *" not in page.headers["Content-Security-Policy"]


# -- the request


def test_the_language_that_the_service_asks_for_is_the_pages(told: Visit) -> None:
    """RP-Initiated Logout 1.0 2, ui_locales."""
    page = sign_out(told, client_id=told.client.id, ui_locales="fr en")
    assert page.status_code == 303
    assert "Do you want to sign out?" in told.browser.get(page.location).text


def test_the_hint_of_another_person_asks(told: Visit) -> None:
    """RP-Initiated Logout 1.0 2: a service, or whoever took a token from it, signs nobody else out."""
    hint = told.tokens()["id_token"]
    other = Visit(told.house, told.app, told.client)
    other.signs_in()
    page = sign_out(other, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert page.status_code == 200
    assert "code" in other.answer(prompt="none")


def test_asvs_7_6_2_no_session_begins_at_a_service_without_the_person(told: Visit) -> None:
    """Signed in or not: a first use needs his consent, and after signing out he signs in himself."""
    unknown = Visit(told.house, told.app, department(id="unknown"), browser_of=told)
    assert unknown.answer(prompt="none")["error"] == "consent_required"
    sign_out(told, id_token_hint=told.tokens()["id_token"])
    assert told.answer(prompt="none")["error"] == "login_required"


# -- the back channel


def test_services_are_told_at_the_same_time(told: Visit) -> None:
    """Three services, each waits until all have been called: none is behind another."""
    meet = threading.Barrier(3, timeout=20)
    for number in range(3):
        host = f"https://s{number}.qiyun.example"
        one = Visit(
            told.house, told.app, department(id=f"s{number}", backchannel_logout_uri=f"{host}/told"), browser_of=told
        )
        one.agrees()
        hint = one.tokens()["id_token"]
        site = Flask(f"site{number}")
        site.add_url_rule("/told", view_func=lambda: (meet.wait(), "")[1], methods=["POST"])
        told.house.fetch.serve_here(host, site)
    sign_out(told, id_token_hint=hint, client_id="s2")
    assert outbox.deliver(told.house, clock.now(), logout.SENDERS) == 3


def test_a_login_that_rests_too_long_tells_its_services(told: Visit) -> None:
    """ASVS 7.4.2: an end by itself is told like any other."""
    told.tokens()
    got = receiver(told.house)
    with clock.shifted(86_400 * 31):
        expiry.expire(told.house, clock.now())
        assert outbox.deliver(told.house, clock.now(), logout.SENDERS) == 1
    assert len(got) == 1


def test_a_service_that_is_taken_back_what_was_agreed_is_told_and_the_login_goes_on(told: Visit) -> None:
    other = Visit(told.house, told.app, department(id="other", backchannel_logout_uri=TOLD), browser_of=told)
    other.agrees()
    claims = told.claims(told.tokens()["id_token"])
    other.tokens()
    got = receiver(told.house)
    with told.house.database.write() as db:
        consents.withdraw(db, told.person, told.client.id, by="test", now=clock.now())
    assert outbox.deliver(told.house, clock.now(), logout.SENDERS) == 1
    named = told.claims(got[0])
    assert (named["aud"], named["sid"]) == (told.client.id, claims["sid"])
    assert "code" in other.answer(prompt="none")


WAYS: dict[str, Callable[[Visit], object]] = {
    "locked by its owner": lambda told: locks.lock(told.house, told.person, by="test", now=clock.now()),
    "ended by an authority": lambda told: by_authority(told, life.stop_all),
    "suspended by an authority": lambda told: by_authority(told, life.suspend),
}


def by_authority(told: Visit, act: Any) -> None:
    authority = life.Authority("person:officer", "栖云市 (Qiyun)", Basis(Ground.court, "(2026)栖云民初1号", "a1"))
    with told.house.database.write() as db:
        act(db, told.person, authority, clock.now())


@pytest.mark.parametrize("way", WAYS)
def test_every_end_tells_the_same(told: Visit, way: str) -> None:
    """ASVS 7.4.3, 7.4.5; Back-Channel Logout 2.4: typ, no nonce, at most two minutes."""
    told.tokens()
    got = receiver(told.house)
    WAYS[way](told)
    outbox.deliver(told.house, clock.now(), logout.SENDERS)
    assert len(got) == 1
    claims = told.claims(got[0])
    assert claims["exp"] - claims["iat"] <= 120
    assert {"sid", "sub", "jti", "events"} <= claims.keys()
    assert "nonce" not in claims
    assert jws.extract_compact(got[0].encode()).headers()["typ"] == "logout+jwt"


# -- the receipt


def everywhere(told: Visit) -> str:
    """Sign out on the account page; gives the receipt's path."""
    page = told.browser.get("/account/sessions")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token
    return receipt_at(seen(told, told.browser.post("/account/sign-out-everywhere", data={"csrf": token[1]})))


def signed(told: Visit, path: str) -> dict[str, Any]:
    text = told.program.get(f"{path}/signed").text
    return dict(check_receipt(text, [told.house.keys.jwk("consent-1")]))


def states(told: Visit, path: str) -> dict[str, str]:
    return {one["service"]: one["state"] for one in signed(told, path)["services"]}


def test_the_receipt_of_signing_out_everywhere_follows_each_service(told: Visit) -> None:
    silent = Visit(told.house, told.app, department(id="silent"), browser_of=told)
    silent.agrees()
    for one in (told, silent, framed(told)):
        one.tokens()
    path = everywhere(told)
    still = {"framed": "browser", "silent": "unreachable"}
    assert states(told, path) == still | {told.client.id: "telling"}
    receiver(told.house, 503)
    outbox.deliver(told.house, clock.now(), logout.SENDERS)
    assert states(told, path) == still | {told.client.id: "retrying"}
    receiver(told.house, 200)
    with clock.shifted(60):
        outbox.deliver(told.house, clock.now(), logout.SENDERS)
        assert states(told, path) == still | {told.client.id: "confirmed"}
        stranger = told.app.test_client()  # no login is needed, and the page names nobody
        page = stranger.get(path, headers={"Accept-Language": "en"})
        assert "has confirmed" in page.text
        assert "(UTC+8)" in page.text
        assert "Signed out everywhere" not in page.text  # two cannot confirm
        assert "示例甲" not in page.text


def test_a_service_that_never_answers_has_failed_after_a_day(told: Visit) -> None:
    told.tokens()
    path = everywhere(told)
    receiver(told.house, 500)
    for hours in (0, 12, 25):
        with clock.shifted(hours * 3600 + 60):
            outbox.deliver(told.house, clock.now(), logout.SENDERS)
    assert states(told, path) == {told.client.id: "failed"}


def test_a_receipt_cannot_be_guessed_and_ends(told: Visit) -> None:
    told.tokens()
    path = everywhere(told)
    assert len(path.rpartition("/")[2]) == 43  # 256 bits
    assert told.program.get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    with clock.shifted(86_400 * 7 + 60):
        assert told.program.get(path).status_code == 404
        retention.forget(told.house, clock.now())
    assert told.program.get(path).status_code == 404


def test_the_signed_receipt_stands_alone_and_no_other_record_passes_for_it(told: Visit, tmp_path: Path) -> None:
    told.tokens()
    path = everywhere(told)
    text = told.program.get(f"{path}/signed").text
    record = signed(told, path)
    assert path.rpartition("/")[2] not in json.dumps(record)  # whoever is shown the file does not get the address
    assert told.person not in text
    stranger = ECKey.generate_key("P-256")
    head = jws.extract_compact(text.encode()).headers()
    for forged, claims in (
        (head, record | {"services": [{"service": "x", "state": "never"}]}),
        (head | {"typ": "JWT"}, record),
        (head | {"typ": "consent-receipt+jwt"}, record),
    ):
        made = jws.serialize_compact(forged, json.dumps(claims), stranger, algorithms=["ES256"])
        with pytest.raises(NotAReceipt):
            check_receipt(made, [dict(stranger.as_dict(private=False)) | {"kid": head["kid"]}])
    (tmp_path / "receipt.jwt").write_text(text)
    (tmp_path / "key.json").write_text(json.dumps(told.house.keys.jwk("consent-1")))
    checked = CliRunner().invoke(
        front.main, ["check-receipt", str(tmp_path / "receipt.jwt"), "--key", str(tmp_path / "key.json")]
    )
    assert checked.exit_code == 0
    assert f"{told.client.id}: telling" in checked.output
    assert str(record["iat"]) not in checked.output  # a time that people read


# -- what it costs


def test_signing_out_does_not_look_at_earlier_logins(told: Visit) -> None:
    """The number of statements is that of this login's services, whatever the person did in years."""

    def statements() -> int:
        told.signs_in()
        hint = told.tokens()["id_token"]
        seen: list[str] = []

        def note(*given: Any) -> None:
            seen.append(given[2])

        sa.event.listen(told.house.database.engine, "before_cursor_execute", note)
        sign_out(told, id_token_hint=hint)
        sa.event.remove(told.house.database.engine, "before_cursor_execute", note)
        return len(seen)

    first = statements()
    for _ in range(5):
        told.signs_in()
        told.tokens()
    assert statements() <= first
