"""The tables as data: what each is called, how well it is known, its columns with what stands in them.

`titles.csv` and `columns.csv` hold the official words as they were found (shared/domain/report_templates.csv); no form
is written anywhere else. Kinds of columns:

- entered: the base `resident`, as somebody entered it
- count: a figure of `figure`, by which `figures.py` finds it
- beside: a count that the form has no column for; it stands there where there is any
- copy, sum, identity: a formula over counts that must come to a figure of its own
- rate, share: a formula, computed unrounded and shown to two digits; a share stands on a table of counts
- unasked: what no question of the survey asks: blank, with the reason

A formula names columns of its row by their codes, `[3]/[1]*100`; `[4:t]` is column t of layout 4 in the row of the same
place.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from survey.text import N_

VERSION = 1  # of the definitions in the two files: a workbook says by which it was made


class Kind(StrEnum):
    ENTERED = "entered"
    COUNT = "count"
    BESIDE = "beside"
    COPY = "copy"
    SUM = "sum"
    IDENTITY = "identity"
    RATE = "rate"
    SHARE = "share"
    UNASKED = "unasked"


FORMULAS = frozenset({Kind.COPY, Kind.SUM, Kind.IDENTITY, Kind.RATE, Kind.SHARE})
IN_PER_CENT = frozenset({Kind.RATE, Kind.SHARE})


class Known(StrEnum):
    """How a layout is known."""

    SEEN = "seen"
    IMAGE = "image"
    SCHEMA = "schema"
    CODES = "codes"


# What a sheet says of that.
KNOWN_WORDS: dict[Known, str] = {
    Known.SEEN: N_(
        "The title and columns are those of a sheet that was seen; the number of its annex is not confirmed."
    ),
    Known.IMAGE: N_("Of this form an image is known; the number of its annex is not confirmed."),
    Known.SCHEMA: N_("Of this form only the names of its columns are known: the official heading may read otherwise."),
    Known.CODES: N_("Of this form only codes are known: the official title and headings may read otherwise."),
}


@dataclass(frozen=True)
class Column:
    """`head`, `below`: the two levels of its heading, "" where there is one."""

    code: str
    head: str
    below: str
    kind: Kind
    figure: str
    formula: str
    base: str


@dataclass(frozen=True)
class Layout:
    """`commune`: how the form heads the column of communes, "" where nobody saw it."""

    number: int
    title: str
    known: Known
    columns: tuple[Column, ...]
    commune: str = ""

    @property
    def name(self) -> str:
        """By what a workbook finds the table."""
        return f"Bieu_{self.number}"

    def with_beside(self, figures: Collection[str]) -> Layout:
        """Of what stands beside the form only what counts one of `figures`: with none of them it is the form."""
        if any(one.kind is Kind.BESIDE and one.figure in figures for one in self.columns):
            return self
        return replace(self, columns=tuple(one for one in self.columns if one.kind is not Kind.BESIDE))

    @property
    def in_persons_too(self) -> bool:
        """Whether each place has a line of households and one of persons: the tables of the flow."""
        return self.columns[-1].figure.startswith("flow.")

    @property
    def stands_on(self) -> frozenset[int]:
        """The layouts of which its formulas name columns."""
        return frozenset(int(one) for column in self.columns for one in _OTHER.findall(column.formula))


_OTHER = re.compile(r"\[(\d+):")


@cache
def layouts() -> dict[int, Layout]:
    """By number."""
    columns: dict[int, list[Column]] = {}
    for row in _rows("columns.csv"):
        number = int(row.pop("layout"))
        columns.setdefault(number, []).append(Column(**row | {"kind": Kind(row["kind"])}))
    found = {}
    for row in _rows("titles.csv"):
        number = int(row["layout"])
        found[number] = Layout(number, row["title"], Known(row["known"]), tuple(columns[number]), row["commune"])
    return found


def _rows(name: str) -> list[dict[str, Any]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
