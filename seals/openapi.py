"""What the API of seals takes and gives, as OpenAPI 3.1: the shapes that `api.py` checks."""

from typing import Any

from hub.problems import BadRequest
from seals.by_hash import ALGORITHMS
from seals.model.document import KIND, LONGEST_NAME, MOST_PAGES, NotSealable, Spot, State

Schema = dict[str, Any]

MOST_IN_BATCH = 50  # documents of one request, which is answered when the last is done
HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
MOMENT = {"type": "string", "format": "date-time"}
TEXT = {"type": "string"}
NUMBER = {"type": "number"}
KIND_SHAPE = {"type": "string", "pattern": f"^({KIND.pattern})?$", "description": "by which grants name it"}
PLACE: Schema = {
    "type": "object",
    "properties": {
        "page": {"type": "integer", "minimum": 1, "maximum": MOST_PAGES, "description": "the last one, if not said"},
        "position": {"enum": [spot.value for spot in Spot]},
        "x_mm": NUMBER | {"description": "of the seal's middle, from the left edge of the page as it is seen"},
        "y_mm": NUMBER | {"description": "from the upper edge"},
    },
    "additionalProperties": False,
}
ITEM: Schema = {
    "type": "object",
    "required": ["pdf"],
    "properties": {
        "pdf": {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/pdf"},
        "name": {"type": "string", "maxLength": LONGEST_NAME},
        "kind": KIND_SHAPE,
        "place": PLACE,
    },
    "additionalProperties": False,
}
BATCH: Schema = {
    "type": "object",
    "required": ["documents"],
    "properties": {"documents": {"type": "array", "minItems": 1, "maxItems": MOST_IN_BATCH, "items": ITEM}},
    "additionalProperties": False,
}
DIGEST: Schema = {
    "type": "object",
    "required": ["algorithm", "digest"],
    "properties": {
        "algorithm": {"enum": list(ALGORITHMS), "description": "the one that the seal's key signs"},
        "digest": {"type": "string", "pattern": "^[0-9a-f]{64}([0-9a-f]{32})?$"},
        "kind": KIND_SHAPE,
    },
    "additionalProperties": False,
}
DOCUMENT: Schema = {
    "type": "object",
    "required": ["id", "state", "name", "kind", "seal", "pages", "uploaded_sha256", "document_sha256", "at", "place"],
    "properties": {
        "id": TEXT,
        "state": {"enum": [state.value for state in State], "description": "asked: it waits for a custodian"},
        "name": TEXT,
        "kind": TEXT,
        "seal": TEXT,
        "pages": {"type": "integer"},
        "uploaded_sha256": HEX | {"description": "of the file that came"},
        "document_sha256": HEX | {"description": "of the file under the seal; another one if it was written anew"},
        "at": MOMENT,
        "place": {"anyOf": [PLACE, {"type": "null"}]},
        "sha256": HEX | {"description": "of the sealed file, its identity as a document"},
        "level": {"type": "string", "description": "PAdES level of the seal"},
        "missing": {"type": "array", "items": TEXT, "description": "evidence that could not be had; it is added later"},
        "file": {"type": "string", "format": "uri"},
    },
    "additionalProperties": False,
}
OUTCOME: Schema = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": TEXT,
        "document": {"$ref": "#/components/schemas/Document"},
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
    "additionalProperties": False,
}
CONTAINER: Schema = {
    "type": "object",
    "required": ["id", "seal", "algorithm", "digest", "level", "missing", "cms"],
    "properties": {
        "id": TEXT,
        "seal": TEXT,
        "algorithm": {"enum": list(ALGORITHMS)},
        "digest": TEXT,
        "level": TEXT,
        "missing": {"type": "array", "items": TEXT},
        "cms": {
            "type": "string",
            "contentEncoding": "base64",
            "description": "SignedData without content (RFC 5652), DER",
        },
    },
    "additionalProperties": False,
}
LEAVE: Schema = {
    "type": "object",
    "properties": {
        "seal": TEXT,
        "agency": TEXT,
        "name": TEXT,
        "line": TEXT,
        "algorithm": TEXT,
        "sensitive": {"type": "boolean", "description": "each use is confirmed by a custodian"},
        "diameter_mm": NUMBER,
        "purposes": {"type": "array", "items": TEXT},
        "kinds": {"type": "array", "items": TEXT},
        "until": {"anyOf": [MOMENT, {"type": "null"}]},
        "left": {"type": "array", "items": {"type": "object"}, "description": "uses that are left in so many seconds"},
    },
    "additionalProperties": False,
}
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457; docs/problems.md lists the types",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:yinxin:problem:[a-z-]+$"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "advice": TEXT,
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
REFUSALS = {
    400: "The request has the wrong form",
    401: "The token is missing, forged, expired or revoked",
    403: "The token lacks the scope, or no grant of the seal covers this",
    404: "There is none, or none of this caller's",
    409: "Its state does not allow this, or the seal is not in force",
    413: "The body is too large",
    422: "The document cannot be sealed, or the key was used for another one",
    429: "The limit of the grant is reached",
    503: "Not just now; send the same request again after `Retry-After` seconds",
}
ALL = tuple(REFUSALS)
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "a new random value for each new request; with the same one, the same request gets the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def place(given: dict[str, Any]) -> dict[str, Any]:
    """A place as it was asked for, in texts or numbers. Raises BadRequest, NotSealable."""
    try:
        where: dict[str, Any] = {"page": int(given["page"])} if given.get("page") is not None else {}
        where |= {name: float(given[name]) for name in ("x_mm", "y_mm") if given.get(name) is not None}
    except ValueError as error:
        raise BadRequest("A place has a page, and a position or millimetres") from error
    if len(where.keys() & {"x_mm", "y_mm"}) == 1:
        raise BadRequest("A place has a page, and a position or millimetres")
    if where.get("page", 1) < 1:
        raise NotSealable("There is no page %(page)s", page=where["page"])
    if (position := given.get("position")) is not None:
        if position not in {spot.value for spot in Spot}:
            raise BadRequest("A place has a page, and a position or millimetres")
        where["position"] = position
    return where


def document(*, url: str, token_url: str) -> Schema:
    """The whole description, for an installation at `url` whose tokens come from `token_url`."""
    scopes = {"seals:use": "use seals by the grants that name one's program or agency"}
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Yinxin: seals",
            "version": "1",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "paths": _paths(),
        "components": {
            "schemas": {
                "Seals": {"type": "object", "properties": {"seals": {"type": "array", "items": LEAVE}}},
                "Document": DOCUMENT,
                "Batch": BATCH,
                "Outcomes": {"type": "object", "properties": {"documents": {"type": "array", "items": OUTCOME}}},
                "Digest": DIGEST,
                "Container": CONTAINER,
                "Problem": PROBLEM,
            },
            "securitySchemes": {
                "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": scopes}}}
            },
        },
    }


def _paths() -> Schema:
    seal, id = _in_path("seal"), _in_path("id")
    pdf: Schema = {"application/pdf": {"schema": {}}}
    file = {200: {"description": "The sealed PDF", "content": pdf}}
    sealed = {201: _json("The sealed document", "Document"), 202: _json("It waits for a custodian", "Document")}
    query = [_in_query("name", TEXT), _in_query("kind", KIND_SHAPE)]
    query += [_in_query(name, schema) for name, schema in PLACE["properties"].items()]
    itself = {200: {"description": "This document", "content": {"application/json": {"schema": {"type": "object"}}}}}
    some = (400, 401, 403, 404)
    return {
        "/api/seals": {"get": _operation("seals", "What can I seal?", {200: _json("Each grant", "Seals")}, (401, 403))},
        "/api/seals/openapi.json": {"get": _operation("openapi", "This document", itself, (), scope="")},
        "/api/seals/{seal}/documents": {
            "post": _operation("sealDocument", "Seal a PDF", sealed, ALL, [seal, KEY, *query], body=pdf)
        },
        "/api/seals/{seal}/batches": {
            "post": _operation(
                "sealBatch",
                "Seal many documents; each ends by itself",
                {200: _json("What became of each, in their order", "Outcomes")},
                ALL,
                [seal, KEY],
                body=_body("Batch"),
            )
        },
        "/api/seals/{seal}/hashes": {
            "post": _operation(
                "sealHash",
                "Seal a digest; the document stays where it is",
                {201: _json("The container to put into the document", "Container")},
                ALL,
                [seal, KEY],
                body=_body("Digest"),
            )
        },
        "/api/documents/{id}": {
            "get": _operation("document", "How a document stands", {200: _json("It", "Document")}, some, [id])
        },
        "/api/documents/{id}/file": {
            "get": _operation("documentFile", "Fetch the sealed PDF", file, (*some, 409, 503), [id])
        },
    }


def _operation(
    name: str,
    summary: str,
    answers: dict[int, Schema],
    refused: tuple[int, ...],
    parameters: list[Schema] | None = None,
    *,
    body: Schema | None = None,
    scope: str = "seals:use",
) -> Schema:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    said: Schema = {
        "operationId": name,
        "summary": summary,
        "security": [{"oauth": [scope]}] if scope else [],
        "parameters": parameters or [],
        "responses": {str(status): answer for status, answer in answers.items()}
        | {str(status): {"description": REFUSALS[status], "content": problem} for status in refused},
    }
    return said | ({"requestBody": {"required": True, "content": body}} if body else {})


def _json(description: str, name: str) -> Schema:
    return {"description": description, "content": _body(name)}


def _body(name: str) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _in_query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}
