"""My account in a browser: every page is for everyone, in both languages, in large letters and on a small phone."""

import os
import re
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hub import callers, clock, jobs, ledger
from idp.account import export
from idp.consent import consent_text, consents
from idp.model.grant import Code
from idp.provider import clients, codes, grants
from idp.store import people
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.browser.test_people import at_both_widths, fresh_person, proves
from tests.idp.rp import department

PASSWORD = "seven quiet lanterns upstream"


def with_account(live: Live, visit: Visit, language: str, **options: object) -> tuple[Page, str]:
    """Somebody who is proved and has used a service; on a page of his account."""
    page, account = visit(f"{live.hub}/register", language=language, **options), f"visitor.{secrets.token_hex(6)}"
    page.locator("#account").fill(account)
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main form button").first)
    page.wait_for_url(re.compile("/account"))
    proves(page, live, fresh_person(live, visit))
    uses_a_service(live, account)
    return page, account


def uses_a_service(live: Live, account: str) -> None:
    """The person agrees to a service and is there once; a copy of his data is made."""
    house, now = live.house, clock.now()
    client = department(purpose="办理食品经营许可", purpose_en="To handle your food license")
    clients.add(house, client, by="test", now=now)
    with house.database.read() as db:
        person = people.by_account(db, people.account_key(house.vault, account))
        assert person
        caller, _, _ = callers.sessions(db, person.id, now)[0]
    scopes = ("openid", "realname", "offline_access")
    text = consent_text.text(client, scopes, "栖云市", "zh-Hans")
    consents.agree(house, person.id, client, scopes, text, now=now)
    assert caller.auth_time
    code = Code(client.id, client.redirect_uris[0], scopes, None, None, person.id, caller.sid or "", 3, ("pwd",),
                caller.auth_time, None, (), now)  # fmt: skip
    value = codes.seal(house, code)
    grants.redeem(house, value, grants.find_code(house, value, client, now), client, now)
    export.ask(house, person.id, "en", now=now)
    with house.database.read() as db:
        waiting = list(db.execute(jobs.job_table.select().where(jobs.job_table.c.kind == export.KIND)))
    for job in waiting:
        jobs.run(house, job.id)
    ledger.sequence(house, now)


def pictured(page: Page, name: str) -> None:
    """Keep a picture, where whoever looks at the pages asked for it."""
    if folder := os.environ.get("YINXIN_LOOK"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_what_a_service_knows_is_for_everyone(live: Live, visit: Visit, language: str) -> None:
    page, _ = with_account(live, visit, language)
    for path in ("/services", "/services/qiyun-market", "/uses", "/copy", "/close"):
        page.goto(f"{live.hub}/account{path}")
        at_both_widths(page)
        pictured(page, f"account{path.replace('/', '-')}-{language}")


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_locking_and_opening_again_needs_no_script(live: Live, visit: Visit, language: str) -> None:
    page, account = with_account(live, visit, language, javascript=False)
    page.goto(f"{live.hub}/account/privacy")
    presses(page.locator("a[href='/account/lock']").first)
    presses(page.locator("main form button").first)
    pictured(page, f"locked-{language}")
    presses(page.locator("a[href='/unlock']"))
    pictured(page, f"unlock-{language}")
    page.locator("#account").fill(account)
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main form button").first)
    expect(page).to_have_url(f"{live.hub}/unlock/face")
    pictured(page, f"unlock-face-{language}")
    presses(page.locator("main form button").first)
    presses(page.locator("button[value=match]"))
    page.wait_for_url(re.compile("/unlock/face"))
    pictured(page, f"unlocked-{language}")
    presses(page.locator("main a[href='/login']"))
    page.locator("#account").fill(account)
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main form button").first)
    page.wait_for_url(re.compile("/account"))


def test_on_a_phone_the_overview_is_the_menu_and_every_page_leads_back(live: Live, visit: Visit) -> None:
    page, _ = with_account(live, visit, "en", width=360)
    page.goto(f"{live.hub}/account")
    expect(page.locator(".yx-side ul")).to_be_hidden()
    presses(page.get_by_role("link", name="Sessions and devices"))
    presses(page.locator(".yx-side__back a"))
    expect(page).to_have_url(f"{live.hub}/account")
