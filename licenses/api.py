"""The API for departments: issue, look up, change, fetch the file. Described by `GET /api/openapi.json`."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, request

from hub import callers, clock, ledger, web
from hub.log import cleaned
from hub.problems import BadRequest
from licenses import change, kinds, openapi, status_list, store
from licenses.issue import issue
from licenses.model import Application, Change, License, LicenseUnknown, Operation

USE_CAUSE = 200  # characters; every look-up of a license says what it is for


def blueprint() -> Blueprint:
    """`/api/licenses…`, `/api/kinds…`."""
    bp = Blueprint("licenses_api", __name__, url_prefix="/api")
    _issuing(bp)
    _looking(bp)
    _kinds(bp)
    return bp


def _issuing(bp: Blueprint) -> None:
    @web.route(bp, "/licenses", gate=callers.Scope("licenses:issue"), methods=("POST",))
    def issue_one() -> Response:
        web.house().keys.calls_out("seal")
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            raise BadRequest("Send an Idempotency-Key header: a new random value for each new application")
        body = web.shape(openapi.APPLICATION)
        application = Application(
            kind=body["kind"],
            fields=body["fields"],
            agency=web.caller().agency or "",
            valid_from=_day(body.get("valid_from")),
            valid_until=_day(body.get("valid_until")),
        )
        license = issue(web.house(), application, caller=web.caller(), idempotency_key=key, now=clock.now())
        return web.answer(_shown(license), 201, Location=_address(license))

    for operation in Operation:
        _changing(bp, operation)


def _changing(bp: Blueprint, operation: Operation) -> None:
    rule = f"/licenses/<number>/{operation.value}"

    @web.route(bp, rule, gate=callers.Scope("licenses:change"), methods=("POST",), endpoint=operation.value)
    def change_one(number: str) -> Response:
        why = Change(operation, **web.shape(openapi.WHY), by=web.caller().label, at=clock.now())
        return web.answer(_shown(change.change(web.house(), number, why, web.caller())))


def _looking(bp: Blueprint) -> None:
    @web.route(bp, "/licenses/<number>", gate=callers.Scope("licenses:read"))
    def look_up(number: str) -> Response:
        return web.answer(_shown(_looked_up(number, "license.looked-up")))

    @web.route(bp, "/licenses/<number>/file", gate=callers.Scope("licenses:read"))
    def file(number: str) -> Response:
        license = _looked_up(number, "license.file-fetched")
        return web.file(web.house().blobs.get(license.sealed), "application/pdf", name=f"{number}.pdf")


def _kinds(bp: Blueprint) -> None:
    open_to_all = callers.Program("what kinds exist and what they need is public")

    @web.route(bp, "/openapi.json", gate=open_to_all)
    def described() -> Response:
        settings = web.house().settings
        token_url = f"{settings.issuer_url}/oidc/token"
        return web.answer(openapi.document(kinds.all_kinds(), url=settings.home_url, token_url=token_url))

    @web.route(bp, "/kinds", gate=open_to_all)
    def all_kinds() -> Response:
        listed = [{"kind": k.slug, "code": k.code, "name": k.name, "name_en": k.name_en} for k in kinds.all_kinds()]
        return web.answer({"kinds": listed})

    @web.route(bp, "/kinds/<kind>/schema", gate=open_to_all)
    def schema(kind: str) -> Response:
        return web.answer(kinds.named(kind).schema())

    @web.route(
        bp,
        "/status/<int:number>",
        gate=callers.Program("a status list is for everyone and tells nothing of one license"),
    )
    def status(number: int) -> Response:
        token = status_list.current(web.house(), number, clock.now())
        return web.file(token.encode(), "application/statuslist+jwt", seconds=status_list.TTL)


def _looked_up(number: str, event: str) -> License:
    """A license of the caller's own agency, with the use cause noted in the ledger. Raises LicenseUnknown, BadRequest."""
    cause = request.args.get("use_cause", "").strip()
    if not 1 <= len(cause) <= USE_CAUSE:
        raise BadRequest("Say in use_cause what you look it up for, in 1 to %(most)s characters", most=USE_CAUSE)
    house, caller = web.house(), web.caller()
    with house.database.write() as db:
        license = store.license(db, number, caller.place)
        if license.agency != caller.agency:
            raise LicenseUnknown("There is no license %(number)s", number=number)
        ledger.wrote(
            db, event, number, by=caller.label, at=clock.now(), place=license.place, facts={"cause": cleaned(cause)}
        )
    return license


def _shown(license: License) -> dict[str, Any]:
    """What a program learns of a license: never its fields; those are in the file."""
    shown: dict[str, Any] = {
        "number": license.number,
        "kind": license.kind,
        "agency": license.agency,
        "status": license.status.value,
        "issued": license.issued.isoformat(timespec="seconds"),
        "valid_from": license.valid_from.isoformat(),
        "valid_until": license.valid_until.isoformat() if license.valid_until else None,
        "level": license.level,
        "sha256": license.sealed,
        "code": license.code,
        "file": f"{_address(license)}/file",
    }
    if license.changed:
        shown["changed"] = {
            "at": license.changed.isoformat(timespec="seconds"),
            "reason": license.reason,
            "legal_basis": license.legal_basis,
            "decision": license.decision,
        }
    return shown


def _address(license: License) -> str:
    return f"{web.house().settings.home_url}/api/licenses/{license.number}"


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadRequest("%(day)s is not a day of the calendar", day=text) from error
