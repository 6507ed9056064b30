"""Stories of people in a real browser, in both languages: proved once, then every platform opens without a prompt."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.person import Walker
from tests.world import World, world

BOTH = pytest.mark.parametrize("language", ["zh-Hans", "en"])
MOST_SCREENS = 3  # at the next platform, for whoever is proved
OFFICER = "qiyun.jingban"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("demo"), valkey_url, threaded=True) as made:
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
@pytest.mark.parametrize(
    ("name", "number", "more"),
    [
        ("SAMPLE PERSON", "988999198205050012", {}),
        ("TRAVELLER SAMPLE ANN", "P8800001", {"country": "UTO", "born": "1979-04-12"}),
    ],
    ids=["card of 2023", "passport"],
)
def test_a_foreigner_is_as_welcome(
    demo: World, person: Person, language: str, name: str, number: str, more: dict[str, str]
) -> None:
    if language == "en" and more:
        pytest.skip("one living person has one identity: the passport was proved in the other language")
    one = person(language)
    one.registers()
    if language == "zh-Hans":
        one.proves(name, number, **more).goes("/realname").judged()
        assert name in one.text
        one.opens(demo.sites.market).agrees().is_at(demo.sites.market)
        assert one.prompts == []
    else:
        one.goes("/realname").judged().fills(name=name, number=number).presses().judged()
        assert "988999198205050012" not in one.page.url
        assert "/realname" in one.page.url  # known already, and nothing tells a stranger so


def test_a_rare_name_is_written_right_however_it_is_typed(demo: World, person: Person) -> None:
    one = person("zh-Hans")
    one.registers().goes("/realname").fills(name="示\ue863", number="880301200311150050").presses()
    if one.page.locator("#name").count():  # the sign of an old font: the right one is offered
        one.judged()
        assert one.page.locator("#name").input_value() == "示䶮"
        one.presses()
    one.goes("/realname").presses("main form[action*=live] button").presses("button[value=match]")
    one.goes("/realname").judged()
    assert "示䶮" in one.text
    one.name = "示䶮"
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


def test_a_parent_acts_for_a_child(demo: World, person: Person) -> None:
    parent = person("zh-Hans")
    parent.registers().proves("示例甲", "880101198503120015")
    parent.goes("/account/mandates").judged().goes("/account/mandates/child").judged()
    parent.fills(name="示例小乙", number="88010120190930007X").presses("form:has(#number) button[type=submit]").judged()
    assert parent.page.locator("#number").count() == 1  # another name: refused
    parent.fills(name="示例小甲", number="88010120190930007X").presses("form:has(#number) button[type=submit]").judged()
    assert "示例小甲" in parent.text
    parent.presses("form[action*='/as'] button").judged()
    parent.opens(demo.sites.market).chooses("示例小甲")
    assert parent.prompts == []
    parent.agrees().is_at(demo.sites.market, "示例小甲")
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
