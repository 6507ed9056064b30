"""docs/automation.md is true: a program that knows nothing but that page signs in, gives up, signs out, and knows an error."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.house.source import ROOT
from tests.idp.citizen import PASSWORD, Citizen
from tests.idp.rp import CALLBACK, Visit, department

PAGE = (ROOT / "docs/automation.md").read_text("utf-8")
BYE = "https://market.qiyun.example/bye"
SITE = "http://localhost:8000"


@dataclass
class Form:
    id: str
    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    controls: dict[str, dict[str, str]] = field(default_factory=dict)  # by id


class Read(HTMLParser):
    """Ids, and forms with their hidden inputs and their controls."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.forms: list[Form] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if "id" in said:
            self.ids.append(said["id"])
        if tag == "form":
            self.forms.append(Form(said.get("id", ""), said.get("action", "")))
        elif tag == "input" and said.get("type") == "hidden":
            self.forms[-1].hidden[said["name"]] = said["value"]
        elif tag == "button" and said.get("id"):
            self.forms[-1].controls[said["id"]] = {said["name"]: said["value"]} if said.get("name") else {}


class Robot:
    """Follows redirects as long as they stay here, and presses controls by their ids."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser, self.url, self.status, self.text = browser, SITE, 0, ""

    def opens(self, url: str) -> "Robot":
        return self._arrives(url, self.browser.get(url))

    def presses(self, id: str, **fields: str) -> "Robot":
        form = next(form for form in Read(self.text).forms if id in form.controls)
        to = urljoin(self.url, form.action) if form.action else self.url
        return self._arrives(to, self.browser.post(to, data=form.hidden | form.controls[id] | fields))

    def _arrives(self, url: str, response: TestResponse) -> "Robot":
        for _ in range(9):
            if response.status_code != 303:
                break
            url = urljoin(url, response.location)
            if not url.startswith(SITE):
                self.url, self.status, self.text = url, 303, ""
                return self
            response = self.browser.get(url)
        self.url, self.status, self.text = url, response.status_code, response.text
        return self

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def ids(self) -> list[str]:
        return Read(self.text).ids

    @property
    def answer(self) -> dict[str, str]:
        """What was brought to the service."""
        assert self.url.startswith(CALLBACK), (self.url, self.text[:2000])
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


@pytest.fixture
def service(citizen: Citizen) -> Visit:
    """A service, and somebody with an account whose browser is not signed in."""
    citizen.registers()
    return Visit(citizen.house, citizen.app, department())


@pytest.fixture
def robot(service: Visit, citizen: Citizen) -> Robot:
    return Robot(service.browser)


def asked(service: Visit, **changes: str | None) -> str:
    return f"{SITE}/oidc/authorize?{urlencode(service.asked(**changes))}"


def signs_in(robot: Robot, service: Visit, citizen: Citizen, **changes: str | None) -> Robot:
    robot.opens(asked(service, **changes))
    robot.presses("go-on", account=citizen.account, password=PASSWORD)
    return robot.presses("go-on") if robot.path == "/consent" else robot  # a person is asked once


def test_sign_in_and_agree(robot: Robot, service: Visit, citizen: Citizen) -> None:
    robot.opens(asked(service))
    assert (robot.path, robot.status) == ("/login", 200)
    assert "login" in robot.ids
    robot.presses("go-on", account=citizen.account, password="a wrong one, surely")
    assert (robot.path, robot.status) == ("/login", 422) or robot.status in (401, 422)
    assert "account-error" in robot.ids
    robot.presses("go-on", account=citizen.account, password=PASSWORD)
    assert robot.path == "/consent"
    assert "consent" in robot.ids
    assert "error" not in robot.ids
    tokens = service.redeem(robot.presses("go-on").answer["code"])
    assert tokens.status_code == 200
    assert robot.opens(asked(service)).answer["code"]  # single sign-on: no page
    robot.opens(asked(service, prompt="login"))
    assert "login" in robot.ids


def test_giving_up_at_either_page_is_told_to_the_service(robot: Robot, service: Visit, citizen: Citizen) -> None:
    denied = robot.opens(asked(service)).presses("cancel").answer
    assert (denied["error"], denied["state"]) == ("access_denied", "state-1")
    robot.opens(asked(service)).presses("go-on", account=citizen.account, password=PASSWORD)
    assert robot.presses("cancel").answer["error"] == "access_denied"


def test_an_answer_by_a_form_can_be_sent_by_hand(robot: Robot, service: Visit, citizen: Citizen) -> None:
    signs_in(robot, service, citizen, response_mode="form_post")
    form = next(form for form in Read(robot.text).forms if form.id == "answer")
    assert (form.action, list(form.controls)) == (CALLBACK, ["go-on"])
    assert {"code", "state", "iss"} <= set(form.hidden)


def test_sign_out_asks_or_goes_straight_on(robot: Robot, service: Visit, citizen: Citizen) -> None:
    code = signs_in(robot, service, citizen).answer["code"]
    hint = (service.redeem(code).json or {})["id_token"]
    robot.opens(f"{SITE}/oidc/logout")
    assert {"sign-out", "go-on", "cancel"} <= set(robot.ids)
    robot.opens(f"{SITE}/oidc/logout?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': BYE})}")
    assert robot.url == BYE
    signs_in(robot, service, citizen, prompt="login")
    robot.opens(f"{SITE}/oidc/logout").presses("go-on")
    assert "signed-out" in robot.ids
    assert "login" in robot.opens(asked(service)).ids


def test_only_an_error_page_says_error(robot: Robot, service: Visit) -> None:
    wrong = (
        asked(service, client_id="nobody"),
        asked(service, redirect_uri=CALLBACK + "/other"),
        f"{SITE}/oidc/logout?post_logout_redirect_uri=https://evil.example/",
        f"{SITE}/login?flow=gone",
        f"{SITE}/nowhere",
    )
    for url in wrong:
        robot.opens(url)
        assert "error" in robot.ids, url
        assert 400 <= robot.status < 600, url


def test_no_other_template_has_that_id() -> None:
    templates = [
        path for room in ("hub", "idp", "admin", "licenses", "verification") for path in (ROOT / room).rglob("*.html")
    ]
    named = {path.name for path in templates if re.search(r'id="error"', path.read_text("utf-8"))}
    assert named == {"problem.html", "restart.html"}


def test_every_id_that_the_page_names_stands_in_a_template() -> None:
    ids = set(re.findall(r"`(?:form)?#([a-z-]+)`", PAGE)) - {"account-error"}
    assert {"login", "consent", "answer", "sign-out", "signed-out", "onward", "error", "go-on", "cancel"} == ids
    text = "".join(path.read_text("utf-8") for room in ("hub", "idp") for path in (ROOT / room).rglob("*.html"))
    assert not [id for id in ids if f'id="{id}"' not in text]


def test_the_files_that_the_page_names_are_there() -> None:
    for path in re.findall(r"`?(deploy/[\w./-]+)`?", PAGE):
        assert (ROOT / path).exists(), path
