"""The data files: which there are, and what each one is, described once for every format.

The rows of a file are a function, since a format may have to read them twice: it must know how many there are and how
long its longest text is before it can write the first. Both readings see the same rows where the session reads one
snapshot (`models.database.snapshot`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from sqlalchemy.orm import Session

from survey.exports import rows
from survey.exports.columns import Code, DataColumn, Holds, fixed, numbers_of, question_columns
from survey.exports.fixed_columns import IDENTITY, OF_DEPRIVATION, OF_MEMBER, OF_NO_INTERVIEW, OF_WIDE, of_household
from survey.exports.rows import Choice
from survey.questionnaires.published import in_order, of_hash
from survey.questionnaires.readings import unconfirmed
from survey.reports.csvfile import Cell


class Kind(StrEnum):
    """The five files, and one that has the first three side by side."""

    HOUSEHOLDS = "households"
    MEMBERS = "members"
    DEPRIVATIONS = "deprivations"
    NO_INTERVIEW = "no_interview"
    CODEBOOK = "codebook"
    WIDE = "wide"


DATA = (Kind.HOUSEHOLDS, Kind.MEMBERS, Kind.DEPRIVATIONS, Kind.NO_INTERVIEW)
LONG = (*DATA, Kind.CODEBOOK)
MOST_WIDE = 60  # members beside each other: with all their columns still within the 16,384 of a sheet
CODEBOOK = tuple(
    fixed(name, "text", "", "")
    for name in (
        "file", "column", "type", "label_vi", "label_en", "choice", "choice_vi", "choice_en", "law",
        "short_name", "short_label_vi", "choice_number",
    )
)  # fmt: skip

# The numbers of codes, by the hashes of all that is published: it never changes, and takes seconds to go through.
_numbered: dict[tuple[str, ...], dict[str, dict[str, int]]] = {}


@dataclass(frozen=True)
class DataFile:
    """A file: its columns, and its rows as often as they are asked for, a cell for each column. `rows_of`: those of a
    narrower choice."""

    kind: Kind
    columns: Sequence[DataColumn]
    rows: Callable[[], Iterator[Sequence[Cell]]]
    rows_of: Callable[[Choice], Iterator[Sequence[Cell]]] | None = None

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]


def data_files(
    session: Session, kinds: Iterable[Kind], choice: Choice, names: dict[str, str],
    answered: Iterable[tuple[str, str]] | None = None,
) -> list[DataFile]:  # fmt: skip
    """`kinds` of what `choice` names. `names`: what the communes and villages are called; `answered`: the forms and
    versions, where they are known already."""
    forms = rows.forms_of(session, choice, answered)
    numbers = _numbers(session)
    own, of_member = (question_columns(forms, members, numbers) for members in (False, True))
    open_readings = {(form.id, form.version): [one.name for one in unconfirmed(session, form)] for form in forms}
    columns: dict[Kind, Sequence[DataColumn]] = {
        Kind.HOUSEHOLDS: (*IDENTITY, *of_household(forms), *own),
        Kind.MEMBERS: (*IDENTITY, *OF_MEMBER, *of_member),
        Kind.DEPRIVATIONS: (*IDENTITY, *OF_DEPRIVATION),
        Kind.NO_INTERVIEW: (*IDENTITY, *OF_NO_INTERVIEW),
    }
    described = dict(columns)
    read: dict[Kind, Callable[[Choice], Iterator[Sequence[Cell]]]] = {
        Kind.HOUSEHOLDS: lambda of: rows.households(session, of, names, own, open_readings),
        Kind.MEMBERS: lambda of: rows.members(session, of, names, forms, of_member),
        Kind.DEPRIVATIONS: lambda of: rows.deprivations(session, of, names),
        Kind.NO_INTERVIEW: lambda of: rows.no_interview(session, of, names),
        Kind.CODEBOOK: lambda _of: _codebook(described),
    }
    columns[Kind.CODEBOOK] = CODEBOOK
    wanted = list(kinds)
    if Kind.WIDE in wanted:
        most = min(rows.most_members(session, choice, forms), MOST_WIDE)
        beside = (column for position in range(1, most + 1) for column in _of_position(of_member, position))
        columns[Kind.WIDE] = (*columns[Kind.HOUSEHOLDS], *OF_WIDE, *beside)
        read[Kind.WIDE] = lambda of: rows.wide(session, of, names, forms, own, of_member, most, open_readings)
    return [DataFile(kind, columns[kind], partial(read[kind], choice), read[kind]) for kind in wanted]


def _numbers(session: Session) -> dict[str, dict[str, int]]:
    published = tuple(in_order(session))
    found = _numbered.get(published)
    if found is None:
        found = numbers_of(of_hash(session, known) for known in published)
        _numbered.clear()
        _numbered[published] = found
    return found


def _of_position(of_member: Iterable[DataColumn], position: int) -> Iterator[DataColumn]:
    """The columns of one member in a row of its household: thanh_vien__2__ho_ten, labelled "2. …"."""
    for column in of_member:
        repeat = column.node.repeat.replace("/", "__") if column.node and column.node.repeat else ""
        name = f"{repeat}__{position}{column.name.removeprefix(repeat)}"
        label = {language: f"{position}. {text}" for language, text in column.label.items()}
        yield replace(column, name=name, label=label)


def _codebook(files: dict[Kind, Sequence[DataColumn]]) -> Iterator[list[Cell]]:
    """One row a column, and one a choice below it."""
    for kind, columns in files.items():
        for column in columns:
            begin: list[Cell] = [kind.value, column.name, column.type, column.words("vi"), column.words("en")]
            yield [*begin, "", "", "", column.law, column.short_name, column.short_label("vi"), ""]
            for code in column.choices:
                yield [
                    *begin,
                    code.name,
                    *_words(code),
                    "",
                    column.short_name,
                    column.short_label("vi"),
                    number(column, code),
                ]


def _words(code: Code) -> tuple[str, str]:
    return code.words("vi"), code.words("en")


def number(column: DataColumn, code: Code) -> int | None:
    """The number that stands for the code; None where the column holds several codes, or 0 and 1."""
    return code.number if column.holds is Holds.CODE else None
