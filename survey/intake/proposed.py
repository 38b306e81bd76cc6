"""What a phone proposes to change of a household, read; what is wrong with its shape is named. Pure.

One entry proposes one change: the desk decides on each, and none of them rests on another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from survey.terms import HouseholdClass, RegisterKind

_K = RegisterKind
PERSON = frozenset({"name", "sex", "relation", "day", "month", "year", "number"})
# What a proposal of a kind may say, whatever else the register knows; the phone offers the same
# (static/app/interview/proposal.lazy.js). A transfer names a household of the phone's list, or says where in words.
GIVEN: dict[RegisterKind, frozenset[str]] = {
    _K.CORRECT: frozenset({"head", "village", "address", "class"}),
    _K.HEAD: frozenset(),
    **dict.fromkeys((_K.DIED, _K.LEFT, _K.MARRIED_OUT), frozenset({"head"})),
    **dict.fromkeys((_K.BORN, _K.JOINED, _K.MARRIED_IN), PERSON),
    _K.PERSON: PERSON,
    _K.TRANSFERRED: frozenset({"head", "relation", "household", "where"}),
}
ABOUT_SOMEBODY = frozenset(
    {_K.HEAD, _K.DIED, _K.LEFT, _K.MARRIED_OUT, _K.TRANSFERRED, _K.PERSON}
)  # whom the household lists
MAX_VALUE, MAX_REASON = 200, 500
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Proposed:
    """`person`: whom it is about, by the code, or by the name where a list has no codes; `given`: what is otherwise;
    `base`: what the phone showed of that. `kind` and `effective_on` None: they could not be read."""

    kind: RegisterKind | None = None
    person: str | None = None
    effective_on: date | None = None
    given: Mapping[str, str | int] = field(default_factory=dict)
    base: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def read(said: Any) -> tuple[Proposed, list[str]]:
    """What is proposed, and which parts of it are no such thing."""
    if not isinstance(said, dict):
        return Proposed(), ["proposal"]
    kind = RegisterKind(said["kind"]) if said.get("kind") in list(GIVEN) else None
    effective_on, person = _day(said.get("effective_on")), said.get("person")
    given, base, reason = said.get("given") or {}, said.get("base") or {}, said.get("reason")
    faults = {
        "proposal.kind": kind is None,
        "proposal.effective_on": effective_on is None,
        "proposal.person": not (person is None or _is_text(person)) or (kind in ABOUT_SOMEBODY) != bool(person),
        "proposal.given": not isinstance(given, dict) or not all(map(_is_value, given.values())),
        "proposal.base": not isinstance(base, dict) or not all(one is None or _is_text(one) for one in base.values()),
        "proposal.reason": not (reason is None or _is_text(reason, MAX_REASON)),
    }
    may_say = GIVEN[kind] if kind else frozenset()
    if isinstance(given, dict) and given.get("class") not in (None, "", *HouseholdClass):
        may_say -= {"class"}
    surplus = [f"proposal.given.{key}"[:60] for key in given if key not in may_say] if isinstance(given, dict) else []
    wrong = [name for name, is_wrong in faults.items() if is_wrong]
    if "proposal.given" in wrong or "proposal.base" in wrong:
        given = base = {}
    return Proposed(
        kind,
        person if _is_text(person) else None,
        effective_on,
        {key: value for key, value in map(_stripped, given.items()) if key in may_say and value not in (None, "")},
        {key: value for key, value in map(_stripped, base.items()) if key in may_say | {"head", "name"} and value},
        str(reason).strip() if _is_text(reason, MAX_REASON) else "",
    ), wrong + sorted(surplus)


def _stripped(pair: tuple[str, Any]) -> tuple[str, Any]:
    key, value = pair
    return key, value.strip() if isinstance(value, str) else value


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) and _DAY.match(text) else None
    except ValueError:
        return None


def _is_text(value: Any, most: int = MAX_VALUE) -> bool:
    return isinstance(value, str) and len(value) <= most and _UNSTORABLE.search(value) is None


def _is_value(value: Any) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 9999
    return value is None or is_number or _is_text(value)
