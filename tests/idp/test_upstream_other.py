"""A provider that is no Yinxin: Authlib's, with its own words for levels and numbers, in a realm of its own."""

import os
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from hub import clock
from hub.house import House
from idp.model.upstream import FEDERATED, Proof, Told, Upstream, VouchedTooLow
from idp.upstream import answer, begin, configured
from tests.idp import other_op
from tests.idp.upstream import BROWSER, JIA, lanhai


@pytest.fixture
def other(house: House, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    monkeypatch.setitem(os.environ, "AUTHLIB_INSECURE_TRANSPORT", "1")  # it runs in this process
    one = lanhai(
        id="other",
        issuer=other_op.ISSUER,
        client_id="hub",
        proof=Proof.basic,
        yinxin=False,
        acr={other_op.HIGH: 3},
        scopes=("openid", "national_id"),
        number_claim="national_id",
    )
    made = other_op.create_app(begin.callback(house, one), {})
    house.fetch.serve_here("http://localhost:8021", made)
    house.cache["other"] = made
    return configured.add(house, one, secret=other_op.SECRET, by="test", now=clock.now())


def comes_back(house: House, one: Upstream, *, level: int = 1) -> Told:
    url = begin.begin(
        house, one, None, browser=BROWSER, flow="", onward="", again=False, person="", language="en", net="here",
        now=clock.now(),
    )  # fmt: skip
    made = house.cache["other"]
    parts = urlsplit(url)
    sent = made.test_client().get(f"{parts.path}?{parts.query}")
    assert sent.status_code == 302, sent.text
    given = {name: values[0] for name, values in parse_qs(urlsplit(sent.location).query).items()}
    errand = replace(begin.taken(house, given["state"], BROWSER, clock.now()), level=level)
    return answer.told(house, one, errand, given, clock.now())


def test_what_another_make_says_is_understood_by_its_own_words(house: House, other: Upstream) -> None:
    told = comes_back(house, other)
    assert (told.level, told.name, told.number, told.number_type) == (3, *JIA, "111")
    assert told.amr == ("sc", "pin", FEDERATED)


def test_its_levels_are_asked_for_and_capped_all_the_same(house: House, other: Upstream) -> None:
    assert other.asks(3) == (other_op.HIGH,)
    low = configured.add(house, replace(other, cap=2), by="test", now=clock.now())
    assert comes_back(house, low).level == 2
    with pytest.raises(VouchedTooLow):
        comes_back(house, low, level=3)


def test_a_word_that_we_do_not_know_is_worth_nothing(house: House, other: Upstream) -> None:
    with pytest.raises(VouchedTooLow):
        comes_back(house, configured.add(house, replace(other, acr={"another": 3}), by="test", now=clock.now()))
