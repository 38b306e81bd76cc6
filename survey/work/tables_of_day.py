"""The official tables of a day that is over, or of a province in the borders of before: each commune is counted as it
stood then, and what it comes to lies in the job's folder; so whoever takes the work over goes on where it was.

Of all of them together the workbook, a CSV a table and what the page shows are made at the end, of small sums.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from models import Round
from models.database import snapshot
from survey.evidence import audit, proof_keys
from survey.evidence.signing import Signer
from survey.jobs.worker import Task, private
from survey.layouts import tables, workbook
from survey.layouts.evidence import register_of
from survey.layouts.flat import HEADER, flat
from survey.layouts.forms import counted_layouts
from survey.layouts.past import Past, counted_of
from survey.layouts.shown import shown
from survey.layouts.tables import Book, Scope
from survey.layouts.words import Translate
from survey.reports.csvfile import written, zipped
from survey.submissions.register_table import Level
from survey.terms import RegisterState
from survey.work.asker import check_asker
from survey.work.exporting import prepare, write

WordsIn = Callable[[str], Translate]  # of a language
LINES = ("village", "commune", "former_commune", "former_district")
PAGE = "page.json"
_COMMUNES = "communes"


def count_tables(prover: Signer, words_in: WordsIn, task: Task) -> dict[str, Any]:
    """`parameters`: a `WantedTables`. Can be stopped between two communes."""
    given = task.parameters
    at, communes = datetime.fromisoformat(given["at"]), list(given["choice"]["communes"])
    prepare(task.folder)
    counted = {}
    for number, commune_id in enumerate(communes):
        task.tell("counting", number, len(communes))
        counted[commune_id] = _counted(task, given["choice"]["round_id"], commune_id, at)
    with task.step() as session:
        proof_keys.take_up(session, prover, task.now())
    with task.reading() as session:
        snapshot(session)
        for commune_id in communes:
            check_asker(session, task, commune_id)
        translate = words_in(given["language"])
        survey_round = session.get_one(Round, given["choice"]["round_id"])
        scope = scope_of(survey_round, given["place_id"], given["lines"], Past(at, counted))
        book = tables.make(session, scope, counted_layouts(), task.now(), translate)
        files, root = _files(session, book, prover, translate)
        kept = {str(number): shown(book, number, translate) for number in book.tables}
    private(task.folder / PAGE, json.dumps(kept, ensure_ascii=False).encode())
    sha256, size = write(task.folder, zipped(files.items()))
    households = _households(scope)
    made = {"sha256": sha256, "size": size, "households": households, "tables": sorted(book.whole), "root": root}
    with task.step() as session:
        said = {
            "round": survey_round.id,
            "day": scope.past.day.isoformat() if scope.past else None,
            "lines": scope.lines,
        }
        audit.record(session, task.now(), task.account_id, "report.signed", scope.place_id, said | made)
        task.reached("counting", len(communes), len(communes))
    return made


def scope_of(survey_round: Round, place_id: str, lines: str, past: Past) -> Scope:
    """A commune or a province on a day, by what `lines` says (`LINES`)."""
    is_commune = place_id in past.communes
    communes = (place_id,) if is_commune else tuple(past.held)
    by = Level.COMMUNE if lines == Level.COMMUNE else Level.VILLAGE
    former = lines.startswith("former")
    return Scope(
        survey_round, place_id, communes, by, former=former, past=past, by_district=lines == "former_district"
    )  # fmt: skip


def page_of(folder: Path, number: int) -> Mapping[str, Any] | None:
    """A table as the page shows it; None where it is not kept (any more)."""
    try:
        kept = json.loads((folder / PAGE).read_bytes())
    except FileNotFoundError:
        return None
    found: Mapping[str, Any] | None = kept.get(str(number))
    return found


def _counted(task: Task, round_id: str, commune_id: str, at: datetime) -> dict[str, Any] | None:
    """From the folder, where somebody counted it before."""
    kept = task.folder / _COMMUNES / f"{commune_id}.json"
    if kept.is_file():
        found: dict[str, Any] | None = json.loads(kept.read_bytes())
        return found
    with task.reading() as session:
        snapshot(session)
        check_asker(session, task, commune_id)
        made = counted_of(session, session.get_one(Round, round_id), commune_id, at)
    private(kept, json.dumps(made).encode())
    return made


def _files(
    session: Session, book: Book, prover: Signer, translate: Translate
) -> tuple[dict[str, Iterator[bytes]], str]:
    """By name; and the root that the workbook is signed with."""
    scope = book.scope
    register = register_of(session, scope.communes, scope.at)
    content, root = workbook.written(book, register, prover, translate)
    name = f"bieu-{scope.place_id}-{scope.survey_round.year}"
    files = {f"{name}.xlsx": iter([content])}
    return files | {f"{name}-{one}.csv": written(HEADER, flat(book, one)) for one in sorted(book.whole)}, root


def _households(scope: Scope) -> int:
    """How many of the lists were counted."""
    assert scope.past is not None
    keys = [f"state.{one.value}" for one in RegisterState]
    return sum(
        counts.get(key, (0, 0))[0]
        for _commune, _place, counts in scope.past.of_round(scope.communes, by_village=False, village_id=None)
        for key in keys
    )
