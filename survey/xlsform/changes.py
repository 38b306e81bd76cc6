"""What changed between two versions of a questionnaire, by the names of its rows and cell by cell.

A question is known by its path (groups and its name), a choice by its list and name: those are what last year's answers
are found under, so a name that went is told apart from a rule that changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from survey.xlsform.sheets import Sheets

_BEGIN = ("begin group", "begin_group", "begin repeat", "begin_repeat")
_END = ("end group", "end_group", "end repeat", "end_repeat")
_NO_ANSWER = ("note", *_BEGIN, "begin", "csv-external", "xml-external", "calculate", "hidden")


@dataclass(frozen=True)
class ChangedCell:
    """A cell that reads otherwise; "" where there was or is nothing."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Changed:
    """A row under the same name. `row`: in the new workbook."""

    sheet: str
    name: str
    row: int
    cells: tuple[ChangedCell, ...]


@dataclass(frozen=True)
class ChangedRow:
    """A row that came or went. `words`: its label, whichever stands first."""

    sheet: str
    name: str
    row: int
    words: str
    asked: bool  # a question whose answers people gave


@dataclass
class Changes:
    added: list[ChangedRow] = field(default_factory=list)
    removed: list[ChangedRow] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    renamed: list[tuple[ChangedRow, ChangedRow]] = field(default_factory=list)  # (before, after): the words stayed
    moved: bool = False  # the same rows stand in another order
    files: list[tuple[str, str]] = field(default_factory=list)  # (name, "added" | "removed" | "changed")

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.renamed or self.moved or self.files)

    @property
    def lost(self) -> list[ChangedRow]:
        """Questions under whose name last year's answers will not be found any more."""
        gone = [before for before, _ in self.renamed] + self.removed
        return sorted((row for row in gone if row.asked), key=lambda row: row.row)


def compare(
    before: Sheets, after: Sheets, files_before: dict[str, str] | None = None, files_after: dict[str, str] | None = None
) -> Changes:
    """What the newer workbook has otherwise; `files_*`: attachments as name → SHA-256."""
    found = Changes()
    for sheet in dict.fromkeys([*before, *after]):
        old = dict(_keyed(sheet, before))
        new = dict(_keyed(sheet, after))
        for key, (number, row) in new.items():
            if key not in old:
                found.added.append(_row(sheet, key, number, row))
                continue
            cells = tuple(
                ChangedCell(column, old[key][1].get(column, ""), row.get(column, ""))
                for column in dict.fromkeys([*row, *old[key][1]])
                if old[key][1].get(column, "").strip() != row.get(column, "").strip()
            )
            if cells:
                found.changed.append(Changed(sheet, key, number, cells))
        found.removed += [_row(sheet, key, *old[key]) for key in old if key not in new]
        if [key for key in old if key in new] != [key for key in new if key in old]:
            found.moved = True
    _pair_renamed(found)
    old_files, new_files = files_before or {}, files_after or {}
    for name in sorted({*old_files, *new_files}):
        if old_files.get(name) != new_files.get(name):
            kind = "added" if name not in old_files else "removed" if name not in new_files else "changed"
            found.files.append((name, kind))
    return found


def _pair_renamed(found: Changes) -> None:
    """Rows that went and rows that came with the very same words are one row under another name."""
    for old in list(found.removed):
        like = [new for new in found.added if (new.sheet, new.words) == (old.sheet, old.words)]
        if old.words and len(like) == 1:
            found.removed.remove(old)
            found.added.remove(like[0])
            found.renamed.append((old, like[0]))


def _keyed(sheet: str, sheets: Sheets) -> Iterator[tuple[str, tuple[int, dict[str, str]]]]:
    """Each row under the name it is known by; one that has none, or the name of another, under its number."""
    groups: list[str] = []
    seen: set[str] = set()
    for number, row in enumerate(sheets[sheet].rows if sheet in sheets else [], 2):
        if not any(value.strip() for value in row.values()):
            continue
        kind = " ".join(row.get("type", "").split()).lower() if sheet == "survey" else ""
        if kind in _END:
            groups = groups[:-1]
            continue
        name = row.get("name", "").strip()
        if sheet == "settings":
            key = "settings"
        elif sheet == "survey":
            key = "/".join([*groups, name]) if name else ""
        else:
            key = f"{row.get('list_name') or row.get('list name') or ''} {name}".strip()
        if not key or key in seen:
            key = f"#{number}"
        seen.add(key)
        yield key, (number, row)
        if kind in _BEGIN:
            groups = [*groups, name]


def _row(sheet: str, key: str, number: int, row: dict[str, str]) -> ChangedRow:
    words = next((value for column, value in row.items() if column.partition("::")[0] in ("label", "caption")), "")
    kind = " ".join(row.get("type", "").split()).lower()
    asked = sheet == "survey" and bool(kind) and kind not in _NO_ANSWER and not kind.startswith("begin")
    return ChangedRow(sheet, key, number, words.strip(), asked)
