"""What people do with the mouse and the keyboard, as steps that several browser tests share."""

from datetime import datetime

from playwright.sync_api import Page, expect

from hub import tree
from hub.callers import Caller
from hub.house import House
from hub.tree import Place
from licenses.issue import issue
from licenses.model import Application, License
from seals import lifecycle
from seals import store as seals
from tests.browser.presses import presses
from tests.licenses.samples import SAMPLES

JIA = ("示例甲", "880101198503120015")
OUYANG = ("欧阳示例", "880101199107260029")
COMPANY = "91880101DEM000081U"
PASSWORD = "seven quiet lanterns upstream"
CODES = {"11880100DEM000049A": "8801010000017", "11880000DEM000022D": "8800000000022"}


def register(page: Page, hub: str, account: str) -> None:
    """Make an account; ends signed in at the provider."""
    page.goto(f"{hub}/register")
    page.locator("#account").fill(account)
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main button[type=submit]"))
    page.wait_for_url(lambda url: not url.startswith(f"{hub}/register"))


def prove(page: Page, hub: str, who: tuple[str, str] = JIA) -> None:
    """Prove one's real name: name and number, then the live check on the register's own page."""
    page.goto(f"{hub}/realname")
    page.locator("#name").fill(who[0])
    page.locator("#number").fill(who[1])
    presses(page.locator("main button[type=submit]"))
    page.wait_for_url(lambda url: not url.startswith(f"{hub}/realname"))
    page.goto(f"{hub}/realname")
    presses(page.locator("main form[action*=live] button"))
    presses(page.locator("button[value=match]"))
    page.wait_for_url(f"{hub}/**")


def sign_in_to_wallet(page: Page, hub: str) -> None:
    """Open the wallet with the login that is already there, agreeing if asked."""
    page.goto(f"{hub}/wallet/")
    agree = page.locator("main button[type=submit]").first
    if "/wallet/" not in page.url:
        presses(agree)
    expect(page).to_have_url(f"{hub}/wallet/")


def issue_one(house: House, kind: str, now: datetime, **changed: str) -> License:
    """A department issues a license of a kind, with its own seal."""
    fields, agency = SAMPLES[kind]
    with house.database.write() as db:
        tree.keep(db, Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
        tree.keep(db, Place("hub/880000/880100", "city", "880100", "栖云市", "Qiyun"))
    with house.database.read() as db:
        sealed = seals.seals(db, agency=agency.code)
    if not sealed:
        lifecycle.make_seal(house, agency, code13=CODES[agency.code], by="test", now=now)
    caller = Caller(client="market", agency=agency.code, place=agency.place)
    application = Application(kind, fields | changed, agency.code)
    return issue(house, application, caller=caller, idempotency_key=f"{kind}-{now.isoformat()}", now=now)
