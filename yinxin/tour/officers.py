"""Officers in the story: they sign in to the console with a password and the code of an authenticator app (RFC 6238)."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yinxin.tour.browser import Astray, Browser

STEP = 30  # seconds of one code


@dataclass(frozen=True)
class Account:
    """What an officer signs in with; `app` is the key of the authenticator app in base32."""

    account: str
    password: str
    app: str

    def code(self, moment: float) -> str:
        """The six digits of a moment (RFC 4226 5.3)."""
        step = int(moment) // STEP
        digest = hmac.digest(base64.b32decode(self.app), step.to_bytes(8, "big"), hashlib.sha1)
        at = digest[-1] & 15
        return str((int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF) % 10**6).zfill(6)


class Officers:
    """The officers of a demo, each with a browser of his own that is signed in when he is first needed."""

    def __init__(self, hub: str, accounts: Sequence[Account], authority: Path | None = None) -> None:
        self._hub, self._authority = hub, authority
        self._accounts = {one.account: one for one in accounts}
        self._signed_in: dict[str, Browser] = {}

    def __getitem__(self, account: str) -> Browser:
        """The officer's browser, signed in at the console. Raises Astray."""
        if account not in self._signed_in:
            self._signed_in[account] = self._sign_in(account)
        return self._signed_in[account]

    def _sign_in(self, account: str) -> Browser:
        if account not in self._accounts:
            raise Astray(f"there is no officer {account}: give the demo's file with --accounts")
        officer, browser = self._accounts[account], Browser(authority=self._authority)
        browser.open(f"{self._hub}/console/?lang=en")
        browser.submit("password", account=officer.account, password=officer.password)
        browser.submit("code", code=officer.code(time.time()))
        if (
            browser.path != "/console/" and "code" in browser.page.text
        ):  # used up within these seconds: take the next one
            time.sleep(STEP - time.time() % STEP)
            browser.submit("code", code=officer.code(time.time()))
        if browser.path != "/console/":
            raise Astray(f"expected: {account} is signed in at the console; but at {browser.where}")
        return browser


def kept_in(file: Path) -> list[Account]:
    """The officers in a demo's own file of accounts; none if there is no such file."""
    if not file.exists():
        return []
    found = json.loads(file.read_text("utf-8"))
    return [Account(one["account"], one["password"], one["app"]) for one in found if "app" in one]
