"""The API of seals for departments: what can I seal, seal a document or many, fetch it, seal a digest.

Described by `GET /api/seals/openapi.json`.
"""

import hashlib
from base64 import b64decode, b64encode
from typing import Any

from flask import Blueprint, Response, request

from hub import callers, clock, web
from hub.problems import BadRequest, Problem
from seals import by_hash, documents, openapi, seal_document, store, use, who
from seals.model.document import Document, DocumentUnknown, NotSealable, Signed, State
from seals.store import documents as rows

USE = callers.Scope("seals:use")


def blueprint() -> Blueprint:
    """`/api/seals…`, `/api/documents…`."""
    bp = Blueprint("seals_api", __name__, url_prefix="/api")
    _seals(bp)
    _documents(bp)
    _batches(bp)
    _hashes(bp)
    return bp


def _seals(bp: Blueprint) -> None:
    @web.route(bp, "/seals", gate=USE, endpoint="seals")
    def what_can_i_seal() -> Response:
        with web.house().database.read() as db:
            found = who.can_seal(db, use.asker_of(web.caller()), clock.now())
        return web.answer({"seals": [_leave(one) for one in found]})

    @web.route(
        bp, "/seals/openapi.json", gate=callers.Program("how the API of seals is called is public"), endpoint="openapi"
    )
    def described() -> Response:
        settings = web.house().settings
        return web.answer(openapi.document(url=settings.home_url, token_url=f"{settings.issuer_url}/oidc/token"))


def _documents(bp: Blueprint) -> None:
    @web.route(bp, "/seals/<seal>/documents", gate=USE, methods=("POST",), endpoint="sealDocument")
    def seal_one(seal: str) -> Response:
        key, data = _key(), request.get_data(cache=False)
        if request.mimetype != "application/pdf":
            raise BadRequest("Send the PDF itself, with Content-Type application/pdf")
        asked = {name: request.args.get(name) for name in ("page", "position", "x_mm", "y_mm")}
        name = request.args.get("name", "document.pdf")[:120]
        kind = request.args.get("kind", "")
        document = _sealed(seal, data, name=name, kind=kind, key=key, where=openapi.place(asked))
        return web.answer(_shown(document), 201 if document.state is State.sealed else 202, Location=_address(document))

    @web.route(bp, "/documents/<id>", gate=USE, endpoint="document")
    def look_up(id: str) -> Response:
        return web.answer(_shown(_mine(id)))

    @web.route(bp, "/documents/<id>/file", gate=USE, endpoint="documentFile")
    def file(id: str) -> Response:
        document = _mine(id)
        return web.file(documents.file(web.house(), document), "application/pdf", name=document.file_name)


def _batches(bp: Blueprint) -> None:
    @web.route(bp, "/seals/<seal>/batches", gate=USE, methods=("POST",), endpoint="sealBatch")
    def seal_many(seal: str) -> Response:
        """Each document ends as sealed or with its own problem; one does not hold up the others."""
        key, body = _key(), web.shape(openapi.BATCH)
        with web.house().database.read() as db:
            store.seal(db, seal)
        told = [_one_of(seal, item, f"{key}:{number}") for number, item in enumerate(body["documents"], 1)]
        return web.answer({"documents": told})


def _hashes(bp: Blueprint) -> None:
    @web.route(bp, "/seals/<seal>/hashes", gate=USE, methods=("POST",), endpoint="sealHash")
    def seal_digest(seal: str) -> Response:
        body = web.shape(openapi.DIGEST)
        made = by_hash.sign_hash(
            web.house(),
            seal,
            algorithm=body["algorithm"],
            digest=body["digest"],
            kind=body.get("kind", ""),
            caller=web.caller(),
            key=_key(),
            now=clock.now(),
        )
        return web.answer(_container(made), 201)


def _sealed(seal: str, data: bytes, *, name: str, kind: str, key: str, where: dict[str, Any]) -> Document:
    """Upload and seal in one; a sensitive seal's custodians are asked instead, and it is sealed when one has confirmed."""
    house, caller, now = web.house(), web.caller(), clock.now()
    document = documents.upload(
        house, data, name=name, seal=seal, kind=kind, caller=caller, now=now, key=hashed(key), where=where
    )
    with house.database.read() as db:
        sensitive = store.seal(db, seal).sensitive
    if not sensitive:
        return seal_document.seal(house, document.id, caller=caller, now=now)
    if document.state is State.uploaded:
        return documents.ask(house, document, by=caller.label, now=now)
    return document


def _one_of(seal: str, item: dict[str, Any], key: str) -> dict[str, Any]:
    name = item.get("name", "document.pdf")
    try:
        data = _decoded(item["pdf"])
        where = openapi.place(item.get("place", {}))
        document = _sealed(seal, data, name=name, kind=item.get("kind", ""), key=key, where=where)
    except Problem as refused:
        return {"name": name, "problem": web.problem_body(refused)}
    return {"name": name, "document": _shown(document)}


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:  # also for what is not ASCII
        raise NotSealable("It is not a PDF") from error


def hashed(key: str) -> str:
    """Keys of documents in one form: those of batches are longer than what a caller may send."""
    return hashlib.sha256(key.encode()).hexdigest()


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise BadRequest("Send an Idempotency-Key header: a new random value for each new application")
    if len(key) > 200:
        raise BadRequest("Idempotency-Key needs 1 to 200 characters")
    return key


def _mine(id: str) -> Document:
    with web.house().database.read() as db:
        document = rows.document(db, id)
    if document.by != web.caller().label:
        raise DocumentUnknown("There is no document %(id)s", id=id)
    return document


def _leave(leave: who.Leave) -> dict[str, Any]:
    seal, grant = leave.seal, leave.grant
    return {
        "seal": seal.id,
        "agency": seal.agency,
        "name": seal.design.name,
        "line": seal.design.line,
        "algorithm": seal.algorithm,
        "sensitive": seal.sensitive,
        "diameter_mm": seal.design.diameter_mm,
        "purposes": list(grant.purposes),
        "kinds": list(grant.kinds),
        "until": grant.until.isoformat(timespec="seconds") if grant.until else None,
        "left": [{"seconds": int(span.total_seconds()), "uses": number} for span, number in leave.left],
    }


def _shown(document: Document) -> dict[str, Any]:
    spot = document.spot
    shown: dict[str, Any] = {
        "id": document.id,
        "state": document.state.value,
        "name": document.name,
        "kind": document.kind,
        "seal": document.seal,
        "pages": len(document.pages),
        "uploaded_sha256": document.uploaded,
        "document_sha256": document.original,
        "at": document.at.isoformat(timespec="seconds"),
        "place": {"page": spot.page, "x_mm": spot.x_mm, "y_mm": spot.y_mm} if spot else None,
    }
    if document.state is State.sealed:
        shown |= {"sha256": document.sealed, "level": document.level, "missing": list(document.missing)}
        shown["file"] = f"{_address(document)}/file"
    return shown


def _container(made: Signed) -> dict[str, Any]:
    return {
        "id": made.id,
        "seal": made.seal,
        "algorithm": made.algorithm,
        "digest": made.digest,
        "level": made.level,
        "missing": list(made.missing),
        "cms": b64encode(made.container).decode(),
    }


def _address(document: Document) -> str:
    return f"{web.house().settings.home_url}/api/documents/{document.id}"
