"""The register over HTTP: signed answers for programs under /v1, pages for people everywhere else."""

import base64
import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from deploy.demo.register.answers import TYPE, Seal
from deploy.demo.register.book import Book, Check
from deploy.demo.register.faults import FAULTS, SLOW_SECONDS, Faults
from deploy.demo.register.people import fresh_company, fresh_person

OUTCOMES = ("match", "no-match", "cancelled")
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
BANDS = {"match": "high", "no-match": "low"}


def create_app(folder: Path, issuer: str, *, fault: str = "none", slow_seconds: float = SLOW_SECONDS) -> Flask:
    """The register over the book in `folder`; `issuer` is the address under which others reach it."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    book, seal, faults = Book(folder), Seal(folder, issuer), Faults(fault, slow_seconds)
    app.before_request(_choose_language)
    app.after_request(_with_headers)
    app.jinja_env.globals.update(say=say, language=lambda: g.language, faults=FAULTS, fault_now=lambda: faults.name)
    _answers(app, book, seal, faults)
    _live_check(app, book, issuer)
    _pages(app, book, faults)
    return app


def from_environment() -> Flask:
    """For a WSGI server: REGISTER_DATA, REGISTER_URL, REGISTER_FAULT."""
    folder = Path(os.environ.get("REGISTER_DATA", "data/register"))
    url = os.environ.get("REGISTER_URL", "http://localhost:8002")
    return create_app(folder, url, fault=os.environ.get("REGISTER_FAULT", "none"))


def _answers(app: Flask, book: Book, seal: Seal, faults: Faults) -> None:
    def answer(question: str, asked: list[str], **facts: Any) -> Response:
        about = asked_digest(asked)
        text, status = faults.answer(seal, question, _text("audience"), _text("nonce"), asked=about, **facts)
        return Response(text, status, mimetype="application/jwt")

    @app.get("/v1/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [seal.public()], "typ": TYPE}

    @app.post("/v1/match")
    def match() -> Response:
        """Do this name and this number belong to one person? Never says which of the two is wrong."""
        number, name = _text("number"), _text("name")
        return answer("match", [number, name], match=book.knows(number, name))

    @app.post("/v1/representative")
    def representative() -> Response:
        """Is this person the legal representative of this organisation?"""
        code, number, name = _text("code"), _text("number"), _text("name")
        company = book.company(code)
        represents = company is not None and company.representative == number and book.knows(number, name)
        found = {"name": company.name, "status": "in-force"} if company and represents else None
        return answer("representative", [code, number, name], representative=represents, company=found)

    @app.post("/v1/live")
    def live() -> Response:
        """Begin a live check: the person is to be sent to `page`, and comes back to `return_url`."""
        number, name, back = _text("number"), _text("name"), _text("return_url")
        if not book.knows(number, name) or urlsplit(back).scheme not in {"http", "https"}:
            return answer("live", [number, name], match=False)
        check_id = book.begin_check(number, name, back)
        return answer("live", [number, name], match=True, check=check_id, page=f"{seal.issuer}/live/{check_id}")

    @app.post("/v1/live/result")
    def result() -> Response:
        """How a live check ended; only a band of the score leaves this house, never a picture."""
        check = _known(book.check(_text("check")))
        facts = {"outcome": check.outcome, "score_band": BANDS.get(check.outcome, "")}
        return answer("live-result", [check.id, check.number, check.name], match=check.outcome == "match", **facts)


def _live_check(app: Flask, book: Book, issuer: str) -> None:
    @app.get("/live/<check_id>")
    def live_page(check_id: str) -> str:
        return render_template("live.html", check=_known(book.check(check_id)))

    @app.post("/live/<check_id>")
    def live_end(check_id: str) -> Answer:
        check = _known(book.check(check_id))
        outcome = request.form.get("outcome", "")
        if outcome not in OUTCOMES:
            abort(400)
        book.end_check(check_id, outcome)
        join = "&" if urlsplit(check.return_url).query else "?"
        return redirect(check.return_url + join + urlencode({"check": check_id}), 303)


def _pages(app: Flask, book: Book, faults: Faults) -> None:
    @app.get("/")
    def front() -> str:
        return render_template(
            "front.html", people=book.people(), companies=book.companies(), made=request.args.get("made", "")
        )

    @app.post("/people")
    def make_person() -> Answer:
        person = fresh_person()
        book.add(person)
        return redirect(f"/?made={person.number}#made", 303)

    @app.post("/companies")
    def make_company() -> Answer:
        number = request.form.get("representative", "")
        if not any(person.number == number for person in book.people()):
            abort(400)
        company = fresh_company(number)
        book.add_company(company)
        return redirect(f"/?made={company.code}#made", 303)

    @app.post("/faults")
    def set_fault() -> Answer:
        name = request.form.get("fault", "none")
        if name not in FAULTS:
            abort(400)
        faults.name = name
        return redirect("/#faults", 303)

    @app.get("/healthz")
    def alive() -> str:
        return "alive\n"


def asked_digest(parts: list[str]) -> str:
    """What was asked, as digest: so that a signed answer cannot be moved to another question."""
    return base64.urlsafe_b64encode(hashlib.sha256("\n".join(parts).encode()).digest()).rstrip(b"=").decode()


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


def _text(name: str) -> str:
    body = request.get_json(silent=True)
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value or len(value) > 1000:
        abort(400, f"{name}: give a text")
    return value


def _known(check: Check | None) -> Check:
    if check is None:
        abort(404)
    return check
