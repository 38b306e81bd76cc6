"""Which points tables a form rests on, and whether two people agreed on them.

The official B1 table cannot be read anywhere by this program, so its figures count as official only after two people
typed them from the document and came to the same (`points.py`). A form may carry a points table in two ways: each of
its rows says `minh_hoa` and the form marks its B1 result as illustrative, or the table is, row for row, one that was
agreed. Anything else cannot be published, by page or by command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import PointsTable
from survey.form.form import POINTS_LABEL, Form

KEYS = ("item", "answer", "region")
ILLUSTRATIVE, OFFICIAL = "minh_hoa", "chinh_thuc"
KNOWN_NAME = "diem_b1"


def points_tables(form: Form) -> dict[str, list[dict[str, str]]]:
    """The form's tables that give points for an answer and a region."""
    return {
        name: rows
        for name, rows in form.tables.items()
        if rows and (name == KNOWN_NAME or {*KEYS, "points"} <= set(rows[0]))
    }


def hash_of(rows: Iterable[Mapping[str, str]]) -> str:
    """What a table says, whatever the order of its rows and columns, and in whatever words its items are named."""
    lines = sorted(json.dumps(without_labels(row), sort_keys=True) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def without_labels(row: Mapping[str, str]) -> dict[str, str]:
    return {column: cell for column, cell in row.items() if not POINTS_LABEL.fullmatch(column)}


def labelled(rows: Iterable[Mapping[str, str]], like: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """`rows` with the words that another table has for the same keys."""
    words = {
        tuple(row.get(key, "") for key in KEYS): {name: row[name] for name in row if POINTS_LABEL.fullmatch(name)}
        for row in like
    }
    blank = {name: "" for found in words.values() for name in found}
    return [{**row, **blank, **words.get(tuple(row.get(key, "") for key in KEYS), {})} for row in rows]


def label_of(rows: Iterable[Mapping[str, str]], kind: str, language: str, **keys: str) -> str:
    """The first word that the rows with these `keys` have for their "item" or "answer" in a language, else in any."""
    own, others = f"{kind}_label::{language}", ""
    for row in rows:
        if all(row.get(key) == value for key, value in keys.items()):
            if row.get(own):
                return row[own]
            others = others or next((row[name] for name in row if name.startswith(f"{kind}_label::") and row[name]), "")
    return others


def agreed(session: Session, rows: Iterable[Mapping[str, str]]) -> PointsTable | None:
    """The agreed table with exactly these rows."""
    return session.scalars(select(PointsTable).where(PointsTable.rows_hash == hash_of(rows)).limit(1)).first()


def unfit_tables(session: Session, form: Form) -> list[tuple[str, str]]:
    """(table, code) of each points table the form may not be published with: `not_agreed` when it is neither
    illustrative nor agreed, `unmarked` when it is illustrative and the form's result does not say so."""
    found = []
    for name, rows in points_tables(form).items():
        if all(row.get("status") == ILLUSTRATIVE for row in rows):
            mark = form.by_outcome.get("illustrative")
            if mark is None or not _reads(mark.rules.get("calculate"), name):
                found.append((name, "unmarked"))
        elif agreed(session, rows) is None:
            found.append((name, "not_agreed"))
    return found


def _reads(tree: Any, table: str) -> bool:
    return isinstance(tree, list) and (
        tree[:3] == ["call", "instance", table] or any(_reads(branch, table) for branch in tree)
    )
