"""The board of people's experience: what was counted, once, in numbers that tell nobody apart."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from admin import experience, experience_table, plots, sheet
from admin.model.experience import (
    DEVICES,
    FEW,
    FLOWS,
    LANGUAGES,
    SPEEDS,
    NotTheWhole,
    Period,
    PeriodWrong,
    edges,
    group,
    hidden,
    quantile,
)
from admin.model.funnel import Selection
from admin.web import experience_words as words
from docs.figures.experience import figures as counted_again
from hub import clock, ledger, steps, vitals
from hub.house import House
from hub.shared import Shared
from tests.admin.test_console import operator  # noqa: F401  a fixture

NOON = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
LOGIN = {
    "step login begun zh-Hans phone": 60,
    "step login begun en desktop": 40,
    "step login begun en tablet": 3,
    "step login tried zh-Hans phone": 50,
    "step login wrong zh-Hans phone": 5,
    "step login returned zh-Hans phone": 48,
    "step login returned en desktop": 30,
    "step verification asked:typed none program": 20,
    "step verification answered:valid none program": 18,
    "step verification answered:cannot_say none program": 2,
    "vital verification.check pages zh-Hans phone": 30,
    "vital verification.check LCP:1200-1800 zh-Hans phone": 20,
    "vital verification.check LCP:4000-6000 zh-Hans phone": 10,
    "answer verification.ask ok:50-100 none none": 30,
    "answer verification.ask failed:5000- none none": 1,
    "problem verification.ask too-large zh-Hans phone": 4,
}


def counted(house: House, counts: dict[str, int], at: datetime = NOON) -> None:
    """These counts, as if they had come in at that moment, folded."""
    house.shared.add(f"tally:{int(at.timestamp()) // 60}", counts, 3600)
    with clock.shifted((at - datetime.now(UTC)).total_seconds() + 60):
        experience.fold(house, clock.now())


def board(house: House, now: datetime = NOON, scope: str = "hub", **chosen: Any) -> Any:
    with house.database.read() as db:
        return experience.board(db, scope, Selection(**chosen), now)


def row(shown: Any, flow: str, step: str, outcome: str = "") -> Any:
    funnel = next(one for one in shown.funnels if one.flow == flow)
    return next(one for one in funnel.rows if (one.step, one.outcome) == (step, outcome))


# -- folding


def test_what_was_counted_is_folded_once(house_on: House) -> None:
    counted(house_on, LOGIN)
    counted(house_on, {})
    shown = board(house_on)
    assert row(shown, "login", "begun").count == 103
    assert row(shown, "login", "returned").share == 78 / 103
    assert row(shown, "login", "wrong").of == "tried"
    assert row(shown, "verification", "asked").count == 20
    assert row(shown, "verification", "answered", "valid").share == 0.9
    with house_on.database.read() as db:
        events = ledger.events(db, kind="experience.counted")
    assert [event.subject for event in events] == ["2026-11-22T12:00Z"]
    assert events[0].facts == {"counts": LOGIN}


def test_a_minute_that_comes_late_is_added(house_on: House) -> None:
    counted(house_on, {"step login begun en phone": 5})
    counted(house_on, {"step login begun en phone": 7, "step login shown en phone": 1})
    assert row(board(house_on), "login", "begun").count == 12
    assert row(board(house_on, period=Period.hour), "login", "begun").count == 12


def test_what_cannot_be_kept_waits_for_the_next_turn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "wrote", broken)
        with pytest.raises(RuntimeError):
            counted(house, LOGIN)
    assert board(house).empty
    counted(house, {})
    assert row(board(house), "login", "begun").count == 103


def test_what_is_no_count_of_ours_breaks_nothing(house: House) -> None:
    counted(house, {"step login begun en phone": 1, "nonsense": 3, "a b c d e f": 1, "": 2})
    assert row(board(house), "login", "begun").count == 1


@pytest.mark.parametrize(
    ("period", "minutes", "seen"),
    [("hour", 59, True), ("hour", 61, False), ("day", 61, True), ("day", 25 * 60, False), ("week", 6 * 1440, True)],
)
def test_a_period_ends_now(house: House, period: str, minutes: int, seen: bool) -> None:  # noqa: FBT001  from a table
    at = NOON - timedelta(minutes=minutes)
    house.shared.add(f"tally:{int(at.timestamp()) // 60}", {"step login begun en phone": 1}, 3600)
    with clock.shifted((at - datetime.now(UTC)).total_seconds() + 60):
        experience.fold(house, clock.now())
    assert board(house, period=Period(period)).empty is not seen


def test_old_rows_go_and_the_ledger_stays(house: House) -> None:
    counted(house, LOGIN)
    assert experience.forget(house, NOON + timedelta(days=3)) == len(LOGIN)
    assert not board(house).empty
    assert experience.forget(house, NOON + timedelta(days=500)) == len(LOGIN)
    assert board(house).empty
    with house.database.read() as db:
        assert ledger.events(db, kind="experience.counted")


def test_without_the_short_term_memory_the_page_still_opens(house: House) -> None:
    object.__setattr__(house.tally, "_shared", Shared("redis://127.0.0.1:1/0"))
    assert experience.waiting(house) == 0


# -- figures


def export(house: House) -> list[dict[str, Any]]:
    with house.database.read() as db:
        events = ledger.events(db, kind="experience.counted", limit=1000)
    lines = [{"kind": e.kind, "subject": e.subject, "at": e.at.isoformat(), "facts": e.facts} for e in events]
    return json.loads(json.dumps(lines))  # type: ignore[no-any-return]


def test_every_figure_can_be_counted_again_from_the_ledger(house_on: House) -> None:
    counted(house_on, LOGIN)
    counted(house_on, {name: 2 * number for name, number in LOGIN.items()}, NOON - timedelta(hours=3))
    with house_on.database.read() as db:
        shown = experience.figures(db, "hub", NOON)
    assert shown == counted_again(export(house_on))
    assert shown["login.begun"] == 309
    assert shown["login.completion"] == 0.7573
    assert shown["LCP.p75"] == 4500


def test_figures_are_those_of_the_period(house: House) -> None:
    counted(house, LOGIN)
    counted(house, LOGIN, NOON - timedelta(hours=30))
    with house.database.read() as db:
        shown = experience.figures(db, "hub", NOON)
        week = experience.figures(db, "hub", NOON, Period.week)
    assert shown == counted_again(export(house), now=NOON)
    assert week == counted_again(export(house)) == counted_again(export(house), now=NOON, hours=168)
    assert week["login.begun"] == 206


def test_the_script_counts_every_step_that_the_board_shows(house: House) -> None:
    with house.database.read() as db:
        assert set(experience.figures(db, "hub", NOON)) == set(counted_again([]))


# -- few


def test_few_are_not_shown_where_one_looks_at_a_part(house: House) -> None:
    counted(house, LOGIN)
    shown = board(house, language="en", device="tablet")
    assert row(shown, "login", "begun").count is None
    shown = board(house, language="zh-Hans")
    assert row(shown, "login", "begun").count == 60
    assert row(shown, "login", "wrong").count is None
    assert row(shown, "login", "wrong").share is None
    assert shown.faults[0].count is None
    assert row(board(house), "login", "wrong").count == 5, "of all together, every number is shown"


def test_of_the_parts_of_a_whole_no_single_one_is_hidden(house: House) -> None:
    counted(house, LOGIN)
    login = next(one for one in board(house).funnels if one.flow == "login")
    begun = {(part.language, part.device): part.begun for part in login.parts}
    assert begun == {("zh-Hans", "phone"): 60, ("en", "desktop"): None, ("en", "tablet"): None}


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=12))
def test_hidden_numbers_cannot_be_told_from_the_rest(counts: list[int]) -> None:
    shown = hidden(counts)
    assert all(one is None or one == 0 or one >= FEW for one in shown)
    assert all(one in (None, count) for one, count in zip(shown, counts, strict=True))
    gone = [count for one, count in zip(shown, counts, strict=True) if one is None]
    assert len(gone) != 1 or not any(shown), "one alone is the whole less the rest"


def test_few_page_views_have_no_speed_in_a_part(house: House) -> None:
    few = {name: min(number, 4) for name, number in LOGIN.items()}
    counted(house, few)
    (pages,) = board(house, device="phone").pages
    assert (pages.views, pages.speeds) == (None, {})
    assert board(house, device="phone").lines[0].now is None
    assert board(house).pages[0].speeds["LCP"] > 0


# -- what may be asked


@pytest.mark.parametrize("scope", ["hub/880000", "hub/880000/880100", "", "hub/ministry-of-trade"])
def test_who_looks_after_a_part_of_the_tree_does_not_see_the_whole(house: House, scope: str) -> None:
    with pytest.raises(NotTheWhole):
        board(house, scope=scope)


@pytest.mark.parametrize("asked", [("year", "", ""), ("", "", ""), ("day", "de", ""), ("day", "", "watch")])
def test_there_is_no_other_selection(asked: tuple[str, str, str]) -> None:
    with pytest.raises(PeriodWrong):
        experience.selection(*asked)


@given(st.text(), st.text(), st.text())
def test_no_selection_makes_it_fail(period: str, language: str, device: str) -> None:
    try:
        chosen = experience.selection(period, language, device)
    except PeriodWrong:
        return
    assert chosen.language in ("", *LANGUAGES)


# -- rules of the model


@pytest.mark.parametrize(
    ("classes", "share", "value"),
    [
        ({}, 0.75, None),
        ({(0, 100): 4}, 0.75, 75),
        ({(0, 100): 1, (100, 200): 1}, 0.5, 100),
        ({(0, 100): 1, (5000, float("inf")): 9}, 0.75, 5000),
        ({(0, 100): 3, (100, 300): 1}, 0.75, 100),
    ],
)
def test_a_quantile_is_even_within_its_class(classes: Any, share: float, value: float | None) -> None:
    assert quantile(classes, share) == value


@given(st.lists(st.floats(min_value=0, max_value=20_000), min_size=1, max_size=60), st.sampled_from([0.5, 0.75, 0.95]))
def test_a_quantile_lies_in_the_class_where_it_really_is(values: list[float], share: float) -> None:
    classes: dict[tuple[float, float], int] = {}
    for value in values:
        ends = edges(steps.between(value, steps.MILLISECONDS))
        classes[ends] = classes.get(ends, 0) + 1
    real = sorted(values)[max(0, -(-int(share * len(values) * 1000) // 1000) - 1)]
    found = quantile(classes, share)
    assert found is not None
    low, high = edges(steps.between(real, steps.MILLISECONDS))
    assert low - 1e-9 <= found <= high + 1e-9 or abs(sorted(values).index(real) + 1 - share * len(values)) >= 1


def test_every_limit_between_good_and_poor_is_an_edge() -> None:
    """So a grade never depends on how a class is thought to be spread."""
    for speed in SPEEDS:
        assert {speed.good, speed.poor} <= set(vitals.EDGES[speed.name])


def test_every_step_and_its_base_have_words() -> None:
    for flow in FLOWS:
        assert words.FLOWS[flow.name]
        names = {step.name for step in flow.steps}
        assert {flow.begin, flow.end} <= names
        for step in flow.steps:
            assert words.step(flow.name, step.name)
            assert not step.of or (step.of in names and words.SHORT[step.of])
            for outcome in step.outcomes:
                assert words.step(flow.name, step.name, outcome)
                assert words.SHORT[step.name]


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("idp.login_posted", "login"),
        ("oidc.token", "login"),
        ("idp.realname", "realname"),
        ("idp.account", "account"),
        ("verification_api.verify", "verification"),
        ("console.license_one", "console"),
        ("hub.front", "portal"),
        ("none", "none"),
        ("somewhere.else", "somewhere"),
        ("", ""),
    ],
)
def test_a_route_belongs_to_one_group(route: str, name: str) -> None:
    assert group(route) == name


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), (0, "0%"), (1, "100%"), (0.9999, ">99.9%"), (0.0001, "<0.1%"), (0.5, "50%")]
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, text: str) -> None:
    assert words.percent(share) == text


# -- files


@pytest.mark.parametrize(
    "evil",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u3000=1", "＝1", "-2+3", "=cmd|' /C calc'!A0"],
)
def test_a_formula_becomes_text(evil: str) -> None:
    assert sheet.plain(evil) == f"'{evil}"


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    assert not sheet.plain(text).startswith(sheet.DANGEROUS)


@pytest.mark.parametrize(("cell", "text"), [(None, ""), (-1.5, "-1.5"), (3, "3"), ("ok", "ok"), ("a=b", "a=b")])
def test_what_is_no_formula_stays(cell: Any, text: str) -> None:
    assert sheet.plain(cell) == text


def test_the_table_has_every_number_and_hides_few(house: House) -> None:
    counted(house, LOGIN)
    rows = experience_table.rows(board(house))
    assert all(set(line) == set(experience_table.COLUMNS) for line in rows)
    assert {"table": "flow", "group": "login", "item": "begun", "count": 103}.items() <= rows[0].items()
    begun = [line for line in rows if (line["table"], line["item"]) == ("part", "begun")]
    assert [(line["device"], line["count"]) for line in begun] == [("phone", 60), ("tablet", "<10"), ("desktop", "<10")]


# -- plots


def test_a_plot_tells_what_it_shows_and_is_whole(house: House) -> None:
    drawn = plots.bars("p", "A <b>", "5 & 6", [plots.Bar("<i>one", 0.5, "5"), plots.Bar("two", 7, "6", below=True)])
    svg = ET.fromstring(drawn)
    assert svg.get("role") == "img"
    assert [svg.find(name).text for name in ("title", "desc")] == ["A <b>", "5 & 6"]  # type: ignore[union-attr]
    assert all(float(rect.get("width", "").rstrip("%")) <= plots.TRACK for rect in svg.iter("rect"))
    assert "style=" not in drawn


@given(st.lists(st.none() | st.floats(min_value=0, max_value=600_000), max_size=40))
def test_whatever_was_measured_a_line_stays_within_its_frame(points: list[float | None]) -> None:
    marks = [plots.Mark(2500, "good", "ok"), plots.Mark(4000, "poor", "bad")]
    svg = ET.fromstring(plots.line("p", "t", "d", points, marks, ("a", "b")))
    for dot in svg.iter("circle"):
        assert 0 <= float(dot.get("cx", "").rstrip("%")) <= 100
        assert 0 <= float(dot.get("cy", -1)) <= plots.HEIGHT
    assert sum(1 for _ in svg.iter("circle")) == sum(point is not None for point in points)


# -- pages


URLS = [f"/console/experience{end}" for end in ("", ".csv", ".json")]


@pytest.mark.parametrize("url", URLS)
def test_only_a_supervisor_of_the_hub_sees_it(operator: Any, client: FlaskClient, url: str) -> None:  # noqa: F811
    assert "/console/sign-in" in client.get(url).location
    assert operator(rights={"see", "desk"}).get(url).status_code == 403
    assert operator(amr=("pwd",)).get(url).status_code == 403
    assert operator(place="hub/880000").get(url).status_code == 403
    assert operator().get(url).status_code == 200


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("query", ["period=year", "language=de", "device=x", "period=%00", "language[]=en"])
def test_a_wrong_selection_is_refused_in_words(operator: Any, url: str, query: str) -> None:  # noqa: F811
    answer = operator().get(f"{url}?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == (200 if "[]" in query else 400)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("period", Period)
def test_the_page_shows_plots_and_tables(operator: Any, house: House, language: str, period: Period) -> None:  # noqa: F811
    browser = operator()
    text = browser.get(f"/console/experience?lang={language}&period={period}").text
    assert ("尚无计数" if language == "zh-Hans" else "Nothing has been counted yet") in text
    counted(house, LOGIN, clock.now() - timedelta(minutes=3))
    text = browser.get(f"/console/experience?lang={language}&period={period}").text
    assert text.count('<svg class="yx-plot"') == len(FLOWS) + 3
    assert "103" in text
    assert ("较差" if language == "zh-Hans" else "poor") in text
    assert text.count("<table") >= 8


def test_the_files_say_the_same(operator: Any, house: House) -> None:  # noqa: F811
    counted(house, LOGIN, clock.now() - timedelta(minutes=3))
    browser = operator()
    told = browser.get("/console/experience.json").json
    assert {line["item"]: line["count"] for line in told["rows"] if line["group"] == "login"}["begun"] in (
        103,
        60,
        "<10",
    )
    answer = browser.get("/console/experience.csv?device=phone")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="experience.csv"'
    assert answer.data.decode().startswith("\ufefftable,group,item")
    assert "flow,login,begun,all,phone,60" in answer.text
    assert "flow,login,wrong,all,phone,<10" in answer.text


def test_devices_are_those_that_are_counted() -> None:
    assert steps.DEVICES == DEVICES
