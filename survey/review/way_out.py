"""The shortest way out of poverty of a household whose interview was accepted. It is worked out when somebody reads the
record and stored nowhere: what is to be done, a person decides."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from survey.poverty.way_out import Row, WayOut, read_rows, way_out
from survey.submissions.content import Evaluated
from survey.terms import SubmissionState

# What could be improved, a file a questionnaire.
IMPROVEMENTS = Path(__file__).resolve().parents[1] / "poverty" / "improvements"


def shortest_way(state: SubmissionState, found: Evaluated | None) -> WayOut | None:
    """None before the decision, of who has nothing to leave, and of a questionnaire for which nothing is written down:
    what is told during a review would be told at the door."""
    if state is not SubmissionState.ACCEPTED or found is None:
        return None
    rows = _rows().get(found.form.id)
    return way_out(found.form, found.evaluation, rows) if rows else None


@cache
def _rows() -> dict[str, list[Row]]:
    return {path.stem: read_rows(path.read_text(encoding="utf-8")) for path in IMPROVEMENTS.glob("*.csv")}
