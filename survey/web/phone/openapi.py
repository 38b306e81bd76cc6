"""The sync protocol for machines (OpenAPI 3.1): served at /api/v1/openapi.json; docs/sync.md says the same in words."""

from __future__ import annotations

from typing import Any

from survey.clocks import Doubt
from survey.problems import PROBLEMS
from survey.terms import Area, B1Method, HouseholdClass, QuarantineReason, RegisterState, Role, RoundState, Term

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
INSTANT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
BASE64: Schema = {"type": "string", "contentEncoding": "base64"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ANSWERS: Schema = {
    "type": "object",
    "additionalProperties": True,
    "description": "Groups nest, a repeat is a list; see docs/form-bundle.md",
}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


FLAG: Schema = {"type": "boolean"}
CONTEXT: Schema = {"type": "object", "additionalProperties": _maybe(TEXT)}


def _term(term: type[Term]) -> Schema:
    return {"type": "string", "enum": [member.value for member in term]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


FORM = _object({"id": TEXT, "version": TEXT})
FILE = _object({"path": TEXT, "sha256": SHA256}, {"size": WHOLE, "type": TEXT})

SCHEMAS: Schema = {
    "Problem": _object(
        {"problem": _object({"code": {"enum": sorted(PROBLEMS)}, "title": TEXT, "next": TEXT}, {"detail": {}})}
    ),
    "Receipt": _object({"body": TEXT | {"description": "canonical JSON, what was signed"}, "signature": TEXT})
    | {"description": "Ed25519 over the UTF-8 bytes of body; the key is hello's receipt_key"},
    "Round": _object(
        {
            "id": TEXT,
            "title": TEXT,
            "year": WHOLE,
            "state": _term(RoundState),
            "opens_on": DAY,
            "closes_on": DAY,
            "form": _object({"id": TEXT, "version": TEXT, "hash": SHA256, "url": TEXT}),
            "b1_method": _term(B1Method),
            "standard": TEXT,
        }
    ),
    "Hello": _object(
        {
            "account": _object(
                {"id": TEXT, "username": TEXT, "display_name": TEXT, "role": _term(Role), "language": TEXT}
            ),
            "csrf": TEXT,
            "generation": TEXT,
            "server_time": INSTANT,
            "clock_doubted": FLAG,
            "app_version": TEXT,
            "offers": _list({"enum": ["brief", "receipts"]}),
            "file_limit": WHOLE,
            "commune": _maybe(_object({"id": TEXT, "name": TEXT})),
            "villages": _list(_object({"id": TEXT, "name": TEXT, "area": _maybe(_term(Area)), "context": CONTEXT})),
            "rounds": _list(_ref("Round")),
            "receipt_key": TEXT,
            "bundle_pass": _object({"body": TEXT, "signature": BASE64}),
            "escrow": _object({"id": TEXT, "key": BASE64 | {"description": "RSA-3072, SPKI DER"}}),
            "receipt_keys": _list(_ref("Receipt"))
            | {"description": 'body {"made_at", "next", "previous"}: a key introduces the next and signs that'},
            "revoked": {"type": "boolean"},
        }
    ),
    "Returned": _object(
        {
            "entry_id": TEXT,
            "at": INSTANT,
            "by": TEXT,
            "answers": ANSWERS,
            "comments": _list(_object({"path": _maybe(TEXT), "text": TEXT})),
        }
    ),
    "RegisterEntry": _object(
        {
            "household_id": TEXT,
            "round_id": TEXT,
            "village_id": TEXT,
            "code": TEXT,
            "head_name": TEXT,
            "state": _term(RegisterState),
            "change": WHOLE,
            "last_class": _maybe(_term(HouseholdClass)),
            "context": CONTEXT,
            "last_answers": _maybe(ANSWERS),
            "returned": _maybe(_ref("Returned")),
        }
    ),
    "Gone": _object({"household_id": TEXT, "round_id": TEXT, "gone": {"const": True}, "change": WHOLE}),
    "Register": _object(
        {
            "generation": TEXT,
            "cursor": WHOLE,
            "more": {"type": "boolean"},
            "entries": _list({"oneOf": [_ref("RegisterEntry"), _ref("Gone")]}),
        }
    ),
    "Entry": _object(
        {
            "id": TEXT | {"description": "UUIDv7 made by the phone"},
            "commune_id": TEXT,
            "round_id": TEXT,
            "household_id": TEXT,
            "form": FORM,
            "answers": ANSWERS,
            "finalised_at": INSTANT,
        },
        {
            "confirmed": {"type": "object", "additionalProperties": TEXT},
            "outcome": _maybe(ANSWERS),
            "files": _list(FILE),
            "started_at": INSTANT,
            "date_doubted": _maybe({"enum": [one.value for one in Doubt]}),
            "replaces": _maybe(TEXT),
            "new_household": _maybe(_object({"village_id": TEXT, "head_name": TEXT})),
        },
    ),
    "Push": _object(
        {
            "device": _object(
                {"id": TEXT},
                {"label": TEXT, "app_version": TEXT, "clock": INSTANT, "in_progress": WHOLE, "storage": ANSWERS},
            ),
            "entries": _list(_ref("Entry")) | {"maxItems": 50},
        },
        {
            "unsent": _list(_object({"id": TEXT, "household_id": TEXT})),
            "lost": _list(_object({"id": TEXT, "household_id": TEXT}, {"open": FLAG, "photos": FLAG})),
            "formerly": _list(TEXT),
            "brief": FLAG | {"description": "Says nothing of what the device holds: that stays as it was said last"},
        },
    ),
    "Asked": _object(
        {"entries": _list(_object({"id": TEXT, "content_hash": SHA256, "commune_id": TEXT})) | {"maxItems": 50}}
    ),
    "Received": _object({"generation": TEXT, "server_time": INSTANT, "results": _list(_ref("Result"))}),
    "Result": _object(
        {
            "id": _maybe(TEXT),
            "outcome": {"enum": ["stored", "held"]},
            "reason": _maybe(_object({"code": _term(QuarantineReason), "title": TEXT, "next": TEXT})),
            "missing_files": _list(SHA256),
            "receipt": _ref("Receipt"),
        }
    ),
    "Missed": _object(
        {
            "id": TEXT,
            "household_id": TEXT,
            "head_name": _maybe(TEXT),
            "finished_at": _maybe(INSTANT),
            "open": FLAG,
            "photos": FLAG,
        }
    ),
    "Pushed": _object(
        {
            "generation": TEXT,
            "server_time": INSTANT,
            "results": _list(_ref("Result")),
            "revoked": {"type": "boolean"},
            "gone": _list(_ref("Missed")),
            "elsewhere": _list(
                _object(
                    {
                        "device": _object({"id": TEXT, "label": TEXT, "last_contact_at": INSTANT}),
                        "entries": _list(_ref("Missed")),
                    }
                )
            ),
        }
    ),
    "FileStored": _object({"receipt": _ref("Receipt")}),
}


def _json(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(schema: Schema | None, what: str, *refused: int) -> Schema:
    found: Schema = {"200": {"description": what, **(_json(schema) if schema else {})}}
    for status in (401, *refused):
        found[str(status)] = {"description": "A problem; decide by its code", **_json(_ref("Problem"))}
    return found


def _parameter(name: str, where: str, schema: Schema, required: bool = True) -> Schema:
    return {"name": name, "in": where, "required": required, "schema": schema}


_TOKEN = _parameter("X-CSRF-Token", "header", TEXT)
_FILE = _parameter("sha256", "path", SHA256)
_KINDS = ("image/jpeg", "image/png", "image/webp", "audio/*", "video/*", "application/pdf", "application/octet-stream")
_UPLOAD = _parameter("upload_id", "path", TEXT)
_TUS = _parameter("Tus-Resumable", "header", {"const": "1.0.0"})
_SIGNED_IN: list[Schema] = [{"session": []}]


def _done(status: str, what: str, *refused: int) -> Schema:
    answers = _answers(None, "", *refused)
    del answers["200"]
    return {status: {"description": what}} | answers


_NEXT_BYTES: Schema = {
    "summary": "tus 1.0.0: the next bytes",
    "parameters": [_UPLOAD, _TUS, _TOKEN, _parameter("Upload-Offset", "header", WHOLE)],
    "requestBody": {"required": True, "content": {"application/offset+octet-stream": {}}},
    "responses": _done(
        "204", "Upload-Receipt when the file is whole", 400, 403, 404, 409, 412, 413, 415, 423, 460, 507
    ),
}

DESCRIPTION: Schema = {
    "openapi": "3.1.0",
    "info": {"title": "Sổ Hộ: sync", "version": "1", "description": "Between a phone and the server: docs/sync.md"},
    "servers": [{"url": "/api/v1"}],
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "so_ho"}},
    },
    "security": _SIGNED_IN,
    "paths": {
        "/openapi.json": {
            "get": {
                "summary": "This description",
                "security": [],
                "responses": {"200": {"description": "OpenAPI", **_json({"type": "object"})}},
            }
        },
        "/hello": {
            "get": {
                "summary": "Who am I, what is the time, which release",
                "responses": _answers(_ref("Hello"), "Signed in"),
            }
        },
        "/forms/{form_id}/{version}": {
            "get": {
                "summary": "A questionnaire's bundle, immutable",
                "parameters": [
                    _parameter("form_id", "path", TEXT),
                    _parameter("version", "path", TEXT),
                    _parameter("words", "query", TEXT, False),
                ],
                "responses": _answers({"type": "object"}, "docs/form-bundle.md", 404),
            }
        },
        "/forms/{form_id}/{version}/files/{name}": {
            "get": {
                "summary": "A file that came with a questionnaire, immutable; ETag = its SHA-256",
                "parameters": [_parameter(name, "path", TEXT) for name in ("form_id", "version", "name")],
                "responses": _answers(TEXT, "", 404)
                | {"200": {"description": "Its bytes", "content": {"application/octet-stream": {}}}},
            }
        },
        "/register": {
            "get": {
                "summary": "What changed in the account's villages after the cursor",
                "parameters": [
                    _parameter("cursor", "query", WHOLE, False),
                    _parameter("limit", "query", WHOLE | {"maximum": 200}, False),
                ],
                "responses": _answers(_ref("Register"), "One chunk", 400),
            }
        },
        "/push": {
            "post": {
                "summary": "Entries, and what the device still holds",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_ref("Push"))},
                "responses": _answers(_ref("Pushed"), "One result for each entry, in order", 400, 403, 413),
            }
        },
        "/receipts": {
            "post": {
                "summary": "Which entries of this account are here: asked before one is sent twice",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_ref("Asked"))},
                "responses": _answers(_ref("Received"), "One result for each that is here", 400, 403, 413),
            }
        },
        "/vault/recover": {
            "post": {
                "summary": "Open one's own vault whose PIN is forgotten; within 15 minutes of signing in",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_object({"wrapped": BASE64, "vault": TEXT}))},
                "responses": _answers(_object({"key": BASE64}), "The raw data key", 400, 403, 409, 413, 429),
            }
        },
        "/files/{sha256}": {
            "put": {
                "summary": "A file of an answer, whole: picture, sound, film or any other",
                "parameters": [_FILE, _parameter("commune", "query", TEXT), _TOKEN],
                "requestBody": {
                    "required": True,
                    "content": {kind: {"schema": {}} for kind in _KINDS},
                },
                "responses": _answers(_ref("FileStored"), "Stored for good", 400, 403, 404, 413, 415),
            },
            "head": {
                "summary": "Is it stored?",
                "parameters": [_FILE, _parameter("commune", "query", TEXT, False)],
                "responses": {"200": {"description": "Yes"}, "401": {"description": "-"}, "404": {"description": "No"}},
            },
        },
        "/files/{sha256}/thumbnail": {
            "put": {
                "summary": "A small picture until the original comes, at most 40,000 bytes",
                "parameters": [_FILE, _parameter("commune", "query", TEXT), _TOKEN],
                "requestBody": {"required": True, "content": {"image/jpeg": {}, "image/webp": {}}},
                "responses": _done("204", "Kept, or the original is here", 403, 404, 413, 415),
            },
        },
        "/uploads": {
            "post": {
                "summary": "tus 1.0.0 creation: begin a file in parts, or go on with it",
                "parameters": [
                    _TUS,
                    _TOKEN,
                    _parameter("Upload-Length", "header", WHOLE),
                    _parameter("Upload-Metadata", "header", TEXT | {"description": "sha256, commune, filetype"}),
                ],
                "responses": _done("201", "Location is the upload's address", 400, 403, 404, 412, 413, 507),
            },
        },
        "/uploads/{upload_id}": {
            "head": {
                "summary": "tus 1.0.0: how much is here",
                "parameters": [_UPLOAD, _TUS],
                "responses": _done("200", "Upload-Offset; Upload-Receipt when it is whole", 404, 412),
            },
            "patch": _NEXT_BYTES,
            "post": _NEXT_BYTES | {"summary": "The same with X-HTTP-Method-Override: PATCH"},
        },
    },
}
