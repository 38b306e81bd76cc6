"""What an export of changes reads: no more than changed, however many households there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from models import Household
from models.commune_counter import lock_commune
from survey.exports import changes, rows
from survey.exports.changes import Cursor
from survey.exports.rows import Choice
from survey.terms import Action
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

WIDE = ("assessment", "deprivation", "household_outcome")  # what rows of answers are made of


@pytest.fixture
def accepted(field: Any) -> Field:
    """Five households, all with an accepted interview."""
    made: Field = field(5, done=all_accepted)
    return made


def all_accepted(work: Field) -> None:
    for number in range(5):
        work.send(work.entry(number, CASES[number]))
        work.decide(work.sent[number], Action.ACCEPT)


class Reader:
    """Exports, one after the other, and says what each read."""

    def __init__(self, session: Session, round_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.session, self.folder, self.number = session, folder, 0
        self.choice = Choice(round_id, (COMMUNE, OTHER_COMMUNE))
        self.cursor: Cursor | None = None
        self.read: Counter[str] = Counter()
        really = rows._read

        def counted(session: Session, statement: Any) -> Iterator[Any]:
            for row in really(session, statement):
                self.read[row.household_id] += 1
                yield row

        monkeypatch.setattr(rows, "_read", counted)

    def export(self) -> tuple[set[str], Counter[str]]:
        """The households of which rows were read, and how often each wide table was asked."""
        self.session.rollback()
        self.read.clear()
        asked: Counter[str] = Counter()

        def seen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            asked.update(table for table in WIDE if f"FROM {table}" in statement or f"JOIN {table}" in statement)

        self.number += 1
        path = self.folder / f"{self.number}.gz"
        connection = self.session.connection()
        event.listen(connection, "before_cursor_execute", seen)
        try:
            with ExitStack() as waiting:
                for name, pieces in changes.files(
                    self.session, self.choice, {}, self.cursor, "vi", "Rà soát", NOW, self.folder, waiting
                ):
                    content = b"".join(pieces)
                    if name == changes.CURSOR:
                        path.write_bytes(content)
        finally:
            event.remove(connection, "before_cursor_execute", seen)
        self.cursor = changes.cursor_in(self.session, path, self.choice)
        return {*self.read}, asked


@pytest.fixture
def reader(accepted: Field, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(session, accepted.round_id, tmp_path, monkeypatch)


def test_of_a_commune_without_a_turn_since_nothing_is_read(reader: Reader, accepted: Field) -> None:
    everybody, asked = reader.export()
    assert everybody == {*accepted.households} and asked["assessment"] > 0
    assert reader.export() == (set(), Counter())


def test_of_one_with_a_turn_only_who_is_other_is_read(reader: Reader, accepted: Field) -> None:
    reader.export()
    lock_commune(accepted.session, COMMUNE)  # somebody wrote of it, and nothing of what is exported
    accepted.session.commit()
    nobody, asked = reader.export()
    assert (nobody, asked["assessment"], asked["deprivation"]) == (set(), 0, 0)
    accepted.decide(accepted.sent[2], Action.REOPEN, comments=[{"path": None, "text": "Xem lại"}])
    lock_commune(accepted.session, COMMUNE)
    another = update(Household).where(Household.id == accepted.households[4]).values(code="03757-01-099")
    accepted.session.execute(another)
    accepted.session.commit()
    one, _asked = reader.export()
    assert one == {accepted.households[4]}  # the other is gone, for which nothing is read
    assert reader.export()[0] == set()


def test_another_program_reads_all_anew(reader: Reader, accepted: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    reader.export()
    monkeypatch.setattr(changes, "_program", lambda: "another")
    assert reader.export()[0] == {*accepted.households}
    assert reader.export()[0] == set()
