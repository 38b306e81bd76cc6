"""A record's answers beside last year's, both read through this year's form.

Members are matched by name, not by their place in the list: when the first of six has moved out, five have not changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from survey.form.form import Form
from survey.form.reading import LINES, Instance, ReadRow, Section, points_of, question_of, repeat_of
from survey.text import without_tones

PICTURES = {"image", "file", "audio", "video"}


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
    points: int = 0  # of a walked line or area
    points_before: int = 0


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


def compare(
    form: Form, now: Sequence[Section], before: Sequence[Section] | None, keep: Collection[str] = ()
) -> list[Part]:
    """Sections of this year with last year's beside them. `before` None (nothing known): no line counts as changed.

    What was answered in neither year is left out, except the paths in `keep` (a check failed there).
    """
    return _Comparison(form, before is not None, keep).sections(now, before or ())


class _Comparison:
    def __init__(self, form: Form, known: bool, keep: Collection[str]) -> None:
        self.keep = keep
        self.items = form.by_path
        self.rank = {item.path: position for position, item in enumerate(form.nodes())}
        self.known = known

    def order(self, path: str) -> int:
        return self.rank.get(question_of(path), len(self.rank))

    def sections(self, now: Sequence[Section], before: Sequence[Section]) -> list[Part]:
        earlier = {section.path: section for section in before}
        seen = [section.path for section in now]
        every = [*now, *(Section(path, old.label) for path, old in earlier.items() if path not in seen)]
        found = []
        for section in sorted(every, key=lambda section: self.order(section.path)):
            old = earlier.get(section.path, Section(section.path, section.label))
            part = Part(section.path, section.label, self.lines(section.rows, old.rows, self.known))
            part.parts = self.members(section.instances, old.instances)
            if part.lines or part.parts:
                found.append(part)
        return found

    def members(self, now: Iterable[Instance], before: Iterable[Instance]) -> list[Part]:
        waiting = _by_name(before)
        found = []
        for key, instance in _by_name(now).items():
            old = waiting.pop(key, None)
            if old is None:
                change = Change.ADDED if self.known else Change.NONE
                found.append(Part(instance.path, instance.label, self.lines(instance.rows, (), False), change))
                continue
            # Last year's place in the list may have been another: its lines stand at this year's.
            rows = [replace(row, path=instance.path + row.path[len(old.path) :]) for row in old.rows]
            found.append(Part(instance.path, instance.label, self.lines(instance.rows, rows, True)))
        for old in waiting.values():
            found.append(Part(old.path, old.label, self.lines((), old.rows, True), Change.GONE))
        return found

    def lines(self, now: Iterable[ReadRow], before: Iterable[ReadRow], known: bool) -> list[Line]:
        lines = [self.line(this, last, known) for this, last in beside(now, before)]
        return sorted((line for line in lines if line is not None), key=lambda line: self.order(line.path))

    def line(self, now: ReadRow | None, before: ReadRow | None, known: bool) -> Line | None:
        """One question of both years; None when there is nothing to show; a picture is shown elsewhere."""
        row = now or before
        kind = self.items[question_of(row.path)].type if row else ""
        answer, last = (_words(one, kind) if one else "" for one in (now, before))
        if row is None or kind in PICTURES or not (answer or last or row.path in self.keep):
            return None
        change = Change.NONE
        # Nobody stands twice at quite the same point: a position is shown, and not said to have changed.
        if known and kind != "geopoint" and (now.raw if now else "") != (before.raw if before else ""):
            change = Change.ADDED if not last else Change.GONE if not answer else Change.CHANGED
        points, earlier = (points_of(str(one.raw)) if one and kind in LINES else 0 for one in (now, before))
        return Line(row.path, row.label, answer, last, change, points, earlier)


def beside(first: Iterable[ReadRow], second: Iterable[ReadRow]) -> list[tuple[ReadRow | None, ReadRow | None]]:
    """The rows of two readings by their question; last those that the second alone has."""
    others = {question_of(row.path): row for row in second}
    pairs: list[tuple[ReadRow | None, ReadRow | None]] = [
        (row, others.pop(question_of(row.path), None)) for row in first
    ]
    return pairs + [(None, row) for row in others.values()]


def _by_name(instances: Iterable[Instance]) -> dict[tuple[str, str, int], Instance]:
    """Instances by repeat, name without tones, and how many of that name came before."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for instance in instances:
        key = (repeat_of(instance.path), without_tones(instance.label))
        found[*key, seen[key]] = instance
        seen[key] += 1
    return found


def _words(row: ReadRow, kind: str) -> str:
    """The answer as it is read; a position as latitude and longitude with the metres it may be off."""
    if kind != "geopoint" or not row.answer:
        return row.answer
    parts = row.answer.split()
    return f"{parts[0]}, {parts[1]}" + (f" (±{parts[3]} m)" if len(parts) == 4 else "")
