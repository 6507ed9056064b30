"""The pages of identity: who comes to each, and how. What is not a page, or is met elsewhere, says so."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

from hub import asked, callers, clock
from hub.caller import Caller
from idp.account import accounts, invite
from idp.login import totp
from idp.provider import clients
from idp.upstream import configured
from tests.browser import story
from tests.browser.conftest import Live
from tests.browser.presses import presses
from tests.idp.rp import department
from tests.idp.upstream import lanhai

Way = Callable[["People", Page], None]


@dataclass(frozen=True)
class Shown:
    """One page of the gallery: its endpoint, who comes, and by which path or way; `name` if an endpoint has several faces."""

    endpoint: str
    who: str
    way: str | Way
    name: str = ""

    @property
    def title(self) -> str:
        """By what it is called in the gallery."""
        return "-".join(part for part in (self.endpoint.removeprefix("idp."), self.name) if part)


@dataclass
class People:
    """Who comes to the pages of one installation."""

    live: Live
    browser: Browser
    company: str

    def to_service(self, page: Page, scope: str = "openid profile realname", **asked: str) -> None:
        """Begin to sign in at a service that nobody has used yet."""
        mine = department(id=f"gallery-{secrets.token_hex(4)}")
        client = replace(mine, redirect_uris=(f"{self.live.verify}/callback",))
        clients.add(self.live.house, client, by="test", now=clock.now())
        query = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": f"{self.live.verify}/callback",
            "scope": scope,
            "state": "s",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        page.goto(f"{self.live.hub}/oidc/authorize?{urlencode(query | asked)}")

    def provinces(self, page: Page) -> None:
        """Where to sign in with a province's account."""
        configured.add(self.live.house, lanhai(), by="test", now=clock.now())
        page.goto(f"{self.live.hub}/upstream")

    def invited(self, page: Page) -> None:
        """The one-time link of an operator."""
        page.goto(invite.invite(self.live.house, "office", by="operator", now=clock.now())[1])

    def half_way(self, page: Page) -> None:
        """The password is right, and a second factor is asked for."""
        account = f"second.{secrets.token_hex(4)}"
        house, now = self.live.house, clock.now()
        token = invite.invite(house, "office", by="operator", now=now)[1].rpartition("/")[2]
        person = invite.take(house, token, account, story.PASSWORD, now=now)
        caller = Caller(person=person.id, auth_time=now)
        key = accounts.new_totp_key(house, caller)
        accounts.add_totp(house, caller, totp.code(key, int(now.timestamp()) // totp.STEP - 1), now=now)
        page.goto(f"{self.live.hub}/login")
        page.locator("#account").fill(account)
        page.locator("#password").fill(story.PASSWORD)
        presses(page.locator("main form:has(#password) button[type=submit]"))
        page.wait_for_url("**/login/second**")

    def one_service(self, page: Page) -> None:
        """A service that this person has agreed to."""
        page.goto(f"{self.live.hub}/account/services")
        if not page.locator("main h2 a").count():
            self.to_service(page)
            presses(page.locator("button[value=agree]"))
            page.goto(f"{self.live.hub}/account/services")
        presses(page.locator("main h2 a").first)
        page.wait_for_url("**/account/services/**")

    def asked(self, page: Page) -> None:
        """Somebody needs this person's confirmation."""
        house, now = self.live.house, clock.now()
        held = {each["name"]: each["value"] for each in page.context.cookies()}
        caller = callers.of_cookie(house, held[house.settings.cookie("idp")], "idp", now)
        assert caller
        assert caller.person
        words = (("Name of the document", "决定书.pdf"), ("Digest of the document (SHA-256)", "4f" * 32))
        with house.database.write() as db:
            one = asked.ask(
                db, caller.person, purpose="seal:1", digest=bytes(32), words=words, back="/console/", by="o", now=now
            )
        page.goto(f"{self.live.hub}/account/confirm/{one.id}")

    def scanned(self, page: Page) -> None:
        """The phone has scanned the code of a computer."""
        computer = self.browser.new_context()
        other = computer.new_page()
        other.goto(f"{self.live.hub}/login/qr")
        link = other.locator("[data-link]").get_attribute("href")
        computer.close()
        assert link
        page.goto(link)


STRANGER, NEWCOMER, CITIZEN = "stranger", "newcomer", "citizen"
PHONE = "phone"  # the citizen at another device
FRESH = "fresh"  # a new browser each time, as the way changes who one is
PAGES = (
    Shown("idp.register", STRANGER, "/register"),
    Shown("idp.login", STRANGER, "/login"),
    Shown("idp.second", FRESH, People.half_way),
    Shown("idp.qr", STRANGER, "/login/qr"),
    Shown("idp.device", STRANGER, "/device"),
    Shown("idp.device_done", STRANGER, "/device/done?said=yes"),
    Shown("idp.qr_phone", CITIZEN, "/qr", "nothing"),
    Shown("idp.qr_phone", PHONE, People.scanned, "question"),
    Shown("idp.invite", STRANGER, People.invited),
    Shown("idp.recover", STRANGER, "/recover"),
    Shown("idp.recover_code", STRANGER, "/recover/code"),
    Shown("idp.unlock", STRANGER, "/unlock"),
    Shown("idp.confirm", CITIZEN, People.asked),
    Shown("idp.levels", STRANGER, "/levels"),
    Shown("idp.consent", CITIZEN, People.to_service),
    Shown("idp.realname", NEWCOMER, "/realname", "form"),
    Shown("idp.realname_ways", NEWCOMER, "/realname/ways"),
    Shown("idp.realname_by", NEWCOMER, "/realname/by/bank", "bank"),
    Shown("idp.realname_by", NEWCOMER, "/realname/by/telecom", "telecom"),
    Shown("idp.realname_counter", NEWCOMER, "/realname/counter"),
    Shown("idp.realname", CITIZEN, "/realname", "proved"),
    Shown("idp.realname_anew", CITIZEN, "/realname/anew"),
    Shown("idp.account", NEWCOMER, "/account", "unproved"),
    Shown("idp.account", CITIZEN, "/account"),
    Shown("idp.profile", CITIZEN, "/account/profile"),
    Shown("idp.number", CITIZEN, "/account/profile/number"),
    Shown("idp.changed", CITIZEN, "/account/profile/changed"),
    Shown("idp.security", CITIZEN, "/account/security"),
    Shown("idp.upstream", FRESH, People.provinces),
    Shown("idp.second_factor", CITIZEN, "/account/second-factor"),
    Shown("idp.password", CITIZEN, "/account/password"),
    Shown("idp.passkey", CITIZEN, "/account/passkey"),
    Shown("idp.app", CITIZEN, "/account/app"),
    Shown("idp.recovery_codes", CITIZEN, "/account/recovery-codes"),
    Shown("idp.contact", CITIZEN, "/account/contact/phone", "phone"),
    Shown("idp.contact", CITIZEN, "/account/contact/email", "email"),
    Shown("idp.sessions", CITIZEN, "/account/sessions"),
    Shown("idp.services", CITIZEN, "/account/services"),
    Shown("idp.service", CITIZEN, People.one_service),
    Shown("idp.uses", CITIZEN, "/account/uses"),
    Shown("idp.mandates", CITIZEN, "/account/mandates"),
    Shown("idp.ward_child", CITIZEN, "/account/mandates/child"),
    Shown("idp.ward_order", CITIZEN, "/account/mandates/order"),
    Shown("idp.mandate_give", CITIZEN, "/account/mandates/give"),
    Shown("idp.privacy", CITIZEN, "/account/privacy"),
    Shown("idp.lock", CITIZEN, "/account/lock"),
    Shown("idp.copy", CITIZEN, "/account/copy"),
    Shown("idp.close", CITIZEN, "/account/close"),
    Shown("idp.report", CITIZEN, "/account/report"),
    Shown("idp.merge", CITIZEN, "/account/merge"),
    Shown("idp.companies", NEWCOMER, "/companies", "unproved"),
    Shown("idp.companies", CITIZEN, "/companies"),
    Shown("idp.company", CITIZEN, "/companies/{company}"),
    Shown("idp.company_invite", CITIZEN, "/companies/{company}/invite/manager", "manager"),
    Shown("idp.company_invite", CITIZEN, "/companies/{company}/invite/agent", "agent"),
    Shown("idp.whom", CITIZEN, "/as"),
)
ELSEWHERE = {  # GET addresses of identity that the gallery does not show, and why
    "idp.static": "files",
    "idp.copy_file": "a file",
    "idp.receipt": "a file",
    "idp.use_proof": "a file",
    "idp.levels_json": "for programs",
    "idp.qr_state": "an answer for a script",
    "idp.login_waiting": "an answer for a script",
    "idp.qr_scan": "leads on to the question at once",
    "idp.live_ended": "leads on from the register",
    "idp.network_id_ended": "leads on from the network identity",
    "idp.recover_checked": "leads on from the register",
    "idp.data": "judged in test_sharing.py",
    "idp.upstream_callback": "leads on from the province",
    "idp.upstream_signed_out": "the page of the sign-out, after the province's",
    "idp.upstream_framed_logout": "a frame of the province's page that shows nothing",
    "idp.upstream_link": "needs a second installation; judged in tests/idp/test_upstream_pages.py without a browser",
    "idp.upstream_jwks": "for programs",
    "idp.company_person": "judged in test_people_stories.py",
    "idp.company_invitation": "judged in test_people_stories.py",
    "idp.mandate": "needs two people; judged in tests/idp/test_mandates.py without a browser",
    "idp.mandate_end": "needs two people; judged in tests/idp/test_mandates.py without a browser",
    "idp.change": "the form of idp.password, for whoever must",
    "idp.sms_code": "the form of idp.second, with another code",
    "idp.recovery_code": "the form of idp.second, with another code",
    "idp.factor_name": "one field",
    "idp.merged": "says what was done",
    "idp.unlock_second": "the form of idp.second",
    "idp.unlock_face": "one button, as in idp.realname",
    "idp.recover_account": "the form of idp.password, after a live check",
    "idp.recover_stop": "one button, for whoever's recovery somebody began",
}
