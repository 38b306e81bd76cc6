"""A support that was given, as a phone tells of it, read; what is wrong with its shape is named. Pure.

One entry tells of one support. Which kinds and projects there are is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from survey.support_terms import MAX_DOCUMENT, MAX_NOTE, MOST_MONEY, MOST_PIECES

MAX_CODE, MAX_PERSON = 32, 64
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*\Z")
_UNSTORABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Supported:
    """`person`: the member's code; `amount`: whole đồng; None of both, and of `quantity`: not said. `kind`,
    `programme`, `project`, `given_on` None: they could not be read."""

    kind: str | None = None
    programme: str | None = None
    project: str | None = None
    given_on: date | None = None
    person: str | None = None
    amount: int | None = None
    quantity: int | None = None
    document: str = ""
    note: str = ""


def read(said: Any) -> tuple[Supported, list[str]]:
    """What is told, and which parts of it are no such thing."""
    if not isinstance(said, dict):
        return Supported(), ["support"]
    kind, programme, project = (_code(said.get(name), MAX_CODE) for name in ("kind", "programme", "project"))
    person, given_on = _code(said.get("person"), MAX_PERSON), _day(said.get("day"))
    amount, quantity = _whole(said.get("amount"), MOST_MONEY), _whole(said.get("quantity"), MOST_PIECES)
    texts = {name: _text(said.get(name), most) for name, most in (("document", MAX_DOCUMENT), ("note", MAX_NOTE))}
    faults = {
        "support.kind": kind is None,
        "support.programme": programme is None,
        "support.project": project is None,
        "support.day": given_on is None,
        "support.person": person is None and said.get("person") is not None,
        "support.amount": amount is None and said.get("amount") is not None,
        "support.quantity": quantity is None and said.get("quantity") is not None,
        **{f"support.{name}": text is None for name, text in texts.items()},
    }
    found = Supported(
        kind, programme, project, given_on, person, amount, quantity, texts["document"] or "", texts["note"] or ""
    )
    return found, [name for name, is_wrong in faults.items() if is_wrong]


def _code(value: Any, most: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= most and _CODE.match(value) else None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) and _DAY.match(text) else None
    except ValueError:
        return None


def _whole(value: Any, most: int) -> int | None:
    """A number of things or of đồng, from 1; a part of one is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 1 <= value <= most else None


def _text(value: Any, most: int) -> str | None:
    """One line; "" where nothing was said, None for what is no such text."""
    if value is None:
        return ""
    is_text = isinstance(value, str) and len(value) <= most and _UNSTORABLE.search(value) is None
    return " ".join(value.split()) if is_text else None
