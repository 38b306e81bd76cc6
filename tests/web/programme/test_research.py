"""The research file: what it holds, what its report says of it, and who may have it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, AuditEvent, Job
from survey.exports import research
from survey.exports.anonymity import HIDDEN, Bounds
from survey.exports.research import ANSWERS, LACKS, OF_ALL, SENSITIVE, Asked
from survey.exports.rows import Choice
from survey.terms import Action
from tests.pages import text_of
from tests.web.desk.field import CASES, Field
from tests.working import work
from tests.world import COMMUNE, NOW

PAGE = "/desk/exports"
HOUSEHOLDS = 8
SMALL = Bounds(k=2, l=2, area=4, cell=3, group=3)
Rows = list[dict[str, str]]


@pytest.fixture
def accepted(field: Any, monkeypatch: pytest.MonkeyPatch) -> Field:
    """Eight households, all accepted: three cases thrice, but for the last; five houses stand in one cell."""
    monkeypatch.setattr(research, "BOUNDS", SMALL)
    made: Field = field(HOUSEHOLDS, done=all_accepted)
    return made


def all_accepted(work: Field) -> None:
    for number in range(HOUSEHOLDS):
        entry = work.entry(number, CASES[number % 3])
        at = "21.3270001 103.9140002 612.4 4.9" if number < 5 else "22.1 104.5 0 5"
        entry["answers"].setdefault("xac_nhan", {})["vi_tri"] = at
        work.send(entry)
        work.decide(work.sent[number], Action.ACCEPT)


WHOLE = Asked()


def made(
    session: Session, work: Field, place: Path, asked: Asked = WHOLE, seed: int = 1, **more: Any
) -> dict[str, Any]:  # fmt: skip
    session.rollback()
    folder = place / "waiting"
    folder.mkdir(exist_ok=True)
    choice = Choice(work.round_id, (COMMUNE,))
    data = b"".join(research.pieces(session, choice, asked, "Đợt", NOW, folder, chance=Random(seed), **more))
    assert list(folder.iterdir()) == []  # rows wait on files without a name
    return read(data)


def read(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["households.csv", "persons.csv", "columns.csv", "report.json", "report.md"]
        tables: dict[str, Any] = {
            name: list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode(), newline="")))
            for name in ("households", "persons", "columns")
        }
        return tables | {"report": json.loads(archive.read("report.json")), "words": archive.read("report.md").decode()}


def shared(rows: Rows, names: list[str]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row[name] for name in names) for row in rows)


def test_each_combination_is_shared_and_the_report_says_by_how_many(
    session: Session, accepted: Field, tmp_path: Path
) -> None:
    found = made(session, accepted, tmp_path)
    for name, sensitive in (("households", research.SENSITIVE_LACKS), ("persons", SENSITIVE)):
        rows, said = found[name], found["report"]["files"][name]
        assert rows
        assert said["told_apart_by"] == [*OF_ALL]
        counted = shared(rows, [*OF_ALL])
        assert (min(counted.values()), len(counted)) == (said["k"], said["combinations"])
        assert said["k"] >= SMALL.k
        assert (len(rows), said["rows"]) == (said["rows"], len(rows))
        for column in (*OF_ALL, *sensitive):
            assert said["cells_hidden"][column]["cells"] == sum(row[column] == HIDDEN for row in rows), column
        for column in sensitive:
            answers = defaultdict(set)
            for row in rows:
                if row[column] not in ("", HIDDEN):
                    answers[tuple(row[name] for name in OF_ALL)].add(row[column])
            assert all(len(of) >= SMALL.l for of in answers.values())
    people = sum(len(one.values["thanh_vien"]) for one in session.scalars(select(Assessment)))
    assert len(found["persons"]) + found["report"]["files"]["persons"]["rows_left_out"] == people
    assert len(found["households"]) + found["report"]["files"]["households"]["rows_left_out"] == HOUSEHOLDS


def test_it_holds_what_was_answered_and_nothing_that_names_anybody(
    session: Session, accepted: Field, tmp_path: Path
) -> None:
    found = made(session, accepted, tmp_path, bounds=Bounds(k=1, l=1, area=1, cell=1, group=1))
    assert list(found["households"][0]) == ["key", *OF_ALL, *LACKS, "trial"]
    assert list(found["persons"][0]) == ["key", *OF_ALL, *SENSITIVE, *ANSWERS, "trial"]
    first = session.scalars(select(Assessment)).first()
    assert first is not None
    assert {row["household_class"] for row in found["households"]} == {
        one.household_class for one in session.scalars(select(Assessment))
    }
    insured = Counter(
        member.get("the_bhyt", "") for one in session.scalars(select(Assessment)) for member in one.values["thanh_vien"]
    )
    assert Counter(row["the_bhyt"] for row in found["persons"]) == insured
    assert {row["area"] for row in found["persons"]} == {"14.01"}
    everything = json.dumps(found, ensure_ascii=False)
    for secret in ("Lò Văn", "Nà Ca", *accepted.households, *accepted.sent, "21.327", "2026-10-15"):
        assert secret not in everything, secret
    described = {(row["file"], row["column"]) for row in found["columns"]}
    assert described == {(name, column) for name in ("households", "persons") for column in found[name][0]}
    assert ("persons", "sex", "nu", "Nữ") in {
        (row["file"], row["column"], row["choice"], row["choice_vi"]) for row in found["columns"]
    }


def test_each_release_has_other_keys_and_another_order(session: Session, accepted: Field, tmp_path: Path) -> None:
    first, second = (made(session, accepted, tmp_path, seed=seed) for seed in (1, 2))
    for name in ("households", "persons"):
        keys = [[row.pop("key") for row in found[name]] for found in (first, second)]
        assert not set(keys[0]) & set(keys[1])
        assert len(set(keys[0])) == len(keys[0])
        assert first[name] != second[name]
        assert shared(first[name], [*first[name][0]]) == shared(second[name], [*second[name][0]])


def test_a_sample_is_one_household_in_five(session: Session, accepted: Field, tmp_path: Path) -> None:
    bounds = Bounds(k=1, l=1, area=4, cell=3, group=3)
    found = made(session, accepted, tmp_path, Asked(sample=True), bounds=bounds)
    assert (found["report"]["households_in_the_round"], found["report"]["households_drawn"]) == (HOUSEHOLDS, 1)
    assert len(found["households"]) == 1


def test_a_cell_of_the_map_needs_its_households(session: Session, accepted: Field, tmp_path: Path) -> None:
    found = made(session, accepted, tmp_path, Asked(cells=True), bounds=Bounds(k=1, l=1, area=4, cell=5, group=3))
    cells = Counter(row["cell"] for row in found["households"])
    assert sorted(cells.values()) == [3, 5]
    assert cells[""] == 3  # three houses stand in the other one
    assert list(found["households"][0])[:9] == ["key", *OF_ALL, "cell"]
    hidden = made(session, accepted, tmp_path, Asked(cells=True))  # told apart by it too: the first to be hidden
    assert min(shared(hidden["households"], [*OF_ALL, "cell"]).values()) >= SMALL.k


def test_a_group_of_few_in_its_area_is_another_one(session: Session, accepted: Field, tmp_path: Path) -> None:
    found = made(session, accepted, tmp_path, bounds=Bounds(k=1, l=1, area=4, cell=3, group=HOUSEHOLDS + 1))
    assert {row["people"] for row in (*found["households"], *found["persons"])} <= {"khac", ""}


def test_its_report_stands_beside_it_in_words(session: Session, accepted: Field, tmp_path: Path) -> None:
    words = made(session, accepted, tmp_path)["words"]
    assert "mỗi tổ hợp của các cột phân biệt có ít nhất 2 hộ" in words
    assert "shared by 2 households at least" in words
    assert "| rows_left_out |" in words
    assert "{" not in words


def test_the_province_asks_for_it_and_nobody_else_has_it(
    app: Flask, session: Session, accepted: Field, login_as: Any
) -> None:
    assert login_as("supervisor").post(f"{PAGE}/research").status_code == 403
    assert "Tệp nghiên cứu" not in login_as("supervisor").get(PAGE).text
    browser = login_as("province")
    assert "Tệp nghiên cứu" in browser.get(PAGE).text
    answer = browser.post(f"{PAGE}/research", data={"cells": "on"})
    assert answer.status_code == 303
    work(app)
    job_id = answer.location.rsplit("/", 1)[1]
    session.rollback()
    job = session.get_one(Job, job_id)
    assert (job.kind, job.state, job.parameters["asked"]) == ("research", "done", {"cells": True, "sample": False})
    with browser.get(f"{PAGE}/made/{job_id}", buffered=True) as got:
        assert got.headers["Content-Disposition"] == "attachment; filename=so-ho-research-2026.zip"
        assert read(got.get_data())["report"]["promised"]["k"] == SMALL.k
    for other in ("province-other", "admin", "supervisor"):
        assert login_as(other).get(f"{PAGE}/made/{job_id}").status_code == 404
    session.rollback()
    verbs = Counter(session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.like("export.%"))))
    assert verbs == {"export.asked": 1, "export.made": 1, "export.read": 1}


def test_a_round_of_few_is_refused(app: Flask, session: Session, field: Any, login_as: Any, tmp_path: Path) -> None:
    work_: Field = field(2)
    work_.send(work_.entry(0, CASES[0]))
    work_.decide(work_.sent[0], Action.ACCEPT)
    browser = login_as("province")
    answer = browser.post(f"{PAGE}/research")
    work(app)
    assert "2.000 hộ" in text_of(browser.get(answer.location))
    done = app.test_cli_runner().invoke(args=["export", "research", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "2.000 hộ" in done.output
    assert list((tmp_path / "out").iterdir()) == []


def test_a_command_writes_the_files_into_a_folder(
    app: Flask, session: Session, accepted: Field, tmp_path: Path
) -> None:
    done = app.test_cli_runner().invoke(args=["export", "research", str(tmp_path / "out"), "--cells"])
    assert done.exit_code == 0, done.output
    names = {"households.csv", "persons.csv", "columns.csv", "report.json", "report.md"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    detail = session.scalars(select(AuditEvent).where(AuditEvent.verb == "export.read")).one().detail
    assert (set(detail["files"]), detail["cells"], detail["sample"]) == (names, True, False)
