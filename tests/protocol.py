"""Holds what is said below /api/ against openapi.json: each answer that a server test receives, and what was sent.

`Browser` of conftest.py asks `check` of every answer. What the description does not name fails the test: an address, a
status, a media type, a header that is missing, and in a body whatever is missing, surplus or of another type. What was
sent is held against it too, when the answer says that it was good.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.test import TestResponse

from survey.web.phone.openapi import DESCRIPTION

BASE = DESCRIPTION["servers"][0]["url"]
NAME = "urn:openapi.json"
ADDRESSES = Map(
    [Rule(path.replace("{", "<").replace("}", ">"), endpoint=path, methods=list(item))
     for path, item in DESCRIPTION["paths"].items()],
    merge_slashes=False,
).bind("localhost")  # fmt: skip
DESCRIBED = Registry().with_resource(NAME, DRAFT202012.create_resource(DESCRIPTION))
Pointer = tuple[str, ...]


class OtherThanDescribed(AssertionError):
    """openapi.json does not say so."""


def check(answer: TestResponse, sent: Any = None, *, is_of_a_phone: bool = True) -> None:
    """Raises where an answer below /api/ is not as described; nor what it answers, where that `is_of_a_phone`: `sent`
    is its JSON."""
    method, path = answer.request.method, answer.request.path
    if not path.startswith("/api/"):
        return
    where = f"{method} {path} → {answer.status_code}"
    if answer.request.headers.get("Sec-Fetch-Mode") == "navigate":  # for whoever opens it as a page nothing is there
        if method != "HEAD":
            _hold_refusal(where, answer, "not_found")
        return
    try:
        described, values = ADDRESSES.match(path.removeprefix(BASE), method)
    except NotFound:
        _hold_refusal(where, answer, "not_found")
    except MethodNotAllowed:
        _hold_refusal(where, answer, "method_not_allowed")
    else:
        item = DESCRIPTION["paths"][described]
        operation = ("paths", described, method.lower() if method.lower() in item else "get")
        _hold_answer(where, operation, answer)
        if is_of_a_phone and answer.status_code in (200, 201, 204):
            _hold_request(where, operation, answer, values, sent)


def _hold_refusal(where: str, answer: TestResponse, code: str) -> None:
    """What is not described is refused."""
    if not answer.is_json or answer.json.get("problem", {}).get("code") != code:
        raise OtherThanDescribed(f"{where}: neither is this described nor is the answer {code}")


def _hold_answer(where: str, operation: Pointer, answer: TestResponse) -> None:
    responses = (*operation, "responses")
    told = _at(responses).get(str(answer.status_code))
    if told is None:
        raise OtherThanDescribed(f"{where}: this status is not described")
    here = (*responses, str(answer.status_code))
    for name, header in told["headers"].items():
        if header.get("required") or name in answer.headers:
            _hold(where, answer.headers.get(name), *here, "headers", name, "schema")
    if answer.request.method == "HEAD" or "content" not in told:
        if answer.data:
            raise OtherThanDescribed(f"{where}: no body is described")
    elif _kind(where, told["content"], answer.mimetype) == "application/json":
        packed = answer.headers.get("Content-Encoding") == "gzip"
        said = json.loads(gzip.decompress(answer.data)) if packed else answer.json
        _hold(where, said, *here, "content", "application/json", "schema")


def _hold_request(where: str, operation: Pointer, answer: TestResponse, values: Any, sent: Any) -> None:
    given = {"path": values, "query": answer.request.args, "header": answer.request.headers}
    for number, parameter in enumerate(_at(operation).get("parameters", ())):
        value = given[parameter["in"]].get(parameter["name"])
        if value is not None or parameter["required"]:
            _hold(where, value, *operation, "parameters", str(number), "schema")
    content = _at(operation).get("requestBody", {}).get("content", {})
    if "application/json" in content:
        _hold(where, _taken(sent, answer.json), *operation, "requestBody", "content", "application/json", "schema")
    elif content:
        _kind(where, content, answer.request.mimetype)


def _taken(sent: Any, told: Any) -> Any:
    """What was sent, without the entries that are held: whatever stands in an entry, it is stored and answered 200."""
    said = json.loads(sent if isinstance(sent, (bytes, str)) else json.dumps(sent))
    if "results" in told and "device" in said:
        results = zip(said["entries"], told["results"], strict=True)
        said["entries"] = [entry for entry, result in results if result["outcome"] == "stored"]
    return said


def _kind(where: str, content: dict[str, Any], given: str) -> str:
    found = next((kind for kind in (given, "*/*") if kind in content), None)
    if found is None:
        raise OtherThanDescribed(f"{where}: {given or 'no media type'} is not described")
    return found


def _hold(where: str, value: Any, *pointer: str) -> None:
    fault = best_match(_validator(pointer).iter_errors(value))
    if fault is not None:
        at = f"{'/'.join(pointer[3:])}{fault.json_path.removeprefix('$')}"
        raise OtherThanDescribed(f"{where}: {at}: {fault.message}")


def _at(pointer: Pointer) -> Any:
    found: Any = DESCRIPTION
    for name in pointer:
        found = found[name]
    return found


@cache
def _validator(pointer: Pointer) -> Draft202012Validator:
    address = "/".join(name.replace("~", "~0").replace("/", "~1") for name in pointer)
    schema = {"$ref": f"{NAME}#/{address}"}
    return Draft202012Validator(schema, registry=DESCRIBED, format_checker=Draft202012Validator.FORMAT_CHECKER)
