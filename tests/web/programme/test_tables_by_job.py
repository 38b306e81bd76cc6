"""Tables that are counted beside the pages: of a day, and of a province in former borders; and where the totals of a
province's flow lead."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent, FormerCommune, Household, Job, Round
from survey.borders.villages import Change
from survey.clocks import day_of
from survey.layouts.checking import Trust, verify
from survey.layouts.figures import flowed
from survey.layouts.flow_list import FlowCell, moved_between
from survey.layouts.past import Past, counted_of
from survey.layouts.tables import Book, Scope, held_in, make
from survey.register import places
from survey.submissions.register_table import Level
from survey.terms import HouseholdClass, JobState, PlaceChange
from survey.work import tables_of_day
from survey.work.tables_of_day import scope_of
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all
from tests.layouts.against_sql import figures
from tests.pages import text_of
from tests.rounds.test_joined_flow import BOTH, close, move
from tests.working import work
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

pytestmark = pytest.mark.usefixtures("small_round")
TODAY = day_of(NOW)
PAGE = f"/desk/{COMMUNE}/tables"
ON_TODAY = {"day": TODAY.isoformat(), "lines": "village"}


@pytest.fixture
def moved_and_closed(login_as: Any, session: Session) -> Session:
    """One household moved from the commune to the other one, then both were closed."""
    move(session, "ho-1")
    accept_all(session, login_as, *BOTH)
    close(session, *BOTH)
    return session


def asked(browser: Any, address: str = PAGE, **given: str) -> str:
    """The id of the job."""
    answer = browser.post(f"{address}/day?round={ROUND}", data=ON_TODAY | given)
    assert answer.status_code == 303, text_of(answer)
    return str(answer.location.rsplit("/", 1)[1])


def got(browser: Any, job_id: str) -> zipfile.ZipFile:
    with browser.get(f"/desk/exports/made/{job_id}", buffered=True) as answer:
        assert answer.status_code == 200
        return zipfile.ZipFile(io.BytesIO(answer.get_data()))


def rows_in(packed: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(packed.read(name).decode("utf-8-sig"))))


def test_the_tables_of_a_day_are_asked_for_counted_shown_and_handed_out(
    login_as: Any, session: Session, app: Flask
) -> None:
    accept_all(session, login_as, COMMUNE)
    browser = login_as("supervisor")
    assert f'action="{PAGE}/day?round={ROUND}"' in browser.get(f"{PAGE}?round={ROUND}").text
    job_id = asked(browser)
    assert browser.get(f"/desk/tables/made/{job_id}").status_code == 409  # it is not there yet
    work(app)
    assert f"/desk/tables/made/{job_id}" in browser.get(f"/jobs/{job_id}").text
    page = text_of(browser.get(f"/desk/tables/made/{job_id}?table=4"))
    assert "TÌNH HÌNH ĐẾN HẾT NGÀY 23/11/2026" in page
    assert "TẠM TÍNH" in page
    packed = got(browser, job_id)
    name = f"bieu-{COMMUNE}-2026"
    body = verify(packed.read(f"{name}.xlsx"), Trust(frozenset({app.extensions["prover"].public_key}))).body
    assert body is not None
    assert (body["as_of"], body["marks"][0], body["by"]) == ("2026-11-23T02:00:00.000Z", "as_of", "village")
    then = rows_in(packed, f"{name}-4.csv")
    assert {one["as_of"] for one in then} == {TODAY.isoformat()}
    now = csv.DictReader(io.StringIO(browser.get(f"{PAGE}/csv?table=4&round={ROUND}").data.decode("utf-8-sig")))
    assert [one | {"as_of": ""} for one in then] == list(now)  # nothing happened since
    session.rollback()
    verbs = [one.verb for one in session.scalars(select(AuditEvent).order_by(AuditEvent.at))]
    assert {"export.asked", "report.signed", "export.read"} <= set(verbs)
    for other in ("supervisor-2", "province", "admin"):
        assert login_as(other).get(f"/desk/tables/made/{job_id}").status_code == 404, other
    assert browser.get(f"/desk/tables/made/{job_id}?table=14").status_code == 404
    assert browser.get("/desk/tables/made/khong-co").status_code == 404
    browser.post(f"/desk/exports/made/{job_id}/remove")
    assert browser.get(f"/desk/tables/made/{job_id}").status_code == 410


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"day": "2026-08-31"}, 400, "đợt rà soát chưa bắt đầu"),
        ({"day": "2026-11-24"}, 400, "Ngày đó chưa đến"),
        ({"day": "hôm qua"}, 400, "Chưa chọn ngày"),
        ({"day": ""}, 400, "Chưa chọn ngày"),
        ({"lines": "former_district"}, 404, ""),  # of a province alone
        ({"lines": "khac"}, 404, ""),
    ],
)
def test_what_cannot_be_asked_for_is_told(
    login_as: Any, session: Session, given: dict[str, str], status: int, words: str
) -> None:
    browser = login_as("supervisor")
    answer = browser.post(f"{PAGE}/day?round={ROUND}", data=ON_TODAY | given)
    assert (answer.status_code, words in text_of(answer)) == (status, True)
    assert login_as("supervisor-other").post(f"{PAGE}/day?round={ROUND}", data=ON_TODAY).status_code == 404
    session.rollback()
    assert session.scalars(select(Job).where(Job.kind == "tables_of_day")).all() == []


def test_who_takes_it_over_counts_only_the_communes_that_are_left(
    login_as: Any, moved_and_closed: Session, app: Flask, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def dies_once(session: Session, survey_round: Round, commune_id: str, at: Any) -> Any:
        counted.append(commune_id)
        if len(counted) == 2:
            raise OSError("the machine is switched off")
        return counted_of(session, survey_round, commune_id, at)

    monkeypatch.setattr(tables_of_day, "counted_of", dies_once)
    browser = login_as("province")
    job_id = asked(browser, "/desk/tables", lines="commune")
    work(app)
    moved_and_closed.rollback()
    assert moved_and_closed.get_one(Job, job_id).state == JobState.QUEUED
    clock.advance(hours=1)
    work(app)
    moved_and_closed.rollback()
    assert moved_and_closed.get_one(Job, job_id, populate_existing=True).state == JobState.DONE
    first, second, again, *more = counted
    assert (second, first not in (again, *more)) == (again, True)
    assert len(set(more)) == len(more)  # nobody twice
    assert browser.get(f"/desk/tables/made/{job_id}?table=2").status_code == 200


def test_the_command_writes_the_tables_of_a_day(login_as: Any, session: Session, app: Flask, tmp_path: Path) -> None:
    accept_all(session, login_as, COMMUNE)
    close(session, COMMUNE)
    tables = ("report", "tables", ROUND, "--commune", COMMUNE, "--out", str(tmp_path))
    _, text = run(app, *tables, "--on", TODAY.isoformat(), "--json")
    [said] = json.loads(text.splitlines()[0])["places"]
    names = {Path(one).name for one in said["files"]}
    assert f"bieu-{COMMUNE}-2026-{TODAY}.xlsx" in names
    _, text = run(app, *tables, "--json")
    [now] = json.loads(text.splitlines()[0])["places"]
    assert (said["tables"], said["refused"]) == (now["tables"], now["refused"])
    code, text = run(app, *tables, "--on", "2026-08-31", "--json")
    assert (code, json.loads(text.splitlines()[0])["rule"]) == (1, "tables_before_round")
    code, text = run(app, *tables, "--on", "2027-01-01", "--json")
    assert (code, json.loads(text.splitlines()[0])["rule"]) == (1, "tables_in_future")


# --- former borders of a province


def loaded(session: Session, **of: str) -> None:
    """The commune is made of two former ones of two districts, the other one of one alone. `of`: villages."""
    session.rollback()
    for code, name, district, commune_id in (
        ("90001", "Xã Cũ Một", "901", COMMUNE), ("90002", "Xã Cũ Hai", "902", COMMUNE),
        ("90003", "Phường Cũ Ba", "901", OTHER_COMMUNE),
    ):  # fmt: skip
        session.merge(FormerCommune(
            province_id="14", code=code, valid_to=date(2025, 7, 1), commune_id=commune_id, valid_from=None, name=name,
            district_code=district, district=f"Huyện {district}", status="nguồn thứ cấp", source="bài thử",
        ))  # fmt: skip
    for village_id, code in of.items():
        change = Change(0, PlaceChange.FORMER, COMMUNE, village_id.replace("_", "-"), TODAY, {"former": code})
        places.append(session, change, None)
    session.commit()


def book_of(session: Session, lines: str, *numbers: int) -> Book:
    session.rollback()
    survey_round = session.get_one(Round, ROUND)
    past = Past(NOW, {one: counted_of(session, survey_round, one, NOW) for one in BOTH})
    return make(session, scope_of(survey_round, "14", lines, past), numbers, NOW, str)


def column(book: Book, number: int, code: str, unit: str = "") -> dict[str, Any]:
    """By place, without lines in which nobody stands."""
    return {
        row.partition(".")[0]: value
        for (row, at), value in figures(book, number).items() if at == code and row.endswith(unit) and value
    }  # fmt: skip


def test_a_province_in_former_communes_and_districts(moved_and_closed: Session) -> None:
    session = moved_and_closed
    loaded(session)
    [fault] = [one for one in book_of(session, "former_commune", 2).tables[2].faults if one.code == "former_missing"]
    assert fault.values["places"] == "Bản Nà Ca (Xã Mường Khiêng), Tiểu khu 2 (Xã Mường Khiêng)"
    loaded(session, **{VILLAGE: "90001", VILLAGE_2: "90002"})
    by_former, by_district = book_of(session, "former_commune", 2, 3), book_of(session, "former_district", 2, 3)
    by_commune = book_of(session, "commune", 2, 3)
    for number in (2, 3):
        for book in (by_former, by_district, by_commune):
            assert {one.code for one in book.tables[number].faults} == {"not_everywhere"}
        for code in "123456789":
            for unit in ("households", "persons"):
                former = column(by_former, number, code, unit)
                district = column(by_district, number, code, unit)
                whole = column(by_commune, number, code, unit).get("total")
                assert former.get("total") == district.get("total") == whole
                for book, lines in ((by_former, former), (by_district, district)):
                    parts = sum(value for place, value in lines.items() if place != "total")
                    assert parts == (whole or 0), (book.scope.lines, number, code, unit)
                assert set(district) <= {"901", "902", "total", "moved"}
    # ho-1 was poor in a village of 90001 and moved to 90003: column 4 there, nothing in their district.
    assert column(by_former, 2, "4", "households") == {"90001": 1, "moved": -1}
    assert column(by_district, 2, "4", "households") == {}
    assert by_former.names["90001"] == "Xã Cũ Một (Huyện 901)"


def test_a_village_of_which_only_the_district_is_known_is_in_its_district(moved_and_closed: Session) -> None:
    session = moved_and_closed
    loaded(session)
    session.merge(FormerCommune(
        province_id="14", code="90002", valid_to=date(2025, 7, 1), commune_id=COMMUNE, valid_from=None,
        name="Xã Cũ Hai", district_code="901", district="Huyện 901", status="nguồn thứ cấp", source="bài thử",
    ))  # fmt: skip
    session.commit()
    assert "former_missing" in {one.code for one in book_of(session, "former_commune", 4).tables[4].faults}
    assert {one.code for one in book_of(session, "former_district", 2).tables[2].faults} == {"not_everywhere"}


def test_the_province_asks_for_former_districts_on_its_page(
    login_as: Any, moved_and_closed: Session, app: Flask
) -> None:
    loaded(moved_and_closed, **{VILLAGE: "90001", VILLAGE_2: "90002"})
    browser = login_as("province")
    assert 'value="former_district"' in browser.get(f"/desk/tables?round={ROUND}").text
    job_id = asked(browser, "/desk/tables", lines="former_district")
    work(app)
    page = text_of(browser.get(f"/desk/tables/made/{job_id}?table=2"))
    for words in ("Huyện cũ", "Huyện 901", "nguồn thứ cấp"):
        assert words in page
    assert [one for one in got(browser, job_id).namelist() if one.endswith(".xlsx")] == ["bieu-14-2026.xlsx"]


# --- where the totals of the flow of a province lead


def moved_households(page: str, session: Session) -> int:
    """How many households of the commune are named on a page."""
    codes = session.scalars(select(Household.code).where(Household.commune_id == COMMUNE))
    return sum(code in page for code in codes)


def test_each_total_of_the_flow_of_a_province_leads_to_its_communes_and_households(
    login_as: Any, moved_and_closed: Session
) -> None:
    session = moved_and_closed
    session.rollback()
    survey_round = session.get_one(Round, ROUND)
    communes = tuple(held_in(session, survey_round, BOTH))
    book = make(session, Scope(survey_round, "14", communes, Level.COMMUNE), [2, 3], NOW, str)
    checked = 0
    for number, named in ((2, HouseholdClass.POOR), (3, HouseholdClass.NEAR_POOR)):
        found = flowed(session, survey_round, communes, Level.COMMUNE)
        shown = figures(book, number)
        for cell in book.tables[number].grid.cells.values():
            link = cell.link
            if not isinstance(link, FlowCell) or link.commune_id:
                continue
            value = shown[cell.row, cell.column] or 0
            moves = moved_between(session, survey_round, communes, link)
            between = sum(one.counts for one in moves)
            if link.between:
                assert between == value
            else:
                parts = sum(link.counts(lines[named]) for lines in found.places.values())
                assert parts + between == value
            checked += 1
    assert checked == 2 * 2 * 2 * 8  # tables, units, the whole and who moved, columns but the blank 6
    browser = login_as("province")
    page = browser.get(f"/desk/tables?table=2&round={ROUND}").text
    addresses = [one.split('"')[0].replace("&amp;", "&") for one in page.split('href="')]
    total = next(one for one in addresses if "/desk/tables/flow" in one and "column=1" in one and "persons" not in one)
    by_commune = browser.get(total)
    assert "Xã Mường Khiêng" in text_of(by_commune)
    [of_one] = {
        one.split('"')[0].replace("&amp;", "&") for one in by_commune.text.split('href="')
        if f"/desk/{COMMUNE}/tables/flow" in one
    }  # fmt: skip
    first = text_of(browser.get(of_one))
    assert moved_households(first, session) == 4  # poor at the start
    [left] = {one for one in addresses if "between=1" in one and "column=4" in one and "persons" not in one}
    assert "hộ chuyển giữa các xã, phường" in text_of(browser.get(left))
    assert "1 hộ" in text_of(browser.get(left))
    assert browser.get(total.replace("table=2", "table=4")).status_code == 404
    # Whoever has one commune alone is led to its own households, never to those of the others.
    mine = login_as("supervisor").get(total)
    assert mine.status_code == 200
    assert OTHER_COMMUNE not in mine.text
