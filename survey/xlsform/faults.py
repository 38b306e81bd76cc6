"""A mistake in a workbook, by sheet, row and column, in words that can be translated where they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from survey.text import N_

OF_TEXT = N_("%(message)s, in: %(text)s")
OF_TEXT_AT = N_("%(message)s (at character %(at)s), in: %(text)s")
SHEET, ROW, COLUMN = N_("sheet %(name)s"), N_("row %(number)s"), N_("column %(name)s")
SHEETS = ("survey", "choices", "external_choices", "settings", "entities")  # as an author goes through them
MOST_QUOTED = 300  # characters of a cell that a message repeats


@dataclass(frozen=True)
class Fault:
    """`row` counts from 1 as the spreadsheet shows it, None when it is not known. `message`: in English.

    `template` and `values` say the same for a translation (`worded`); a value `of_text` is the expression that is
    meant, `of_at` the character in it.
    """

    sheet: str
    row: int | None
    column: str | None
    message: str
    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, sheet: str, row: int | None, column: str | None, template: str, **values: Any) -> Fault:
        shown = {key: _short(value) for key, value in values.items()}
        return cls(sheet, row, column, worded(template, shown), template, shown)

    def __str__(self) -> str:
        return f"{placed(self.sheet, self.row, self.column)}: {self.message}"

    def words(self, translate: Callable[[str], str]) -> str:
        """The whole line in a language."""
        said = worded(self.template, self.values, translate) if self.template else self.message
        return f"{placed(self.sheet, self.row, self.column, translate)}: {said}"


def _short(value: Any) -> Any:
    return f"{value[:MOST_QUOTED]}…" if isinstance(value, str) and len(value) > MOST_QUOTED else value


def worded(template: str, values: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """The sentence of a template and its values; what is no template of ours stays as it is. The value `of_text` is the
    expression that is meant, `of_at` the character in it."""
    try:
        said = translate(template) % values if values else translate(template).replace("%%", "%")
        if "of_text" in values:
            whole = OF_TEXT_AT if "of_at" in values else OF_TEXT
            said = translate(whole) % {"message": said, "text": values["of_text"], "at": values.get("of_at")}
    except (KeyError, TypeError, ValueError):
        return template
    return said


def placed(sheet: str, row: int | None, column: str | None, translate: Callable[[str], str] = str) -> str:
    """Where a fault stands: “sheet survey, row 4, column type”."""
    where = [translate(SHEET) % {"name": sheet}]
    if row is not None:
        where.append(translate(ROW) % {"number": row})
    if column:
        where.append(translate(COLUMN) % {"name": column})
    return ", ".join(where)


def in_order(faults: list[Fault]) -> list[Fault]:
    """By sheet, what is attached last, then by row; each said once."""
    places = {sheet: at for at, sheet in enumerate(SHEETS)}
    return sorted(dict.fromkeys(faults), key=lambda fault: (places.get(fault.sheet, len(places)), fault.row or 0))


class WorkbookError(ValueError):
    """A workbook that cannot be used; `faults` lists every mistake that was found, in the order of the workbook."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = in_order(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass
class Findings:
    """What a check has found so far: mistakes, and what will surprise the author of a workbook that may be used."""

    faults: list[Fault] = field(default_factory=list)
    advice: list[Fault] = field(default_factory=list)

    def fault(self, row: int | None, column: str | None, template: str, sheet: str = "survey", **values: Any) -> None:
        self.faults.append(Fault.of(sheet, row, column, template, **values))

    def advise(self, row: int | None, column: str | None, template: str, sheet: str = "survey", **values: Any) -> None:
        self.advice.append(Fault.of(sheet, row, column, template, **values))
