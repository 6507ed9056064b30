"""Reporting a suspicion from a result, in two taps, without an account and without a name."""

from flask import Blueprint, Response, request

from hub import callers, clock, i18n, limits, numbers, web
from hub.i18n import _
from licenses.model import NotAnIdentifier
from verification.answer import parsed
from verification.model import Reason, Report
from verification.model.suspicion import LIKELY, SAYS, WORDS, NotReported, Suspicion, Wrong
from verification.report import REPORT, report


def add(bp: Blueprint) -> None:
    """`/report` and the page that shows the new number."""

    @web.route(bp, "/report", gate=callers.Public(), endpoint="report_page")
    def report_page() -> Response:
        return _page({}, {})  # a result that the browser found stands after `#`: it is sent with the report, not before

    @web.route(bp, "/report", gate=callers.Public(), methods=("POST",), endpoint="report")
    def send() -> Response:
        given = {name: request.form.get(name, "").strip() for name in ("number", "reason", "wrong", "words")}
        errors = _errors(given)
        if errors:
            return _page(given, errors)
        limits.check(web.house().shared, REPORT, limits.network(request.remote_addr or ""))
        license = str(parsed(given["number"])) if given["number"] else ""
        reason = Reason(given["reason"]) if given["reason"] else Reason.not_checked
        wrong = Wrong(given["wrong"]) if given["wrong"] else LIKELY[reason.verdict]
        said = Suspicion(license, wrong, reason, given["words"], i18n.language())
        return web.see_other(f"/reported/{report(web.house(), said, clock.now())}")

    @web.route(bp, "/reported/<number>", gate=callers.Public(), endpoint="reported")
    def reported(number: str) -> Response:
        return web.page("verification/reported.html", number=numbers.parse(number))


def prefilled(report: Report) -> dict[str, str]:
    """What a report from the result of a check begins with; a number that cannot be one is left out."""
    try:
        number = str(parsed(report.number))
    except NotAnIdentifier:
        number = ""
    return {"number": number, "reason": report.reason.value, "wrong": LIKELY[report.verdict].value, "words": ""}


def choices() -> list[tuple[str, str]]:
    """What may be wrong, in the reader's language."""
    return [(one.value, _(said)) for one, said in SAYS.items()]


def _errors(given: dict[str, str]) -> dict[str, str]:
    errors = {}
    if given["number"]:
        try:
            parsed(given["number"])
        except NotAnIdentifier:
            errors["number"] = _("This number is mistyped: its check character does not fit.")
    if not given["number"] and not given["words"]:
        errors["words"] = _(NotReported.advice)
    if len(given["words"]) > WORDS:
        errors["words"] = _("At most %(count)s characters", count=WORDS)
    if given["reason"] not in {"", *(one.value for one in Reason)}:
        errors["reason"] = _(NotReported.title)
    if given["wrong"] not in {"", *(one.value for one in Wrong)}:
        errors["wrong"] = _("Choose what is wrong")
    return errors


def _page(given: dict[str, str], errors: dict[str, str]) -> Response:
    blank = {"number": "", "reason": "", "wrong": Wrong.other.value, "words": ""}
    return web.page(
        "verification/report.html",
        422 if errors else 200,
        given=blank | given,
        errors=errors,
        choices=choices(),
        longest=WORDS,
    )
