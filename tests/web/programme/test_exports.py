"""Data files: they open rightly in Excel, hold what was accepted, and are put on record."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, AuditEvent, Deprivation
from models.database import snapshot
from survey.exports import files
from survey.exports.columns import question_columns
from survey.exports.files import DATA, LONG, Kind, data_files
from survey.exports.formats import offers
from survey.exports.rows import Choice
from survey.form.form import Form, Item
from survey.questionnaires.published import publish
from survey.reports.csvfile import Style, as_text, written, zipped
from survey.terms import Action, B1Method
from tests.data_files import package_faults, read_back
from tests.web.desk.field import CASES, FORM, SOURCE, Field, three_accepted
from tests.world import COMMUNE, NOW

Row = dict[str, str]


def table(data: bytes, delimiter: str = ",") -> list[Row]:
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    assert text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.fixture
def accepted(field: Any) -> Field:
    """Six households: three accepted, one waiting, one returned, one not visited."""
    work: Field = field(6, done=and_one_returned)
    return work


def and_one_returned(work: Field) -> None:
    three_accepted(work)
    work.decide(work.sent[4], Action.RETURN)


def download(browser: Any, name: str, query: str = "") -> list[Row]:
    answer = browser.get(f"/desk/{COMMUNE}/exports/{name}{query}")
    assert answer.status_code == 200
    return table(answer.get_data())


def test_only_accepted_households_leave_by_default(accepted: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    rows = download(browser, "households.csv")
    assert {row["entry_id"] for row in rows} == set(accepted.sent[:3])
    assert {(row["state"], row["provisional"]) for row in rows} == {("accepted", "0")}
    everything = download(browser, "households.csv", "?state=all")
    assert {row["entry_id"] for row in everything} == set(accepted.sent)
    assert {row["entry_id"] for row in everything if row["provisional"] == "1"} == set(accepted.sent[3:])


def test_a_household_is_exported_as_it_was_answered_and_assessed(accepted: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    row = download(browser, "households.csv")[0]
    submission = accepted.submission(row["entry_id"])
    found = accepted.session.get_one(Assessment, (COMMUNE, submission.id))
    assert row["household_class"] == found.household_class
    assert float(row["b1_points"]) == found.b1_points
    assert row["head_name"] == "Lò Văn Đông"
    assert row["village_name"] == "Bản Nà Ca"
    assert row["commune_id"] == COMMUNE
    assert row["nha_o__tuong"] == found.values["nha_o"]["tuong"]
    members = [one for one in download(browser, "members.csv") if one["entry_id"] == row["entry_id"]]
    assert [one["thanh_vien__ho_ten"] for one in members] == [one["ho_ten"] for one in found.values["thanh_vien"]]
    assert [one["member_position"] for one in members] == [str(n + 1) for n in range(len(members))]
    lacks = [one for one in download(browser, "deprivations.csv") if one["entry_id"] == row["entry_id"]]
    stored = accepted.session.scalars(
        select(Deprivation).filter_by(commune_id=COMMUNE, submission_id=submission.id)
    ).all()
    assert {one["indicator"]: one["deprived"] for one in lacks} == {s.indicator: str(int(s.deprived)) for s in stored}
    assert len(lacks) == 12
    assert all(one["because"] for one in lacks if one["deprived"] == "1")


def test_several_answers_keep_their_column_and_get_one_for_each_choice(accepted: Field, login_as: Any) -> None:
    for row in download(login_as("supervisor"), "households.csv"):
        chosen = row["tai_san_ho__tai_san"].split()
        names = [name for name in row if name.startswith("tai_san_ho__tai_san__")]
        assert len(names) > 3
        assert {name.rsplit("__", 1)[1] for name in names if row[name] == "1"} == set(chosen)


def test_the_codebook_explains_every_column_and_code(accepted: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    book = download(browser, "codebook.csv")
    for name in ("households", "members", "deprivations", "no_interview"):
        header = (
            browser.get(f"/desk/{COMMUNE}/exports/{name}.csv")
            .get_data()
            .decode("utf-8-sig")
            .split("\r\n")[0]
            .split(",")
        )
        explained = [row["column"] for row in book if row["file"] == name and not row["choice"]]
        assert explained == header
        assert len(set(header)) == len(header)
    choices = [row for row in book if row["column"] == "nha_o__tuong" and row["choice"]]
    assert {row["choice"] for row in choices} == {
        choice["name"] for choice in FORM.choices[FORM.node("nha_o/tuong").list or ""]
    }
    assert all(row["choice_vi"] for row in choices)


def test_the_illustrative_table_has_its_own_column(field: Any, login_as: Any) -> None:
    work = field(1, B1Method.TABLE)
    work.send(work.entry(0, CASES[0]))
    work.decide(work.sent[0], Action.ACCEPT)
    browser = login_as("supervisor")
    for name in ("households.csv", "members.csv", "deprivations.csv"):
        assert {row["b1_illustrative"] for row in download(browser, name)} == {"1"}


def test_a_zip_holds_all_five(accepted: Field, login_as: Any) -> None:
    data = login_as("province").get(f"/desk/{COMMUNE}/exports/so-ho.zip").get_data()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "households.csv",
            "members.csv",
            "deprivations.csv",
            "no_interview.csv",
            "codebook.csv",
        ]
        assert len(table(archive.read("households.csv"))) == 3


def as_in_csv(cell: Any, numbers: dict[int, str]) -> str:
    """A cell of a Stata or SPSS file as the CSV has it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, int) and numbers:
        return numbers[cell]
    return as_text(cell) if isinstance(cell, int | float | str) else str(cell)


@pytest.mark.parametrize("suffix", ["dta", "sav"])
def test_stata_and_spss_hold_what_the_csv_holds(accepted: Field, login_as: Any, suffix: str) -> None:
    browser = login_as("supervisor")
    book = download(browser, "codebook.csv")
    for kind in DATA:
        of_file = [row for row in book if row["file"] == kind]
        short = {row["column"]: row["short_name"] for row in of_file}
        numbers: dict[str, dict[int, str]] = defaultdict(dict)
        for row in of_file:
            if row["choice_number"]:
                numbers[row["column"]][int(row["choice_number"])] = row["choice"]
        columns, said = read_back(suffix, browser.get(f"/desk/{COMMUNE}/exports/{kind}.{suffix}").get_data())
        assert list(columns) == list(short.values())
        for position, row in enumerate(download(browser, f"{kind}.csv")):
            found = {name: as_in_csv(columns[short[name]][position], numbers[name]) for name in short}
            assert found == {name: row[name].rstrip() for name in short}
        assert said.variable_value_labels.get("state", {}).get(4) == "Đã duyệt phiếu"
        assert all(len(label or "") <= 80 for label in said.column_labels)


def sheets_of(data: bytes) -> dict[str, list[list[Any]]]:
    book = load_workbook(io.BytesIO(data))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


def test_the_workbook_has_a_sheet_for_each_file_in_words_or_codes(accepted: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    words = sheets_of(browser.get(f"/desk/{COMMUNE}/exports/so-ho.xlsx").get_data())
    codes = sheets_of(browser.get(f"/desk/{COMMUNE}/exports/so-ho.xlsx?cells=codes").get_data())
    assert list(words) == list(codes) == ["households", "members", "deprivations", "no_interview", "codebook"]
    for kind in words:
        assert len(words[kind]) == len(codes[kind]) == len(download(browser, f"{kind}.csv")) + 1
    wall = codes["households"][0].index("nha_o__tuong")
    label = {choice["name"]: choice["label"]["vi"] for choice in FORM.choices[FORM.node("nha_o/tuong").list or ""]}
    for row, coded in zip(words["households"][1:], codes["households"][1:], strict=True):
        assert row[wall] == label[coded[wall]]
    assert words["households"][0][wall] == FORM.node("nha_o/tuong").label["vi"]


def test_a_wide_row_has_the_members_and_indicators_of_its_household(accepted: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    rows = download(browser, "wide.csv", "?state=all")
    long = download(browser, "households.csv", "?state=all")
    assert [{name: row[name] for name in one} for row, one in zip(rows, long, strict=True)] == long
    members, lacks = (
        grouped(download(browser, name, "?state=all")) for name in ("members.csv", "deprivations.csv")
    )  # fmt: skip
    most = max(map(len, members.values()))
    assert f"thanh_vien__{most}__ho_ten" in rows[0]
    assert f"thanh_vien__{most + 1}__ho_ten" not in rows[0]
    own = [name for name in next(iter(members.values()))[0] if name.startswith("thanh_vien__")]
    for row in rows:
        assert {one["indicator"]: one["deprived"] for one in lacks[row["entry_id"]]} == {
            name.removeprefix("lacks__"): row[name] for name in row if name.startswith("lacks__")
        }
        for position in range(1, most + 1):
            listed = dict(enumerate(members[row["entry_id"]], start=1)).get(position, {})
            for name in own:
                beside = name.replace("thanh_vien__", f"thanh_vien__{position}__", 1)
                assert row[beside] == listed.get(name, ""), beside
        assert row["members_beside"] == "0"


def grouped(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["entry_id"]].append(row)
    return found


def test_a_household_with_more_members_than_a_sheet_takes_says_how_many(
    accepted: Field, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_WIDE", 1)
    browser = login_as("supervisor")
    members = grouped(download(browser, "members.csv"))
    for row in download(browser, "wide.csv"):
        assert "thanh_vien__2__ho_ten" not in row
        assert int(row["members_beside"]) == len(members[row["entry_id"]]) - 1
    data = browser.get(f"/desk/{COMMUNE}/exports/so-ho-wide.xlsx").get_data()
    assert list(sheets_of(data)) == ["wide", "codebook"]


@pytest.mark.parametrize(("shape", "name"), [("long", "so-ho.xlsx"), ("wide", "so-ho-wide.xlsx")])
def test_a_command_writes_the_workbook(app: Any, accepted: Field, tmp_path: Any, shape: str, name: str) -> None:
    out = tmp_path / "out"
    words = ["export", "xlsx", str(out), "--commune", COMMUNE, "--shape", shape, "--cells", "codes"]
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    first = next(iter(sheets_of((out / name).read_bytes()).values()))
    assert first[0][:2] == ["round_id", "round_year"]
    assert len(first) == 4


def test_the_data_package_is_valid_and_holds_every_row(accepted: Field, login_as: Any, tmp_path: Any) -> None:
    browser = login_as("supervisor")
    data = browser.get(f"/desk/{COMMUNE}/exports/so-ho-datapackage.zip?state=all").get_data()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [f"{kind}.csv" for kind in LONG] + ["datapackage.json"]
        archive.extractall(tmp_path)
    assert package_faults(tmp_path) == []
    described = json.loads((tmp_path / "datapackage.json").read_text("utf-8"))
    assert described["title"] == "Rà soát định kỳ 2026"
    for kind in LONG:
        with (tmp_path / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)) == download(browser, f"{kind}.csv", "?state=all")


def test_a_command_writes_the_data_package(app: Any, accepted: Field, tmp_path: Any) -> None:
    out = tmp_path / "out"
    done = app.test_cli_runner().invoke(args=["export", "datapackage", str(out), "--commune", COMMUNE])
    assert done.exit_code == 0, done.output
    assert package_faults(out) == []


def test_the_codebooks_page_explains_every_column_and_code(accepted: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    page = browser.get(f"/desk/{COMMUNE}/exports/codebook").get_data(as_text=True)
    for row in download(browser, "codebook.csv"):
        assert f"<code>{row['choice'] or row['column']}</code>" in page, row
    shown = re.search(r"<code>ho_can_ngheo</code> Hộ cận nghèo", page)
    assert shown and page[shown.start() - 4 : shown.start()] == "2 · "
    assert "<code>tai_san_ho__tai_san__binh_c188a7</code>" in page
    assert "Lò Văn Đông" not in page


def test_positions_go_on_a_map_without_names(app: Any, field: Any, login_as: Any, tmp_path: Any) -> None:
    work: Field = field(2)
    for number, said in ((0, "21.3270001 103.9140002 612.4 4.9"), (1, None)):
        entry = work.entry(number, CASES[number])
        if said:
            entry["answers"].setdefault("xac_nhan", {})["vi_tri"] = said
        work.send(entry)
        work.decide(work.sent[number], Action.ACCEPT)
    answer = login_as("supervisor").get(f"/desk/{COMMUNE}/exports/households.geojson")
    assert answer.mimetype == "application/geo+json"
    [one] = json.loads(answer.get_data())["features"]
    assert one["geometry"]["coordinates"] == [103.9140002, 21.3270001, 612.4]
    assert one["properties"]["entry_id"] == work.sent[0]
    assert "Lò Văn Đông" not in answer.get_data(as_text=True)
    done = app.test_cli_runner().invoke(args=["export", "geojson", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "households.geojson").read_bytes() == answer.get_data()


def test_the_codebook_is_xml_for_archives(app: Any, accepted: Field, login_as: Any, tmp_path: Any) -> None:
    answer = login_as("supervisor").get(f"/desk/{COMMUNE}/exports/codebook.xml")
    assert answer.mimetype == "application/xml"
    assert b"<titl>R\xc3\xa0 so\xc3\xa1t" in answer.get_data()
    assert "Lò Văn Đông".encode() not in answer.get_data()
    done = app.test_cli_runner().invoke(args=["export", "ddi", str(tmp_path / "out"), "--commune", COMMUNE])
    assert done.exit_code == 0, done.output
    written = (tmp_path / "out" / "codebook.xml").read_bytes()
    assert written.count(b"<var ") == answer.get_data().count(b"<var ") > 300


def test_a_code_keeps_its_number_whichever_versions_were_answered(accepted: Field, login_as: Any) -> None:
    browser, walls = login_as("supervisor"), FORM.node("nha_o/tuong").list or ""

    def numbers() -> dict[str, str]:
        rows = download(browser, "codebook.csv")
        return {
            row["choice"]: row["choice_number"] for row in rows if row["column"] == "nha_o__tuong" and row["choice"]
        }

    first = [choice["name"] for choice in FORM.choices[walls]]
    assert numbers() == {name: str(number) for number, name in enumerate(first, start=1)}
    for version, more, days in (("sau", [{"name": "kinh", "label": {"vi": "Kính"}}], 1), ("truoc", [], -400)):
        other = Form.from_json(FORM.as_json())
        other.version, other.choices = version, other.choices | {walls: [*more, *reversed(FORM.choices[walls])]}
        publish(accepted.session, other, SOURCE, NOW + timedelta(days=days))
        accepted.session.commit()
        if version == "sau":  # what comes later changes no number
            assert numbers() == {name: str(number) for number, name in enumerate(first, start=1)}
    # What nobody answered counts as well: it may have been answered in a round before.
    assert numbers() == {name: str(number) for number, name in enumerate(reversed(first), start=1)}


def test_the_page_offers_each_file_in_each_format(accepted: Field, login_as: Any) -> None:
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/exports").get_data(as_text=True)
    for name in offers():
        assert f"/exports/{name}?" in page
    chosen = login_as("supervisor").get(f"/desk/{COMMUNE}/exports?cells=codes&state=all").get_data(as_text=True)
    assert re.search(r'/exports/so-ho.xlsx\?[^"]*state=all&amp;cells=codes"', chosen)


def test_parquet_holds_what_the_csv_holds(app: Any, accepted: Field, login_as: Any, tmp_path: Any) -> None:
    done = app.test_cli_runner().invoke(args=["export", "parquet", str(tmp_path / "out"), "--state", "all"])
    assert done.exit_code == 0, done.output
    browser = login_as("supervisor")
    for kind in DATA:
        data = browser.get(f"/desk/{COMMUNE}/exports/{kind}.parquet?state=all").get_data()
        assert data == (tmp_path / "out" / f"{kind}.parquet").read_bytes()
        rows = pq.read_table(io.BytesIO(data)).to_pylist()
        assert [{name: as_in_csv(cell, {}) for name, cell in row.items()} for row in rows] == download(
            browser, f"{kind}.csv", "?state=all"
        )


@pytest.mark.parametrize("name", ["so-ho-stata.zip", "so-ho-spss.zip"])
def test_a_zip_of_stata_or_spss_holds_its_files_and_the_codebook(accepted: Field, login_as: Any, name: str) -> None:
    answer = login_as("province").get(f"/desk/{COMMUNE}/exports/{name}?state=all")
    suffix = {"so-ho-stata.zip": "dta", "so-ho-spss.zip": "sav"}[name]
    assert f"-{COMMUNE}-2026-tam-tinh.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{kind}.{suffix}" for kind in DATA] + ["codebook.csv"]
        columns, _said = read_back(suffix, archive.read(f"households.{suffix}"))
    assert sorted(columns["entry_id"]) == sorted(accepted.sent)


@pytest.mark.parametrize(("command", "suffix"), [("stata", "dta"), ("spss", "sav")])
def test_a_command_writes_the_files_of_stata_or_spss(
    app: Any, accepted: Field, tmp_path: Any, command: str, suffix: str
) -> None:
    out = tmp_path / "out"
    words = ["export", command, str(out), "--commune", COMMUNE, "--language", "en"]
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {f"{kind}.{suffix}" for kind in DATA} | {"codebook.csv"}
    columns, said = read_back(suffix, (out / f"households.{suffix}").read_bytes())
    assert set(columns["entry_id"]) == set(accepted.sent[:3])
    assert said.column_names_to_labels["household_class"] == "Class of the household"
    detail = accepted.session.scalars(select(AuditEvent).where(AuditEvent.verb == "export.read")).one().detail
    assert detail["files"] == [f"{kind}.{suffix}" for kind in DATA] + ["codebook.csv"]
    assert detail["households"] == 3


def test_both_readings_of_a_file_see_the_same_rows(app: Any, accepted: Field) -> None:
    choice = Choice(accepted.round_id, (COMMUNE,))
    with Session(app.extensions["reading_engine"]) as session:
        snapshot(session)
        file = data_files(session, [Kind.HOUSEHOLDS], choice, {})[0]
        before = list(file.rows())
        accepted.decide(accepted.sent[3], Action.ACCEPT)
        accepted.session.commit()
        assert list(file.rows()) == before
    with Session(app.extensions["reading_engine"]) as session:
        assert len(list(data_files(session, [Kind.HOUSEHOLDS], choice, {})[0].rows())) == 4


def test_every_download_is_on_record_without_names(accepted: Field, login_as: Any) -> None:
    login_as("supervisor").get(f"/desk/{COMMUNE}/exports/households.csv?state=all")
    events = accepted.session.scalars(select(AuditEvent).where(AuditEvent.verb == "export.read")).all()
    assert [(event.account_id, event.subject) for event in events] == [(accepted.account("supervisor").id, COMMUNE)]
    detail = {"file": "households.csv", "round": accepted.round_id, "communes": 1, "state": "all", "households": 5}
    assert events[0].detail == detail


def test_the_semicolon_file_opens_in_vietnamese_excel(accepted: Field, login_as: Any) -> None:
    data = login_as("supervisor").get(f"/desk/{COMMUNE}/exports/households.csv?style=semicolon").get_data()
    assert {row["b1_points"] for row in table(data, ";")} == {
        str(a.b1_points).removesuffix(".0").replace(".", ",")
        for a in (
            accepted.session.get_one(Assessment, (COMMUNE, accepted.submission(one).id)) for one in accepted.sent[:3]
        )
    }


def test_the_command_writes_the_same_files(app: Any, accepted: Field, login_as: Any, tmp_path: Any) -> None:
    done = app.test_cli_runner().invoke(args=["export", "csv", str(tmp_path), "--commune", COMMUNE])
    assert done.exit_code == 0, done.output
    browser = login_as("supervisor")
    for name in ("households.csv", "members.csv", "deprivations.csv", "codebook.csv"):
        assert (tmp_path / name).read_bytes() == browser.get(f"/desk/{COMMUNE}/exports/{name}").get_data()
    refused = app.test_cli_runner().invoke(args=["export", "csv", str(tmp_path), "--commune", "99999"])
    assert refused.exit_code == 1


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"), ("+84 912", "'+84 912"), ("@SUM(A1)", "'@SUM(A1)"), ("-cmd|' /C'!A0", "'-cmd|' /C'!A0"),
        ("\tx", "'\tx"), ("\r=1", "'\r=1"), ("＝1", "'＝1"), ("-12", "-12"), ("-12.5", "-12.5"), (-12.5, "-12.5"),
        (3.0, "3"), (True, "1"), (None, ""), ("Lò Văn Đông", "Lò Văn Đông"), ("a\x00b", "ab"), ("-1-1", "'-1-1"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula_and_numbers_stay_numbers(cell: Any, shown: str) -> None:
    assert as_text(cell) == shown


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5), st.sampled_from(Style))
def test_whatever_was_typed_comes_back_as_one_cell(rows: list[list[str]], style: Style) -> None:
    data = b"".join(written(["a", "b"], rows, style))
    delimiter = ";" if style is Style.SEMICOLON else ","
    back = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    assert [len(row) for row in back] == [2] * (len(rows) + 1)
    assert not any(cell[:1] in ("=", "+", "@", "\t", "\r") for row in back for cell in row)


def test_half_a_character_from_a_phone_does_not_stop_an_export() -> None:
    assert b"?" in b"".join(written(["a"], [["\ud83d"]]))


@pytest.mark.thorough
def test_a_province_is_exported_in_little_memory() -> None:
    def rows() -> Iterator[list[str]]:
        for number in range(60_000):
            yield [str(number), "Lò Văn Đông" * 5]

    tracemalloc.start()
    size = sum(len(piece) for piece in zipped([("a.csv", written(["a", "b"], rows()))]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 50_000
    assert peak < 2_000_000


def test_column_names_follow_the_form_alone() -> None:
    again = Form.from_json(FORM.as_json())
    names = [column.name for column in question_columns([FORM], members=False)]
    assert names == [column.name for column in question_columns([again, FORM], members=False)]
    assert "nha_o__tuong" in names
    assert not any("thanh_vien" in name for name in names)


def test_an_older_version_adds_its_own_columns_at_the_end() -> None:
    older = Form.from_json(FORM.as_json())
    older.children.append(Item("cau_cu", "cau_cu", "text", texts={"label": {"vi": "Câu cũ", "en": "Old"}}))
    names = [column.name for column in question_columns([FORM, older], members=False)]
    assert names[:-1] == [column.name for column in question_columns([FORM], members=False)]
    assert names[-1] == "cau_cu"


def test_without_a_folder_the_command_prints_one_file(field: Any, app: Any) -> None:
    work: Field = field(2)
    work.send(work.entry(0, CASES[0]))
    printed = app.test_cli_runner().invoke(app.cli, ["export", "csv", "--state", "all"])
    assert printed.exit_code == 0
    assert printed.stdout_bytes.startswith(b"\xef\xbb\xbfround_id,")
    assert printed.stdout_bytes.count(b"\r\n") == 2
    wide = app.test_cli_runner().invoke(app.cli, ["export", "csv", "--state", "all", "--kind", "wide"])
    assert b"thanh_vien__1__ho_ten" in wide.stdout_bytes
    refused = app.test_cli_runner().invoke(app.cli, ["export", "csv", "--kind", "MEMBERS", "--kind", "CODEBOOK"])
    assert refused.exit_code == 2
