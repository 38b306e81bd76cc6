"""What goes over the line has the same fields in types/phone.d.ts, which tsc reads, as in openapi.json."""

from __future__ import annotations

import re
from typing import Any

import pytest

from survey.web.phone.openapi import SCHEMAS
from tests.gates.sources import ROOT

TYPES = (ROOT / "types/phone.d.ts").read_text(encoding="utf-8")
ON_THE_LINE = (
    "Attempt", "Bundle", "Comment", "Entry", "EntryFile", "FormFile", "FormNode", "Hello", "Household",
    "ListedHousehold", "Outcome", "OutcomeEntry", "Proposal", "ProposalEntry", "PushResult", "Receipt", "Round",
    "RoundForm", "Signed", "SupportEntry", "SupportGiven", "SupportKind", "SupportProject", "SupportSent", "Village",
)  # fmt: skip
INTERFACE = re.compile(r"^interface (\w+)(?: extends (\w+))? \{(?:\}$|\n(.*?)^\}$)", re.S | re.M)
TOKEN = re.compile(r'/\*\*(?P<words>.*?)\*/|"[^"]*"|\[[^\]]*\]|(?P<name>\w+)\??:|(?P<brace>[{}])', re.S)


def typed(source: str) -> dict[str, set[str]]:
    """The fields of each interface, those inside of a field after a dot. What the phone adds for itself is left out: a
    comment says «Of ours» before it."""
    found: dict[str, set[str]] = {}
    for name, base, body in INTERFACE.findall(source):
        found[name] = fields(body) | found.get(base, set())
    return found


def fields(body: str) -> set[str]:
    found: set[str] = set()
    around: list[str] = []
    name, is_ours = "", False
    for token in TOKEN.finditer(body):
        if token["words"]:
            is_ours = "Of ours" in token["words"]
        elif token["brace"] == "{":
            around.append(name)
        elif token["brace"] == "}":
            around.pop()
        elif token["name"]:
            name, is_ours = "" if is_ours else token["name"], False
            found |= {".".join([*around, name])} if all([*around, name]) else set()
    return found


def described(schema: Any, around: str = "") -> set[str]:
    """The same of a schema; what it names elsewhere has an interface of its own."""
    found = set()
    for name, inside in schema.get("properties", {}).items():
        found |= {around + name} | described(inside, f"{around}{name}.")
    for inside in schema.get("anyOf", [schema["items"]] if "items" in schema else []):
        found |= described(inside, around)
    return found


@pytest.mark.parametrize("name", ON_THE_LINE)
def test_an_interface_has_the_fields_of_its_schema(name: str) -> None:
    assert typed(TYPES)[name] == described(SCHEMAS[name])


def test_no_schema_with_an_interface_is_left_out() -> None:
    assert set(typed(TYPES)) & set(SCHEMAS) == set(ON_THE_LINE)


def test_planted_faults_are_found() -> None:
    source = "  id: string\n  form?: { id: string; hash: string } | null\n  /** Of ours: x. */\n  key: { a: 1 }\n"
    assert typed(f"interface Round {{\n{source}}}\n") == {"Round": {"id", "form", "form.id", "form.hash"}}
    assert typed("interface A {\n  a: B[]\n}\ninterface B extends A {}\n") == {"A": {"a"}, "B": {"a"}}
    assert fields('state: "a: b" | "c"\n  more: { [name: string]: any }') == {"state", "more"}
    assert typed(TYPES.replace("finalised_at: string", "finished_at: string"))["Entry"] != described(SCHEMAS["Entry"])
    assert typed(TYPES.replace("; display_name: string", ""))["Hello"] != described(SCHEMAS["Hello"])
    assert typed(TYPES.replace("  csrf: string\n", "  csrf: string\n  other: string\n"))["Hello"] != described(
        SCHEMAS["Hello"]
    )
