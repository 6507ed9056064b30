"""The register over HTTP: signed answers for programs under /v1, pages for people everywhere else."""

import os
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from deploy.demo.register import phone, questions
from deploy.demo.register.answers import Seal
from deploy.demo.register.book import Book
from deploy.demo.register.faults import FAULTS, QUESTIONS, SLOW_SECONDS, Faults
from deploy.demo.register.people import fresh_company, fresh_person

COMPANY_STATES = ("in-force", "revoked", "deregistered")
OUTCOMES = ("match", "no-match", "cancelled")
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def create_app(folder: Path, issuer: str, *, fault: str = "none", slow_seconds: float = SLOW_SECONDS) -> Flask:
    """The register over the book in `folder`; `issuer` is the address under which others reach it."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    book, seal, faults = Book(folder), Seal(folder, issuer), Faults(fault, slow_seconds)
    app.before_request(_choose_language)
    app.after_request(_with_headers)
    app.jinja_env.globals.update(
        say=say, language=lambda: g.language, faults=FAULTS, questions=QUESTIONS, fault_now=faults.now
    )
    questions.add(app, book, seal, faults)
    phone.add(app)
    _live_check(app, book)
    _network_id(app, book)
    _pages(app, book, faults)
    _people(app, book)
    return app


def from_environment() -> Flask:
    """For a WSGI server: REGISTER_DATA, REGISTER_URL, REGISTER_FAULT."""
    folder = Path(os.environ.get("REGISTER_DATA", "data/register"))
    url = os.environ.get("REGISTER_URL", "http://localhost:8002")
    return create_app(folder, url, fault=os.environ.get("REGISTER_FAULT", "none"))


def _live_check(app: Flask, book: Book) -> None:
    @app.get("/live/<check_id>")
    def live_page(check_id: str) -> str:
        check = questions.known(book.check(check_id))
        return render_template("live.html", check=check, asker=urlsplit(check.return_url).netloc)

    @app.post("/live/<check_id>")
    def live_end(check_id: str) -> Answer:
        check = questions.known(book.check(check_id))
        outcome = request.form.get("outcome", "")
        if outcome not in OUTCOMES:
            abort(400)
        return _back(check.return_url, check=check_id, ticket=book.end_check(check_id, outcome))


def _network_id(app: Flask, book: Book) -> None:
    @app.get("/network-id/<request_id>")
    def network_id_page(request_id: str) -> str:
        asked = book.request(request_id) or abort(404)
        return render_template("network_id.html", asked=asked, people=book.people(), died=book.died)

    @app.post("/network-id/<request_id>")
    def network_id_end(request_id: str) -> Answer:
        asked = book.request(request_id) or abort(404)
        level = request.form.get("level", "3")
        if request.form.get("outcome") != "approved":
            ticket = book.end_request(request_id, "refused")
        elif level in {"2", "3"}:
            ticket = book.end_request(request_id, "approved", _listed(book), int(level))
        else:
            abort(400)
        return _back(asked.return_url, request=request_id, ticket=ticket)


def _back(url: str, **said: str) -> Answer:
    """Where the person came from. The ticket goes with this browser alone; nobody else can fetch the result."""
    join = "&" if urlsplit(url).query else "?"
    return redirect(url + join + urlencode({name: value for name, value in said.items() if value}), 303)


def _pages(app: Flask, book: Book, faults: Faults) -> None:
    @app.get("/")
    def front() -> str:
        return render_template(
            "front.html",
            people=book.people(),
            companies=book.companies(),
            kin=book.all_kin(),
            orders=book.orders(),
            died=book.died,
            made=request.args.get("made", ""),
        )

    @app.post("/companies")
    def make_company() -> Answer:
        company = fresh_company(_listed(book, "representative"))
        book.add_company(company)
        return redirect(f"/?made={company.code}#made", 303)

    @app.post("/companies/changed")
    def change_company() -> Answer:
        code, status = request.form.get("code", ""), request.form.get("status", "in-force")
        if book.company(code) is None or status not in COMPANY_STATES:
            abort(400)
        named = _listed(book, "representative") if request.form.get("representative") else ""
        book.register_change(code, time.strftime("%Y-%m-%d", time.gmtime()), status=status, representative=named)
        return redirect("/#companies", 303)

    @app.post("/faults")
    def set_fault() -> Answer:
        name, only = request.form.get("fault", "none"), request.form.get("question", "")
        if name not in FAULTS or only not in ("", *QUESTIONS):
            abort(400)
        faults.switch(name, only)
        return redirect("/#faults", 303)

    @app.get("/healthz")
    def alive() -> str:
        return "alive\n"


def _people(app: Flask, book: Book) -> None:
    @app.post("/people")
    def make_person() -> Answer:
        person = fresh_person()
        book.add(person)
        return redirect(f"/?made={person.number}#made", 303)

    @app.post("/people/died")
    def died() -> Answer:
        book.report_death(_listed(book), time.strftime("%Y-%m-%d", time.gmtime()))
        return redirect("/#lives", 303)

    @app.post("/people/renamed")
    def renamed() -> Answer:
        name = request.form.get("name", "").strip()
        if not 0 < len(name) <= 100:
            abort(400)
        book.rename(_listed(book), name)
        return redirect("/#lives", 303)


def _listed(book: Book, field: str = "number") -> str:
    """The number of somebody whom the book knows, from a form."""
    number = request.form.get(field, "")
    if not any(person.number == number for person in book.people()):
        abort(400)
    return number


def say(english: str, chinese: str) -> str:
    """The text in the reader's language."""
    return english if g.language == "en" else chinese


def _choose_language() -> None:
    asked = request.args.get("lang")
    best = request.accept_languages.best_match(["zh", "zh-CN", "zh-Hans", "en", "en-US", "en-GB"]) or "zh"
    g.language = asked if asked in {"zh-Hans", "en"} else ("en" if best.startswith("en") else "zh-Hans")


def _with_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
