"""Data sharing from end to end over HTTP: catalogue, request, two officers, the person's yes, the answer, the proof, the no."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from admin import share, sharing_board, sources
from admin.store import sharing as store
from docs.figures.sharing import figures
from hub import clock, ledger
from tests.world import World, world
from yinxin.proof import check_proof
from yinxin.tour import sharing
from yinxin.tour.browser import Browser
from yinxin.tour.story import Story


def company(made: World) -> Story:
    """A citizen who acts for a company that holds a business license."""
    story = Story(made.sites, Browser(), Browser(), made.officers)
    for step in (
        story.get_person,
        story.sign_in_at_a,
        story.open_b,
        story.open_wallet,
        story.claim_company,
        story.sign_in_as_company,
        story.company_is_issued,
    ):
        step()
    return story


def test_a_province_asks_a_city_and_the_person_has_the_last_word(made: World) -> None:
    story = company(made)
    for _words, step in sharing.steps(story):
        step()
    _the_register_answers_too(story)
    _the_trace_shows_each_hop(made, story)
    _the_figures_are_in_the_ledger(made)
    made.tick()
    assert ledger.verify(made.house) is not None


def _the_register_answers_too(story: Story) -> None:
    """The grant that the demo begins with is answered from the register of issued licenses."""
    citizen = story.citizen
    citizen.open(f"{story.sites.yunlan}/benefits?lang=en")
    assert "Business licenses" in citizen.page.text
    grant = citizen.find("grant").fields["grant"]  # the newest stands first
    for form in citizen.page.text.split('name="grant" value="')[1:]:
        grant = form.partition('"')[0]
    citizen.submit("grant", grant=grant)
    citizen.submit("decision", decision="allow")
    assert story.company in citizen.page.text
    assert story.name in citizen.page.text  # the legal representative, as on the license
    assert "Business scope" not in citizen.page.text  # held, but not granted


def _the_trace_shows_each_hop(made: World, story: Story) -> None:
    with made.house.database.read() as db:
        calls = store.every_call(db)
    across = next(call for call in calls if call.answered and len(call.hops) == 3)
    assert [hop.who for hop in across.hops] == ["demo-yunlan", "hub", "demo-market"]
    assert [hop.place for hop in across.hops] == ["hub/880000", "hub", "hub/880000/880100"]
    for officer in ("yunlan.shuju", "qiyun.fuhe"):  # who asked, and who answered
        page = story.officers[officer].open(f"{story.sites.hub}/console/sharing/calls/{across.trace}?lang=en")
        assert page.status_code == 200
        assert "demo-market" in page.text
    assert "A" not in [hop.digest for hop in across.hops]
    assert story.officers["hub.jiandu"].open(f"{story.sites.hub}/console/sharing").status_code == 403


def _the_figures_are_in_the_ledger(made: World) -> None:
    with made.house.database.read() as db:
        lines = list(ledger.export(db))
    shown = sharing_board.figures_now(made.house)
    assert figures(lines) == shown
    assert (shown["entries"], shown["calls"], shown["withdrawals"]) == (4, 2, 1)
    assert shown["refused: withdrawn"] == 1


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[tuple[World, Story]]:
    """A company whose data were used once; the permission stands."""
    with world(tmp_path_factory.mktemp("world"), valkey_url) as made:
        story = company(made)
        for _words, step in sharing.steps(story)[:2]:
            step()
        yield made, story


def asked_again(story: Story) -> Any:
    """The site asks once more, with the permission that it has."""
    story.citizen.open(f"{story.sites.yunlan}/benefits/told?lang=en")
    return story.citizen.submit(action="/benefits/again")


def test_saying_no_tells_nothing(told: tuple[World, Story]) -> None:
    made, story = told
    story.citizen.open(f"{story.sites.yunlan}/benefits?lang=en")
    others = [part.partition('"')[0] for part in story.citizen.page.text.split('name="grant" value="')[1:]]
    with made.house.database.read() as db:
        before = len(store.every_call(db))
    story.citizen.submit("grant", grant=others[-1])  # the business license, never asked for yet
    story.citizen.submit("decision", decision="refuse")
    assert "You were not signed in: The person said no" in story.citizen.page.text
    with made.house.database.read() as db:
        assert len(store.every_call(db)) == before


def test_a_proof_shows_one_event_and_nobody_elses(told: tuple[World, Story]) -> None:
    made, story = told
    story.citizen.open(f"{story.sites.hub}/my/data?lang=en")
    address = next(part for part in story.citizen.page.text.split('"') if part.endswith("/proof.json"))
    made.tick()
    proof = story.citizen.fetch(f"{story.sites.hub}{address}")
    assert proof.status_code == 200
    check_proof(proof.text, [made.house.keys.jwk(ledger.KEY)])
    for secret in (story.name, story.number, story.company):
        assert secret not in proof.text
    stranger = Browser()
    assert stranger.fetch(f"{story.sites.hub}{address}").url.path == "/login"
    # An officer is known by a proved name of his own, and the proof is not his.
    assert story.officers["qiyun.fuhe"].fetch(f"{story.sites.hub}{address}").status_code == 404


def test_a_city_that_is_down_is_said_in_words_and_nothing_is_handed_over(
    told: tuple[World, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, story = told
    monkeypatch.setitem(made.departments["market"].view_functions, "shared_data", lambda: ("", 500))
    page = asked_again(story)
    assert "told nothing" in page.text
    assert "does not answer" in page.text
    with made.house.database.read() as db:
        last = ledger.events(db, kind="data.refused", limit=1)[0]
    assert last.facts["why"] == "source-down"


def test_a_city_that_answers_late_is_not_waited_for(told: tuple[World, Story], monkeypatch: pytest.MonkeyPatch) -> None:
    made, story = told
    answer = made.departments["market"].view_functions["shared_data"]

    def late() -> Any:
        time.sleep(0.8)
        return answer()

    monkeypatch.setattr(sources, "SECONDS", 0.3)
    monkeypatch.setitem(made.departments["market"].view_functions, "shared_data", late)
    assert "does not answer" in asked_again(story).text
    with made.house.database.read() as db:
        call = store.calls(db, limit=1)[0]
    assert (call.outcome, call.fields) == ("source-down", ())
    assert call.milliseconds < 800


def test_a_city_that_answers_in_anothers_name_is_refused(
    told: tuple[World, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, story = told
    monkeypatch.setitem(made.departments["market"].view_functions, "shared_data", lambda: "eyJ.eyJ.x")
    assert "cannot be used" in asked_again(story).text


def test_the_platform_answers_the_hub_alone(told: tuple[World, Story]) -> None:
    """Anybody can reach its address; only a question that the hub signed for it is answered."""
    made, story = told
    now = int(clock.now().timestamp())
    good = {"iss": story.sites.hub, "aud": "demo-market", "exp": now + 60, "jti": "j", "fields": ["credit_grade"]} | {
        "holder": {"number_type": "001", "number": story.company}
    }

    def ask(claims: dict[str, Any], typ: str = "data-request+jwt", key: str = share.KEY) -> int:
        token = made.house.keys.sign_jws(key, typ, claims)
        return made.departments["market"].test_client().post("/shared-data", data=token).status_code

    assert ask(good) == 200
    assert ask(good | {"aud": "demo-civil"}) == 400
    assert ask(good | {"iss": "http://other.example"}) == 400
    assert ask(good | {"exp": now - 60}) == 400
    assert ask(good, typ="data+jwt") == 400
    assert ask(good, key="receipt") == 400
    assert ask({"iss": "x"}) == 400
    assert ask(good | {"holder": {}}) == 404
    assert made.departments["market"].test_client().post("/shared-data", data=b"\xff").status_code == 400


def test_the_catalogue_is_public_and_names_the_rule_for_what_is_closed(told: tuple[World, Story]) -> None:
    _made, story = told
    page = Browser().fetch(f"{story.sites.hub}/data?lang=en").text
    assert "Persons who report violations" in page
    assert "informants are kept secret" in page
    officer = story.officers["yunlan.shuju"]
    officer.open(f"{story.sites.hub}/console/sharing/ask/E-informants?lang=en")
    refused = officer.submit("item", fields=["name"], client="demo-yunlan", item=sharing.ITEM, purpose="查询举报人",
                             purpose_en="To find informants", basis="none at all", per_day="1", until="2027-01-01")  # fmt: skip
    assert refused.status_code == 403
    assert json.dumps("These data are not shared")[1:-1] in refused.text
