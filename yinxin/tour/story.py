"""The story: each method of `Story` is one step of it."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from yinxin.tour import assessment, cases, counter, desk, experience, province, services, sharing, supervision
from yinxin.tour.browser import Astray, Browser
from yinxin.tour.officers import Officers

CHAPTERS: tuple[Any, ...] = (
    services,
    cases,
    sharing,
    counter,
    assessment,
    desk,
    supervision,
    experience,
    province,
)  # modules with `steps(story)`; the citizen is signed in and acts for a company with a business license
PATIENCE = 10.0  # seconds within which a sign-out must have reached every site


@dataclass(frozen=True)
class Sites:
    """The addresses of the demo."""

    hub: str = "http://localhost:8000"
    verify: str = "http://localhost:8001"
    register: str = "http://localhost:8002"
    market: str = "http://localhost:8003"
    civil: str = "http://localhost:8004"
    yunlan: str = "http://localhost:8005"
    province: str = ""  # an installation of its own; without it its chapter is left out

    @classmethod
    def after(cls, hub: str) -> "Sites":
        """The sites of the demo whose hub has this address: they listen on the ports that follow."""
        base, _, port = hub.rstrip("/").rpartition(":")
        return cls(*(f"{base}:{int(port) + step}" for step in range(7)))


@dataclass
class Story:
    """What happens, and what is known so far. A step says in words what it saw; one that goes wrong raises Astray."""

    sites: Sites
    citizen: Browser
    verifier: Browser
    officers: Officers
    name: str = ""
    number: str = ""
    license: str = ""
    code: str = ""
    pdf: bytes = b""
    company: str = ""
    desk: httpx2.Response = field(default_factory=lambda: httpx2.Response(204))

    @property
    def steps(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        """The whole story, in order."""
        return (
            ("A stranger gets a fictional person from the register", self.get_person),
            ("makes an account, proves the name, is signed in at department A", self.sign_in_at_a),
            ("opens department B without signing in again: consent only", self.open_b),
            ("passes a live check, once, and opens the wallet", self.open_wallet),
            ("is issued a license by department B", self.be_issued),
            ("holds it in the wallet, with its code", self.hold),
            ("downloads the sealed file", self.download),
            ("A verifier without account checks the file: valid", self.verify_file),
            ("checks the code and the number: in force", self.verify_code_and_number),
            ("changes one byte of the file and checks again: not valid", self.verify_altered),
            ("The department suspends it: not valid", lambda: self.change("suspend", "suspended")),
            ("reinstates it: valid", lambda: self.change("reinstate", "valid")),
            ("revokes it: not valid, for good", lambda: self.change("revoke", "revoked")),
            ("The citizen claims a company as its legal representative", self.claim_company),
            ("chooses to act for it, and is signed in at department A as the company", self.sign_in_as_company),
            ("The company is issued its business license and holds it", self.company_is_issued),
            *(step for chapter in CHAPTERS for step in chapter.steps(self)),
            ("The citizen signs out: every site is told", self.sign_out),
        )

    def another(self) -> "Story":
        """The story of somebody else, with a browser of his own."""
        return Story(self.sites, Browser(authority=self.citizen.authority), self.verifier, self.officers)

    def get_person(self) -> str:
        """A person whom nobody has used yet."""
        self.citizen.open(f"{self.sites.register}/?lang=en")
        self.citizen.submit(action="/people")
        self.name, self.number = self.citizen.facts[:2]
        return f"{self.name}, {self.number}"

    def sign_in_at_a(self) -> str:
        """From department A to the hub and back: account, real name, consent."""
        self.citizen.open(f"{self.sites.market}/sign-in?lang=en")
        self.must(self.citizen.path == "/login", "the hub asks who it is")
        self.citizen.open(str(self.citizen.page.url).replace("/login", "/register"))
        account = f"tour-{secrets.token_hex(4)}"
        self.citizen.submit("password", account=account, password=secrets.token_urlsafe(16))
        self.must(self.citizen.path == "/realname", "the hub asks for the real name")
        self.citizen.submit("number", name=self.name, number=self.number)
        self._agree()
        return self._is_known(self.sites.market)

    def open_b(self) -> str:
        """One login opens every site: at B there is only a question of consent."""
        self.citizen.open(f"{self.sites.civil}/sign-in?lang=en")
        self.must(self.citizen.path == "/consent", "nothing but consent is asked")
        self._agree()
        return self._is_known(self.sites.civil)

    def open_wallet(self) -> str:
        """The wallet needs a live check; the register plays it."""
        self.citizen.open(f"{self.sites.hub}/wallet/?lang=en")
        if self.citizen.path == "/realname":
            self.citizen.submit(action="/realname/live")
        self.must(self.citizen.is_at(self.sites.register), "the register begins a live check")
        self.citizen.submit("outcome", outcome="match")
        self.must(self.citizen.path == "/wallet/", "the wallet opens")
        return ""

    def be_issued(self) -> str:
        """Department B issues a residence permit to this person by API: the form is filled with what the login told."""
        self.citizen.open(f"{self.sites.civil}/desk?lang=en")
        self.must(self.citizen.find("key").fields.get("field-name") == self.name, "the form names the visitor")
        return self._issue()

    def hold(self) -> str:
        """The license is in the wallet, with its code."""
        self._is_in_wallet()
        page = self.citizen.open(f"{self.sites.hub}/wallet/{self.license}")
        self.must(page.status_code == 200 and self.name in page.text, "the license can be opened")
        picture = self.citizen.fetch(f"{self.sites.hub}/wallet/{self.license}/code.svg")
        self.must(picture.headers["content-type"].startswith("image/svg"), "the wallet shows its code")
        return ""

    def download(self) -> str:
        """The sealed PDF."""
        self.pdf = self.citizen.fetch(f"{self.sites.hub}/wallet/{self.license}/file").content
        self.must(self.pdf.startswith(b"%PDF-"), "the file is a PDF")
        return f"{len(self.pdf) / 1000:.0f} kB"

    def verify_file(self) -> str:
        """The file as the holder has it."""
        return self.expect("valid", "valid", self.ask(file=self.pdf))

    def verify_code_and_number(self) -> str:
        """A code can be copied and a number typed: they prove less, and the answer says so."""
        told = self.expect("valid", "code-in-force", self.ask(code=self.code))
        self.expect("valid", "number-in-force", self.ask(number=self.license))
        return told

    def verify_altered(self) -> str:
        """One flipped bit in the middle of the file."""
        altered = bytearray(self.pdf)
        altered[len(altered) // 2] ^= 1
        return self.expect("not_valid", "", self.ask(file=bytes(altered)))

    def change(self, operation: str, reason: str) -> str:
        """The department changes the state; the answer changes at once. The officer is still on the desk's page."""
        self.citizen.page = self.desk
        why = {"reason": "tour", "legal_basis": "tour", "decision": "tour-1"}
        self.desk = self.citizen.submit("number", to=f"/desk/{operation}", **why)
        self.must(self.desk.status_code == 200, f"the desk can {operation}")
        return self.expect("valid" if reason == "valid" else "not_valid", reason, self.ask(file=self.pdf))

    def claim_company(self) -> str:
        """The register makes a company for this person; the hub asks the register who represents it."""
        self.citizen.open(f"{self.sites.register}/?lang=en&made={self.number}")
        self.citizen.submit("representative")
        name, self.company = self.citizen.facts[:2]
        self.citizen.open(f"{self.sites.hub}/companies?lang=en")
        self.citizen.submit("code", code=self.company)
        self.must(name in self.citizen.page.text and self.citizen.page.status_code == 200, "the company is claimed")
        return f"{name}, {self.company}"

    def sign_in_as_company(self) -> str:
        """The citizen chooses for whom to act; from then on every department is told so."""
        self.citizen.open(f"{self.sites.hub}/as?lang=en")
        self.citizen.submit("whom", whom=self.company)
        self.citizen.open(f"{self.sites.market}/sign-in?lang=en")
        self._agree()
        self.must(self.citizen.is_at(self.sites.market) and self.company in self.citizen.page.text, "A knows for whom")
        return ""

    def company_is_issued(self) -> str:
        """Department A issues to the company; whoever acts for it sees it in the company's wallet."""
        self.citizen.open(f"{self.sites.market}/desk?lang=en")
        said = self._issue()
        self.citizen.open(f"{self.sites.hub}/wallet/sign-in")
        self._is_in_wallet()
        return said

    def sign_out(self) -> str:
        """One sign-out ends every session, also at the sites that were not asked."""
        self.citizen.open(f"{self.sites.market}/?lang=en")
        self.citizen.submit(action="/sign-out")
        end = time.monotonic() + PATIENCE
        while self.name in self.citizen.open(f"{self.sites.civil}/?lang=en").text:
            self.must(time.monotonic() < end, "department B was told")
            time.sleep(0.2)
        self.citizen.open(f"{self.sites.hub}/wallet/?lang=en")
        self.must(self.citizen.path == "/login", "the wallet asks who it is")
        return ""

    def _issue(self) -> str:
        self.desk = self.citizen.submit("key")
        self.must(self.desk.status_code == 200, "the desk issues the license")
        self.license = self.citizen.find("number").fields["number"]
        self.code = next(part for part in self.desk.text.split('"') if part.startswith(f"{self.sites.verify}/#"))
        return self.license

    def _is_in_wallet(self) -> None:
        self.citizen.open(f"{self.sites.hub}/wallet/?lang=en")
        self.must(self.license in self.citizen.page.text, "the wallet lists the license")

    def _is_known(self, site: str) -> str:
        self.must(self.citizen.is_at(site) and self.name in self.citizen.page.text, "the department knows the name")
        return ""

    def _agree(self) -> None:
        if self.citizen.path == "/consent":
            self.citizen.submit("decision", decision="agree")

    def ask(self, **question: Any) -> dict[str, Any]:
        """What a stranger's program is told: no cookie, no account."""
        answer = self.verifier.ask(f"{self.sites.verify}/api/verify", **question)
        self.must(answer.status_code == 200, f"the verifier gets an answer, not {answer.status_code}")
        said: dict[str, Any] = answer.json()
        return said

    def expect(self, verdict: str, reason: str, said: dict[str, Any]) -> str:
        """The verifier's answer is this one; gives its words. An empty reason: any."""
        self.must(said["verdict"] == verdict and reason in ("", said["reason"]), f"{reason or verdict}, not {said}")
        return str(said["says"])

    def must(self, holds: bool, what: str) -> None:  # noqa: FBT001  it reads as a sentence
        """Go on only if it holds; else Astray, with what was expected and where the citizen is."""
        if not holds:
            raise Astray(f"expected: {what}; but at {self.citizen.where}")
