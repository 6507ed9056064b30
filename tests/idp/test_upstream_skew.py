"""The hub's clock and the province's differ by half a minute: nobody is asked twice, no sign-in counts as younger."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from hub import clock, outbox
from hub.house import House
from idp.model.upstream import AnswerNotTrusted
from idp.upstream import answer, begin
from tests.idp.rp import CALLBACK, Visit, department
from tests.idp.two import BACK, PASSWORD, PROVINCE, WHO, Two
from tests.idp.upstream import BROWSER, ISSUER, Province

SKEWS = (-30, 30)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=SKEWS)
def seconds(request: pytest.FixtureRequest) -> int:
    """By which the province's clock is ahead of the hub's."""
    return int(request.param)


@pytest.fixture
def apart(two: Two, seconds: int) -> Two:
    """The two, each with its own time."""
    served = two.citizen.browser.application
    served.wsgi_app = skewed(served.wsgi_app, seconds)  # type: ignore[method-assign]
    two.province.fetch.serve_here(BACK, skewed(two.hub_app, -seconds))
    return two


def skewed(application: Callable[..., Iterable[bytes]], seconds: int) -> Callable[..., Iterable[bytes]]:
    def call(*given: Any) -> Iterable[bytes]:
        with clock.shifted(seconds):
            return list(application(*given))

    return call


def asked(two: Two, **changes: str) -> tuple[dict[str, str], int]:
    """What a service is answered, and how often the person typed a password for it."""
    visit, typed = Visit(two.hub, two.hub_app, department()), 0
    visit.browser = two.browser
    page = two.browser.get(f"/oidc/authorize?{urlencode(visit.asked(**changes))}")
    while not page.location or "/login" in page.location:  # the hub asks who he is
        at = two.get(page.location).request.full_path.replace("/login", "/upstream")
        page = two.to_province(at)
        if page.request.path == "/login":
            typed += 1
            page = two.go(two.post(page, page.request.full_path, account=WHO.account, password=PASSWORD))
        while page.request.path == "/consent" and page.status_code == 200:
            page = two.post(page, page.request.full_path, decision="agree")
            page = page if (page.location or "").startswith(CALLBACK) else two.go(page)
        if page.status_code != 303:
            break
    assert typed < 3
    return dict(parse_qs(urlsplit(page.location).query)), typed  # type: ignore[arg-type]


@pytest.mark.parametrize("wants", [{"prompt": "login"}, {"max_age": "10"}, {"max_age": "60"}])
def test_nobody_is_asked_twice(apart: Two, wants: dict[str, str]) -> None:
    answer, typed = asked(apart, **wants)
    assert "code" in answer
    assert typed == 1
    assert apart.caller is not None
    assert apart.caller.auth_time is not None
    assert timedelta() <= clock.now() - apart.caller.auth_time < timedelta(seconds=15)  # by our clock


@pytest.mark.parametrize(("wants", "typed"), [({"max_age": "300"}, 0), ({"max_age": "100"}, 1)])
def test_a_session_at_the_province_counts_by_its_age(apart: Two, wants: dict[str, str], typed: int) -> None:
    apart.comes()
    apart.browser.delete_cookie(apart.hub.settings.cookie("idp"))
    with clock.shifted(150):
        answer, again = asked(apart, **wants)
        assert "code" in answer
        assert again == typed
        assert apart.caller is not None
        assert apart.caller.auth_time is not None
        age = clock.now() - apart.caller.auth_time
        assert (age < MINUTE) is bool(typed)
        assert age < timedelta(seconds=170)


def test_its_sign_out_is_believed(apart: Two, seconds: int) -> None:
    apart.comes()
    page = apart.get(f"{PROVINCE}/oidc/logout")
    apart.post(page, "/oidc/logout/confirmed")
    assert apart.caller is not None
    with clock.shifted(seconds):
        outbox.deliver(apart.province, clock.now())
    assert apart.caller is None


@pytest.mark.parametrize("ahead", [-3600, -70, 70, 3600])
def test_a_token_of_another_hour_is_not_believed(province: Province, ahead: int) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1: nothing from more than a minute ahead."""
    moment = int(clock.now().timestamp()) + ahead
    province.claims |= {"iat": moment, "exp": moment + 300, "auth_time": moment}
    if ahead == -70:  # it lives for five minutes, and was fetched within ten
        assert province.comes_back().level == 3
        return
    with pytest.raises(AnswerNotTrusted):
        province.comes_back()


@pytest.mark.parametrize(("ago", "fresh"), [(0, True), (9, True), (30, False), (-30, False)])
def test_a_province_that_does_not_ask_anew_though_we_asked_for_it_is_not_believed(
    province: Province, ago: int, *, fresh: bool
) -> None:
    errand = begin.taken(province.house, province.leaves(again=True), BROWSER, clock.now())
    province.claims["auth_time"] = int(clock.now().timestamp()) - ago
    given = {"code": "c", "iss": ISSUER}
    if fresh:
        told = answer.told(province.house, province.upstream, errand, given, clock.now())
        assert told.auth_time.timestamp() >= errand.began
        return
    with pytest.raises(AnswerNotTrusted):
        answer.told(province.house, province.upstream, errand, given, clock.now())


@pytest.fixture
def province(house: House) -> Province:
    return Province(house)
