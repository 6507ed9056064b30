"""The console's page of keys and certificates."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from certs import inventory, roll, status
from certs.model import ISSUING, Reason
from certs.revoke import revoke
from hub.house import House
from tests.admin.test_console import QIYUN, operator, two_seals  # noqa: F401  the fixtures
from tests.certs.conftest import in_office


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Posts of the trust service", "Maker of seals", "Signs")), ("zh-Hans", ("印章制作单位", "可签名"))],
)
def test_it_shows_posts_lists_and_keys(
    operator: Any,  # noqa: F811
    house: House,
    two_seals: Any,  # noqa: F811
    language: str,
    words: tuple[str, ...],
) -> None:
    text = operator().get(f"/console/trust?lang={language}").text
    for one in inventory.inventory(house, datetime.now().astimezone()):
        assert f">{one.name}</span>" in text, one.name
    for word in (*words, "issuing.crl", "services.crl", "Yinxin DEMO Root CA - test only"):
        assert word in text


def test_seals_of_other_places_are_not_among_them(operator: Any, two_seals: Any) -> None:  # noqa: F811
    text = operator(QIYUN.place).get("/console/trust").text
    assert [seal.key_name in text for seal in two_seals] == [True, False]


def test_what_wants_a_hand_stands_at_the_top(operator: Any, house: House, now: datetime) -> None:  # noqa: F811
    page = operator()
    assert "Nothing needs to be done" in page.get("/console/trust?lang=en").text
    house.keys.quarantine.put("maker-1", "file")
    text = page.get("/console/trust?lang=en").text
    assert "This key gave a wrong signature and is not used any more." in text
    assert "Set apart" in text
    assert "Nothing needs to be done" not in text


def test_after_a_roll_over_both_generations_stand_there(operator: Any, house: House, now: datetime) -> None:  # noqa: F811
    roll.roll(house, ISSUING, now, by="test")
    revoke(house, in_office(house, "time-stamp").serial, Reason.superseded, "test", now - timedelta(seconds=1))
    status.publish(house, now)
    text = operator().get("/console/trust?lang=en").text
    assert "Yinxin DEMO e-Seal CA 2 - test only" in text
    assert "issuing-2.crl" in text
    assert "Revoked" in text


def test_nobody_looks_without_signing_in(client: Any) -> None:
    assert client.get("/console/trust").status_code in {302, 303}
