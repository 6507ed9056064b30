"""Drives a department's site through one sign-in per lie, and judges whether somebody is signed in afterwards."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2

from yinxin.lint.faults import ASKED, FAULTS, GRAVE, Fault
from yinxin.lint.provider import Liar

SECONDS = 15.0
HOPS = 12  # redirects in a row; a sign-in needs four


class CannotJudge(Exception):
    """The site cannot be judged; the text says why and what to do."""


@dataclass(frozen=True)
class Verdict:
    """How the site took one lie: `fell` if it believed it, `why_not` if it could not be tried."""

    fault: Fault
    fell: bool = False
    why_not: str = ""

    @property
    def passed(self) -> bool:
        """Whether the lie was told and refused."""
        return not self.fell and not self.why_not


@dataclass(frozen=True)
class Report:
    """All verdicts, and what the site's own request lacks."""

    verdicts: tuple[Verdict, ...]
    lacks: tuple[str, ...]

    @property
    def tried(self) -> int:
        """How many lies were told."""
        return sum(not one.why_not for one in self.verdicts)

    @property
    def score(self) -> int:
        """Of a hundred; a grave lie weighs three times a minor one."""
        weights = [(3 if one.fault.weight == GRAVE else 1, one) for one in self.verdicts if not one.why_not]
        whole = sum(weight for weight, _ in weights)
        return 100 * sum(weight for weight, one in weights if one.passed) // whole if whole else 0

    @property
    def grave(self) -> bool:
        """Whether somebody can come in who must not."""
        return any(one.fell and one.fault.weight == GRAVE for one in self.verdicts)


@dataclass
class Site:
    """A page of the department's test instance that needs a sign-in, and a text that only who is signed in sees."""

    url: str
    shows: str
    authority: Path | None = None

    def __post_init__(self) -> None:
        host = urlsplit(self.url).hostname or ""
        if host not in ("localhost", "127.0.0.1", "::1") and not host.endswith(".localhost"):
            raise CannotJudge(
                "The site must be a test instance on this machine: the provider is reachable from here only"
            )

    @contextmanager
    def browser(self) -> Iterator[httpx2.Client]:
        """A visitor whom nobody knows."""
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        with httpx2.Client(headers=headers, timeout=SECONDS, verify=self._trusted, trust_env=False) as client:
            yield client

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority) if self.authority else None)

    def visits(self, browser: httpx2.Client, url: str, issuer: str, *, enters: bool) -> tuple[str, httpx2.Response]:
        """Follow redirects; stops before the provider's door unless the visitor `enters`. Gives where, and the answer."""
        for _ in range(HOPS):
            answer = browser.get(url)
            if answer.status_code not in (301, 302, 303, 307, 308):
                return url, answer
            url = urljoin(url, answer.headers["Location"])
            if url.startswith(f"{issuer}/authorize") and not enters:
                return url, answer
        raise CannotJudge("The site redirects in a circle")

    def is_signed_in(self, browser: httpx2.Client, issuer: str) -> bool:
        """Whether the page shows now what only who is signed in sees."""
        _, answer = self.visits(browser, self.url, issuer, enters=False)
        return answer.status_code == 200 and self.shows in answer.text


def judge(site: Site, liar: Liar) -> Report:
    """Every lie, each to a fresh browser. Raises CannotJudge when even the truth does not sign in."""
    liar.tells("")
    with site.browser() as browser:
        if site.is_signed_in(browser, liar.issuer):
            raise CannotJudge("The page shows the text to everybody: choose a text that only who is signed in sees")
        site.visits(browser, site.url, liar.issuer, enters=True)
        if not liar.visits:
            raise CannotJudge(
                f"The page did not lead to the provider: let the test instance use the issuer {liar.issuer}"
            )
        if not site.is_signed_in(browser, liar.issuer):
            raise CannotJudge(
                "A good answer does not sign in: see the site's own log; a wrong text may be another reason"
            )
    asked = liar.asked
    lacks = tuple(name for name in ASKED if not _holds(asked, name))
    return Report(tuple(_tried(site, liar, fault, asked) for fault in FAULTS), lacks)


def _holds(asked: dict[str, str], name: str) -> bool:
    return asked.get("code_challenge_method") == "S256" if name == "pkce" else bool(asked.get(name))


def _tried(site: Site, liar: Liar, fault: Fault, asked: dict[str, str]) -> Verdict:
    needs = {"wrong-nonce": "nonce", "no-nonce": "nonce", "wrong-state": "state", "no-state": "state"}.get(fault.name)
    if needs and not asked.get(needs) and _holds(asked, "pkce"):
        return Verdict(fault, why_not=f"no {needs} was sent; PKCE does its work")
    liar.tells(fault.name)
    with site.browser() as browser:
        if fault.name == "other-browser":
            return Verdict(fault, fell=_brought_by_another(site, liar, browser))
        site.visits(browser, site.url, liar.issuer, enters=True)
        return Verdict(fault, fell=site.is_signed_in(browser, liar.issuer))


def _brought_by_another(site: Site, liar: Liar, browser: httpx2.Client) -> bool:
    door, _ = site.visits(browser, site.url, liar.issuer, enters=False)
    answer = browser.get(door).headers["Location"]
    with site.browser() as other:
        site.visits(other, answer, liar.issuer, enters=False)
        return site.is_signed_in(other, liar.issuer)
