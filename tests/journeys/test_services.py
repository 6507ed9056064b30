"""A department's service, from the form to production and to its end: each step by who may take it, and by nobody else."""

import json
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from admin import item_figures
from admin.store import items as store
from docs.figures.services import figures
from hub import clock, ledger
from idp.provider.clients import CACHE_SECONDS
from tests.world import World
from yinxin.tour.browser import Browser
from yinxin.tour.services import SITE, Service
from yinxin.tour.story import Story

KEY = ECKey.generate_key("P-256", parameters={"kid": "kiosk"})
PUBLIC = {name: str(value) for name, value in KEY.as_dict(private=False).items()}
CALLBACK, TRIAL = f"{SITE}/callback", "http://localhost:4000/callback"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def story(made: World) -> Story:
    """A citizen whose name is matched: level 2."""
    story = Story(made.sites, Browser(), Browser(), made.officers)
    story.get_person()
    story.sign_in_at_a()
    return story


@pytest.fixture
def service(story: Story) -> Service:
    """A registered item with a draft and a sandbox."""
    made = Service(story, PUBLIC, policy="standard")  # the plain flow: what counts here is who may do what
    made.register()
    return made


class Program:
    """The department's program, with a visitor's browser before it that stops at its door."""

    def __init__(self, story: Story, client: str, visitor: Browser, redirect: str) -> None:
        self.hub, self.client, self.redirect = story.sites.hub, client, redirect
        self.browser = httpx2.Client(cookies=visitor.cookies, headers={"Accept-Language": "en"})

    def authorize(self) -> httpx2.Response:
        """Send the visitor; give the page at which he stands, or the redirect to the program."""
        asked = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.redirect,
            "scope": "openid profile realname",
            "state": "s",
            "nonce": secrets.token_hex(8),
        }
        answer = self.browser.get(f"{self.hub}/oidc/authorize?{urlencode(asked)}")
        return self._followed(answer)

    def agree(self, page: httpx2.Response) -> httpx2.Response:
        """The visitor agrees on the page of consent."""
        token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        answer = self.browser.post(str(page.url), data={"csrf": token, "decision": "agree"})
        return self._followed(answer)

    def tokens(self, answer: httpx2.Response) -> dict[str, Any]:
        """Redeem the code that came back, proving to be the program by its key."""
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        moment = int(clock.now().timestamp())
        claims = {"iss": self.client, "sub": self.client, "aud": self.hub, "iat": moment, "exp": moment + 60}
        proof = jws.serialize_compact(
            {"alg": "ES256", "kid": "kiosk"}, json.dumps(claims | {"jti": secrets.token_hex(8)}), KEY
        )
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect}
        form |= {"client_assertion_type": ASSERTION, "client_assertion": proof}
        given = httpx2.post(f"{self.hub}/oidc/token", data=form)
        assert given.status_code == 200, given.text
        return dict(given.json())

    def userinfo(self, tokens: dict[str, Any]) -> httpx2.Response:
        """What the provider tells of the visitor."""
        return httpx2.get(f"{self.hub}/oidc/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    def _followed(self, answer: httpx2.Response) -> httpx2.Response:
        while answer.status_code == 303 and str(answer.headers["location"]).startswith((self.hub, "/")):
            where = str(answer.headers["location"])
            answer = self.browser.get(where if where.startswith("http") else self.hub + where)
        return answer


def approved(service: Service) -> Service:
    service.approve()
    return service


def test_the_sandbox_signs_in_its_testers_and_nobody_else(story: Story, service: Service) -> None:
    stranger = Program(story, f"{service.code}-sandbox", story.citizen, TRIAL)
    refused = stranger.authorize()
    assert refused.status_code == 403
    assert "still being tried out" in refused.text
    officer = story.officers["qiyun.jingban"]
    tester = Program(story, f"{service.code}-sandbox", officer, TRIAL)
    page = tester.authorize()
    assert page.status_code == 200, page.headers.get("location")


def test_a_named_tester_learns_that_the_program_is_told_of_nobody_real(story: Story, service: Service) -> None:
    developer = Story(story.sites, Browser(), Browser(), story.officers)
    developer.get_person()
    account = _account(developer)
    officer = story.officers["qiyun.jingban"]
    officer.open(f"{story.sites.hub}/console/services/{service.code}?lang=en")
    officer.submit("account", account=account)
    trial = Program(story, f"{service.code}-sandbox", developer.citizen, TRIAL)
    page = trial.authorize()
    assert "A sandbox: a service on trial" in page.text
    assert developer.name not in page.text.partition("<main")[2]
    said = trial.userinfo(trial.tokens(trial.agree(page))).json()
    assert said["name"] == "示例甲"
    assert developer.number not in json.dumps(said)


def test_production_exists_only_after_the_second_person(story: Story, service: Service) -> None:
    program = Program(story, service.code, story.citizen, CALLBACK)
    assert program.authorize().status_code == 400, "there is no such client yet"
    approved(service)
    real = program.agree(program.authorize())
    assert real.headers["location"].startswith(f"{CALLBACK}?")
    assert program.userinfo(program.tokens(real)).json()["name"] == story.name


def test_who_asks_cannot_decide_by_any_form(story: Story, service: Service) -> None:
    officer = story.officers["qiyun.jingban"]
    officer.open(f"{story.sites.hub}/console/services/{service.code}?lang=en")
    officer.submit(action="/propose", reason="at once")
    request, text = officer.path, officer.page.text
    assert 'value="approve"' not in text
    withdraw = officer.find(action="/withdraw")
    sent = officer.submit(action="/withdraw", to=f"{request}/decide", decision="approve", digest="0" * 64)
    assert sent.status_code == 403, withdraw
    program = Program(story, service.code, story.citizen, CALLBACK)
    assert program.authorize().status_code == 400
    officer.open(f"{story.sites.hub}{request}?lang=en")
    officer.submit(action="/withdraw")
    late = story.officers["qiyun.fuhe"].open(f"{story.sites.hub}{request}?lang=en").text
    assert 'value="approve"' not in late


def test_a_raised_level_is_asked_at_the_very_next_request(story: Story, service: Service) -> None:
    approved(service)
    program = Program(story, service.code, story.citizen, CALLBACK)
    before = program.tokens(program.agree(program.authorize()))
    assert program.userinfo(before).status_code == 200
    assert program.authorize().headers["location"].startswith(f"{CALLBACK}?code="), "single sign-on"
    service.raise_level()
    page = program.authorize()
    assert page.status_code == 200
    assert page.url.path == "/realname", "the missing step is asked, and no other"
    assert program.userinfo(before).status_code == 401, "what was granted below the level is revoked"


def test_other_processes_know_it_within_the_second_that_they_remember(
    made: World, story: Story, service: Service
) -> None:
    approved(service)
    program = Program(story, service.code, story.citizen, CALLBACK)
    program.agree(program.authorize())
    cached = dict(made.house.cache["idp-clients"])
    service.raise_level()
    made.house.cache["idp-clients"].update(cached)  # as in a process that was not there when it happened
    time.sleep(CACHE_SECONDS)
    assert program.authorize().url.path == "/realname"


def test_an_item_that_ends_takes_its_clients_along(story: Story, service: Service) -> None:
    approved(service)
    program = Program(story, service.code, story.citizen, CALLBACK)
    tokens = program.tokens(program.agree(program.authorize()))
    asks, decides = story.officers["qiyun.jingban"], story.officers["qiyun.fuhe"]
    asks.open(f"{story.sites.hub}/console/services/{service.code}?lang=en")
    asks.submit(action="/end", basis="Decree 9 of Qiyun")
    decides.open(f"{story.sites.hub}{asks.path}?lang=en")
    decides.submit("decision", decision="approve")
    time.sleep(CACHE_SECONDS)
    assert program.authorize().status_code == 400
    assert program.userinfo(tokens).status_code == 401
    assert story.verifier.open(f"{story.sites.hub}/services/{service.code}").status_code == 404


def test_the_board_can_be_recounted_from_the_ledger(made: World, story: Story, service: Service) -> None:
    with made.house.database.read() as db:
        board = item_figures.figures(db, "hub", clock.now())
        events = ledger.events(db, limit=5000)
        assert len(store.items(db)) == board["production"]
    lines = [{"kind": one.kind, "subject": one.subject, "facts": one.facts} for one in reversed(events)]
    assert figures(lines) == board
    page = story.officers["qiyun.jingban"].open(f"{story.sites.hub}/console/services?lang=en").text
    assert "Service items" in page


def _account(developer: Story) -> str:
    """Register the developer under a name that is known here."""
    account = f"developer-{secrets.token_hex(3)}"
    citizen = developer.citizen
    citizen.open(f"{developer.sites.hub}/register?lang=en")
    citizen.submit("password", account=account, password=secrets.token_urlsafe(16))
    citizen.open(f"{developer.sites.hub}/realname?lang=en")
    citizen.submit("number", name=developer.name, number=developer.number)
    return account
