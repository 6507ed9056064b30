"""Outgoing calls: to allowed hosts only, at checked addresses, and never longer or larger than they may be."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import pinned
from hub.addresses import AddressRefused
from hub.fetch import Fetch, NotReachable
from hub.settings import BadSetting, read
from tests.hub.neighbour import Neighbour, neighbour, self_signed


@pytest.fixture(scope="module")
def other() -> Iterator[Neighbour]:
    with neighbour() as server:
        yield server


def fetch_for(*allowed: str, **given: Any) -> Fetch:
    return Fetch(read(profile="demo", passphrase="x", allowed_hosts=",".join(allowed)), **given)


@pytest.fixture
def fetch(other: Neighbour) -> Fetch:
    other.seen.clear()
    return fetch_for(f"localhost:{other.port}")


def test_an_allowed_host_is_called(fetch: Fetch, other: Neighbour) -> None:
    answer = fetch.get(other.url("/hello?a=1"), headers={"x-one": "1"})
    assert (answer.status, answer.json()) == (200, {"hello": "world"})
    path, headers, _ = other.seen[-1]
    assert path == "/hello?a=1"
    assert headers["host"] == f"localhost:{other.port}"
    assert headers["x-one"] == "1"


def test_what_a_stranger_names_is_never_called_inside(fetch: Fetch, other: Neighbour) -> None:
    """The operator let the house call an internal host, not whoever knows its name."""
    for url in (other.url("/hello"), f"{HERE}/hello"):
        fetch.serve_here(HERE, lambda *_: pytest.fail("our own house was called"))
        with pytest.raises(AddressRefused, match="not public"):
            fetch.get(url, outside=True)
        with pytest.raises(AddressRefused, match="not public"):
            fetch.post(url, json={}, outside=True)
    assert other.seen == []
    development = Fetch(read(profile="demo", passphrase="x", development_calls=True))
    assert development.get(other.url("/hello"), outside=True).status == 200


HERE = "http://localhost:8001"  # the provider's own address


def test_json_forms_and_bytes_are_sent_as_such(fetch: Fetch, other: Neighbour) -> None:
    fetch.post(other.url(), json={"a": "印"})
    fetch.post(other.url(), form={"logout_token": "a b"})
    fetch.post(other.url(), content=b"\x30\x00", headers={"content-type": "application/ocsp-request"})
    kinds = [(headers["content-type"], body) for _, headers, body in other.seen]
    assert kinds == [
        ("application/json", '{"a":"印"}'.encode()),
        ("application/x-www-form-urlencoded", b"logout_token=a+b"),
        ("application/ocsp-request", b"\x30\x00"),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/",
        "http://localhost:1/",
        "http://127.0.0.1:{port}/",  # allowed by name is not allowed by number
        "http://[::1]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://localhost.evil.example:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "ftp://localhost:{port}/",
        "gopher://localhost:{port}/",
        "//localhost:{port}/",
        "http://user:password@localhost:{port}/",
        "http://user@localhost:{port}/",
        "",
    ],
)
def test_nobody_else_is_called(fetch: Fetch, other: Neighbour, url: str) -> None:
    with pytest.raises((AddressRefused, NotReachable)):
        fetch.get(url.replace("{port}", str(other.port)))
    assert other.seen == []


def test_a_listed_wildcard_never_leads_to_localhost(other: Neighbour) -> None:
    fetch = fetch_for("*", resolve=lambda *_: ["127.0.0.1"])
    with pytest.raises(AddressRefused):
        fetch.get(other.url(host="rebound.example"))


def test_the_name_is_looked_up_once_and_the_answer_is_kept(other: Neighbour) -> None:
    """DNS rebinding: the second lookup of the same name gives another address."""
    lookups = []

    def resolve(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"] if len(lookups) == 1 else ["169.254.169.254"]

    fetch = fetch_for("moving.example", resolve=resolve)
    assert fetch.get(other.url(host="moving.example")).status == 200
    assert lookups == ["moving.example"]


def test_a_second_address_is_tried_when_the_first_is_dead(other: Neighbour) -> None:
    fetch = fetch_for("two.example", resolve=lambda *_: ["127.0.0.9", "127.0.0.1"])
    assert fetch.get(other.url(host="two.example")).status == 200


def test_redirects_are_answers_unless_they_are_asked_for(fetch: Fetch, other: Neighbour) -> None:
    assert fetch.get(other.url("/onward")).status == 302
    assert fetch.get(other.url("/onward"), redirects=1).json() == {"hello": "world"}
    assert fetch.post(other.url("/onward"), json={}).status == 302


@pytest.mark.parametrize("onward", ["http://169.254.169.254/", "http://127.0.0.1/", "file:///etc/passwd", "/onward"])
def test_a_redirect_opens_no_door(fetch: Fetch, other: Neighbour, onward: str) -> None:
    with pytest.raises((AddressRefused, NotReachable)):
        fetch.get(other.url("/onward"), redirects=3, headers={"x-onward": onward})


@pytest.mark.parametrize("manner", ["large", "bomb", "nonsense", "cut"])
def test_a_bad_answer_is_no_answer(fetch: Fetch, other: Neighbour, manner: str) -> None:
    with pytest.raises(NotReachable):
        fetch.get(other.url(f"/{manner}"))


@pytest.mark.parametrize("manner", ["drip", "driphead", "mute"])
def test_no_answer_takes_longer_than_its_call(fetch: Fetch, other: Neighbour, manner: str) -> None:
    began = time.monotonic()
    with pytest.raises(NotReachable):
        fetch.get(other.url(f"/{manner}"), seconds=0.4)
    assert time.monotonic() - began < 2


def test_something_that_is_not_json_is_not_reachable(fetch: Fetch, other: Neighbour) -> None:
    answer = fetch.get(other.url("/onward"))
    with pytest.raises(NotReachable):
        answer.json()


def test_a_closed_port_is_one_problem(fetch: Fetch) -> None:
    with pytest.raises(NotReachable) as problem:
        fetch_for("localhost:9").get("http://localhost:9/")
    assert problem.value.status == 503


def test_the_environment_names_no_proxy(fetch: Fetch, other: Neighbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert fetch.get(other.url()).status == 200


def test_our_own_addresses_are_answered_in_this_process(other: Neighbour) -> None:
    fetch = fetch_for()
    seen = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.append((environ["HTTP_HOST"], environ["PATH_INFO"], environ["wsgi.input"].read()))
        start("200 OK", [("content-type", "application/octet-stream")])
        return [b"crl"]

    fetch.serve_here("http://pki.yinxin.example", application)  # this name leads nowhere
    assert fetch.get("http://pki.yinxin.example/pki/root.crl").body == b"crl"
    assert fetch.post("http://pki.yinxin.example:80/pki/ocsp", content=b"0").body == b"crl"
    assert seen == [("pki.yinxin.example", "/pki/root.crl", b""), ("pki.yinxin.example", "/pki/ocsp", b"0")]


def test_tls_is_checked_against_the_name_that_was_asked_for(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    monkeypatch.setattr(pinned, "_tls", lambda: ssl.create_default_context(cafile=str(certificate[0])))
    fetch = fetch_for("right.example", "wrong.example", resolve=lambda *_: ["127.0.0.1"])
    with neighbour(context) as secured:
        url = f"https://right.example:{secured.port}/"
        assert fetch.get(url).status == 200
        with pytest.raises(NotReachable):
            fetch.get(url.replace("right", "wrong"))
        monkeypatch.setattr(pinned, "_tls", ssl.create_default_context)
        with pytest.raises(NotReachable):
            fetch.get(url)


def test_in_development_services_stand_on_this_machine_and_sign_themselves(certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    developing = Fetch(read(profile="demo", passphrase="x", development_calls=True))
    with neighbour(context) as secured:
        assert developing.get(f"https://localhost:{secured.port}/").status == 200
        with pytest.raises(AddressRefused):
            Fetch(read(profile="demo", passphrase="x")).get(f"https://localhost:{secured.port}/")
    with pytest.raises(AddressRefused):  # the clouds' metadata are nobody's service
        developing.get("http://169.254.169.254/latest")


@pytest.mark.parametrize("name", ["development_calls", "open_registration"])
def test_what_is_for_development_stops_production(name: str) -> None:
    safe = {"issuer_url": "https://id.gov.example", "verify_url": "https://check.gov.example", "passphrase": "x"}
    assert getattr(read(profile="production", **safe), name) is False
    with pytest.raises(BadSetting, match=f"{name} is for development"):
        read(profile="production", **safe, **{name: True})


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path, "right.example")
