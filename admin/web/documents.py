"""Sealing documents at the console: upload one, look at it, choose the place, seal it, take it away."""

import secrets
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from admin.model.operator import Right
from hub import asked, clock, web
from hub.callers import Operator
from hub.i18n import _
from hub.problems import Problem, TooLarge
from seals import documents, seal_document, store, use, who
from seals.model.document import DEFAULT_KIND, Document, DocumentUnknown, NotSealable, Spot, State, place_of
from seals.store import documents as rows

SEE = Operator(Right.see)
SHOWN = 30  # rows
POINTED = 280  # pixels of the picture that one points at: it fits the smallest phone, and says exactly what was meant
WIDTHS = (POINTED, 1000)


def blueprint() -> Blueprint:
    """`/console/documents…`."""
    bp = Blueprint("documents", __name__)
    _uploading(bp)
    _placing(bp)
    _sealing(bp)
    _files(bp)
    return bp


def _uploading(bp: Blueprint) -> None:
    @web.route(bp, "/console/documents", gate=SEE)
    def document_list() -> Response:
        with web.house().database.read() as db:
            kept = rows.kept_by(db, web.caller().person or "")
            found = rows.documents_of(db, web.caller().label, kept, limit=SHOWN)
            names = {id: store.seal(db, id) for id in {one.seal for one in found}}
        return web.page("admin/documents.html", found=found, seals=names, may=bool(_seals()))

    @web.route(bp, "/console/documents/new", gate=SEE)
    def document_new() -> Response:
        return _form({"seal": "", "kind": DEFAULT_KIND, "key": secrets.token_hex(16)})

    @web.route(bp, "/console/documents/new", gate=SEE, methods=("POST",), endpoint="document_posted")
    def document_posted() -> Response:
        given = {name: request.form.get(name, "").strip() for name in ("seal", "kind", "key")}
        file = request.files.get("file")
        if file is None or not file.filename:
            return _form(given, {"file": _("Choose a PDF")})
        try:
            document = documents.upload(
                web.house(),
                file.read(),
                name=file.filename,
                seal=given["seal"],
                kind=given["kind"],
                caller=web.caller(),
                now=clock.now(),
                key=given["key"],
            )
        except (NotSealable, TooLarge) as problem:
            return _form(given, {"file": _said(problem)})
        return web.see_other(f"/console/documents/{document.id}")


def _placing(bp: Blueprint) -> None:
    @web.route(bp, "/console/documents/<id>", gate=SEE)
    def document_one(id: str) -> Response:
        return _page(_mine(id))

    @web.route(bp, "/console/documents/<id>/place", gate=SEE, methods=("POST",))
    def document_place(id: str) -> Response:
        document = _mine(id)
        try:
            where = _where(document)
            if where is not None:
                documents.choose(web.house(), document, where, clock.now())
        except NotSealable as problem:
            return _page(document, {"position": _said(problem)})
        except ValueError:
            return _page(document, {"x_mm": _("Give the place in millimetres, or choose a position")})
        shown = where["page"] if where else request.form.get("page", "1")
        return web.see_other(f"/console/documents/{id}?page={shown}")


def _sealing(bp: Blueprint) -> None:
    @web.route(bp, "/console/documents/<id>/seal", gate=SEE, methods=("POST",))
    def document_seal(id: str) -> Response:
        document = _mine(id, own=True)
        try:
            seal_document.seal(web.house(), id, caller=web.caller(), now=clock.now())
        except Problem as problem:
            if problem.status >= 500:
                raise
            return _page(_mine(document.id), {"": _said(problem)}, status=problem.status)
        return web.see_other(f"/console/documents/{id}")

    @web.route(bp, "/console/documents/<id>/ask", gate=SEE, methods=("POST",))
    def document_ask(id: str) -> Response:
        documents.ask(web.house(), _mine(id, own=True), by=web.caller().label, now=clock.now())
        return web.see_other(f"/console/documents/{id}")


def _files(bp: Blueprint) -> None:
    @web.route(bp, "/console/documents/<id>/pages/<int:number>.png", gate=SEE)
    def document_picture(id: str, number: int) -> Response:
        width = request.args.get("width", type=int)
        width = width if width in WIDTHS else POINTED
        return web.file(documents.preview(web.house(), _mine(id), number, width, clock.now()), "image/png")

    @web.route(bp, "/console/documents/<id>/original", gate=SEE)
    def document_original(id: str) -> Response:
        document = _mine(id)
        name = document.file_name.replace("-sealed.pdf", ".pdf")
        return web.file(web.house().blobs.get(document.original), "application/pdf", name=name)

    @web.route(bp, "/console/documents/<id>/file", gate=SEE)
    def document_file(id: str) -> Response:
        document = _mine(id)
        return web.file(documents.file(web.house(), document), "application/pdf", name=document.file_name)


def _mine(id: str, *, own: bool = False) -> Document:
    """A document of this officer, or one whose seal he keeps (unless `own`). Raises DocumentUnknown."""
    caller = web.caller()
    with web.house().database.read() as db:
        document = rows.document(db, id)
        keeps = not own and caller.person in store.custodians(db, document.seal)
    if document.by != caller.label and not keeps:
        raise DocumentUnknown("There is no document %(id)s", id=id)
    return document


def _seals() -> list[Any]:
    """Each seal once that a grant lets this officer use."""
    with web.house().database.read() as db:
        found = {leave.seal.id: leave.seal for leave in who.can_seal(db, use.asker_of(web.caller()), clock.now())}
    return list(found.values())


def _form(given: dict[str, str], errors: dict[str, str] | None = None) -> Response:
    most = web.house().settings.upload_bytes // 1_000_000
    status = 422 if errors else 200
    return web.page("admin/document_new.html", status, given=given, errors=errors or {}, seals=_seals(), most=most)


def _page(document: Document, errors: dict[str, str] | None = None, status: int = 422) -> Response:
    shown = request.values.get("page", type=int) or (document.spot.page if document.spot else 1)
    with web.house().database.read() as db:
        what = store.seal(db, document.seal)
        questions = _questions(db, document)
        agency = store.agency(db, document.agency)
    return web.page(
        "admin/document.html",
        status if errors else 200,
        document=document,
        seal=what,
        agency=agency,
        questions=questions,
        own=document.by == web.caller().label,
        open=document.state in (State.uploaded, State.asked),
        shown=min(max(shown, 1), len(document.pages)),
        spots=list(Spot),
        pointed=POINTED,
        errors=errors or {},
    )


def _questions(db: Connection, document: Document) -> list[asked.Asked]:
    return [one for id in document.asked if (one := asked.one(db, id))]


def _where(document: Document) -> dict[str, Any] | None:
    """The place that was pointed at, named or measured; None if nothing was said. Raises NotSealable, ValueError."""
    form = request.form
    page = form.get("page", type=int) or 1
    if "at.x" in form:
        x, y = form.get("at.x", 0, type=int), form.get("at.y", 0, type=int)
        if not (x or y) or not 1 <= page <= len(document.pages):  # pressed with a key: nobody pointed anywhere
            return None
        sheet, spot = document.pages[page - 1], document.spot
        assert spot
        scale = sheet.wide_mm / POINTED
        place = sheet.near(page, x * scale, y * scale, spot.diameter_mm, spot.height_mm)
        return {"page": page, "x_mm": place.x_mm, "y_mm": place.y_mm}
    if form.get("position"):
        where: dict[str, Any] = {"page": page, "position": Spot(form["position"])}
    else:
        where = {"page": page, **{name: float(form[name].replace(",", ".")) for name in ("x_mm", "y_mm")}}
    place_of(where, document.pages, document.spot.diameter_mm if document.spot else 0)
    return where


def _said(problem: Problem) -> str:
    return _(problem.message, **problem.values) if problem.message else _(problem.title)
