"""A points table typed by two people from a document, usable only when their figures are the same.

The product ships an illustrative B1 table because the official one could not be read. Whoever has the document starts
a table here with the document's number and date; two different people type the points, neither sees the other's before
both have handed in; what differs is shown cell by cell and each mends his own. Agreed, it never changes again, and a
form version made with it is official (`official.py`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, FormDraft, FormVersion, PointsEntry, PointsTable
from survey.accounts import four_eyes
from survey.evidence import audit
from survey.form.form import Form
from survey.problems import Problem
from survey.questionnaires.belonging import province_of, within
from survey.questionnaires.drafts import draft_from
from survey.questionnaires.form_files import FileRefusal, GivenFile, Refused, ending
from survey.questionnaires.points_file import rows_of
from survey.questionnaires.points_tables import KEYS, OFFICIAL, hash_of, label_of, labelled, points_tables
from survey.questionnaires.published import csv_of, load_form
from survey.questionnaires.versions import find_version
from survey.terms import PointsState

_FIGURE = re.compile(r"-?[0-9]{1,4}([.,][0-9]{1,2})?\Z")
_LIMIT = 1024 * 1024
MOST_CELLS = 10_000


@dataclass(frozen=True)
class Difference:
    """A cell that two people wrote otherwise; `index` counts from 0 in the table's layout."""

    index: int
    key: tuple[str, str, str]
    figures: tuple[str, str]  # of place 1, of place 2


@dataclass(frozen=True)
class PointsItem:
    """The cells of one item: its answers by region, as the paper has them. `cells[answer][region]` is an index in the
    layout, or None where the table has no such cell."""

    name: str
    label: str  # the table's words or the questionnaire's, "" where neither has any
    answers: list[tuple[str, str]]  # (name, label or "")
    regions: list[str]
    cells: dict[str, dict[str, int | None]]

    @property
    def indexes(self) -> list[int]:
        return [index for row in self.cells.values() for index in row.values() if index is not None]


def normal(text: str) -> str | None:
    """A figure as it is kept: “12,50” → “12.5”; "" for a blank, None for what is no figure."""
    text = text.strip()
    if not text:
        return ""
    if not _FIGURE.match(text):
        return None
    whole, _, part = text.replace(",", ".").partition(".")
    part = part.rstrip("0")
    number = f"{int(whole)}.{part}" if part else str(int(whole))
    return f"-{number}" if whole.startswith("-") and int(whole) == 0 and part else number


def tables(session: Session, reader: Account) -> list[PointsTable]:
    """Those that a reader has, the newest first."""
    query = select(PointsTable).where(within(session, PointsTable.province_id, reader))
    return list(session.scalars(query.order_by(PointsTable.created_at.desc(), PointsTable.id)))


def find_table(session: Session, table_id: str, reader: Account, *, lock: bool = False) -> PointsTable:
    """One of `tables`. Raises `not_found`."""
    query = select(PointsTable).where(PointsTable.id == table_id, within(session, PointsTable.province_id, reader))
    found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise Problem("not_found")
    return found


def startable(session: Session, versions: Sequence[FormVersion]) -> list[tuple[FormVersion, str]]:
    """Each version with each of its points tables."""
    found = []
    for stored in versions:
        form = load_form(session, stored.form_id, stored.version)
        found += [(stored, name) for name in points_tables(form)] if form else []
    return found


def start(
    session: Session,
    stored: FormVersion,
    name: str,
    decision: str,
    decided_on: date,
    now: datetime,
    account_id: str | None,
) -> PointsTable:
    """Begin a table with the keys of a form's table. `not_found` when the form has none of that name."""  # fmt: skip
    form = load_form(session, stored.form_id, stored.version)
    rows = points_tables(form).get(name) if form else None
    if not rows or len(rows) > MOST_CELLS:
        raise Problem("not_found")
    layout = list(dict.fromkeys(tuple(row.get(key, "") for key in KEYS) for row in rows))
    made = PointsTable(
        id=str(uuid4()),
        form_id=stored.form_id,
        form_version=stored.version,
        name=name,
        decision=decision.strip(),
        decided_on=decided_on,
        state=PointsState.TYPING.value,
        layout=[list(key) for key in layout],
        account_id=account_id,
        created_at=now,
        province_id=province_of(session, account_id),
    )
    session.add(made)
    session.flush()  # entries refer to it
    audit.record(session, now, account_id, "points_started", made.id, {"table": name, "cells": len(layout)})
    return made


def drop(session: Session, table: PointsTable, now: datetime, account_id: str | None) -> None:
    """Give a table up that was not agreed. `not_allowed_now` when it was."""
    if table.state != PointsState.TYPING:
        raise Problem("not_allowed_now")
    table.state = PointsState.DROPPED.value
    audit.record(session, now, account_id, "points_dropped", table.id)


def entries(session: Session, table: PointsTable) -> list[PointsEntry]:
    """The entries there are, by place."""
    return list(
        session.scalars(select(PointsEntry).where(PointsEntry.table_id == table.id).order_by(PointsEntry.place))
    )


def own_entry(session: Session, table: PointsTable, account: Account) -> PointsEntry | None:
    return next((one for one in entries(session, table) if one.account_id == account.id), None)


def begin(session: Session, table: PointsTable, account: Account, now: datetime) -> PointsEntry:
    """The account's own entry, begun now when there is room. `same_person` when two others type already, `same_hands`
    beside somebody who could sign in as the account, or as whom it could."""
    known = own_entry(session, table, account)
    if known is not None:
        return known
    if table.state != PointsState.TYPING:
        raise Problem("not_allowed_now")
    others = entries(session, table)
    taken = {one.place for one in others}
    place = next((one for one in (1, 2) if one not in taken), None)
    if place is None:
        raise Problem("same_person")
    if any(four_eyes.are_one(session, account.id, other.account_id, now) for other in others):
        raise Problem("same_hands")
    made = PointsEntry(
        table_id=table.id, place=place, account_id=account.id, figures=[""] * len(table.layout),
        begun_at=now, changed_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()  # so that a second one is refused at once
    audit.record(session, now, account.id, "points_begun", table.id, {"place": place})
    return made


def write(
    session: Session, table: PointsTable, entry: PointsEntry, figures: dict[int, str], now: datetime
) -> dict[int, str]:
    """Put figures into cells of one's own; returns what was no figure, by cell (those cells keep what they had).
    Once both have handed in, the tables are compared again."""
    if table.state != PointsState.TYPING:
        raise Problem("not_allowed_now")
    wrong, kept = {}, list(entry.figures)
    for index, text in figures.items():
        figure = normal(text)
        if figure is None or not 0 <= index < len(kept):
            wrong[index] = text[:20]
        else:
            kept[index] = figure
    if entry.handed_in_at is not None and "" in kept:  # a table that is handed in stays whole
        for index, figure in enumerate(kept):
            if figure == "":
                wrong[index], kept[index] = "", entry.figures[index]
    if kept != entry.figures:
        entry.figures, entry.changed_at = kept, now
        audit.record(session, now, entry.account_id, "points_typed", table.id, {"place": entry.place})
        _compare(session, table, now)
    return wrong


def blanks(entry: PointsEntry) -> int:
    return sum(1 for figure in entry.figures if figure == "")


def hand_in(session: Session, table: PointsTable, entry: PointsEntry, now: datetime) -> None:
    """Say that one's own table is whole. `not_allowed_now` while a cell is blank."""
    if table.state != PointsState.TYPING or blanks(entry):
        raise Problem("not_allowed_now")
    if entry.handed_in_at is None:
        entry.handed_in_at = now
        audit.record(session, now, entry.account_id, "points_handed_in", table.id, {"place": entry.place})
        _compare(session, table, now)


def withdraw(session: Session, table: PointsTable, entry: PointsEntry, now: datetime, account: Account) -> None:
    """Take an entry away, so that somebody else may type: one's own, or one whose account is closed."""
    author = session.get_one(Account, entry.account_id)
    if table.state != PointsState.TYPING or (entry.account_id != account.id and author.active):
        raise Problem("not_allowed_now")
    audit.record(session, now, account.id, "points_withdrawn", table.id, {"place": entry.place})
    session.delete(entry)
    session.flush()  # its place is free


def both(session: Session, table: PointsTable) -> tuple[PointsEntry, PointsEntry] | None:
    """The two entries when both are handed in: only then may either be seen by the other."""
    found = [one for one in entries(session, table) if one.handed_in_at is not None]
    return (found[0], found[1]) if len(found) == 2 else None


def differences(session: Session, table: PointsTable) -> list[Difference]:
    """The cells that the two wrote otherwise; empty while one has not handed in."""
    pair = both(session, table)
    if pair is None:
        return []
    written = zip(pair[0].figures, pair[1].figures, strict=True)
    return [
        Difference(index, (item, answer, region), figures)
        for index, ((item, answer, region), figures) in enumerate(zip(table.layout, written, strict=True))
        if figures[0] != figures[1]
    ]


def _compare(session: Session, table: PointsTable, now: datetime) -> None:
    session.flush()  # figures just written
    pair = both(session, table)
    if pair is None:
        return
    found = differences(session, table)
    if found:
        audit.record(session, now, None, "points_differ", table.id, {"cells": len(found)})
        return
    if pair[0].account_id == pair[1].account_id or "" in pair[0].figures:  # the database refuses the first, too
        raise Problem("same_person")
    if four_eyes.are_one(session, pair[0].account_id, pair[1].account_id, now):  # a password was reset meanwhile
        raise Problem("same_hands")
    table.rows = agreed_rows(table, pair[0].figures)
    table.rows_hash = hash_of(table.rows)
    table.state, table.agreed_at = PointsState.AGREED.value, now
    audit.record(session, now, None, "points_agreed", table.id, {"rows_hash": table.rows_hash})


def agreed_rows(table: PointsTable, figures: Sequence[str]) -> list[dict[str, str]]:
    """The table as a form attaches it, with the document that it was read from."""
    return [
        {
            "item": item,
            "answer": answer,
            "region": region,
            "points": points,
            "status": OFFICIAL,
            "decision": table.decision,
            "decided_on": table.decided_on.isoformat(),
        }
        for (item, answer, region), points in zip(table.layout, figures, strict=True)
    ]


def next_version_with(
    session: Session, table: PointsTable, stored: FormVersion, version: str, now: datetime, account_id: str | None
) -> FormDraft:
    """A draft of the questionnaire with the agreed table in place of the illustrative one. `not_allowed_now` while it
    is not agreed, `other_form` for another questionnaire."""
    if table.state != PointsState.AGREED or not table.rows:
        raise Problem("not_allowed_now")
    if stored.form_id != table.form_id:
        raise Problem("other_form")
    law = f"bảng điểm chính thức: {table.decision}, ngày {table.decided_on:%d/%m/%Y}; hai người nhập khớp nhau"
    form = load_form(session, stored.form_id, stored.version)
    named = points_tables(form).get(table.name, []) if form else []
    files = {f"{table.name}.csv": csv_of(labelled(table.rows, named))}
    draft = draft_from(session, stored, version, now, account_id, files, {table.name: {"law": law}})
    draft.province_id = table.province_id or draft.province_id
    return draft


def items(session: Session, table: PointsTable, language: str) -> list[PointsItem]:
    """The table as it is typed, item by item, with its own words, else with the questionnaire's."""
    form = load_form(session, *_version_of(session, table))
    rows: dict[str, list[dict[str, str]]] = {}
    for row in points_tables(form).get(table.name, []) if form else []:
        rows.setdefault(row.get("item", ""), []).append(row)
    grouped: dict[str, dict[str, dict[str, int | None]]] = {}
    regions = list(dict.fromkeys(region for _, _, region in table.layout))
    for index, (item, answer, region) in enumerate(table.layout):
        grouped.setdefault(item, {}).setdefault(answer, dict.fromkeys(regions))[region] = index
    found = []
    for item, cells in grouped.items():
        own = rows.get(item, [])
        label = label_of(own, "item", language) or _label(form, item, language)
        answers = [
            (name, label_of(own, "answer", language, answer=name) or _answer(form, item, name, language))
            for name in cells
        ]
        found.append(PointsItem(item, label, answers, regions, cells))
    return found


def _version_of(session: Session, table: PointsTable) -> tuple[str, str]:
    stored = find_version(session, table.form_id, table.form_version)
    return stored.form_id, stored.version


def _label(form: Form | None, item: str, language: str) -> str:
    """The words of the question of that name."""
    for node in form.nodes() if form else ():
        if node.name == item and node.label:
            return node.label.get(language) or next(iter(node.label.values()))
    return ""


def _answer(form: Form | None, item: str, answer: str, language: str) -> str:
    for node in form.nodes() if form else ():
        if node.name == item and node.list and form:
            for choice in form.choices.get(node.list, ()):
                if choice["name"] == answer and isinstance(choice.get("label"), dict):
                    label = choice["label"].get(language) or next(iter(choice["label"].values()))
                    return label if isinstance(label, str) else ""
    return ""


# -- Files


def read_file(table: PointsTable, upload: GivenFile) -> dict[int, str]:
    """The figures of an uploaded CSV or .xlsx with the columns item, answer, region, points. Raises `Refused` with
    every row that cannot be taken; blank points are left out."""
    shown = {"name": upload.name[:100]}
    if len(upload.content) > _LIMIT:
        raise Refused([FileRefusal("too_large", shown | {"limit": 1})])
    rows = _rows(upload, shown)
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    if not {*KEYS, "points"} <= set(head):
        raise Refused([FileRefusal("points_columns", shown)])
    at = [head.index(key) for key in (*KEYS, "points")]
    known = {tuple(key): index for index, key in enumerate(table.layout)}
    found: dict[int, str] = {}
    refusals = []
    for number, row in enumerate(rows[1:], 2):
        cells = [row[one].strip() if one < len(row) else "" for one in at]
        if not any(cells):
            continue
        index = known.get((cells[0], cells[1], cells[2]))
        where = shown | {"row": number}
        if index is None:
            refusals.append(FileRefusal("points_key", where | {"key": " ".join(cells[:3])[:80]}))
        elif index in found:
            refusals.append(FileRefusal("points_twice", where | {"key": " ".join(cells[:3])[:80]}))
        elif normal(cells[3]) is None:
            refusals.append(FileRefusal("points_figure", where | {"figure": cells[3][:20]}))
        elif cells[3]:
            found[index] = cells[3]
    if refusals:
        raise Refused(refusals[:200])
    return found


def _rows(upload: GivenFile, shown: dict[str, Any]) -> list[list[str]]:
    kind = ending(upload.name)
    if kind not in ("xlsx", "csv"):
        raise Refused([FileRefusal("points_kind", shown)])
    try:
        return rows_of(upload.content, is_workbook=kind == "xlsx")
    except ValueError:
        raise Refused([FileRefusal("not_a_workbook" if kind == "xlsx" else "not_text", shown)]) from None


def blank_xlsx(table: PointsTable, entry: PointsEntry | None) -> bytes:
    """The table to be filled in a spreadsheet, with one's own figures so far."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", "", table.name)[:31] or "points")
    sheet.freeze_panes = "A2"
    sheet.append([*KEYS, "points"])
    for index, key in enumerate(table.layout):
        figure = entry.figures[index] if entry else ""
        sheet.append([*key, float(figure) if figure else None])
    done = io.BytesIO()
    book.save(done)
    return done.getvalue()
