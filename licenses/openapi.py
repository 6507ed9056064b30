"""What the API for departments takes and gives, as OpenAPI 3.1: the shapes that `api.py` checks, and the schemas of the kinds."""

from typing import Any

from licenses.kinds import Kind
from licenses.model import Operation, Status

Schema = dict[str, Any]

DAY = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
APPLICATION: Schema = {
    "type": "object",
    "required": ["kind", "fields"],
    "properties": {
        "kind": {"type": "string", "maxLength": 60},
        "fields": {"type": "object"},
        "valid_from": DAY,
        "valid_until": DAY,
    },
    "additionalProperties": False,
}
REASONS = ("reason", "legal_basis", "decision")
WHY: Schema = {
    "type": "object",
    "required": list(REASONS),
    "properties": {name: {"type": "string", "maxLength": 500} for name in REASONS},
    "additionalProperties": False,
}
HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
MOMENT = {"type": "string", "format": "date-time"}
LICENSE: Schema = {
    "type": "object",
    "properties": {
        "number": {"type": "string", "description": "identifier of the e-license (GB/T 36904)"},
        "kind": {"type": "string", "description": "code of its kind"},
        "agency": {"type": "string", "description": "unified code of the agency that issued it"},
        "status": {"enum": [status.value for status in Status]},
        "issued": MOMENT,
        "valid_from": DAY,
        "valid_until": {"anyOf": [DAY, {"type": "null"}], "description": "null: no end"},
        "level": {"type": "string", "description": "PAdES level of the seal"},
        "sha256": HEX | {"description": "digest of the sealed file, its identity as a document"},
        "code": {"type": "string", "description": "what its QR code says"},
        "file": {"type": "string", "format": "uri"},
        "changed": {
            "type": "object",
            "required": ["at", *REASONS],
            "properties": {"at": MOMENT} | {name: {"type": "string"} for name in REASONS},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
LICENSE["required"] = [name for name in LICENSE["properties"] if name != "changed"]
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457; docs/problems.md lists the types",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:yinxin:problem:[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "advice": {"type": "string", "description": "what to do about it"},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "one for each field that is wrong"},
    },
}
KINDS: Schema = {
    "type": "object",
    "required": ["kinds"],
    "properties": {
        "kinds": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "code", "name", "name_en"],
                "properties": {name: {"type": "string"} for name in ("kind", "code", "name", "name_en")},
            },
        }
    },
}
SCOPES = {
    "licenses:issue": "issue licenses of one's own agency",
    "licenses:read": "look up licenses of one's own agency, and their files",
    "licenses:change": "suspend, reinstate and revoke licenses of one's own agency",
}
REFUSALS = {
    400: "The request has the wrong form",
    401: "The token is missing, forged, expired or revoked",
    403: "The token lacks the scope, or the agency may not do this",
    404: "There is none, or none of one's own agency",
    409: "Its state does not allow this, or another process is at work on it",
    413: "The body is too large",
    422: "The data do not fit; `errors` names each field",
    503: "Not just now; send the same request again after `Retry-After` seconds",
}
CAUSE = {
    "name": "use_cause",
    "in": "query",
    "required": True,
    "description": "what the license is looked up for; it stands in the ledger",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "a new random value for each new application; with the same one, the same application gets the same license "
    "(draft-ietf-httpapi-idempotency-key-header). Kept for 30 days",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def document(kinds: tuple[Kind, ...], *, url: str, token_url: str) -> Schema:
    """The whole description, for an installation at `url` whose tokens come from `token_url`."""
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Yinxin: licenses",
            "version": "1",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(kinds),
            "securitySchemes": {
                "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": SCOPES}}}
            },
        },
    }


def _paths() -> Schema:
    number, kind, list_number = (
        _in_path("number"),
        _in_path("kind"),
        _in_path("number", {"type": "integer", "minimum": 0}),
    )
    pdf = {"description": "The sealed PDF", "content": {"application/pdf": {"schema": {}}}}
    paths: Schema = {
        "/api/licenses": {
            "post": _operation(
                "issue",
                "Issue a license",
                {201: _json("The license", "License")},
                refused=(400, 401, 403, 404, 409, 413, 422, 503),
                scope="licenses:issue",
                parameters=[KEY],
                body="Application",
            )
        },
        "/api/licenses/{number}": {
            "get": _operation(
                "lookUp",
                "Look up a license",
                {200: _json("The license", "License")},
                refused=(400, 401, 403, 404),
                scope="licenses:read",
                parameters=[number, CAUSE],
            )
        },
        "/api/licenses/{number}/file": {
            "get": _operation(
                "file",
                "Fetch the sealed PDF of a license",
                {200: pdf},
                refused=(400, 401, 403, 404, 503),
                scope="licenses:read",
                parameters=[number, CAUSE],
            )
        },
    }
    for operation in Operation:
        paths[f"/api/licenses/{{number}}/{operation.value}"] = {
            "post": _operation(
                operation.value,
                f"{operation.value.capitalize()} a license; every door that is online says so at once",
                {200: _json("The license as it is now", "License")},
                refused=(400, 401, 403, 404, 409, 413, 422),
                scope="licenses:change",
                parameters=[number],
                body="Why",
            )
        }
    paths["/api/kinds"] = {"get": _operation("kinds", "List the kinds of license", {200: _json("The kinds", "Kinds")})}
    schema = {"description": "A JSON Schema (2020-12)", "content": {"application/json": {"schema": {"type": "object"}}}}
    paths["/api/kinds/{kind}/schema"] = {
        "get": _operation(
            "schema", "What the fields of a kind must be", {200: schema}, refused=(404,), parameters=[kind]
        )
    }
    listed = {"description": "A status list", "content": {"application/statuslist+jwt": {"schema": {"type": "string"}}}}
    paths["/api/status/{number}"] = {
        "get": _operation(
            "status", "A signed list of the states of licenses", {200: listed}, refused=(404,), parameters=[list_number]
        )
    }
    itself = {"description": "This document", "content": {"application/json": {"schema": {"type": "object"}}}}
    paths["/api/openapi.json"] = {"get": _operation("openapi", "This document", {200: itself})}
    return paths


def _operation(
    name: str,
    summary: str,
    answers: dict[int, Schema],
    *,
    refused: tuple[int, ...] = (),
    scope: str = "",
    parameters: list[Schema] | None = None,
    body: str = "",
) -> Schema:
    said: Schema = {
        "operationId": name,
        "summary": summary,
        "security": [{"oauth": [scope]}] if scope else [],
        "parameters": parameters or [],
        "responses": {str(status): answer for status, answer in answers.items()},
    }
    for status in refused:
        problem = {"application/problem+json": {"schema": _ref("Problem")}}
        said["responses"][str(status)] = {"description": REFUSALS[status], "content": problem}
    if body:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return said


def _schemas(kinds: tuple[Kind, ...]) -> Schema:
    fields = {_fields(kind): {key: part for key, part in kind.schema().items() if key[0] != "$"} for kind in kinds}
    each = [
        APPLICATION
        | {"title": kind.name_en}
        | {
            "properties": APPLICATION["properties"]
            | {"kind": {"enum": [kind.slug, kind.code]}, "fields": _ref(_fields(kind))}
        }
        for kind in kinds
    ]
    return {"Application": {"oneOf": each}, "License": LICENSE, "Why": WHY, "Kinds": KINDS, "Problem": PROBLEM} | fields


def _fields(kind: Kind) -> str:
    return "".join(part.capitalize() for part in kind.slug.split("-")) + "Fields"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(description: str, name: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": _ref(name)}}}


def _in_path(name: str, schema: Schema | None = None) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema or {"type": "string"}}
