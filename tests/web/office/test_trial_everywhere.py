"""A trial is called one on every page, sheet and file that a round gives out, by whatever route or command: they are
found by walking, so that a new one cannot be forgotten."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click import Group
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, Household, HouseholdOutcome, Round, Submission
from survey.exports import research
from survey.exports.anonymity import Bounds
from survey.exports.files import DATA, Kind
from survey.exports.fixed_columns import IDENTITY
from survey.exports.formats import MEDIA_TYPE, SUFFIX, offers
from survey.questionnaires.published import publish
from survey.xlsform.compile import compile_workbook
from tests.commands.test_commands import run
from tests.data_files import READERS, read_back
from tests.databases import once
from tests.interviews import ROUND, accept_all
from tests.pages import text_of
from tests.rounds.test_standards import source
from tests.working import led
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, stand_as_judged

pytestmark = pytest.mark.usefixtures("small_round")
TRIAL = next(column for column in IDENTITY if column.name == "trial").words("vi")
TITLE, MARKS = "Rà soát định kỳ 2026", ("THỬ NGHIỆM", "Chạy thử")
# What is of no round: what the register holds, what was done or given, what a paper or a questionnaire says.
OF_NO_ROUND = {
    "audit.as_csv", "audit.page", "corrections.download", "register.example", "register_table.as_csv",
    "villages.as_csv", "exports.download codebook.csv", "residents.pattern", "supports.as_csv",
    "support_lists.pattern", "police.download",
}  # fmt: skip
BESIDE_ROWS = {"codebook.csv", "datapackage.json"}
# What phones and other programs fetch, questionnaires and tables of points.
BESIDE = {"static", "openrosa", "sync", "capture", "login", "questionnaires", "points"}
ASKED = {"exports": {"state": "all"}, "layouts": {"table": 4}}  # what is there to be handed out
NOBODY = {"codebook.csv", "households.geojson"}  # in the latter nobody of this round: it asks for no position
SHEETS = {  # what must be among those that were met
    "proofs.sheet", "proofs.file", "flows.page", "round_steps.page", "round_steps.commune", "rounds.listing",
    "reports.page", "reports.as_csv", "reports.listed", "layouts.page", "layouts.download",
    "member_lists.page", "member_lists.download",
    "exports.page", "desk.commune", "desk.home", "review.record",
    "review.shelf", "outcomes.listing", "workload.page", "household.page",
    *(f"exports.download {name}" for name in offers() if name not in NOBODY),
}  # fmt: skip


@pytest.fixture
def trial(app: Flask, login_as: Any, session: Session) -> str:
    """A trial that ran to its end in a commune; the id of one of its interviews."""
    once(app, session, "a trial that is closed", lambda: lay_trial(login_as, session))
    return session.scalars(select(Submission.id).where(Submission.household_id == "ho-1")).one()


def lay_trial(login_as: Any, session: Session) -> None:
    session.get_one(Round, ROUND).trial = True
    session.commit()
    accept_all(session, login_as, COMMUNE)
    session.execute(Assessment.__table__.update().values(illustrative=True))  # type: ignore[attr-defined]
    by = session.scalars(select(Submission.account_id)).first()
    session.add(
        HouseholdOutcome(
            commune_id=OTHER_COMMUNE, id="noi-1", entry_id="p-1", content_hash="c" * 64, content="{}",
            household_id=session.scalars(select(Household.id).filter_by(commune_id=OTHER_COMMUNE)).one(),
            round_id=ROUND, kind="absent", reason="x", attempts=[], account_id=by, device_id="may", received_at=NOW,
        )
    )  # fmt: skip
    stand_as_judged(session)
    supervisor = login_as("supervisor")
    assert led(supervisor, supervisor.post(f"/rounds/{ROUND}/{COMMUNE}/close")).status_code == 200


def walked(app: Flask, submission: str) -> list[tuple[str, str]]:
    """What a GET reaches with this round, commune and household in its place: (endpoint, address)."""
    values = {
        "round_id": ROUND, "commune_id": COMMUNE, "village_id": VILLAGE, "household_id": "ho-1",
        "submission_id": submission, "other_id": submission, "kind": "csv", "form_id": "phieu_thu", "version": "1",
    }  # fmt: skip
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.partition(".")[0] in BESIDE:
            continue
        address = rule.rule
        for name in rule.arguments:
            address = address.replace(f"<{name}>", values.get(name, f"<{name}>"))
        for name in offers() if rule.endpoint == "exports.download" else [""]:
            endpoint = f"{rule.endpoint} {name}".strip()
            found.append((endpoint, address.replace("<name>", name)))
    # What is of something that this round does not have (a job, a photo) is not there to be asked for.
    return [(name, address) for name, address in found if "<" not in address and name not in OF_NO_ROUND]


def marks_in(name: str, data: bytes) -> set[str]:
    """Of each row of a data file, or of each in a zip; a table that has none has the column."""
    suffix = name.rpartition(".")[2]
    if suffix == "zip":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            inside = [one for one in packed.namelist() if one not in BESIDE_ROWS]
            return set().union(*(marks_in(one, packed.read(one)) for one in inside))
    if suffix == "parquet":
        return {str(int(cell)) for cell in pq.read_table(io.BytesIO(data))["trial"].to_pylist()}
    if suffix == "geojson":
        return {str(int(one["properties"]["trial"])) for one in json.loads(data)["features"]}
    if suffix == "xml":  # of the study, not of a row
        return {"1"} if MARKS[1] in data.decode() else {"0"}
    if suffix == "xlsx":  # in words
        sheets = load_workbook(io.BytesIO(data), read_only=True).worksheets
        tables = [[*sheet.iter_rows(values_only=True)] for sheet in sheets if sheet.title != Kind.CODEBOOK]
        column = {"Có": "1", "Không": "0"}
        return {column[row[table[0].index(TRIAL)]] for table in tables for row in table[1:]}
    if suffix in READERS:
        return {str(cell) for cell in read_back(suffix, data)[0]["trial"]}
    found = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert "trial" in (found.fieldnames or ())
    return {row["trial"] for row in found}


@pytest.mark.thorough
def test_each_page_and_file_of_a_trial_says_so(app: Flask, login_as: Any, trial: str) -> None:
    met = set()
    for name in ("supervisor", "province"):
        browser = login_as(name)
        for endpoint, address in walked(app, trial):
            if name == "province" and COMMUNE in address:  # the supervisor was there
                continue
            answer = browser.get(address, query_string=ASKED.get(endpoint.partition(".")[0], {}))
            if answer.status_code != 200:
                continue
            if endpoint == "member_lists.download":
                table = load_workbook(io.BytesIO(answer.data)).worksheets[0]
                above = " ".join(str(table.cell(row, 1).value) for row in range(1, 8))
                assert MARKS[0] in above, endpoint
            elif answer.mimetype in MEDIA_TYPE.values():
                name = endpoint.partition(" ")[2] or "one.csv"
                marks = marks_in(name, answer.data)
                assert marks <= {"1"}, endpoint
                if not marks:
                    continue
            elif endpoint == "proofs.file":
                assert {one["body"]["trial"] for one in json.loads(answer.data)["proofs"]} == {True}
            elif answer.mimetype == "text/html" and TITLE in text_of(answer):
                assert [mark for mark in MARKS if mark in text_of(answer)], endpoint
            else:
                assert answer.mimetype in ("text/html", "application/json", "image/svg+xml"), endpoint
                continue
            met.add(endpoint)
    assert SHEETS - met == set()


COMMANDS = {  # what a command gives out of a round; each other acts on it, and says what it did
    "round list": [], "round flow": [ROUND], "round compare": [ROUND, "--standard", "ND07-2021"],
    "round prove": [ROUND, "--out", "FILE"], "round verify": ["FILE"],
    "export csv": ["FOLDER", "--state", "all"], "export stata": ["FOLDER", "--state", "all"],
    "export spss": ["FOLDER", "--state", "all"], "export xlsx": ["FOLDER", "--state", "all"],
    "export parquet": ["FOLDER", "--state", "all"], "export ddi": ["FOLDER"], "export geojson": ["MAP"],
    "export datapackage": ["PACKAGE", "--state", "all"],
    "export research": ["RESEARCH"], "export changes": ["CHANGES", "--state", "all"],
    "mpi": [ROUND], "what-if": [ROUND],
}  # fmt: skip
ACTS = {
    "round open", "round start", "round close", "round accept", "round reopen", "round cancel", "round move",
    "round changes",
}  # fmt: skip


@pytest.mark.thorough
def test_each_command_of_a_round_says_so_too(
    app: Flask, trial: str, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(research, "BOUNDS", Bounds(k=1, l=1, area=1, cell=1, group=1))
    named = source("ND07-2021", "2")
    publish(session, compile_workbook(named), named, NOW)
    session.commit()
    groups: dict[str, Any] = {name: app.cli.commands[name] for name in ("round", "export")}
    there = {f"{name} {one}" for name, group in groups.items() if isinstance(group, Group) for one in group.commands}
    alone = {"mpi", "what-if"}
    assert alone <= app.cli.commands.keys()
    there |= alone
    assert there == COMMANDS.keys() | ACTS
    given = {
        "FILE": str(tmp_path / "chung-thuc.json"),
        "FOLDER": str(tmp_path / "tep"),
        "PACKAGE": str(tmp_path / "goi"),
        "MAP": str(tmp_path),
        "CHANGES": str(tmp_path / "thay-doi"),
        "RESEARCH": str(tmp_path / "nghien-cuu"),
    }
    said = {}
    for name in COMMANDS:
        code, said[name] = run(app, *name.split(), *(given.get(word, word) for word in COMMANDS[name]))
        assert code == 0, said[name]
    assert f"{TITLE} – Chạy thử" in said["round list"]
    assert said["round flow"].startswith("THỬ NGHIỆM – ")
    assert said["round compare"].startswith("THỬ NGHIỆM – ")
    assert said["mpi"].startswith("THỬ NGHIỆM – ")
    assert said["what-if"].startswith("THỬ NGHIỆM – ")
    assert "Chạy thử: không dùng làm kết quả chính thức." in said["round verify"]
    assert f"{TITLE} – Chạy thử" in (tmp_path / "nghien-cuu" / "report.md").read_text("utf-8")
    for kind in ("households", "persons"):
        assert marks_in(f"{kind}.csv", (tmp_path / "nghien-cuu" / f"{kind}.csv").read_bytes()) == {"1"}
    bodies = json.loads(Path(given["FILE"]).read_text("utf-8"))["proofs"]
    assert {one["body"]["trial"] for one in bodies} == {True}
    for words in (
        ["round", "list"],
        ["round", "flow", ROUND],
        ["round", "compare", *COMMANDS["round compare"]],
        ["mpi", ROUND],
        ["what-if", ROUND],
    ):
        found = json.loads(run(app, *words, "--json")[1])
        assert (found[0] if isinstance(found, list) else found)["trial"] is True
    written = {path.name: path.read_bytes() for path in Path(given["FOLDER"]).iterdir()}
    assert set(written) == {f"{kind}.{suffix}" for kind in DATA for suffix in SUFFIX.values()} | {
        "codebook.csv",
        "codebook.xml",
        "so-ho.xlsx",
    }
    written |= {path.name: path.read_bytes() for path in Path(given["PACKAGE"]).iterdir()}
    written |= {path.name: path.read_bytes() for path in Path(given["CHANGES"]).iterdir()}
    for name in set(written) - BESIDE_ROWS - {"gone.csv", "cursor.gz"}:
        assert marks_in(name, written[name]) == {"1"}, name
