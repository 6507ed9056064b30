"""Rating a service and what comes of it, and the alerts of supervision: in a real browser, narrow and wide, in both languages."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from admin import assessment, rectify, supervision
from admin.model.alert import LOOK_UPS, Alert, Rule, Severity, Signal
from admin.model.case import Channel
from admin.model.operator import Right
from admin.model.rating import Level, Opinion, Service, Step
from hub import clock, ledger
from hub.callers import Caller
from tests.admin.offices import ITEM, MARKET, QIYUN, cookie, officer, places
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses

both = pytest.mark.parametrize("language", ["zh-Hans", "en"])
OPINION = Opinion(Level.dissatisfied, {"efficiency": 1, "guide": 3}, "来了三次，材料每次都不一样。", "0880-5550100")


class Office:
    """What has happened in this house: bad ratings at every stage, and alerts."""

    def __init__(self, live: Live) -> None:
        self.live, self.now, self.count = live, clock.now(), 0
        places(live.house)
        self.fuhe = officer(live.house, "复核员", QIYUN, Right.desk, Right.cases, Right.approve, now=self.now)
        self.judge = officer(live.house, "监督员", "hub", Right.supervision, now=self.now)

    def link(self) -> str:
        self.count += 1
        ended = self.now - timedelta(hours=1)
        number = f"C-20261122-{self.count:010}-A"
        service = Service(number, ITEM, MARKET, QIYUN, Channel.online, "citizen", "decider", ended)
        return f"{self.live.hub}{assessment.link_for(self.live.house, service, self.now)}"

    def rated(self, opinion: Opinion = OPINION) -> tuple[str, str]:
        link = self.link()
        return link, assessment.rate(self.live.house, link.rpartition("/")[2], opinion, self.now).id

    def worked(self, *steps: Step) -> tuple[str, str]:
        link, id = self.rated()
        person = self.fuhe.person or ""
        rectify.assign(self.live.house, id, person, by=self.fuhe, now=self.now)
        for step in steps:
            words = "" if step is Step.close else "已核实情况，并向窗口人员重申一次性告知。"
            rectify.advance(self.live.house, id, step, words, by=self.fuhe, now=self.now)
        return link, id

    def alert(self, rule: Rule = Rule.look_ups) -> Alert:
        self.count += 1
        facts = {"count": LOOK_UPS + 1, "due": self.now.isoformat(), "agency": MARKET, "day": "2026-11-22"}
        facts |= {"what": "list-stale", "about": "issuing"} if rule is Rule.trust_service else {}
        with self.live.house.database.write() as db:
            for number in range(3):
                ledger.wrote(db, "case.looked", f"C-{number}", by="person:decider", at=self.now, place=QIYUN)
            events = tuple(event.id for event in ledger.events(db, kind="case.looked", limit=3))
            severity = Severity.red if self.count % 2 else Severity.yellow
            signal = Signal(rule, f"k{self.count}", "C-1", QIYUN, severity, "decider", facts, events)
            found = supervision.raised(db, signal, self.now)
        assert found
        return found


@pytest.fixture(scope="module")
def office(live: Live) -> Office:
    return Office(live)


def page_of(browser: Browser, office: Office, who: Caller | None, *, width: int = 360) -> Page:
    """A browser of somebody."""
    context = browser.new_context(viewport={"width": width, "height": 740}, locale="zh-CN")
    context.set_default_timeout(15_000)
    if who:
        name, value = cookie(office.live.house, who, office.now)
        context.add_cookies([{"name": name, "value": value, "url": office.live.hub}])
    return context.new_page()


def judge(page: Page, url: str, language: str) -> None:
    """Open it, narrow and wide."""
    answer = page.goto(f"{url}{'&' if '?' in url else '?'}lang={language}")
    assert answer
    assert answer.status == 200
    for width in (320, 360, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        assert_accessible(page)


@both
def test_the_page_to_rate(office: Office, browser: Browser, language: str) -> None:
    page = page_of(browser, office, None)
    judge(page, office.link(), language)
    judge(page, office.rated()[0], language)
    judge(page, office.rated(Opinion(Level.satisfied))[0], language)
    judge(page, office.worked(Step.call, Step.verify, Step.fix, Step.reply)[0], language)
    page.context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_citizen_rates_on_a_phone_with_and_without_javascript(
    office: Office,
    visit: Visit,
    javascript: bool,  # noqa: FBT001
) -> None:
    page = visit(f"{office.link()}?lang=en", width=360, javascript=javascript)
    presses(page.get_by_role("button", name="Send the rating"))
    page.get_by_role("link", name="Choose how satisfied you are").click()
    page.get_by_label("Dissatisfied", exact=True).check()
    page.get_by_text("Rate single points").click()
    page.get_by_label("How quickly it was done").select_option("1")
    page.get_by_label("What was good").fill("Three times for one stamp.")
    presses(page.get_by_role("button", name="Send the rating"))
    assert "Thank you" in page.locator("h1").inner_text()
    assert "15 working days" in page.locator("main").inner_text()
    assert page.get_by_role("button", name="Send the rating").count() == 0


@both
def test_the_public_board(office: Office, browser: Browser, language: str) -> None:
    page = page_of(browser, office, None)
    for level in (5, 5, 5, 4, 4, 3, 2, 1, 5, 5):
        office.rated(Opinion(Level(level)))
    judge(page, f"{office.live.hub}/scoreboard", language)
    page.context.close()


@both
def test_the_pages_of_the_office(office: Office, browser: Browser, language: str) -> None:
    page = page_of(browser, office, office.fuhe)
    alerts = [office.alert(rule) for rule in Rule]
    paths = ["assessment", f"assessment/{office.rated()[1]}", f"assessment/{office.worked(Step.call)[1]}", "alerts"]
    for path in [*paths, "assessment?done=1", *(f"alerts/{alert.id}" for alert in alerts)]:
        judge(page, f"{office.live.hub}/console/{path}", language)
    page.context.close()


@both
def test_the_pages_of_the_supervisor(office: Office, browser: Browser, language: str) -> None:
    page = page_of(browser, office, office.judge)
    alert = office.alert()
    now = office.now
    supervision.take(office.live.house, alert.id, by=office.judge, now=now)
    judge(page, f"{office.live.hub}/console/supervision/{alert.id}", language)
    supervision.answer(office.live.house, alert.id, "系例行检查，已登记。", by=office.fuhe, now=now)
    for path in ("supervision", f"supervision/{alert.id}", "supervision/hours"):
        judge(page, f"{office.live.hub}/console/{path}", language)
    page.context.close()
