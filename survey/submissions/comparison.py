"""A record's answers beside last year's, both read through this year's form.

Members are matched by name, not by their place in the list: when the first of six has moved out, five have not changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from survey.form.form import Form
from survey.form.reading import Instance, Row, Section
from survey.submissions.names import without_tones


class Change(StrEnum):
    NONE = "none"
    CHANGED = "changed"
    ADDED = "added"  # answered now, not last year
    GONE = "gone"  # answered last year, not now


@dataclass(frozen=True)
class Line:
    """One question: this year's answer and last year's ("" where there was none)."""

    path: str
    label: str
    answer: str
    before: str
    change: Change


@dataclass
class Part:
    """The lines of a section or of one member; `change` is ADDED or GONE for a member of one year only."""

    path: str
    label: str
    lines: list[Line]
    change: Change = Change.NONE
    parts: list[Part] = field(default_factory=list)

    @property
    def changes(self) -> int:
        own = sum(line.change is not Change.NONE for line in self.lines)
        return own + sum(part.changes if part.change is Change.NONE else 1 for part in self.parts)


def compare(form: Form, now: Sequence[Section], before: Sequence[Section] | None) -> list[Part]:
    """Sections of this year with last year's beside them; `before` None (nothing known): no line counts as changed."""
    rank = {item.path: position for position, item in enumerate(form.nodes())}

    def order(path: str) -> int:
        return rank.get(re.sub(r"\[\d+\]", "", path), len(rank))

    known = before is not None
    earlier = {section.path: section for section in before or ()}
    seen = [section.path for section in now]
    sections = [*now, *(Section(path, old.label) for path, old in earlier.items() if path not in seen)]
    found = []
    for section in sorted(sections, key=lambda section: order(section.path)):
        old = earlier.get(section.path)
        part = Part(section.path, section.label, _lines(section.rows, old.rows if old else (), known, order))
        part.parts = _members(section.instances, old.instances if old else (), known, order)
        found.append(part)
    return found


def _members(
    now: Iterable[Instance], before: Iterable[Instance], known: bool, order: Callable[[str], int]
) -> list[Part]:
    waiting = _by_name(before)
    found = []
    for key, instance in _by_name(now).items():
        old = waiting.pop(key, None)
        change = Change.ADDED if known and old is None else Change.NONE
        # Last year's place in the list may have been another: its lines stand, and are commented on, at this year's.
        old_rows = [replace(row, path=instance.path + row.path[len(old.path) :]) for row in old.rows] if old else []
        lines = _lines(instance.rows, old_rows, known and old is not None, order)
        found.append(Part(instance.path, instance.label, lines, change))
    gone = (Part(old.path, old.label, _lines((), old.rows, True, order), Change.GONE) for old in waiting.values())
    return found + list(gone)


def _by_name(instances: Iterable[Instance]) -> dict[tuple[str, str, int], Instance]:
    """Instances by repeat, name without tones, and how many of that name came before."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for instance in instances:
        key = (re.sub(r"\[\d+\]$", "", instance.path), without_tones(instance.label))
        found[*key, seen[key]] = instance
        seen[key] += 1
    return found


def _lines(now: Iterable[Row], before: Iterable[Row], known: bool, order: Callable[[str], int]) -> list[Line]:
    old = {_plain(row.path): row for row in before}
    lines = []
    for row in now:
        last = old.pop(_plain(row.path), None)
        if row.answer or (last is not None and last.answer):
            lines.append(_line(row.path, row.label, row, last, known))
    lines += [_line(row.path, row.label, None, row, known) for row in old.values() if row.answer]
    return sorted(lines, key=lambda line: order(line.path))


def _line(path: str, label: str, now: Row | None, before: Row | None, known: bool) -> Line:
    answer, last = now.answer if now else "", before.answer if before else ""
    change = Change.NONE
    if known and (now.raw if now else "") != (before.raw if before else ""):
        change = Change.ADDED if not last else Change.GONE if not answer else Change.CHANGED
    return Line(path, label, answer, last, change)


def _plain(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)
