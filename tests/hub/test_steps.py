"""Steps are counted with a language and a coarse class of device, nothing else; who does not want to be counted is not."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hub import steps, web
from hub.callers import Public
from hub.house import House

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"
)
HARMONY = "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114 ArkWeb/4.1 Mobile"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1"
IPAD = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Mobile/15E148 Safari/604.1"
SLATE = "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
DESK = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
FOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
BOT = "Mozilla/5.0 (compatible; Somebot/2.1)"


@pytest.mark.parametrize(
    ("agent", "mobile", "device"),
    [
        (PHONE, "?1", "phone"),
        (PHONE, "", "phone"),
        (HARMONY, "", "phone"),
        (IPHONE, "", "phone"),
        (IPAD, "", "tablet"),
        (SLATE, "?0", "tablet"),
        (SLATE, "?1", "phone"),
        (DESK, "?0", "desktop"),
        (FOX, "", "desktop"),
        (DESK, "?1", "phone"),
        (BOT, "", "program"),
        ("python-httpx/1.0", "?1", "program"),
        ("curl/8.5", "", "program"),
        ("", "", "program"),
    ],
)
def test_the_class_of_a_device(agent: str, mobile: str, device: str) -> None:
    assert steps.device(agent, mobile) == device


@given(st.text(), st.text())
def test_whatever_a_browser_calls_itself_it_is_one_of_four(agent: str, mobile: str) -> None:
    assert steps.device(agent, mobile) in steps.DEVICES
    assert steps.device(f"Mozilla/{agent}", mobile) in steps.DEVICES


@given(st.floats(min_value=0, max_value=1e9))
def test_every_value_falls_between_two_edges(value: float) -> None:
    low, _, high = steps.between(value, steps.MILLISECONDS).partition("-")
    assert float(low) <= value
    assert not high or value <= float(high)


@pytest.fixture
def site(bare: House) -> Flask:
    app = Flask("test")
    web.frame(app, bare)

    @web.route(app, "/step", gate=Public())
    def page() -> Any:
        steps.step(bare, "flow", "begun")
        steps.step(bare, "flow", "ended", outcome="well")
        return web.answer({})

    return app


def seen(house: House) -> dict[str, int]:
    house.tally.flush()
    return house.tally.waiting()


def test_a_step_knows_language_and_device_and_no_more(bare: House, site: Flask) -> None:
    site.test_client().get("/step?lang=en", headers={"User-Agent": PHONE, "Cookie": "yinxin-8000-idp=secret"})
    assert seen(bare) == {"step flow begun en phone": 1, "step flow ended:well en phone": 1}


def test_a_program_has_no_language(bare: House, site: Flask) -> None:
    site.test_client().get("/step?lang=en", headers={"User-Agent": "curl/8.5"})
    assert set(seen(bare)) == {"step flow begun none program", "step flow ended:well none program"}


def test_outside_of_a_request_a_program_acts_and_the_request_before_leaves_no_trace(bare: House, site: Flask) -> None:
    site.test_client().get("/step", headers={"User-Agent": PHONE, "Sec-GPC": "1"})
    steps.step(bare, "flow", "begun")
    assert seen(bare) == {"step flow begun none program": 1}


@pytest.mark.parametrize("unwilling", [{"Sec-GPC": "1"}, {"DNT": "1"}, {"Sec-GPC": "1", "DNT": "0"}])
def test_who_does_not_want_to_be_counted_is_not(bare: House, site: Flask, unwilling: dict[str, str]) -> None:
    assert site.test_client().get("/step", headers={"User-Agent": PHONE, **unwilling}).status_code == 200
    assert seen(bare) == {}


@pytest.mark.parametrize("willing", [{"Sec-GPC": "0"}, {"DNT": "0"}, {"Sec-GPC": ""}])
def test_who_does_not_mind_is_counted(bare: House, site: Flask, willing: dict[str, str]) -> None:
    site.test_client().get("/step", headers={"User-Agent": PHONE, **willing})
    assert len(seen(bare)) == 2
