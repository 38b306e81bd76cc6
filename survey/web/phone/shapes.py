"""The words in which `openapi.py` says what a body holds: texts, numbers and instants, and what is made of them."""

from __future__ import annotations

from typing import Any

from survey.terms import Term

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
DIGITS: Schema = {"type": "string", "pattern": "^[0-9]{1,15}$"}
DAY: Schema = {"type": "string", "format": "date"}
INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}
ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
PLACE: Schema = TEXT | {"description": "lat lon altitude accuracy, in degrees and metres"}
BASE64: Schema = {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]+={0,2}$"}


def closed(required: Schema, optional: Schema | None = None) -> Schema:
    """What the server says: this and nothing else."""
    return sent(required, optional) | {"additionalProperties": False}


def sent(required: Schema, optional: Schema | None = None) -> Schema:
    """What a phone says: what a later release adds is not refused."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def keyed(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def term_of(term: type[Term]) -> Schema:
    return {"type": "string", "enum": [member.value for member in term]}


def named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
