"""A browser without a window: it follows redirects, keeps cookies, and fills the forms that it finds."""

import ssl
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2

SECONDS = 30.0
Files = dict[str, tuple[str, bytes]]  # name and bytes by the name of the field


class Astray(Exception):
    """A page was not what the story expects; the text says which and where."""


@dataclass
class Form:
    """A form as it stands on a page."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """The forms of a page, with what a browser would send, and the values of its lists of facts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.facts: list[str] = []
        self._in_fact = self._first_option = False
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one tag."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(said.get("action", ""), said.get("method", "get").lower()))
        elif tag == "dd":
            self._in_fact = True
            self.facts.append("")
        elif self.forms and tag in ("input", "select", "button") and said.get("name"):
            self._field(tag, said["name"], said, self.forms[-1])
        elif tag == "option" and self._select:
            if self._first_option or "selected" in said:
                self.forms[-1].fields[self._select] = said.get("value", "")
            self._first_option = False

    def _field(self, tag: str, name: str, said: dict[str, str], form: Form) -> None:
        form.names.add(name)
        if tag == "select":
            self._select, self._first_option = name, True
        elif tag == "input" and (said.get("type") not in ("radio", "checkbox") or "checked" in said):
            form.fields[name] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Leave a list or a fact."""
        if tag == "select":
            self._select = ""
        elif tag == "dd":
            self._in_fact = False

    def handle_data(self, data: str) -> None:
        """Keep the text of facts."""
        if self._in_fact:
            self.facts[-1] = f"{self.facts[-1]} {data.strip()}".strip()


@cache
def _trusting(authority: Path | None) -> ssl.SSLContext:
    """Whom a browser believes: this authority, or everyone whom others believe too. To read them takes 20 ms."""
    return ssl.create_default_context(cafile=str(authority)) if authority else httpx2.create_ssl_context()


class Browser:
    """One visitor: remembers cookies and the page where he is."""

    def __init__(self, *, authority: Path | None = None) -> None:
        trusted = _trusting(authority)
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        self.authority = authority
        self._http = httpx2.Client(headers=headers, timeout=SECONDS, follow_redirects=True, verify=trusted)
        self.page = httpx2.Response(204)

    def open(self, url: str) -> httpx2.Response:
        """Go to an address."""
        return self._arrived(self._http.get(url))

    def fetch(self, url: str) -> httpx2.Response:
        """Get an address without leaving the page, as for a picture or a download."""
        return self._http.get(url)

    def ask(
        self, url: str, *, file: bytes | None = None, code: str | None = None, number: str | None = None
    ) -> httpx2.Response:
        """Put one question to an API, as a program would."""
        if file is not None:
            return self._http.post(url, files={"file": ("license.pdf", file, "application/pdf")})
        return self._http.post(url, json={"code": code} if code is not None else {"number": number})

    def tell(self, url: str, report: dict[str, object]) -> httpx2.Response:
        """Send a report as a page's script does, without leaving the page."""
        return self._http.post(url, json=report)

    def find(self, containing: str = "", *, action: str = "") -> Form:
        """The first form of this page with a field or button of that name, or with that part of an address. Raises Astray."""
        for form in Page(self.page.text).forms:
            if (not containing or containing in form.names) and action in form.action and form.method == "post":
                return form
        raise Astray(f"there is no form with {containing or action!r} at {self.where}")

    def submit(
        self, containing: str = "", *, action: str = "", to: str = "", **filled: str | list[str]
    ) -> httpx2.Response:
        """Fill and send a form of this page; `to` is the address of another button of it. Raises Astray."""
        return self.attach({}, containing, action=action, to=to, **filled)

    def attach(
        self, files: Files, /, containing: str = "", *, action: str = "", to: str = "", **filled: str | list[str]
    ) -> httpx2.Response:
        """Fill and send a form with files by the names of their fields. Raises Astray."""
        form = self.find(containing, action=action)
        url = urljoin(str(self.page.url), to or form.action)
        return self._arrived(self._http.post(url, data={**form.fields, **filled}, files=files or None))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it has been given, by name: another browser may go on with them."""
        return {cookie.name: cookie.value or "" for cookie in self._http.cookies.jar}

    @property
    def facts(self) -> list[str]:
        """The values of this page's lists of facts."""
        return Page(self.page.text).facts

    @property
    def path(self) -> str:
        """The path of this page."""
        return urlsplit(str(self.page.url)).path

    @property
    def where(self) -> str:
        """This page, for a message: without its query, which may hold what is nobody's business."""
        return f"{str(self.page.url).partition('?')[0]} ({self.page.status_code})"

    def is_at(self, site: str) -> bool:
        """Whether this page is of that site."""
        return str(self.page.url).startswith(f"{site}/")

    def _arrived(self, response: httpx2.Response) -> httpx2.Response:
        self.page = response
        if response.status_code >= 500:
            raise Astray(f"the server failed at {self.where}")
        return response
