"""Two installations: the nation's hub, and province 87 with a citizen whom only it knows. There and back, by pages alone."""

import html
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jws
from werkzeug.exceptions import BadGateway

from hub import clock
from idp.demo import Figure, prove
from idp.model.factor import Factor, Kind
from idp.model.flow import acr
from idp.model.upstream import is_federated
from idp.store import factors
from idp.upstream import breaker, configured, links
from tests.idp.citizen import Citizen
from tests.idp.citizen import told as notices
from tests.idp.rp import Visit, department
from tests.idp.two import BACK, PASSWORD, PROVINCE, WHO, Two
from tests.idp.upstream import lanhai


def test_a_citizen_of_the_province_signs_in_at_the_hub(two: Two) -> None:
    page = two.comes()
    assert page.status_code == 200, re.findall(r"(?s)<main.*</main>", page.text)
    assert page.request.path == "/account", page.request.path
    caller = two.caller
    assert caller is not None
    assert caller.level == 3
    assert "fed" in caller.amr
    assert "阿卜杜示例" in page.text
    (link,) = links.of(two.hub, caller.person or "")
    assert link[0].upstream == "lanhai"


@pytest.mark.parametrize(
    ("language", "name"), [("zh-Hans", "澜海省统一身份认证平台"), ("en", "Lanhai Unified Sign-in")]
)
def test_a_person_sees_at_whose_page_he_is(two: Two, language: str, name: str) -> None:
    """By the name in title and header, and in the question of consent."""
    here = two.get(f"{BACK}/login?lang={language}")
    assert name not in here.text.partition("<main")[0]
    page = two.to_province()
    assert f"- {name}</title>" in page.text
    assert f'yx-brand__name">{name}<' in page.text
    page = two.go(two.post(page, page.request.full_path, account=WHO.account, password=PASSWORD))
    lead = page.text.partition('yx-lead">')[2].partition("</p>")[0]
    assert page.request.path == "/consent"
    assert name in lead


def test_the_page_lists_provinces_by_region_and_remembers_the_last(two: Two) -> None:
    page = two.get(f"{BACK}/upstream")
    assert "Lanhai Province" in page.text
    assert "<fieldset" in page.text
    assert "<script" not in page.text.partition("<main")[2].partition("</main")[0]
    two.to_province()
    assert "chosen last time" in two.get(f"{BACK}/upstream").text


def test_the_sign_in_page_offers_it_only_where_there_is_one(two: Two) -> None:
    assert "/upstream" in two.get(f"{BACK}/login").text
    configured.end(two.hub, "lanhai", by="test", now=clock.now())
    assert "/upstream" not in two.get(f"{BACK}/login").text


def test_a_service_learns_who_vouched(two: Two) -> None:
    """OpenID Connect Core 2; the lowest level of the chain, and the real authority by name."""
    visit = Visit(two.hub, two.hub_app, department())
    visit.browser = two.browser
    page = two.browser.get(
        f"/oidc/authorize?{urlencode(visit.asked(acr_values=acr(3), max_age='600', scope='openid profile realname'))}"
    )
    at = two.get(page.location).request.full_path.replace("/login", "/upstream")
    page = two.comes(at)
    assert page.request.path == "/consent", page.text
    answered = two.post(page, page.request.full_path, decision="agree")
    code = parse_qs(urlsplit(answered.location).query)["code"][0]
    tokens = visit.redeem(code).json
    assert tokens
    claims = json.loads(jws.extract_compact(tokens["id_token"].encode()).payload)
    assert (claims["idp"], claims["acr"]) == (PROVINCE, acr(3))
    assert "fed" in claims["amr"]
    told = visit.userinfo(tokens["access_token"]).json
    assert told
    assert told["idp"] == PROVINCE
    assert told["number"] == WHO.number
    introspected = visit.token({"token": tokens["access_token"]}, path="/oidc/introspect").json
    assert introspected
    assert introspected["idp"] == PROVINCE


def test_who_signs_in_here_has_no_such_claim(two: Two) -> None:
    visit = Visit(two.hub, two.hub_app, department())
    visit.signs_in()
    assert "idp" not in (visit.userinfo(visit.tokens()["access_token"]).json or {})


def test_what_the_service_asks_is_handed_on(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(two.hub, two.hub_app, department())
    visit.browser = two.browser
    asked = visit.asked(acr_values=acr(3), max_age="60", prompt="login", ui_locales="zh-Hans", login_hint="maimai")
    page = two.browser.get(f"/oidc/authorize?{urlencode(asked)}")
    at = two.get(page.location).request.full_path.replace("/login", "/upstream")
    pushed: dict[str, str] = {}
    post = two.hub.fetch.post

    def listens(url: str, *, form: dict[str, str], **more: Any) -> Any:
        pushed.update(form)
        return post(url, form=form, **more)

    monkeypatch.setattr(two.hub.fetch, "post", listens)
    begun = two.post(two.get(f"{BACK}{at}"), at, province="lanhai")
    assert begun.status_code == 200
    url = html.unescape(re.findall(r"url=([^\"]+)", begun.text)[0])
    assert set(parse_qs(urlsplit(url).query)) == {"client_id", "request_uri"}  # the browser carries nothing (RFC 9126)
    assert (pushed["acr_values"], pushed["prompt"], pushed["max_age"]) == (acr(3), "login", "0")
    assert (pushed["ui_locales"], pushed["login_hint"]) == ("zh-Hans", "maimai")


def test_a_dead_province_is_named_on_the_page_with_what_to_do_instead(two: Two) -> None:
    breaker.failed(two.hub, two.upstream)
    page = two.get(f"{BACK}/upstream")
    assert "does not answer just now" in page.text
    refused = two.post(page, "/upstream", province="lanhai")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "Sign in here instead" in refused.text


def test_a_province_that_dies_in_the_middle_of_a_sign_in_is_told_in_words_and_works_again_after(two: Two) -> None:
    callback, alive = two.callback(), two.hub.fetch._here["localhost:8006"]
    two.hub.fetch._here["localhost:8006"] = BadGateway()
    page = two.get(callback)
    assert page.status_code == 503
    assert "Your province&#39;s sign-in does not answer just now" in page.text
    assert "Lanhai sign-in" in page.text
    assert ">Sign in here<" in page.text.replace("\n", "")
    assert not two.signed_in
    two.hub.fetch._here["localhost:8006"] = alive
    assert two.get(callback).status_code == 400  # it was used
    two.hub.shared.forget("idp:upstream:open:lanhai")  # seconds later
    two.comes()
    assert two.signed_in


@pytest.mark.parametrize("query", ["", "?code=x&state=y", "?error=access_denied&state=%F0", "?state=" + "s" * 500])
def test_an_answer_that_nobody_asked_for_is_refused_in_words(two: Two, query: str) -> None:
    answer = two.get(f"{BACK}/upstream/lanhai/callback{query}")
    assert answer.status_code == 400
    assert "cannot be trusted" in answer.text
    assert two.caller is None
    assert two.get(f"{BACK}/upstream/nobody/callback{query}").status_code in (400, 404)


def test_the_answer_of_one_province_is_refused_at_the_address_of_another(two: Two) -> None:
    """RFC 9700 4.4: mix-up."""
    configured.add(two.hub, lanhai(id="other", issuer="http://localhost:8018"), by="test", now=clock.now())
    assert two.get(two.callback().replace("/upstream/lanhai/", "/upstream/other/")).status_code == 400
    assert two.caller is None


def test_cancelling_there_comes_back_in_clear_words(two: Two) -> None:
    page = two.to_province()
    page = two.go(two.post(page, page.request.full_path, account=WHO.account, password=PASSWORD))
    assert page.request.path == "/consent"
    page = two.go(two.post(page, page.request.full_path, decision="refuse"))
    assert page.status_code == 403
    assert "You cancelled the sign-in at your province" in page.text
    assert "Sign in here" in page.text


def test_an_account_here_is_joined_by_its_owner_alone(two: Two, register: FlaskClient) -> None:
    mine = Citizen(two.hub, two.hub_app, register, "own.account")
    mine.registers(PASSWORD)
    prove(two.hub, mine.person, WHO, clock.now())
    page = two.comes()
    assert page.request.path == "/upstream/link"
    assert "Sign in here once" in page.text
    assert not two.signed_in
    login = html.unescape(re.findall(r'href="(/login[^"]+)"', page.text)[0])
    page = two.go(two.post(two.get(f"{BACK}{login}"), login, account="own.account", password=PASSWORD))
    assert "Connect both accounts" in page.text
    page = two.go(two.post(page, "/upstream/link", yes="1"))
    assert page.request.path == "/account"
    assert two.caller is not None
    assert [link.upstream for link, _ in links.of(two.hub, two.caller.person or "")] == ["lanhai"]
    page = two.get(f"{BACK}/account/security")
    assert "Lanhai sign-in" in page.text
    link = re.findall(r'name="link" value="([^"]+)"', page.text)[0]
    page = two.go(two.post(page, "/account/links/remove", link=link))
    assert "disconnected" in page.text
    assert not links.of(two.hub, mine.person)


def test_whoever_connects_is_never_signed_in_as_somebody_else(two: Two, register: FlaskClient) -> None:
    """Neither when his sign-in is old, nor when the province's account is another person's; the way back is his account."""
    mine = Citizen(two.hub, two.hub_app, register, "another.account")
    mine.registers(PASSWORD)
    prove(two.hub, mine.person, Figure("somebody else", "x", "示例甲", "880101198503120015"), clock.now())
    page = two.get(f"{BACK}/login")
    two.go(two.post(page, "/login", account="another.account", password=PASSWORD))
    with clock.shifted(16 * 60):
        asked = two.get(f"{BACK}/upstream?next=/account/security")
        assert asked.location.startswith("/login?again=1&next=/upstream")
        page = two.get(urljoin(BACK, asked.location))
        page = two.go(two.post(page, page.request.full_path, account="another.account", password=PASSWORD))
        assert page.request.path == "/upstream"
        page = two.comes("/upstream?next=/account/security")
    assert page.status_code == 403
    assert 'href="/account/security"' in page.text
    assert two.caller is not None
    assert two.caller.person == mine.person


def test_the_only_way_in_is_kept_and_the_page_leads_back_to_the_account(two: Two) -> None:
    two.comes()
    page = two.get(f"{BACK}/account")
    assert "Only your province&#39;s account opens this one." in page.text
    page = two.get(f"{BACK}/account/security")
    link = re.findall(r'name="link" value="([^"]+)"', page.text)[0]
    page = two.go(two.post(page, "/account/links/remove", link=link))
    assert page.status_code == 409
    assert 'href="/account/security"' in page.text


def test_a_province_cannot_take_over_an_account_that_has_ways_of_its_own(two: Two) -> None:
    """Its word lets somebody in. Ways to sign in are changed by whoever shows one of them."""
    two.comes()
    caller = two.caller
    assert caller is not None
    assert caller.person is not None
    ways = ("/account/copy", "/account/app", "/account/close")
    at = {path: two.get(f"{BACK}{path}") for path in ways}
    assert all(page.status_code == 200 for page in at.values()), at  # nobody else can: he has no other way yet
    with two.hub.database.write() as db:
        factors.add(db, Factor("own", caller.person, Kind.password, "", b"x", clock.now()))
    for path in ways:
        page = two.get(f"{BACK}{path}")
        assert page.status_code == 303, path
        assert page.location.startswith("/login?again=1")


def test_whoever_wanted_to_connect_and_is_signed_out_meanwhile_is_not_signed_in_as_the_province_says(
    two: Two, register: FlaskClient
) -> None:
    mine = Citizen(two.hub, two.hub_app, register, "left.account")
    mine.registers(PASSWORD)
    page = two.get(f"{BACK}/login")
    two.go(two.post(page, "/login", account="left.account", password=PASSWORD))
    page = two.to_province("/upstream?next=/account/security")
    two.browser.delete_cookie(two.hub.settings.cookie("idp"))
    page = two.go(two.post(page, page.request.full_path, account=WHO.account, password=two.citizen.person_id))
    if page.request.path == "/consent":
        page = two.go(two.post(page, page.request.full_path, decision="agree"))
    assert page.status_code == 403
    assert not two.signed_in


MINE = "wo-zi-ji-de-mi-ma-hen-chang"


def test_who_came_by_a_province_alone_sets_a_password_and_signs_in_by_it(two: Two) -> None:
    two.comes()
    came = two.caller
    assert came is not None
    page = two.get(f"{BACK}/account/security")
    assert "Set a password" in page.text
    page = two.go(two.post(two.get(f"{BACK}/account/password"), "/account/password", account="Mai.Mai", new=MINE))
    assert "The password was set" in page.text
    assert "A way to sign in was added to your account" in notices(two.hub, came.person or "")
    two.browser.delete_cookie(two.hub.settings.cookie("idp"))
    page = two.get(f"{BACK}/login")
    two.go(two.post(page, "/login", account="mai.mai", password=MINE))
    assert two.caller is not None
    assert two.caller.person == came.person
    assert not is_federated(two.caller.amr)
    (link,) = links.of(two.hub, came.person or "")
    page = two.get(f"{BACK}/account/security")
    assert (
        "disconnected" in two.go(two.post(page, "/account/links/remove", link=link[0].id)).text
    )  # it is not his only way


def test_a_first_password_keeps_every_rule(two: Two, register: FlaskClient) -> None:
    Citizen(two.hub, two.hub_app, register, "taken.account").registers(PASSWORD)
    two.comes()
    form = two.get(f"{BACK}/account/password")
    for account, password, status, says in (
        ("", MINE, 422, "It needs 4 to 64 characters"),
        ("870101197801010045", MINE, 422, "It looks like the number of a paper"),
        ("taken.account", MINE, 409, "Somebody has it already"),
        ("mai.mai", "too short", 422, "It needs at least 15 characters"),
        ("mai.mai", "买买提示例·阿卜杜示例买买提示例", 422, "It consists mostly of your account name"),
    ):
        page = two.post(form, "/account/password", account=account, new=password)
        assert (page.status_code, says in page.text) == (status, True), page.text
    assert "Set a password" in two.get(f"{BACK}/account/security").text


def test_a_first_password_needs_a_fresh_sign_in_at_the_province_and_leads_there(two: Two) -> None:
    two.comes()
    form = two.get(f"{BACK}/account/password")
    with clock.shifted(16 * 60):
        page = two.get(f"{BACK}/account/password")
        assert page.location == "/upstream?next=/account/password"
        refused = two.post(form, "/account/password", account="mai.mai", new=MINE)
        assert refused.location == "/upstream?next=/account/password"
        page = two.to_province(page.location)
        assert page.request.path == "/login"  # the province asks anew, though it knows him
        page = two.go(two.post(page, page.request.full_path, account=WHO.account, password=PASSWORD))
        assert page.request.path == "/account/password"
        assert "Set a password" in page.text


def test_who_has_a_password_does_not_get_a_first_one(two: Two) -> None:
    two.comes()
    form = two.get(f"{BACK}/account/password")
    two.go(two.post(form, "/account/password", account="mai.mai", new=MINE))
    again = two.post(form, "/account/password", account="somebody.else", new="another-long-password-of-mine")
    assert again.status_code == 401
    assert "The present password is wrong" in again.text
