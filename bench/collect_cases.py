"""The households of tests/cases/households.md for ODK's engines: what they are given, and what they must find.

The context comes from the row of households.csv that the first question chooses, as on a phone. Class, points, the
twelve indicators, the soft warnings and the closing note must be what the server finds.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from csv import DictWriter
from datetime import datetime
from typing import Any

from survey.clocks import day_of
from survey.collect.entities import COLUMNS, entity_id
from survey.collect.xform import OWN, collect_edition
from survey.form.record import Clock, evaluate
from survey.poverty.assess import assess
from tests.poverty.households import FILE, QUESTIONNAIRES, Case, household_form, read_cases

CONTEXT = ("ma_ho", "khu_vuc", "vung", "cach_b1", "phan_loai_nam_truoc")
HOUSEHOLD = entity_id("03757", "dot", "ho-1")
FORM = household_form()
# An interview from before it was asked how the income is known: Collect begins with the default answer.
CASES = [
    case
    for case in read_cases(FORM, FILE.read_text(encoding="utf-8"))
    if case.answers.get("thu_nhap", {}).get("cach_thu_nhap", "") is not None
]


def edition() -> str:
    return collect_edition((QUESTIONNAIRES / "ra_soat_ho.md").read_text(encoding="utf-8"))


def morning_of(case: Case) -> datetime:
    return datetime.fromisoformat(f"{case.answers['ngay_ra_soat']}T09:00:00+07:00")


def files_of(case: Case) -> dict[str, str]:
    """The tables beside the form, households.csv with the case's household."""
    points = (QUESTIONNAIRES / "diem_b1.csv").read_text(encoding="utf-8")
    return {"households.csv": _list_of(case.answers), "diem_b1.csv": points}


def _list_of(answers: dict[str, Any]) -> str:
    """households.csv with the case's household and one of another form, which must not be offered."""
    row = dict.fromkeys(COLUMNS, "") | {
        "name": HOUSEHOLD, "label": "Lò Văn A · 001 · Bản Nà Ca", "__version": "3", "form_id": "ra_soat_ho",
        "title": "Lò Văn A", "state": "to_visit", "household_id": "ho-1", "round_id": "dot", "commune_id": "03757",
        **{name: answers.get(name) or "" for name in CONTEXT},
    }  # fmt: skip
    text = io.StringIO()
    writer = DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows([row, row | {"name": entity_id("03757", "dot", "ho-2"), "form_id": "khac"}])
    return text.getvalue()


def given(case: Case) -> dict[str, Any]:
    """The answers of a case; nothing of the context."""
    return {name: value for name, value in case.answers.items() if name not in CONTEXT and value}


def differences(case: Case, values: Mapping[str, str], said: Collection[str]) -> Iterator[str]:
    """What an engine finds otherwise than the server: `values` by path without /data; `said`, the notes shown."""
    moment = morning_of(case)
    evaluation = evaluate(FORM, case.answers, Clock(day_of(moment), moment))
    ours = assess(FORM, evaluation)
    for name in CONTEXT:
        if values.get(name, "") != (case.answers.get(name) or ""):
            yield f"{name}: {values.get(name)!r}"
    if values.get("phan_loai", "") != (ours.household_class or ""):
        yield f"phan_loai: theirs {values.get('phan_loai')!r}, ours {ours.household_class!r}"
    for name, number in (("b1_tong", ours.b1), ("b2_tong", ours.b2)):
        theirs = values.get(name, "")
        if (float(theirs) if theirs else None) != number:
            yield f"{name}: theirs {theirs!r}, ours {number!r}"
    for item, result in zip(FORM.indicators, ours.indicators, strict=True):
        theirs = values.get(item.path, "")
        if theirs != ("" if result.deprived is None else str(int(result.deprived))):
            yield f"{item.path}: theirs {theirs!r}, ours {result.deprived!r}"
    note = f"{OWN}_refused" if ours.refused else f"{OWN}_{ours.household_class or 'missing'}"
    if note not in said:
        yield f"no note {note}: {sorted(said)}"
    warnings = (problem.path for problem in evaluation.problems if problem.kind == "warning")
    warned = {f"{OWN}_w_{path.rpartition('/')[2]}" for path in warnings}
    if warned != {name for name in said if name.startswith(f"{OWN}_w_")}:
        yield f"warnings: theirs {sorted(said)}, ours {sorted(warned)}"


def refusals(case: Case) -> dict[str, str]:
    """What the server will not take of a case, by path: required, constraint."""
    moment = morning_of(case)
    problems = evaluate(FORM, case.answers, Clock(day_of(moment), moment)).problems
    return {problem.path: problem.kind for problem in problems if problem.severity == "error"}
