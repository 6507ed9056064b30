"""What services are told of an account: to whom it goes, in what form, and how often."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from joserfc import jws
from joserfc.jwk import KeySet

import app as front
from hub import clock, outbox
from hub.callers import Caller
from hub.house import House, open_house
from hub.settings import Settings
from idp.account import accounts
from idp.account.announce import KIND, SENDERS, Event, announce
from idp.model.client import ClientWrong
from idp.model.factor import Factor, Kind
from idp.provider import clients
from idp.store import factors
from tests.idp.rp import Visit, department

RISC = "https://schemas.openid.net/secevent/risc/event-type/"


class Receiver:
    """A department's endpoint for events on a real socket. It answers as it is told and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answers: list[tuple[int, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(
                    {
                        "headers": {k.lower(): v for k, v in self.headers.items()},
                        "token": body.decode(),
                        "path": self.path,
                    }
                )
                status, text = receiver.answers.pop(0) if receiver.answers else (202, b"")
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/events"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The receiver stands on this machine, which an operator has to allow by name."""
    return settings.model_copy(update={"allowed_hosts": "127.0.0.1"})


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    opened = open_house(settings)
    yield opened
    opened.close()


@pytest.fixture
def app(house: House) -> Flask:
    made = front.create_app(house.settings, rooms=("hub", "idp"), house=house)
    made.testing = True
    return made


@pytest.fixture
def visit(house: House, app: Flask, receiver: Receiver) -> Visit:
    made = Visit(house, app, department(events_uri=receiver.uri))
    made.signs_in()
    return made


def say(visit: Visit, event: Event = Event.account_disabled, **facts: Any) -> list[str]:
    with visit.house.database.write() as db:
        return announce(db, visit.person, event, now=clock.now(), **facts)


def deliver(visit: Visit, seconds: int = 0) -> int:
    with clock.shifted(seconds):
        return outbox.deliver(visit.house, clock.now(), SENDERS)


def state(visit: Visit) -> list[tuple[str, int, str]]:
    with visit.house.database.read() as db:
        return [(one.state, one.attempts, one.result) for one in outbox.deliveries(db)]


def test_the_receiver_reads_a_security_event_token_with_our_published_keys(visit: Visit, receiver: Receiver) -> None:
    subject = visit.claims(visit.tokens()["id_token"])["sub"]
    assert say(visit, reason="hijacking") == [visit.client.id]
    assert deliver(visit) == 1
    sent = receiver.got[0]
    assert sent["headers"]["content-type"] == "application/secevent+jwt"  # RFC 8935 2.1
    assert sent["headers"]["accept"] == "application/json"
    keys = KeySet.import_key_set(visit.program.get("/oidc/jwks").json)  # type: ignore[arg-type]
    token = jws.deserialize_compact(sent["token"], keys, algorithms=["ES256", "RS256"])
    assert token.headers()["typ"] == "secevent+jwt"  # RFC 8417 2.3
    claims = json.loads(token.payload)
    issuer = visit.house.settings.issuer_url
    assert claims["iss"] == issuer
    assert claims["aud"] == visit.client.id
    assert claims["jti"]
    assert abs(claims["iat"] - clock.timestamp()) < 60
    assert claims["events"] == {f"{RISC}account-disabled": {"reason": "hijacking"}}
    assert claims["sub_id"] == {"format": "iss_sub", "iss": issuer, "sub": subject}  # RFC 9493 3.2.3
    assert {"sub", "exp", "nonce"}.isdisjoint(claims)  # RFC 8417 4.6: it must not pass for an ID or access token


def test_it_names_nobody_but_by_the_subject_of_this_service(visit: Visit, receiver: Receiver) -> None:
    say(visit)
    deliver(visit)
    text = str(visit.claims(receiver.got[0]["token"]))
    for private in (visit.person, "示例甲", "880101198503120015"):
        assert private not in text


def test_an_event_token_opens_nothing(visit: Visit, receiver: Receiver) -> None:
    say(visit)
    deliver(visit)
    token = receiver.got[0]["token"]
    assert visit.userinfo(token).status_code == 401
    assert visit.browser.get("/oidc/logout", query_string={"id_token_hint": token}).status_code == 400


def test_each_service_is_told_by_its_own_subject(visit: Visit, receiver: Receiver) -> None:
    other = Visit(
        visit.house,
        visit.app,
        department(id="yunmeng", sector="yunmeng.example", events_uri=receiver.uri),
        browser_of=visit,
    )
    other.agrees()
    assert say(visit) == [visit.client.id, "yunmeng"]
    assert deliver(visit) == 2
    claims = [visit.claims(one["token"]) for one in receiver.got]
    assert len({one["sub_id"]["sub"] for one in claims}) == 2
    assert len({one["jti"] for one in claims}) == 2


def test_a_merged_account_is_told_by_the_subject_that_stands_for_it_from_now_on(
    visit: Visit, receiver: Receiver
) -> None:
    old = visit.claims(visit.tokens()["id_token"])["sub"]
    other = Visit(visit.house, visit.app, visit.client)
    other.signs_in(level=1)
    new = other.claims(other.tokens()["id_token"])["sub"]
    say(visit, Event.account_merged, into=other.person)
    deliver(visit)
    claims = visit.claims(receiver.got[0]["token"])
    assert claims["sub_id"]["sub"] == old
    assert claims["events"] == {"urn:yinxin:event:account-merged": {"new_sub": new}}


def test_the_same_event_keeps_its_jti_and_its_moment_at_each_attempt(visit: Visit, receiver: Receiver) -> None:
    receiver.answers = [(503, b""), (429, b""), (202, b"")]
    say(visit)
    assert deliver(visit) == 0
    assert deliver(visit, 60) == 0
    assert deliver(visit, 600) == 1
    claims = [visit.claims(one["token"]) for one in receiver.got]
    assert len(claims) == 3
    assert len({(one["jti"], one["iat"]) for one in claims}) == 1
    assert deliver(visit, 7200) == 0  # taken once, it is not sent again


def test_what_the_receiver_declines_is_not_sent_again(visit: Visit, receiver: Receiver) -> None:
    receiver.answers = [(400, b'{"err":"invalid_audience","description":"not for us"}')]  # RFC 8935 2.3, 2.4
    say(visit)
    assert deliver(visit) == 0
    assert state(visit) == [("failed", 1, "The receiver declined the delivery: HTTP 400")]
    assert deliver(visit, 7200) == 0
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 500, 502])
def test_what_may_be_mended_is_tried_again(visit: Visit, receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, b"")]
    say(visit)
    assert deliver(visit) == 0
    assert state(visit)[0][0] == "waiting"
    assert deliver(visit, 60) == 1


def test_who_does_not_know_the_person_or_wants_no_events_is_not_told(visit: Visit, receiver: Receiver) -> None:
    Visit(visit.house, visit.app, department(id="stranger", events_uri=receiver.uri))
    silent = Visit(visit.house, visit.app, department(id="silent"), browser_of=visit)
    silent.agrees()
    assert say(visit) == [visit.client.id]


def test_a_change_of_how_somebody_signs_in_is_told_without_saying_more(visit: Visit) -> None:
    """CAEP 3.3: credential-change, with type and kind of change."""
    with visit.house.database.write() as db:
        kept = Factor("f-1", visit.person, Kind.totp, "my phone", b"sealed", clock.now())
        factors.add(db, kept)
        factors.add(db, Factor("f-2", visit.person, Kind.passkey, "", b"key", clock.now()))
    accounts.remove_factor(visit.house, Caller(person=visit.person), kept.id, now=clock.now())
    with visit.house.database.read() as db:
        (one,) = outbox.deliveries(db)
    assert one.body["event"] == "https://schemas.openid.net/secevent/caep/event-type/credential-change"
    assert one.body["facts"] == {"credential_type": "app", "change_type": "delete", "initiating_entity": "user"}


def test_a_service_that_has_ended_is_told_no_more(visit: Visit, receiver: Receiver) -> None:
    say(visit)
    clients.end(visit.house, visit.client.id, by="test", now=clock.now())
    assert say(visit) == []
    deliver(visit)
    assert receiver.got == []


def test_what_is_rolled_back_is_told_to_nobody(visit: Visit) -> None:
    with suppress(ZeroDivisionError), visit.house.database.write() as db:
        announce(db, visit.person, Event.account_disabled, now=clock.now())
        raise ZeroDivisionError
    assert state(visit) == []


def test_the_queue_holds_no_name(visit: Visit) -> None:
    say(visit)
    with visit.house.database.read() as db:
        (one,) = outbox.deliveries(db)
    assert one.kind == KIND
    assert set(one.body) == {"client", "person", "event", "facts"}


@pytest.mark.parametrize(
    "uri", ["http://market.example/events", "https://a:b@market.example/e", "https://market.example/e#f", "file:///e"]
)
def test_events_go_to_a_safe_address_only(uri: str) -> None:
    with pytest.raises(ClientWrong):
        department(events_uri=uri).checked()
