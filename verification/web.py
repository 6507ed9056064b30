"""The pages behind every code, and the signed lists that browsers and other verifiers fetch."""

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request

from certs import rollover, trust
from hub import callers, clock, i18n, limits, web
from hub.i18n import _
from hub.problems import NotFound
from hub.steps import step
from licenses import kinds, status_list
from licenses import store as licenses
from seals import store as seals
from verification import answer, crls, web_report, words
from verification.model import REQUIRED, Door, Reason, Result
from verification.model.suspicion import LIKELY
from verification.model.suspicion import WORDS as LONGEST

STATIC = Path(__file__).parent / "static"
MODULES = ("bytes.js", "code.js", "signed.js", "judge.js", "evidence.js", "scan.js")
SCANNER = "vendor/zxing-wasm/"
FOR_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}  # signed, and nobody's secret


def blueprint() -> Blueprint:
    """Everything on VERIFY_URL that is for people and browsers."""
    bp = Blueprint(
        "verification", __name__, static_folder="static", static_url_path="/verification", template_folder="templates"
    )

    @web.route(bp, "/", gate=callers.Public())
    def check() -> Response:
        step(web.house(), "verification", "opened")
        return _page({})

    @web.route(bp, "/check", gate=callers.Public(), methods=("GET",), endpoint="again")
    def again() -> Response:
        return web.see_other("/")

    @web.route(bp, "/check", gate=callers.Public(), methods=("POST",), endpoint="ask")
    def ask() -> Response:
        upload, number = request.files.get("file"), request.form.get("number", "").strip()
        data = upload.read() if upload else b""
        if not data and not number:
            asked = "number" if "number" in request.form else "file"
            missing = {"number": _("Type the number of the license"), "file": _("Choose a file")}
            return _page({asked: missing[asked]}, 422)
        limits.check(web.house().shared, answer.ASK, request.remote_addr or "")
        now = clock.now()
        report = answer.verify(web.house(), file=data or None, number=None if data else number, now=now)
        if report.reason is Reason.mistyped:
            return _page({"number": _(report.says)}, 422, number)
        return web.page(
            "verification/answer.html",
            report=report,
            told=words.of(report, i18n.language()),
            suspected=web_report.prefilled(report),
            choices=web_report.choices(),
            longest=LONGEST,
        )

    @web.route(bp, "/sw.js", gate=callers.Public(), endpoint="worker")
    def worker() -> Response:
        response = web.file(_worker().encode(), "text/javascript; charset=utf-8")
        response.headers["Cache-Control"] = "no-cache"
        return response

    web_report.add(bp)
    _lists(bp)
    return bp


def _lists(bp: Blueprint) -> None:
    @web.route(bp, "/trust-list.jwt", gate=callers.Public(), endpoint="trust_list")
    def trust_list() -> Response:
        return _signed(trust.trust_list(web.house(), clock.now()), "application/trust-list+jwt", seconds=300)

    @web.route(bp, "/status/<int:number>", gate=callers.Public(), endpoint="status")
    def status(number: int) -> Response:
        token = status_list.current(web.house(), number, clock.now())
        return _signed(token, "application/statuslist+jwt", seconds=status_list.TTL)

    @web.route(bp, "/status/", gate=callers.Public(), endpoint="statuses")
    def statuses() -> Response:
        with web.house().database.read() as db:
            numbers = licenses.list_numbers(db)
        return _open({"status_lists": [status_list.url(web.house(), number) for number in numbers]})

    @web.route(bp, "/crl/<name>.crl", gate=callers.Public(), endpoint="crl")
    def crl(name: str) -> Response:
        found = crls.named(web.house(), name, clock.now())
        if found is None:
            raise NotFound("There is no list %(name)s", name=name)
        response = web.file(found, "application/pkix-crl")
        response.headers.update(FOR_ALL)
        return response

    @web.route(bp, "/crl/", gate=callers.Public(), endpoint="crls")
    def every_crl() -> Response:
        return _open({"lists": crls.names(web.house())})

    _histories(bp)

    @web.route(bp, "/names.json", gate=callers.Public(), endpoint="names")
    def names() -> Response:
        with web.house().database.read() as db:
            agencies = {one.code: {"zh-Hans": one.name, "en": one.name_en} for one in seals.agencies(db)}
        return web.answer({"kinds": _kinds(), "agencies": agencies})


def _histories(bp: Blueprint) -> None:
    """For those who pin the root: the lists of the past, and who follows a root."""

    @web.route(bp, "/trust-lists.json", gate=callers.Public(), endpoint="trust_lists")
    def trust_lists() -> Response:
        return _open({"trust_lists": trust.history(web.house())})

    @web.route(bp, "/trust-list/<int:number>.jwt", gate=callers.Public(), endpoint="earlier_trust_list")
    def earlier(number: int) -> Response:
        found = trust.earlier(web.house(), number)
        if found is None:
            raise NotFound("There is no list %(name)s", name=str(number))
        return _signed(found.decode(), "application/trust-list+jwt", seconds=86_400)

    @web.route(bp, "/root-rollover.json", gate=callers.Public(), endpoint="root_rollover")
    def root_rollover() -> Response:
        return _open({"statements": rollover.statements(web.house())})


def _signed(token: str, kind: str, seconds: int) -> Response:
    response = web.file(token.encode(), kind, seconds=seconds)
    response.headers.update(FOR_ALL)
    return response


def _open(body: dict[str, object]) -> Response:
    response = web.answer(body)
    response.headers.update(FOR_ALL)
    return response


def _page(errors: dict[str, str], status: int = 200, number: str = "") -> Response:
    web.loosen("script-src", "'wasm-unsafe-eval'")  # the code reader is WebAssembly; only this page loads it
    response = web.page(
        "verification/check.html",
        status,
        errors=errors,
        number=number,
        reasons=list(Reason),
        likely=LIKELY,
        blank=words.BLANK,
        results=list(Result),
        steps=[step for step in words.ORDER if step in REQUIRED[Door.code]],
        trust_keys=json.dumps(_trust_keys()),
        scanner="/verification/scan.js",
        upload_bytes=web.house().settings.upload_bytes,
    )
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    return response


def _trust_keys() -> list[dict[str, str]]:
    """The keys that may sign the trust list, pinned in the page: the newest last."""
    keys = web.house().keys
    return [dict(keys.jwk(name)) for name in keys.named("trust-list")]


@cache
def _kinds() -> dict[str, object]:
    return {
        kind.code: {
            "zh-Hans": kind.name,
            "en": kind.name_en,
            "fields": {key: {"zh-Hans": kind.item(key).label, "en": kind.item(key).label_en} for key in kind.shows},
        }
        for kind in kinds.all_kinds()
    }


def _worker() -> str:
    """The service worker with what it keeps: one version of everything, or nothing."""
    page = web.static("page.js", "verification")
    files = [
        web.static("hub.css"),
        web.static("mark.svg"),
        web.static("vitals.js"),
        page,
        *(f"/verification/{name}" for name in MODULES),
    ]
    pages = [f"/?lang={language}" for language in i18n.LANGUAGES]
    version = hashlib.sha256(_sources() + json.dumps([files, _trust_keys()]).encode()).hexdigest()[:16]
    head = {"VERSION": version, "PAGES": pages, "FILES": files, "SCANNER": f"/verification/{SCANNER}"}
    lines = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in head.items())
    return lines + (STATIC / "sw.js").read_text("utf-8")


@cache
def _sources() -> bytes:
    """A digest of everything that the kept page is made of."""
    here = Path(__file__).parent
    found = [
        *(STATIC / name for name in MODULES),
        *sorted((here / "templates").rglob("*.html")),
        *sorted((here / "translations").glob("*.po")),
    ]
    found += sorted((here.parent / "hub/templates/hub").glob("*.html"))
    return b"".join(hashlib.sha256(path.read_bytes()).digest() for path in found if path.exists())
