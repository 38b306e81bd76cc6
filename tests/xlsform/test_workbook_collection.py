"""A broad collection of workbooks, as authors write them: each good one is taken, each fault of a bad one is named.

`workbooks/valid.md` and `workbooks/invalid.md` are meant to be read and added to; their heads say how.
"""

from __future__ import annotations

import ast
import json
import random
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from app import create_app
from survey.collect.xform import collect_edition
from survey.commands.form import form_group
from survey.form import expression
from survey.form.form import Form
from survey.form.record import Clock, evaluate
from survey.web.language import read_catalogs
from survey.xlsform import faults
from survey.xlsform.compile import WorkbookError, check_workbook, compile_workbook
from survey.xlsform.faults import COLUMN, OF_TEXT, OF_TEXT_AT, ROW, SHEET, Fault
from survey.xlsform.sheets import read_sheets, write_xlsx

HERE = Path(__file__).parent / "workbooks"
TRANSLATE = read_catalogs(Path(__file__).parents[2] / "translations")["vi"].gettext
CLOCK = Clock(datetime(2026, 11, 23, tzinfo=UTC).date(), datetime(2026, 11, 23, 8, tzinfo=UTC))
BESIDE = {
    "xa.csv": "name,label,vung\na,Mường Ảng,1\nb,Phiêng Khoài,2\n".encode(),
    "ma.csv": "ma,ten\n1,Mường Ảng\n2,Phiêng Khoài\n".encode(),
    "xa.xml": b"<root><item><name>a</name><label>A</label></item><item><name>b</name><label>B</label></item></root>",
    "diem.geojson": json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": "g1",
                    "geometry": {"type": "Point", "coordinates": [103.9, 21.3]},
                    "properties": {"title": "Giếng làng"},
                }
            ],
        }
    ).encode(),
    "anh.png": b"\x89PNG\r\n\x1a\n",
    "tieng.mp3": b"ID3",
}


class Section(NamedTuple):
    """A workbook of a collection: what is said of it, its tables, what is attached besides the files of all."""

    name: str
    said: list[str]
    book: str
    files: dict[str, bytes]


def collection(file: str) -> list[Section]:
    _, *parts = re.split(r"^## ", (HERE / file).read_text(encoding="utf-8"), flags=re.M)
    found = []
    for part in parts:
        name, _, body = part.partition("\n")
        attached = {file: text.encode() for file, text in re.findall(r"^```(\S+)\n(.*?)^```$", body, re.M | re.S)}
        said = re.findall(r"^> (.+)$", body, re.M)
        book = "".join(line for line in body.splitlines(keepends=True) if line.startswith("|"))
        found.append(Section(name.strip(), said, book, BESIDE | attached))
    return found


# What a collection of small workbooks cannot bring out: limits, bytes that are no text, what only pyxform may know.
ELSEWHERE = {
    OF_TEXT, OF_TEXT_AT, SHEET, ROW, COLUMN,
    "groups or expressions are nested too deeply",
    "pyxform, which reads XLSForm, says: %(said)s",
    "the file holds zero bytes: it is no text",
    "the file is larger than %(limit)s MB",
    "the table has more than %(limit)s columns",
    "the table has more than %(limit)s rows",
    "this is no workbook: one is .xlsx, .csv or Markdown",
    "this is not a workbook that can be read: %(why)s",
    "this is not text in UTF-8: save the file again as “CSV UTF-8”",
    # of what is larger than any questionnaire, brought out by tests/web/office/test_hostile_workbooks.py
    "a sheet has more than %(limit)s columns: delete those that are not used",
    "the cells hold more than %(limit)s characters together, a text that many share counted for each",
    "the file unpacks to more than a workbook holds: copy the sheets into a new one",
    "the workbook has more than %(limit)s cells",
    "the workbook has more than %(limit)s rows",
    "the workbook holds XML entities, which nobody needs: copy the sheets into a new one",
}  # fmt: skip


def marked() -> set[str]:
    """Every sentence of the compiler."""
    rooms = (Path(module.__file__).parent for module in (faults, expression))
    trees = [ast.parse(path.read_text(encoding="utf-8")) for room in rooms for path in room.glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "N_"}


VALID, INVALID = collection("valid.md"), collection("invalid.md")
each_valid = pytest.mark.parametrize("at", range(len(VALID)), ids=lambda at: VALID[at].name)
each_invalid = pytest.mark.parametrize("at", range(len(INVALID)), ids=lambda at: INVALID[at].name)


@cache
def checked(kind: str, at: int) -> tuple[Form | None, list[Fault]]:
    """What the check says of a workbook of a collection: its form and advice, or its faults."""
    section = {"valid": VALID, "invalid": INVALID}[kind][at]
    try:
        return check_workbook(section.book, section.files)
    except WorkbookError as error:
        return None, error.faults


def vietnamese(fault: Fault) -> str:
    assert TRANSLATE(fault.template) != fault.template, f"no Vietnamese for: {fault.template}"
    return fault.words(TRANSLATE)


@each_valid
def test_a_good_workbook_is_taken_with_exactly_the_advice_that_is_quoted(at: int) -> None:
    form, advice = checked("valid", at)
    assert [str(line) for line in advice] == VALID[at].said
    assert form is not None
    assert all(vietnamese(line).startswith("tờ ") for line in advice)


@each_invalid
def test_every_fault_of_a_bad_workbook_is_named_at_its_cell_and_nothing_else_is(at: int) -> None:
    form, faults = checked("invalid", at)
    assert form is None, "it is taken"
    assert [str(line) for line in faults] == INVALID[at].said
    assert all(vietnamese(line).startswith("tờ ") for line in faults)


@each_valid
def test_a_good_workbook_comes_back_from_its_bundle_and_bears_a_household_that_says_nothing(at: int) -> None:
    form, _ = checked("valid", at)
    assert form is not None
    bundle = json.loads(json.dumps(form.as_json()))
    again = Form.from_json(bundle)
    assert again.as_json() == bundle
    assert {problem.kind for problem in evaluate(again, {}, CLOCK).problems} <= {"required"}


@each_valid
def test_a_good_workbook_becomes_a_spreadsheet_and_means_the_same(at: int) -> None:
    form, _ = checked("valid", at)
    assert form is not None
    written = write_xlsx(read_sheets(VALID[at].book.encode()))
    assert compile_workbook(written, VALID[at].files).hash == form.hash


@each_valid
def test_a_good_workbook_has_an_edition_for_collect(at: int) -> None:
    assert "<h:html" in collect_edition(VALID[at].book)


# Some of them; not those whose sheets or cells have no place in the spreadsheet that would be written.
LOST = re.compile("is not read|under no heading|no row of headings|two columns")
CARRIED = [at for at in range(0, len(INVALID), 8) if not LOST.search("".join(INVALID[at].said))]


@pytest.mark.parametrize("at", CARRIED, ids=lambda at: INVALID[at].name)
def test_a_bad_workbook_is_refused_as_a_spreadsheet_with_the_same_words(at: int) -> None:
    written = write_xlsx(read_sheets(INVALID[at].book.encode()))
    with pytest.raises(WorkbookError) as caught:
        check_workbook(written, INVALID[at].files)
    assert [str(line) for line in caught.value.faults] == INVALID[at].said


@pytest.mark.thorough
def test_the_command_takes_the_good_ones_and_refuses_the_bad_ones_in_vietnamese(tmp_path: Path) -> None:
    app = create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/none.db", "INSTANCE": tmp_path / "instance"})
    for kind, sections in (("valid", VALID), ("invalid", INVALID)):
        for at, section in enumerate(sections):
            folder = tmp_path / kind / str(at)
            folder.mkdir(parents=True)
            for name, content in section.files.items():
                (folder / name).write_bytes(content)
            (folder / "phieu.md").write_text(section.book, encoding="utf-8")
            with app.app_context():
                done = CliRunner().invoke(form_group, ["check", str(folder / "phieu.md")])
            told = [vietnamese(line) for line in checked(kind, at)[1]]
            if kind == "valid":
                *advice, last = done.output.splitlines()
                assert done.exit_code == 0, (section.name, done.output)
                assert advice == [f"nên xem lại: {line}" for line in told]
                assert last.endswith("dùng được"), section.name
            else:
                assert done.exit_code == 1, section.name
                assert done.output.splitlines() == ["Error: phieu.md chưa dùng được:", *(f"  {line}" for line in told)]


@pytest.mark.thorough
def test_a_workbook_whose_cells_went_astray_is_taken_or_told_and_never_crashes_the_check() -> None:
    chance = random.Random(7)
    lines_of = [section.book.splitlines() for section in (*VALID, *INVALID)]
    cells = [cell for lines in lines_of for line in lines for cell in line.split("|")[2:-1]]
    for _ in range(400):
        lines = chance.choice(lines_of).copy()
        for _ in range(2):
            at = chance.randrange(len(lines))
            row = lines[at].split("|")
            row[chance.randrange(2, len(row))] = chance.choice(cells)
            lines[at] = "|".join([*row, ""])
        try:
            check_workbook("\n".join(lines), BESIDE)
        except WorkbookError as error:
            assert all(line.message for line in error.faults)


def test_the_collection_is_broad_and_holds_nothing_twice() -> None:
    both = [*VALID, *INVALID]
    assert len(VALID) >= 110
    assert len(INVALID) >= 120
    assert len({section.name for section in both}) == len(both)
    assert len({(section.book, *section.files.items()) for section in both}) == len(both)
    assert all(section.said for section in INVALID)


def test_every_sentence_that_the_compiler_can_say_is_said_in_the_collection() -> None:
    """One that no workbook brings out is one that nobody has read where an author meets it."""
    said = {line.template for kind, sections in (("valid", VALID), ("invalid", INVALID))
            for at in range(len(sections)) for line in checked(kind, at)[1]}  # fmt: skip
    assert marked() - said - ELSEWHERE == set()
    assert marked() >= ELSEWHERE
