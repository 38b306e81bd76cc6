"""`report tables|verify` and `register residents …` as they are typed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import ProofKey, ResidentCount, Round
from survey.evidence.proof_keys import fingerprint
from survey.reports.csvfile import written
from survey.residents.resident_list import headings
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all
from tests.world import COMMUNE, OTHER_COMMUNE, VILLAGE

pytestmark = pytest.mark.usefixtures("small_round")
RESIDENTS = ("register", "residents")
NUMBERS = ("--day", "2025-12-31", "--households", "20", "--status", "published", "--source", "Niên giám")


def said(app: Flask, *words: str) -> tuple[int, Any]:
    code, text = run(app, *words, "--json")
    return code, json.loads(text.splitlines()[0])


def test_numbers_are_entered_confirmed_and_listed(app: Flask) -> None:
    enter = (*RESIDENTS, "enter", VILLAGE, *NUMBERS, "--persons", "90")
    assert said(app, *enter, "--by", "supervisor")[1]["done"] is True
    assert said(app, *RESIDENTS, "confirm", VILLAGE, "1", "--by", "supervisor")[1]["rule"] == "own_residents"
    code, found = said(app, *RESIDENTS, "list", COMMUNE, "--round", ROUND)
    assert (code, [one["seq"] for one in found["waiting"]], found["standing"]) == (0, [1], [])
    assert VILLAGE in found["missing"]
    confirm = (*RESIDENTS, "confirm", VILLAGE, "1", "--by", "province")
    assert said(app, *confirm) == (0, {"done": True, "action": "confirm"})
    [standing] = said(app, *RESIDENTS, "list", VILLAGE, "--round", ROUND)[1]["standing"]
    assert (standing["households"], standing["persons"], standing["state"]) == (20, 90, "confirmed")
    assert "Bản Nà Ca" in run(app, *RESIDENTS, "list", COMMUNE, "--round", ROUND)[1]
    revoke = (*RESIDENTS, "revoke", VILLAGE, "1", "--by", "supervisor")
    assert said(app, *revoke)[1]["rule"] == "register_reason_needed"
    assert said(app, *revoke, "--reason", "nhầm")[0] == 0


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("enter", "99999", *NUMBERS, "--by", "supervisor"), "place_unknown"),
        (("enter", VILLAGE, *NUMBERS, "--by", "nobody"), "account_unknown"),
        (("enter", VILLAGE, *NUMBERS, "--by", "supervisor-other"), "forbidden"),
        (("enter", VILLAGE, *NUMBERS, "--by", "enumerator"), "forbidden"),
        (("enter", "14", *NUMBERS, "--by", "supervisor"), "forbidden"),
        (("enter", VILLAGE, *NUMBERS, "--persons", "3", "--by", "supervisor"), "persons_below_households"),
        (("enter", VILLAGE, *NUMBERS, "--households", "-1", "--by", "supervisor"), "called_wrongly"),
        (("confirm", VILLAGE, "7", "--by", "province"), "not_found"),
        (("confirm-list", "x", "--by", "province"), "not_found"),
        (("list", "không có"), "place_unknown"),
    ],
)
def test_what_cannot_be_is_refused_with_its_rule(
    app: Flask, session: Session, words: tuple[str, ...], rule: str
) -> None:
    code, found = said(app, *RESIDENTS, *words)
    assert (code in (1, 2), found["rule"]) == (True, rule)
    assert session.scalars(select(ResidentCount)).all() == []


def test_a_list_of_a_province_is_tried_entered_and_confirmed_as_one(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "ho-dan-cu.csv"

    def bring(*rows: list[str], more: tuple[str, ...] = ()) -> tuple[int, Any]:
        path.write_bytes(b"".join(written(headings(), rows)))
        return said(app, *RESIDENTS, "import", str(path), "--province", "14", "--by", "province", *more)

    def row(place_id: str, households: str) -> list[str]:
        return [place_id, "", "31/12/2025", households, "", "", "", "", "", "Ước tính", "CV 12"]

    code, found = bring(row(COMMUNE, "một"), row("99999", "2"))
    assert (code, found["kinds"]) == (1, {"not_a_number": 1, "place_not_here": 1})
    assert bring(row(COMMUNE, "1.500"), row("14", "300000"), more=("--dry-run",))[1]["done"] is False
    assert session.scalars(select(ResidentCount)).all() == []
    code, found = bring(row(COMMUNE, "1.500"), row("14", "300000"))
    assert (code, found["places"]) == (0, 2)
    assert said(app, *RESIDENTS, "confirm-list", found["act"], "--by", "province")[1]["rule"] == "own_residents"
    # A commune's officer confirms what is of the commune, not what is of the province.
    assert said(app, *RESIDENTS, "confirm-list", found["act"], "--by", "supervisor")[1]["places"] == 1


def test_tables_are_written_refused_with_what_is_missing_and_verified(
    app: Flask, session: Session, login_as: Any, tmp_path: Path
) -> None:
    accept_all(session, login_as, COMMUNE, OTHER_COMMUNE)
    out = tmp_path / "bieu"
    code, found = said(app, "report", "tables", ROUND, "--out", str(out))
    assert code == 1  # some are not handed out, and each says why
    by_place = {one["place"]: one for one in found["places"]}
    assert set(by_place) == {COMMUNE, OTHER_COMMUNE, "14"}
    assert by_place[COMMUNE]["tables"] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert "Chưa nhập và xác nhận số hộ dân cư, nhân khẩu" in " ".join(by_place[COMMUNE]["refused"]["1"])
    assert by_place["14"]["tables"] == []  # 73 communes are not of the round
    files = sorted(path.name for path in out.iterdir())
    assert f"bieu-{COMMUNE}-2026.xlsx" in files
    assert f"bieu-{COMMUNE}-2026-4.csv" in files
    workbook = out / f"bieu-{COMMUNE}-2026.xlsx"
    code, verdict = said(app, "report", "verify", str(workbook))
    assert (code, verdict["holds"], verdict["root"]) == (0, True, by_place[COMMUNE]["root"])
    assert "Tất cả đúng như khi ký." in run(app, "report", "verify", str(workbook))[1]
    key = fingerprint(session.scalars(select(ProofKey.public_key)).one())
    assert run(app, "report", "verify", str(workbook), "--key", key)[0] == 0
    assert run(app, "report", "verify", str(workbook), "--key", "0" * 32)[0] == 1
    assert run(app, "report", "verify", str(workbook), "--key", "x")[0] == 2
    file = load_workbook(io.BytesIO(workbook.read_bytes()))
    sheet = file["Biểu 4"]
    cell = next(one for row in sheet.iter_rows(min_row=8) for one in row if isinstance(one.value, int))
    cell.value += 1
    file.save(workbook)
    code, verdict = said(app, "report", "verify", str(workbook))
    assert (code, verdict["holds"]) == (1, False)
    [broken] = verdict["broken"]
    assert (broken["code"], broken["sheet"], broken["cell"]) == ("changed", "Biểu 4", cell.coordinate)
    code, text = run(app, "report", "verify", str(workbook))
    assert (code, f"Biểu 4 {cell.coordinate}: Khi ký là" in text) == (1, True)


def test_a_round_that_is_not_there_and_a_folder_that_cannot_be(app: Flask, tmp_path: Path) -> None:
    assert said(app, "report", "tables", "x", "--out", str(tmp_path))[1]["rule"] == "round_unknown"
    words = ("report", "tables", ROUND, "--commune", "00000", "--out", str(tmp_path))
    assert said(app, *words)[1]["rule"] == "round_not_there"
    (tmp_path / "tep").write_text("x")
    assert run(app, "report", "verify", str(tmp_path / "tep"))[0] == 1
    assert run(app, "report", "verify", str(tmp_path / "khong-co"))[0] == 2


def test_the_shipped_plan_is_loaded_and_shown(app: Flask) -> None:
    assert said(app, "plan", "load", "--by", "supervisor")[1]["rule"] == "forbidden"
    assert said(app, "plan", "load", "--by", "province-other")[1]["rule"] == "forbidden"
    assert said(app, "plan", "load", "--by", "province") == (
        0, {"done": True, "targets": 17, "figures": 38, "sets": 1},
    )  # fmt: skip
    assert said(app, "plan", "load", "--by", "province")[1]["targets"] == 0
    code, found = said(app, "plan", "show")
    first, fall = found["targets"][:2]
    assert (code, first["actual"], first["light"], first["hatched"]) == (0, 17.83, "green", True)
    assert (first["numerator"], first["denominator"], first["unit"]) == ("poor", "resident", "percent")
    assert (round(fall["fell"], 4), fall["value"], fall["comparison"]) == (3.78, 3, "gt")
    assert said(app, "plan", "show", "--place", COMMUNE)[1] == {"targets": []}
    assert said(app, "plan", "show", "--place", "x")[1]["rule"] == "place_unknown"
    assert "Đúng hoặc vượt lộ trình" in run(app, "plan", "show")[1]


def test_a_trial_is_called_one(app: Flask, session: Session, login_as: Any, tmp_path: Path) -> None:
    accept_all(session, login_as, COMMUNE)
    session.execute(update(Round).values(trial=True))
    session.commit()
    words = ("report", "tables", ROUND, "--commune", COMMUNE, "--out", str(tmp_path / "a"))
    assert run(app, *words)[1].startswith("THỬ NGHIỆM – ")
    assert said(app, *words)[1]["trial"] is True
