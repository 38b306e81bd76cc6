"""What openapi.json says is so, and whoever answers otherwise is found (tests/protocol.py asks that of every test)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from survey.problems import PROBLEMS
from survey.web.phone.openapi import DESCRIPTION, SCHEMAS
from survey.web.security import public
from tests.gates.sources import ROOT
from tests.interviews import entry, envelope
from tests.protocol import OtherThanDescribed, check

HELLO = "/api/v1/hello"


def test_each_address_is_described_and_each_described_one_is_there(app: Flask, client: Any) -> None:
    told = client.get("/api/v1/openapi.json").json
    assert told == DESCRIPTION
    real = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = rule.rule.removeprefix("/api/v1").replace("<", "{").replace(">", "}")
            methods = (rule.methods or set()) - ({"OPTIONS"} if rule.provide_automatic_options else set())
            real |= {(path, method) for method in (methods - {"HEAD"} if "GET" in methods else methods)}
    assert {(path, method.upper()) for path, item in told["paths"].items() for method in item} == real


def everything(of: Any) -> Iterator[dict[str, Any]]:
    if isinstance(of, dict):
        yield of
    for one in of.values() if isinstance(of, dict) else of if isinstance(of, list) else ():
        yield from everything(one)


def test_the_schemas_are_schemas_and_each_is_used() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
    named = {one["$ref"] for one in everything(DESCRIPTION) if "$ref" in one}
    assert named == {f"#/components/schemas/{name}" for name in SCHEMAS}


def test_the_words_name_each_refusal() -> None:
    codes = {code for one in everything(DESCRIPTION["paths"]) if "code" in one for code in one["code"]["enum"]}
    assert codes <= set(PROBLEMS)
    words = re.findall(r"`([a-z_]+)`", (ROOT / "docs/sync.md").read_text(encoding="utf-8"))
    assert codes - set(words) == set()


def without(body: Any, key: str) -> None:
    del body[key]


# What is done to a good greeting, and what is said of it.
FAULTS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda body: without(body, "csrf"), "'csrf' is a required property"),
    (lambda body: without(body["rounds"][0]["form"], "hash"), r"rounds\[0\].form: 'hash' is a required property"),
    (lambda body: body.update(token="x"), "'token' was unexpected"),
    (lambda body: body["account"].update(phone="x"), "account: .*'phone' was unexpected"),
    (lambda body: body.update(file_limit="8388608"), "file_limit: '8388608' is not of type 'integer'"),
    (lambda body: body.update(revoked=None), "revoked: None is not of type 'boolean'"),
    (lambda body: body.update(server_time="2026-11-23 02:00"), "server_time: .* does not match"),
    (lambda body: body["rounds"][0].update(state="over"), "state: 'over' is not one of"),
    (lambda body: body["rounds"][0].update(opens_on="2026-02-30"), "'2026-02-30' is not a 'date'"),
]


@pytest.mark.parametrize(("spoil", "said"), FAULTS, ids=range(len(FAULTS)))
def test_a_body_that_is_not_as_described_is_found(
    login_as: Any, small_round: str, spoil: Callable[[Any], Any], said: str
) -> None:
    answer = login_as("enumerator").get(HELLO)
    body = answer.json
    spoil(body)
    answer.set_data(json.dumps(body))
    with pytest.raises(OtherThanDescribed, match=said):
        check(answer)


def test_an_answer_that_is_not_as_described_is_found(login_as: Any) -> None:
    for spoil, said in (
        (lambda answer: setattr(answer, "status_code", 202), "→ 202: this status is not described"),
        (lambda answer: setattr(answer, "mimetype", "text/html"), "text/html is not described"),
        (lambda answer: answer.headers.pop("X-So-Ho"), "headers/X-So-Ho.*: '1' was expected"),
        (lambda answer: setattr(answer.request, "path", "/api/v1/nothing"), "nor is the answer not_found"),
        (lambda answer: setattr(answer.request, "method", "DELETE"), "nor is the answer method_not_allowed"),
        (lambda answer: setattr(answer.request, "path", "/api/v2/hello"), "nor is the answer not_found"),
    ):
        answer = login_as("enumerator").get(HELLO)
        spoil(answer)
        with pytest.raises(OtherThanDescribed, match=said):
            check(answer)


def test_a_refusal_that_is_not_as_described_is_found(client: Any) -> None:
    for words, said in (
        ({"code": "not_found"}, "'not_found' is not one of"),  # a code of another status
        ({"code": "sign_in_again"}, "'sign_in_again' is not one of"),  # a code of this status, of other addresses
        ({"help": "x"}, "'help' was unexpected"),
        ({"title": None}, "None is not of type 'string'"),
    ):
        answer = client.get(HELLO)
        answer.set_data(json.dumps({"problem": answer.json["problem"] | words}))
        with pytest.raises(OtherThanDescribed, match=said):
            check(answer)


def test_what_has_no_body_and_headers_is_held_too(login_as: Any) -> None:
    answer = login_as("enumerator").options("/api/v1/uploads")
    answer.headers["Tus-Max-Size"] = "8 MiB"
    with pytest.raises(OtherThanDescribed, match="Tus-Max-Size.*does not match"):
        check(answer)
    answer.headers["Tus-Max-Size"] = "8"
    answer.set_data("x")
    with pytest.raises(OtherThanDescribed, match="no body is described"):
        check(answer)


@pytest.mark.usefixtures("small_round")
def test_what_is_stored_was_sent_as_described(login_as: Any) -> None:
    browser, sent = login_as("enumerator"), envelope(entry(), entry("ho-2", id=7))
    answer = browser.post("/api/v1/push", json=sent)
    assert [one["outcome"] for one in answer.json["results"]] == ["stored", "held"]
    sent["entries"][0]["finalised"] = sent["entries"][0].pop("finalised_at")
    with pytest.raises(OtherThanDescribed, match=r"entries\[0\]: 'finalised_at' is a required property"):
        check(answer, sent)
    with pytest.raises(OtherThanDescribed, match="'device' is a required property"):
        check(answer, {"entries": []})
    check(answer, {}, is_of_a_phone=False)
    answer.request.headers = {}
    with pytest.raises(OtherThanDescribed, match="parameters/0.*None is not of type 'string'"):
        check(answer, envelope())


def test_every_browser_of_the_tests_asks(app: Flask, login_as: Any) -> None:
    app.view_functions["sync.hello"] = public(lambda: {"account": {}})
    with pytest.raises(OtherThanDescribed, match="is a required property"):
        login_as("enumerator").get(HELLO)
