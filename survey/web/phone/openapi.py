"""The sync protocol for machines (OpenAPI 3.1): served at /api/v1/openapi.json; docs/sync.md says the same in words."""

from __future__ import annotations

from survey.clocks import Doubt
from survey.form.form import RULE_KEYS, TEXT_KEYS
from survey.problems import PROBLEMS
from survey.terms import (
    Area,
    B1Method,
    HouseholdClass,
    QuarantineReason,
    RegisterState,
    RoundState,
)
from survey.web.phone.greeting import GREETINGS
from survey.web.phone.shapes import (
    BASE64,
    DAY,
    DIGITS,
    FLAG,
    ID,
    INSTANT,
    NUMBER,
    SHA256,
    TEXT,
    WHOLE,
    Schema,
)
from survey.web.phone.shapes import closed as _object
from survey.web.phone.shapes import keyed as _map
from survey.web.phone.shapes import many as _list
from survey.web.phone.shapes import maybe as _maybe
from survey.web.phone.shapes import named as _ref
from survey.web.phone.shapes import sent as _sent
from survey.web.phone.shapes import term_of as _term
from survey.web.phone.supports import SUPPORTS
from survey.web.phone.without_interview import WITHOUT_INTERVIEW

ANYTHING: Schema = {}
ANSWERS = _map(ANYTHING) | {"description": "Groups nest, a repeat is a list; see docs/form-bundle.md"}
CONTEXT = _map(_maybe(TEXT))
WORDS = _map({"anyOf": [TEXT, _list(ANYTHING)]}) | {"description": "By language; a list where answers stand in it"}
SIGNED = _object({"body": TEXT | {"description": "canonical JSON, what was signed"}, "signature": BASE64})
NAMED = {"id": ID, "household_id": ID}
SCHEMAS: Schema = {
    "Refusal": _object(
        {"problem": _object({"code": {"enum": sorted(PROBLEMS)}, "title": TEXT, "next": TEXT, "detail": {}})}
    ),
    "Signed": SIGNED,
    "Receipt": SIGNED | {"description": "Ed25519 over the UTF-8 bytes of body; the key is hello's receipt_key"},
    "RoundForm": _object({"id": TEXT, "version": TEXT, "hash": SHA256, "build": TEXT, "url": TEXT}),
    "Round": _object(
        {
            "id": TEXT,
            "title": TEXT,
            "year": WHOLE,
            "state": _term(RoundState),
            "opens_on": DAY,
            "closes_on": DAY,
            "form": _ref("RoundForm"),
            "b1_method": _term(B1Method),
            "standard": TEXT,
        }
    ),
    "Village": _object({"id": TEXT, "name": TEXT, "area": _maybe(_term(Area)), "context": CONTEXT}),
    **GREETINGS,
    "FormNode": _object(
        {"name": TEXT, "type": TEXT},
        {
            **dict.fromkeys(TEXT_KEYS, WORDS),
            **dict.fromkeys(RULE_KEYS, ANYTHING),
            "children": _list(_ref("FormNode")),
            "list": TEXT,
            "appearance": TEXT,
            "parameters": _map(TEXT),
            "columns": _map(TEXT),
            "because": ANYTHING,
            "member_label": TEXT,
            "media": _map(_map(TEXT)),
            "trigger": _list(TEXT),
            "from_file": _object({"value": TEXT, "label": TEXT}),
        },
    ),
    "FormFile": _object({"sha256": SHA256, "size": WHOLE, "type": TEXT}),
    "Bundle": _object(
        {
            "format": {"const": 1},
            "id": TEXT,
            "version": TEXT,
            "title": TEXT,
            "hash": SHA256,
            "languages": _list(TEXT),
            "default_language": TEXT,
            "children": _list(_ref("FormNode")),
            "choices": _map(_list(_map({"anyOf": [TEXT, WORDS, _map(_map(TEXT))]}) | {"required": ["name"]})),
            "tables": _map(_map(_list(_maybe(TEXT)))),
            "order": _list(
                {"type": "array", "prefixItems": [TEXT, _list(TEXT), _list(TEXT)], "minItems": 3, "maxItems": 3}
            ),
        },
        {
            "build": TEXT,
            "files": _map(_ref("FormFile")),
            "instance_name": ANYTHING,
            "settings": _map(TEXT),
            "partial": {"const": True},
        },
    )
    | {"description": "docs/form-bundle.md"},
    "Comment": _object({"path": _maybe(TEXT), "text": TEXT}),
    "Household": _object(
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
            "returned": _maybe(
                _object(
                    {
                        "entry_id": TEXT,
                        "at": INSTANT,
                        "by": TEXT,
                        "answers": ANSWERS,
                        "comments": _list(_ref("Comment")),
                    }
                )
            ),
            "outcome": _maybe(_ref("Outcome")),
            "assigned": _maybe({"enum": ["you", "other"]}),
            "proposals": _list(_ref("Proposal")),
        }
    ),
    "Gone": _object({"household_id": TEXT, "round_id": TEXT, "gone": {"const": True}, "change": WHOLE}),
    "Register": _object(
        {
            "generation": TEXT,
            "cursor": WHOLE,
            "more": FLAG,
            "entries": _list({"oneOf": [_ref("Household"), _ref("Gone")]}),
        }
    ),
    "ListedHousehold": _object(
        {
            "household_id": TEXT,
            "village_id": TEXT,
            "code": TEXT,
            "head_name": TEXT,
            "last_class": _maybe(_term(HouseholdClass)),
            "last_answers": _maybe(ANSWERS),
            "proposals": _list(_ref("Proposal")),
        }
    ),
    "Households": _object(
        {"generation": TEXT, "mark": _maybe(TEXT), "more": FLAG, "entries": _list(_ref("ListedHousehold"))}
    ),
    "EntryFile": _sent({"path": TEXT, "sha256": SHA256}, {"size": WHOLE, "type": TEXT}),
    "Entry": _sent(
        {
            "id": ID | {"description": "UUIDv7 made by the phone"},
            "commune_id": ID,
            "round_id": ID,
            "household_id": ID,
            "form": _sent({"id": ID, "version": ID}),
            "answers": ANSWERS,
            "finalised_at": INSTANT,
        },
        {
            "confirmed": _map(TEXT),
            "outcome": _maybe(
                _sent(
                    {},
                    {
                        "class": _maybe(TEXT),
                        "b1": _maybe(NUMBER),
                        "b2": _maybe(NUMBER),
                        "indicators": _map(_maybe(NUMBER)),
                    },
                )
            ),
            "files": _list(_ref("EntryFile")),
            "started_at": INSTANT,
            "date_doubted": _maybe({"enum": [one.value for one in Doubt]}),
            "replaces": _maybe(ID),
            "new_household": _maybe(_sent({"village_id": ID, "head_name": TEXT})),
        },
    ),
    **WITHOUT_INTERVIEW,
    **SUPPORTS,
    "AnyEntry": {
        "if": {"not": {"required": ["answers"]}},
        "then": {
            "if": {"required": ["no_interview"]},
            "then": _ref("OutcomeEntry"),
            "else": {
                "if": {"required": ["proposal"]},
                "then": _ref("ProposalEntry"),
                "else": {"if": {"required": ["support"]}, "then": _ref("SupportEntry"), "else": _ref("Entry")},
            },
        },
        "else": _ref("Entry"),
    },
    "Push": _sent(
        {
            "device": _sent(
                {"id": ID},
                {
                    "label": TEXT,
                    "app_version": TEXT,
                    "clock": INSTANT,
                    "in_progress": WHOLE,
                    "escrow": _maybe(TEXT),
                    "storage": _sent(
                        {},
                        {"used": WHOLE, "quota": WHOLE}
                        | dict.fromkeys(("short", "persisted", "asked", "installed"), FLAG),
                    ),
                },
            ),
            "entries": _list(_ref("AnyEntry")) | {"maxItems": 50},
        },
        {
            "unsent": _maybe(_list(_sent(NAMED))),
            "lost": _maybe(_list(_sent(NAMED, {"open": FLAG, "photos": FLAG}))),
            "formerly": _maybe(_list(ID)),
            "brief": FLAG | {"description": "Says nothing of what the device holds: that stays as it was said last"},
        },
    ),
    "Asked": _sent({"entries": _list(_sent({"id": ID, "content_hash": SHA256, "commune_id": ID})) | {"maxItems": 50}}),
    "Received": _object({"generation": TEXT, "server_time": INSTANT, "results": _list(_ref("PushResult"))}),
    "PushResult": _object(
        {
            "id": _maybe(TEXT),
            "outcome": {"enum": ["stored", "held"]},
            "reason": _maybe(
                _object(
                    {
                        "code": {"enum": [*(one.value for one in QuarantineReason), *sorted(PROBLEMS)]},
                        "title": TEXT,
                        "next": TEXT,
                    }
                )
            ),
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
            "results": _list(_ref("PushResult")),
            "revoked": FLAG,
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


def _parameter(name: str, where: str, schema: Schema, required: bool = True) -> Schema:
    return {"name": name, "in": where, "required": required, "schema": schema}


def _carries(schema: Schema) -> Schema:
    return {"required": True, "schema": schema}


OURS: Schema = {"X-So-Ho": _carries({"const": "1"})}
_TUS_VERSION: Schema = {"Tus-Resumable": _carries({"const": "1.0.0"})}
_STANDS_AT: Schema = _TUS_VERSION | {
    "Upload-Offset": _carries(DIGITS),
    "Upload-Expires": {"schema": TEXT},
    "Upload-Receipt": {"schema": BASE64},
}
# What any address may answer, what one does to who is not signed in, and what one does that writes.
ANYWHERE = ("server_error", "busy", "storage_full", "too_fast", "wrong_host")
BARE = (*ANYWHERE, "not_signed_in", "session_expired", "not_found")  # not_found: in a tab
SIGNED_IN = (*BARE, "not_open")
WRITES = (*SIGNED_IN, "csrf")
TOLD = (*SIGNED_IN, "revoked", "factor_needed")  # of what phones are told


def _refused(*codes: str) -> Schema:
    """Of each status the codes that it comes with."""
    return {
        str(status): {
            "description": "A problem; decide by its code",
            "headers": OURS,
            **_json(_problem(sorted({code for code in codes if PROBLEMS[code].status == status}))),
        }
        for status in sorted({PROBLEMS[code].status for code in codes})
    }


def _done(status: int, what: str, *codes: str, headers: Schema | None = None) -> Schema:
    """An answer without a body, and the refusals."""
    return {str(status): {"description": what, "headers": OURS | (headers or {})}} | _refused(*codes)


def _answers(content: Schema, what: str, *codes: str) -> Schema:
    answers = _done(200, what, *codes)
    answers["200"] |= content
    return answers


def _problem(codes: list[str]) -> Schema:
    return _ref("Refusal") | {"properties": {"problem": {"properties": {"code": {"enum": codes}}}}}


_TOKEN = _parameter("X-CSRF-Token", "header", TEXT)
_FILE = _parameter("sha256", "path", SHA256)
_UPLOAD = _parameter("upload_id", "path", TEXT)
_TUS = _parameter("Tus-Resumable", "header", {"const": "1.0.0"})
_SIGNED_IN: list[Schema] = [{"session": []}]
_AS_KNOWN: Schema = {"304": {"description": "As If-None-Match names it", "headers": OURS}}
_NEXT_BYTES: Schema = {
    "summary": "tus 1.0.0: the next bytes",
    "parameters": [
        _UPLOAD,
        _TUS,
        _TOKEN,
        _parameter("Upload-Offset", "header", DIGITS),
        _parameter("Upload-Checksum", "header", TEXT, False),
    ],
    "requestBody": {"required": True, "content": {"application/offset+octet-stream": {}}},
    "responses": _done(
        204, "Upload-Receipt when the file is whole", *WRITES, "bad_request", "hash_mismatch", "not_found",
        "not_named", "upload_offset", "tus_version", "too_large", "media_type", "upload_busy", "checksum_mismatch",
        headers=_STANDS_AT,
    ),
}  # fmt: skip

_GIVEN: Schema = {"access": TEXT}
_SHOWS = "What X-So-Ho-Access carries"
_ASKED = ("factor_needed", "malformed", "too_large")
_RECOVERS = (*WRITES, *_ASKED, "revoked", "sign_in_again", "vault_closed", "tried_out")
_greeting: Schema = {"if": {"required": ["account"]}, "then": _ref("Hello"), "else": _ref("LockedHello")}

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
                "responses": _answers(_json({"type": "object"}), "OpenAPI", *ANYWHERE),
            }
        },
        "/hello": {
            "get": {
                "summary": "Who am I, what is the time, which release",
                "responses": _answers(_json(_greeting), "Signed in; `LockedHello` to a phone that is locked", *BARE),
            }
        },
        "/forms/{form_id}/{version}": {
            "get": {
                "summary": "A questionnaire's bundle, immutable",
                "parameters": [
                    _parameter("form_id", "path", TEXT),
                    _parameter("version", "path", TEXT),
                    _parameter("words", "query", TEXT, False),
                    _parameter("build", "query", TEXT, False),
                ],
                "responses": _answers(_json(_ref("Bundle")), "docs/form-bundle.md", *TOLD, "not_found") | _AS_KNOWN,
            }
        },
        "/forms/{form_id}/{version}/files/{name}": {
            "get": {
                "summary": "A file that came with a questionnaire, immutable; ETag = its SHA-256",
                "parameters": [_parameter(name, "path", TEXT) for name in ("form_id", "version", "name")],
                "responses": _answers({"content": {"*/*": {}}}, "Its bytes", *TOLD, "not_found") | _AS_KNOWN,
            }
        },
        "/register": {
            "get": {
                "summary": "What changed in the account's villages after the cursor",
                "parameters": [
                    _parameter("cursor", "query", DIGITS, False),
                    _parameter("limit", "query", DIGITS | {"description": "200 at most"}, False),
                ],
                "responses": _answers(_json(_ref("Register")), "One chunk", *TOLD, "bad_request", "not_found"),
            }
        },
        "/households": {
            "get": {
                "summary": "The households of the account's villages that no round asks for, as one list",
                "parameters": [
                    _parameter("mark", "query", TEXT | {"description": "Of the list that is gone on with"}, False),
                    _parameter("skip", "query", DIGITS | {"description": "How many of it came"}, False),
                    _parameter("limit", "query", DIGITS | {"description": "200 at most"}, False),
                ],
                "responses": _answers(_json(_ref("Households")), "A part of it", *TOLD, "bad_request", "not_found"),
            }
        },
        "/supports": {
            "get": {
                "summary": "What a phone is to know of supports in the account's villages, as one list",
                "parameters": [
                    _parameter("mark", "query", TEXT | {"description": "Of the list that is gone on with"}, False),
                    _parameter("skip", "query", DIGITS | {"description": "How many of given came"}, False),
                    _parameter("limit", "query", DIGITS | {"description": "500 at most"}, False),
                ],
                "responses": _answers(_json(_ref("Supports")), "A part of it", *TOLD, "bad_request", "not_found"),
            }
        },
        "/push": {
            "post": {
                "summary": "Entries, and what the device still holds",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_ref("Push"))},
                "responses": _answers(
                    _json(_ref("Pushed")), "One result for each entry, in order", *WRITES, "malformed", "too_large"
                ),
            }
        },
        "/receipts": {
            "post": {
                "summary": "Which entries of this account are here: asked before one is sent twice",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_ref("Asked"))},
                "responses": _answers(
                    _json(_ref("Received")), "One result for each that is here", *WRITES, "malformed", "too_large"
                ),
            }
        },
        "/vault/key": {
            "post": {
                "summary": "The public key of the vault, once for each sign-in; within 15 minutes of it",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_sent({"key": BASE64}))},
                "responses": _answers(_json(_object(_GIVEN)), _SHOWS, *BARE, "csrf", "sign_in_again", *_ASKED),
            }
        },
        "/open": {
            "post": {
                "summary": "That the vault is open, signed with its key",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_sent({"nonce": TEXT, "signature": BASE64}))},
                "responses": _answers(_json(_object(_GIVEN | {"hello": _ref("Hello")})), _SHOWS, *WRITES, *_ASKED),
            }
        },
        "/vault/lock": {
            "post": {
                "summary": "That the vault was locked",
                "parameters": [_TOKEN],
                "responses": _done(204, "Locked", *WRITES),
            }
        },
        "/vault/recover": {
            "post": {
                "summary": "Open one's own vault whose PIN is forgotten; within 15 minutes of signing in",
                "parameters": [_TOKEN],
                "requestBody": {"required": True, **_json(_sent({"wrapped": BASE64, "vault": ID}))},
                "responses": _answers(_json(_object({"key": BASE64})), "The raw data key", *_RECOVERS),
            }
        },
        "/files/{sha256}": {
            "put": {
                "summary": "A file of an answer, whole: picture, sound, film or any other",
                "parameters": [_FILE, _parameter("commune", "query", ID), _TOKEN],
                "requestBody": {"required": True, "content": {"*/*": {}}},
                "responses": _answers(
                    _json(_ref("FileStored")),
                    "Stored for good",
                    *WRITES,
                    "not_named",
                    "file_quota",
                    "hash_mismatch",
                    "not_found",
                    "too_large",
                    "media_type",
                ),
            },
            "head": {
                "summary": "Is it stored?",
                "parameters": [_FILE, _parameter("commune", "query", ID, False)],
                "responses": _done(200, "Yes", *SIGNED_IN, "not_found"),
            },
        },
        "/files/{sha256}/thumbnail": {
            "put": {
                "summary": "A small picture until the original comes, at most 40,000 bytes",
                "parameters": [_FILE, _parameter("commune", "query", ID), _TOKEN],
                "requestBody": {"required": True, "content": {"image/jpeg": {}, "image/webp": {}}},
                "responses": _done(
                    204, "Kept, or the original is here", *WRITES, "not_found", "too_large", "media_type"
                ),
            },
        },
        "/uploads": {
            "options": {
                "summary": "tus 1.0.0: what is spoken here",
                "security": [],
                "responses": _done(
                    204,
                    "Spoken",
                    *ANYWHERE,
                    headers=_TUS_VERSION
                    | {
                        "Tus-Version": _carries({"const": "1.0.0"}),
                        "Tus-Extension": _carries(TEXT),
                        "Tus-Max-Size": _carries(DIGITS),
                        "Tus-Checksum-Algorithm": _carries(TEXT),
                    },
                ),
            },
            "post": {
                "summary": "tus 1.0.0 creation: begin a file in parts, or go on with it",
                "parameters": [
                    _TUS,
                    _TOKEN,
                    _parameter("Upload-Length", "header", DIGITS),
                    _parameter("Upload-Metadata", "header", TEXT | {"description": "sha256, commune, filetype"}),
                ],
                "responses": _done(
                    201,
                    "Location is the upload's address",
                    *WRITES,
                    "file_quota",
                    "bad_request",
                    "not_found",
                    "tus_version",
                    "too_large",
                    headers=_STANDS_AT | {"Location": _carries(TEXT)},
                ),
            },
        },
        "/uploads/{upload_id}": {
            "head": {
                "summary": "tus 1.0.0: how much is here",
                "parameters": [_UPLOAD, _TUS],
                "responses": _done(
                    200,
                    "Upload-Offset; Upload-Receipt when it is whole",
                    *SIGNED_IN,
                    "not_found",
                    "tus_version",
                    "hash_mismatch",
                    "media_type",
                    headers=_STANDS_AT | {"Upload-Length": _carries(DIGITS), "Upload-Metadata": _carries(TEXT)},
                ),
            },
            "patch": _NEXT_BYTES,
            "post": _NEXT_BYTES
            | {
                "summary": "The same with X-HTTP-Method-Override: PATCH",
                "parameters": [
                    *_NEXT_BYTES["parameters"],
                    _parameter("X-HTTP-Method-Override", "header", {"const": "PATCH"}),
                ],
                "responses": _NEXT_BYTES["responses"] | _refused("method_not_allowed"),
            },
        },
    },
}
