"""What machines may ask: open to load balancers, closed to the curious."""

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import api, health, web
from hub.house import House
from hub.problems import Unavailable


@pytest.fixture
def client(bare: House, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    core = ("database", "shared", "keys", "disk")
    monkeypatch.setattr(health, "CHECKS", {name: health.CHECKS[name] for name in core})
    app = Flask("test")
    web.frame(app, bare)
    app.register_blueprint(api.blueprint())
    return app.test_client()


def test_alive_says_only_that(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"alive": True}


def test_ready_names_every_need(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"ready": True, "checks": dict.fromkeys(("database", "shared", "keys", "disk"), "ok")}


def test_not_ready_is_503_while_alive_stays_200(client: FlaskClient) -> None:
    def down(house: House, now: datetime) -> None:
        raise Unavailable("10.0.0.7 is down")

    health.needs("trust list", down)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert not answer.json["ready"]
    assert "10.0.0.7" not in answer.text
    assert client.get("/healthz").status_code == 200


def test_numbers_are_for_this_machine(client: FlaskClient) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text
    assert 'yinxin_requests_total{method="GET",route="/healthz",status="200"}' in text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.0.0.7", {}),
        ("203.0.113.9", {}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}),
        ("127.0.0.1", {"X-Real-Ip": "203.0.113.9"}),
    ],
)
def test_numbers_are_for_nobody_else(client: FlaskClient, address: str, headers: dict[str, str]) -> None:
    answer = client.get(
        "/metrics", headers={"Accept": "application/json", **headers}, environ_base={"REMOTE_ADDR": address}
    )
    assert answer.status_code == 404


def test_addresses_that_do_not_exist_are_one_route(client: FlaskClient) -> None:
    for number in range(3):
        client.get(f"/880102199003070011/{number}", headers={"Accept": "application/json"})
    text = client.get("/metrics").text
    assert 'route="none",status="404"' in text
    assert "880102199003070011" not in text
