"""The tables as data: what each is called, how well it is known, its columns with what stands in them.

`titles.csv` and `columns.csv` hold the official words as they were found (shared/domain/report_templates.csv); no form
is written anywhere else. Kinds of columns:

- entered: the base `resident`, as somebody entered it
- count: a figure of `figure`, by which `figures.py` finds it
- beside: a count that the form has no column for; it stands there where there is any
- copy, sum, identity: a formula over counts that must come to a figure of its own
- rate, share: a formula, computed unrounded and shown to two digits; a share stands on a table of counts
- unasked: what no question of the survey asks: blank, with the reason
- listed: what is said of a member, a line each: layouts 14 and 15 are lists of people (`member_list.py`)
- local: stands for a column of each people that a province lists (`peoples.csv`), a setting of it

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

VERSION = 2  # of the definitions in the two files: a workbook says by which it was made


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
    LOCAL = "local"
    LISTED = "listed"


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
    """`commune`: how the form heads the column of communes, "" where nobody saw it; `in_persons_too`: whether each
    place has a line of households and one of persons."""

    number: int
    title: str
    known: Known
    columns: tuple[Column, ...]
    commune: str = ""
    in_persons_too: bool = False

    @property
    def name(self) -> str:
        """By what a workbook finds the table."""
        return f"Bieu_{self.number}"

    def with_beside(self, figures: Collection[str]) -> Layout:
        """Of what stands beside the form only what counts one of `figures`: with none of them it is the form."""
        if any(one.kind is Kind.BESIDE and one.figure in figures for one in self.columns):
            return self
        beside = [f"+[{one.code}]" for one in self.columns if one.kind is Kind.BESIDE]
        columns = [one for one in self.columns if one.kind is not Kind.BESIDE]
        for term in beside:
            columns = [replace(one, formula=one.formula.replace(term, "")) for one in columns]
        return replace(self, columns=tuple(columns))

    def with_peoples(self, province_id: str) -> Layout:
        """The form with a column of each people that the province lists in the place of `Kind.LOCAL`."""
        columns: list[Column] = []
        for one in self.columns:
            if one.kind is not Kind.LOCAL:
                columns.append(one)
                continue
            stem, those = one.code.removesuffix("l"), peoples().get(province_id, {})
            local = [
                replace(one, code=f"{stem}{at}", below=label, kind=Kind.COUNT, figure=f"{one.figure}.{people}")
                for at, (people, label) in enumerate(those.items(), 1)
            ]
            said = "".join(f"[{each.code}]+" for each in local)
            columns = [replace(each, formula=each.formula.replace(f"[{one.code}]+", said)) for each in columns]
            columns += local
        return replace(self, columns=tuple(columns))

    @property
    def added(self) -> list[tuple[Column, list[tuple[int, str]]]]:
        """Of each sum or identity of the form its terms: the sign, and the figure that is added or taken off."""
        codes = {one.code: at for at, one in enumerate(self.columns)}
        found = []
        for one in self.columns:
            if one.kind not in (Kind.SUM, Kind.IDENTITY):
                continue
            run = _RUN.fullmatch(one.formula)
            terms = [(-1 if sign == "-" else 1, self.columns[codes[code]]) for sign, code in _TERM.findall(one.formula)]
            if run:
                terms = [(1, other) for other in self.columns[codes[run[1]] : codes[run[2]] + 1]]
            found.append((one, [(sign, other.figure) for sign, other in terms]))
        return found

    @property
    def is_list(self) -> bool:
        """Whether it has a line for each member and names people."""
        return self.columns[0].kind is Kind.LISTED

    @property
    def is_flow(self) -> bool:
        return self.columns[-1].figure.startswith("flow.")

    @property
    def stands_on(self) -> frozenset[int]:
        """The layouts of which its formulas name columns."""
        return frozenset(int(one) for column in self.columns for one in _OTHER.findall(column.formula))


_TERM = re.compile(r"([+-]?)\[(\w+)\]")
_RUN = re.compile(r"SUM\(\[(\w+)\]:\[(\w+)\]\)")
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
        both, known = row["units"] == "both", Known(row["known"])
        found[number] = Layout(number, row["title"], known, tuple(columns[number]), row["commune"], both)
    return found


def counted_layouts() -> dict[int, Layout]:
    """Those that count: all but the lists of people."""
    return {number: one for number, one in layouts().items() if not one.is_list}


@cache
def peoples() -> dict[str, dict[str, str]]:
    """By province, the peoples that have a column of their own there: the code of each and what it is called."""
    found: dict[str, dict[str, str]] = {}
    for row in _rows("peoples.csv"):
        found.setdefault(row["province"], {})[row["people"]] = row["label"]
    return found


def _rows(name: str) -> list[dict[str, Any]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
