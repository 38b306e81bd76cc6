"""A base stands for the same households on every page, in every file and at every command (`tallies/bases.py`)."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from models import Assessment, Deprivation, RegisterEntry, Round
from survey.poverty.indices import Identification, Rule, Unit
from survey.reports.measured import TWELFTHS, reviewed
from survey.reports.report import report
from survey.reports.selection import Basis, Condition, ListedHousehold, lack_before, listed
from survey.rounds import closing
from survey.tallies import bases
from survey.tallies.deprivations import INDICATORS, MEASURES, indicators_of, lack_of
from survey.terms import Action, CountBase, Dimension, Indicator, Origin, RegisterState
from tests.commands.test_commands import run
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE, stand_as_judged

CASE = {case.name: case for case in CASES}
POOR, NEAR_POOR = CASE["Đúng 140 điểm, ba thiếu hụt"], CASE["140 điểm, không thiếu hụt"]  # 4, 9 and 10 are lacked; none
NOT_POOR, NO_CHILD = CASE["141 điểm, không thiếu hụt"], CASE["2 người già sống một mình"]  # none; 2
# Twelve households. The first eight are accepted, in the order of their numbers.
POOR_1, POOR_2, NEAR, ALONE, BLANK, REFUSED, NO_CLASS, OVER = range(8)
WAITING, WAITING_REFUSED, SENT_BACK, NOBODY = range(8, 12)
EXPECTED = {
    CountBase.LISTED: 12,
    CountBase.ACCEPTED: 8,
    CountBase.CLASSIFIED: 6,
    CountBase.REFUSED: 1,
    CountBase.NO_CLASS: 1,
    CountBase.RECEIVED: 2,
}
ILLUSTRATIVE = 2  # of the accepted; one more waits, and one was sent back


def asked(field: Field) -> None:
    """Who was asked, and what it came to."""
    cases = {POOR_1: POOR, POOR_2: POOR, NEAR: NEAR_POOR, ALONE: NO_CHILD, BLANK: NOT_POOR, REFUSED: POOR,
             NO_CLASS: POOR, OVER: NOT_POOR, WAITING: POOR, WAITING_REFUSED: POOR, SENT_BACK: NEAR_POOR}  # fmt: skip
    for number, case in cases.items():
        entry = copy.deepcopy(field.entry(number, case))
        if number in (REFUSED, WAITING_REFUSED):
            entry["answers"]["thong_tin_ho"] = {"dong_y": "khong", "ly_do_tu_choi": "bận"}
        field.send(entry)
    for number in (*range(8), SENT_BACK):
        field.decide(field.sent[number], Action.RETURN if number == SENT_BACK else Action.ACCEPT)
    blank, open_again = (field.submission(field.sent[number]).id for number in (BLANK, NO_CLASS))
    # An answer that decides on one indicator is missing, or on the class: as after a correction of an accepted record.
    session = field.session
    session.execute(delete(Deprivation).filter_by(submission_id=blank, indicator=Indicator.TOILET.value))
    session.execute(update(Assessment).filter_by(submission_id=open_again).values(household_class=None))
    rests = [field.submission(field.sent[number]).id for number in (POOR_1, NEAR, WAITING, SENT_BACK)]
    session.execute(update(Assessment).where(Assessment.submission_id.in_(rests)).values(illustrative=True))
    # Last year: of those of a class, one has answers of which the last indicator is not among.
    session.execute(update(RegisterEntry).values(opening_class="ho_ngheo", opening_indicators=None))
    for number, said in {POOR_1: dict.fromkeys(INDICATORS, 0), POOR_2: dict.fromkeys(INDICATORS[:-1], 1)}.items():
        values = {one.value: lack for one, lack in said.items()}
        session.execute(
            update(RegisterEntry).filter_by(household_id=field.households[number]).values(opening_indicators=values)
        )
    session.execute(update(RegisterEntry).filter_by(household_id=field.households[NOBODY]).values(opening_class=None))
    stand_as_judged(session)


@pytest.fixture
def small(field: Callable[..., Field]) -> Field:
    return field(12, done=asked)


def whole_of(small: Field) -> Condition:
    return Condition(small.round_id, (COMMUNE,))


def numbers_of(small: Field, condition: Condition) -> set[int]:
    """Which of the twelve households a list shows."""
    rows: list[ListedHousehold] = listed(small.session, condition, 0, 50)
    return {small.households.index(one.household_id) for one in rows}


def test_each_base_is_the_households_that_it_says(small: Field) -> None:
    tally = report(small.session, whole_of(small), by_village=True).total
    of = {base: numbers_of(small, tally.base_figure(Basis.FINAL, base).condition) for base in bases.PARTS}
    assert of == {
        CountBase.CLASSIFIED: {POOR_1, POOR_2, NEAR, ALONE, BLANK, OVER},
        CountBase.REFUSED: {REFUSED},
        CountBase.NO_CLASS: {NO_CLASS},
    }
    waiting = {base: numbers_of(small, tally.base_figure(Basis.PROVISIONAL, base).condition) for base in bases.PARTS}
    assert list(waiting.values()) == [{WAITING}, {WAITING_REFUSED}, set()]
    assert numbers_of(small, tally.illustrative_figure(Basis.FINAL).condition) == {POOR_1, NEAR}
    assert numbers_of(small, tally.illustrative_figure(Basis.PROVISIONAL).condition) == {WAITING}


def test_who_is_not_known_stays_in_the_denominator(small: Field) -> None:
    tally = report(small.session, whole_of(small), by_village=True).total
    toilet = tally.figure(Basis.FINAL, Indicator.TOILET)
    assert (toilet.households, toilet.denominator, toilet.unknown, toilet.rate) == (2, 6, 1, None)
    assert toilet.bounds == (2 / 6, 3 / 6)
    assert toilet.doubt is not None
    assert numbers_of(small, toilet.doubt) == {BLANK}
    assert numbers_of(small, toilet.whole) == {POOR_1, POOR_2, NEAR, ALONE, BLANK, OVER}
    # The dimension: water is known not to be lacked, the latrine is not known.
    water = tally.figure(Basis.FINAL, Dimension.WATER)
    assert (water.households, water.denominator, water.unknown) == (2, 6, 1)
    # Nobody of that age lives there: the rule says 0, and the household is one of all that do not lack it.
    schooling = tally.figure(Basis.FINAL, Indicator.CHILD_SCHOOLING)
    assert (schooling.households, schooling.denominator, schooling.unknown, schooling.rate) == (0, 6, 0, 0.0)


def test_last_year_is_no_rate_of_those_who_happen_to_be_known(small: Field) -> None:
    """Of eleven with a class two have answers: that is no 1/2, and where none of them lacks it, no 0/1."""
    tally = report(small.session, whole_of(small), by_village=True).total
    first, last = tally.figure(Basis.OPENING, Indicator.JOB), tally.figure(Basis.OPENING, Indicator.MEDIA)
    assert (first.households, first.denominator, first.unknown) == (1, 11, 9)
    assert (last.households, last.denominator, last.unknown, last.rate) == (0, 11, 10, None)
    assert last.bounds == (0, 10 / 11)
    assert last.doubt is not None
    assert numbers_of(small, last.doubt) == {*range(11)} - {POOR_1}


def page(browser: FlaskClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def sum_on(text: str) -> list[int]:
    """The accepted as a page prints them: "8 = 6 classified + 1 refused + 1 without a class"."""
    words = unescape(re.sub(r"<[^>]*>", " ", text))
    parts = r"\s+\+\s+".join(rf"(\d+)\s+{base.vi.lower()}" for base in bases.PARTS)
    found = re.search(rf"(\d+)[^\d=]*=\s+{parts}", words)
    assert found, words
    return [int(one) for one in found.groups()]


SUM = [EXPECTED[one] for one in (CountBase.ACCEPTED, *bases.PARTS)]


def count_of(browser: FlaskClient, address: str) -> int:
    found = re.search(r'<p role="status">(\d+) hộ</p>', page(browser, address))
    assert found, address
    return int(found[1])


def test_every_page_file_and_command_counts_the_same(small: Field, app: Flask, login_as: Any) -> None:
    session, officer, desk = small.session, login_as("province"), login_as("supervisor")
    at = f"round={small.round_id}"
    # Pages: the overview of the commune and of the province, the report of each, where the round is closed.
    report_page = page(desk, f"/desk/{COMMUNE}/report?{at}")
    pages = [page(desk, f"/desk/{COMMUNE}/?{at}"), page(officer, f"/desk/?{at}"), page(officer, f"/desk/report?{at}")]
    closing_page = page(officer, f"/rounds/{small.round_id}/{COMMUNE}/")
    for text in (*pages, report_page, closing_page):
        assert sum_on(text) == SUM
    # Lists: of each base, and of who rests on the illustrative points.
    for base, number in EXPECTED.items():
        listing = f"/desk/{COMMUNE}/households?{at}" + ("" if base is CountBase.LISTED else f"&base={base.value}")
        assert count_of(desk, listing) == number, base
    assert count_of(desk, f"/desk/{COMMUNE}/households?{at}&base=accepted&illustrative=1") == ILLUSTRATIVE
    # The illustrative among the accepted: report, overview of the province, closing, command.
    for text in (report_page, pages[1], pages[2]):
        assert re.search(rf">{ILLUSTRATIVE}</a>/<a[^>]*>{SUM[0]}</a>", text)
    assert f"{ILLUSTRATIVE} hộ đã duyệt theo bảng điểm B1 minh hoạ" in closing_page
    obstacles = closing.obstacles_by_commune(session, session.get_one(Round, small.round_id), [COMMUNE])[COMMUNE]
    # What the closing counts by the same bases.
    counted = dict(obstacles)
    assert (counted["illustrative_b1"], counted["no_class"]) == (ILLUSTRATIVE, EXPECTED[CountBase.NO_CLASS])
    parts = closing.accepted_parts(session, small.round_id, COMMUNE)
    assert parts == {base: EXPECTED[base] for base in bases.PARTS}
    # The round as a whole, and the work of the enumerators.
    assert re.search(rf'data-head="Đã duyệt phiếu \(hộ\)">{SUM[0]}<', page(officer, f"/rounds/{small.round_id}"))
    workload = page(desk, f"/desk/{COMMUNE}/workload?{at}")
    assert f'data-head="Được giao (hộ)">{EXPECTED[CountBase.LISTED]}<' in workload
    assert f'data-head="Xong">{SUM[0]}<' in workload
    # The long table.
    table = rows_of(desk, f"/desk/{COMMUNE}/report.csv?{at}")
    final = [row for row in table if row["place_id"] == "" and row["basis"] == "final"]
    of_bases = {row["key"]: int(row["households"]) for row in final if row["measure"] == "base"}
    assert of_bases == {base.value: EXPECTED[base] for base in (CountBase.ACCEPTED, *bases.PARTS)}
    assert [int(row["households"]) for row in final if row["measure"] == "illustrative"] == [ILLUSTRATIVE]
    shares = [row for row in final if row["measure"] in ("class", "dimension", "indicator")]
    assert {(row["base"], row["denominator"]) for row in shares} == {("classified", "6")}
    # The indices.
    code, said = run(app, "mpi", small.round_id, "--commune", COMMUNE, "--json")
    assert code == 0, said
    told = json.loads(said)["base"]
    assert (told["id"], told["illustrative"]) == ("accepted", ILLUSTRATIVE)
    assert {base: told[base] for base in of_bases} == of_bases
    words = run(app, "mpi", small.round_id, "--commune", COMMUNE)[1]
    assert [int(one) for one in re.findall(r"\d+", words.split("đã duyệt")[1].split(".")[0])] == SUM


def rows_of(browser: FlaskClient, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(browser.get(address).get_data().decode("utf-8-sig"), newline="")))


def test_what_is_lacked_is_the_same_in_report_register_and_indices(small: Field, app: Flask, login_as: Any) -> None:
    """The register counts every household by the interview that counts: also who has no class, which the report leaves
    out, and who was asked by nobody, which is not known there. Of each measure the three numbers are the same else."""
    desk, session = login_as("supervisor"), small.session
    tally = report(session, whole_of(small), by_village=True).total
    listing = rows_of(desk, f"/desk/{COMMUNE}/register.csv?what=indicators")
    total = {(row["measure"], row["key"]): row for row in listing if row["village_code"] == ""}
    outside = small.submission(small.sent[NO_CLASS]).id
    lacked = select(Deprivation.indicator, Deprivation.deprived).filter_by(submission_id=outside)
    known = {Indicator(key): bool(lack) for key, lack in session.execute(lacked)}
    rule = Rule(TWELFTHS, Identification.LAW)
    patterns = reviewed(session, small.round_id, [COMMUNE], rule, Unit.HOUSEHOLDS).whole.households
    for measure in MEASURES:
        figure, row = tally.figure(Basis.FINAL, measure.term), total[measure.kind, measure.term.value]
        more = measure.of(tuple(known[one] for one in INDICATORS))
        in_class = {lack: sum(number for pattern, number in patterns.items() if measure.of(pattern.lacks) is lack)
                    for lack in (True, False, None)}  # fmt: skip
        in_class[more] -= 1
        assert (figure.households, figure.unknown) == (in_class[True], in_class[None])
        assert int(row["households_lacking"]) == figure.households + (more is True)
        free = figure.denominator - figure.households - figure.unknown
        assert int(row["households_not_lacking"]) == free + (more is False)
        assert int(row["households"]) == EXPECTED[CountBase.LISTED]


def test_a_printed_share_says_what_it_is_of_and_how_many_are_not_known(small: Field, login_as: Any) -> None:
    desk = login_as("supervisor")
    text = page(desk, f"/desk/{COMMUNE}/report?round={small.round_id}")
    row = re.search(r'<tr class="indicator"> <th scope="row">Nhà tiêu hợp vệ sinh</th>(.*?)</tr>', text)
    assert row
    cells = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", one)).strip()
             for one in re.findall(r"<td class=\"figure[^>]*>(.*?)</td>", row[1])]  # fmt: skip
    assert cells[:4] == ["2", "6", "1", "33,3 % – 50,0 %"]
    assert "trên số đã phân loại (hộ)" in text
    [one] = [row for row in rows_of(desk, f"/desk/{COMMUNE}/report.csv") if (row["place_id"], row["basis"], row["key"])
             == ("", "final", Indicator.TOILET.value)]  # fmt: skip
    assert (one["unknown"], one["rate_percent"], one["rate_percent_low"], one["rate_percent_high"]) == (
        "1", "", "33.3333", "50",
    )  # fmt: skip
    assert "Chưa có hộ nào được công nhận bằng quyết định" in text


def test_a_list_of_a_base_that_cannot_be_listed_is_not_found(small: Field, login_as: Any) -> None:
    for base in ("recognised", "applicable", "known", "start", "nonsense"):
        assert login_as("supervisor").get(f"/desk/{COMMUNE}/households?base={base}").status_code == 404


def test_each_base_stands_in_the_glossary_with_its_official_words() -> None:
    glossary = (Path(__file__).resolve().parents[3] / "docs" / "glossary.md").read_text("utf-8")
    for base in CountBase:
        assert re.search(rf"^\| .*`{base.value}`.*\| {re.escape(base.vi.lower())} \|", glossary, re.MULTILINE), base
    assert {CountBase.START.vi, CountBase.MET.vi} == {one.vi for one in Origin}  # the proof says them so
    assert (CountBase.ACCEPTED.vi, CountBase.RECEIVED.vi) == (RegisterState.ACCEPTED.vi, RegisterState.RECEIVED.vi)


LACKS = st.lists(st.sampled_from([True, False, None]), min_size=len(INDICATORS), max_size=len(INDICATORS))


@given(LACKS)
def test_one_rule_says_whether_a_dimension_is_known(lacks: list[bool | None]) -> None:
    """By the answers of this year and as they are frozen for the next: lacking where one is, else only what all of
    which is known."""
    frozen: dict[str, object] = {
        one.value: int(lack) for one, lack in zip(INDICATORS, lacks, strict=True) if lack is not None
    }
    for measure in MEASURES:
        keys = (measure.term,) if isinstance(measure.term, Indicator) else indicators_of(measure.term)
        mine = [lacks[INDICATORS.index(key)] for key in keys]
        expected = True if any(one is True for one in mine) else False if all(one is False for one in mine) else None
        assert measure.of(tuple(lacks)) is lack_of(mine) is lack_before(frozen, keys) is expected
