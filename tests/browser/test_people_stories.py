"""Stories of people in a real browser, in both languages: proved once, then every platform opens without a prompt."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, BrowserContext

from deploy.demo.register.book import Book
from deploy.demo.register.people import Person as Who
from idp.numbers import citizen, foreigner
from tests.browser.person import Walker
from tests.world import World, world

BOTH = pytest.mark.parametrize("language", ["zh-Hans", "en"])
MOST_SCREENS = 3  # at the next platform, for whoever is proved
OFFICER = "qiyun.jingban"
# One living person has one identity: whoever is special comes twice, once for each language.
CARDS = {
    "zh-Hans": Who("988999198205050012", "SAMPLE PERSON"),
    "en": Who(foreigner.make("88", "999", date(1984, 3, 9), 2), "SAMPLE GUEST"),
}
PASSPORTS = {
    "zh-Hans": Who("P8800001", "TRAVELLER SAMPLE ANN", country="UTO", born="1979-04-12"),
    "en": Who("P8800002", "TRAVELLER SAMPLE EVE", country="UTO", born="1981-02-03"),
}
RARE = {
    "zh-Hans": Who("880301200311150050", "示䶮"),
    "en": Who(citizen.make("880301", date(2001, 6, 7), 8), "例䶮"),
}
PARENTS = {"zh-Hans": Who("880101198503120015", "示例甲"), "en": Who("880101199107260029", "欧阳示例")}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("demo")
    with world(folder, valkey_url, threaded=True) as made:
        book = Book(folder / "register")
        for kind in (CARDS, PASSPORTS, RARE):
            book.add(kind["en"])
        yield made


Person = Callable[..., Walker]


@pytest.fixture
def person(demo: World, browser: Browser) -> Iterator[Person]:
    """Somebody new at a browser of his own: `person("en")`, without JavaScript if told so."""
    contexts: list[BrowserContext] = []

    def comes(language: str, *, width: int = 360, javascript: bool = True) -> Walker:
        context = browser.new_context(
            viewport={"width": width, "height": 740},
            locale={"zh-Hans": "zh-CN"}.get(language, language),
            java_script_enabled=javascript,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return Walker(demo.sites, context.new_page(), language)

    yield comes
    for context in contexts:
        context.close()


@BOTH
def test_a_citizen_moves_to_another_province(demo: World, person: Person, language: str) -> None:
    one, sites = person(language), demo.sites
    name, number = one.fresh()
    one.opens(sites.market).judged().presses('main a[href*="/register"]').judged().makes_account()
    one.judged().fills(name=name, number=number).presses()  # the one time that it is proved
    one.name, one.number = name, number
    one.agrees().is_at(sites.market)
    for site in (sites.civil, sites.yunlan):  # another department, another province
        one.opens(site)
        assert one.prompts == []
        if one.page.url.startswith(sites.hub):
            one.agrees()
        one.is_at(site)
        assert one.prompts == []
        assert one.screens.count("/consent") <= 1
        assert len(one.screens) <= MOST_SCREENS
        one.opens(site).is_at(site)  # and from then on nothing at all
        assert one.screens == []
    one.goes("/account/uses").judged()
    assert one.page.locator("main table tbody tr").count() >= 2
    one.goes("/account/services").judged()
    services = one.page.locator("main form[action$=withdraw]")
    before = services.count()
    one.presses("main form[action$=withdraw] button").judged()
    assert services.count() == before - 1


@BOTH
def test_a_proved_person_passes_the_live_check_once(demo: World, person: Person, language: str) -> None:
    one = person(language)
    one.registers().proves(*one.fresh())
    one.opens(f"{demo.sites.hub}/wallet")
    if "/consent" in one.page.url:
        one.agrees()
    one.page.wait_for_url(f"{demo.sites.hub}/wallet/**")
    assert one.prompts == []
    one.judged()


@BOTH
@pytest.mark.parametrize("papers", [CARDS, PASSPORTS], ids=["card of 2023", "passport"])
def test_a_foreigner_is_as_welcome(demo: World, person: Person, language: str, papers: dict[str, Who]) -> None:
    one, who = person(language), papers[language]
    more = {"country": who.country, "born": who.born} if who.country else {}
    one.registers().proves(who.name, who.number, **more).goes("/realname").judged()
    assert who.name in one.text
    one.opens(demo.sites.market).agrees().is_at(demo.sites.market)
    assert one.prompts == []


@BOTH
def test_whose_number_is_known_already_is_refused_and_a_stranger_learns_nothing(
    demo: World, person: Person, language: str
) -> None:
    first, second = person(language), person(language)
    first.registers().proves(*first.fresh())
    second.registers().goes("/realname").fills(name=first.name, number=first.number).presses().judged()
    assert first.number not in second.page.url
    assert "/realname" in second.page.url


@BOTH
def test_a_rare_name_is_written_right_however_it_is_typed(demo: World, person: Person, language: str) -> None:
    one, who = person(language), RARE[language]
    one.registers().goes("/realname").fills(name=who.name.replace("䶮", "\ue863"), number=who.number).presses()
    one.judged()
    assert one.page.locator("#name").input_value() == who.name  # the sign of an old font: the right one is offered
    one.presses()
    one.goes("/realname").presses("main form[action*=live] button").presses("button[value=match]")
    one.goes("/realname").judged()
    assert who.name in one.text
    one.name = who.name
    one.opens(demo.sites.market).agrees().is_at(demo.sites.market)


@BOTH
def test_an_agent_acts_for_a_company_until_he_is_removed(demo: World, person: Person, language: str) -> None:
    boss, agent = person(language, width=1280), person(language)
    boss.registers().proves(*boss.fresh())
    agent.registers().proves(*agent.fresh())
    company, code = boss.founds_company()
    boss.goes("/companies").judged().fills(code=code).presses("form:has(#code) button[type=submit]").judged()
    boss.goes(f"/companies/{code}").judged().goes(f"/companies/{code}/invite/agent").judged()
    boss.fills(name=agent.name, number=agent.number)
    boss.page.locator("input[name=all][value=all]").check()
    boss.presses("form:has(#number) button[type=submit]").judged()
    assert agent.name in boss.text
    agent.goes("/companies").judged().presses(".yx-card__title a").judged().presses("button[value=accept]").judged()
    assert company in agent.text
    agent.opens(demo.sites.market).chooses(company)
    assert agent.prompts == []
    agent.agrees().is_at(demo.sites.market, company)
    assert code in agent.text
    boss.goes(f"/companies/{code}").presses(f"main a[href*='/companies/{code}/people/']:has-text('{agent.name}')")
    boss.judged().presses("main form button[type=submit]").judged()
    agent.goes("/companies")
    assert company not in agent.text
    agent.goes("/as")
    assert agent.page.locator(f"input[value='{code}']").count() == 0


@BOTH
def test_a_parent_acts_for_a_child(demo: World, person: Person, language: str) -> None:
    parent, who = person(language), PARENTS[language]  # both parents may
    parent.registers().proves(who.name, who.number)
    parent.goes("/account/mandates").judged().goes("/account/mandates/child").judged()
    parent.fills(name="示例小乙", number="88010120190930007X").presses("form:has(#number) button[type=submit]").judged()
    assert parent.page.locator("#number").count() == 1  # another name: refused
    parent.fills(name="示例小甲", number="88010120190930007X").presses("form:has(#number) button[type=submit]").judged()
    assert "示例小甲" in parent.text
    parent.presses("form[action*='/as'] button").judged()
    parent.opens(demo.sites.market)
    if parent.page.url.startswith(demo.sites.hub):  # what one parent agreed to for the child holds for the other
        parent.chooses("示例小甲").agrees()
    assert parent.prompts == []
    parent.is_at(demo.sites.market, "示例小甲")
    assert len(parent.screens) <= MOST_SCREENS


@BOTH
def test_who_has_no_telephone_is_served_at_a_counter(
    demo: World, person: Person, browser: Browser, language: str
) -> None:
    one, sites = person(language, javascript=False), demo.sites
    one.registers().proves(*one.fresh())  # at the library's computer, without JavaScript
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    cookies = [
        {"name": name, "value": value, "url": sites.hub} for name, value in demo.officers[OFFICER].cookies.items()
    ]
    context.add_cookies(cookies)  # type: ignore[arg-type]  # a cookie may be given by its site's address
    context.set_default_timeout(15_000)
    officer = Walker(sites, context.new_page(), language)
    officer.goes("/console/counter").judged().fills(name=one.name, number=one.number, reason="帮老人办理")
    officer.page.locator("#document").check()
    officer.presses("form:has(#number) button[type=submit]").judged()
    assert one.number not in officer.page.content()  # masked: others stand at the counter too
    officer.presses("form[action$=close] button").judged()
    assert f"{sites.hub}/rate/" in officer.text
    context.close()
    one.goes("/my/notices")
    if "/consent" in one.page.url:
        one.presses("button[value=agree]").goes("/my/notices")
    assert {"zh-Hans": "窗口", "en": "at a counter"}[language] in one.text
