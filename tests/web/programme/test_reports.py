"""The report's figures are what an independent count in SQL finds, and each leads to exactly its households."""

from __future__ import annotations

import csv
import io
import random
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from models import Assessment, Base, Deprivation, Household, RegisterEntry, Submission
from survey.form.form import Form
from survey.questionnaires.published import publish
from survey.reports.report import Report, report
from survey.reports.selection import INTERVIEWED, Basis, Condition, count
from survey.rounds.rounds import open_round
from survey.tallies.bases import PARTS
from survey.terms import DIMENSION_OF, CountBase, Dimension, HouseholdClass, Indicator, RegisterState
from tests import world
from tests.web.desk.field import FORM, SOURCE
from tests.world import COMMUNE, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

VILLAGES = {VILLAGE: COMMUNE, VILLAGE_2: COMMUNE, OTHER_VILLAGE: OTHER_COMMUNE}
SOME: tuple[Any, ...] = (*HouseholdClass, None)


@pytest.fixture
def generated(session: Session) -> str:
    """A round over 400 households of three villages with classes and indicators by chance; the rows that the report
    reads are written as they would be derived, so that every combination occurs. Returns the round's id."""
    chance = random.Random(20261123)
    enumerator = session.execute(text("SELECT id FROM account WHERE username = 'enumerator'")).scalar_one()
    form = publish(session, Form.from_json(FORM.as_json()), SOURCE, world.NOW)
    day = world.NOW.date()
    opened = open_round(session, title="R", year=2026, form=form, opens_on=day, closes_on=day, now=world.NOW)
    session.flush()
    rows: dict[type[Base], list[dict[str, Any]]] = {
        model: [] for model in (Household, Submission, RegisterEntry, Assessment, Deprivation)
    }
    for number in range(400):
        village = chance.choice(list(VILLAGES))
        key, before = {"commune_id": VILLAGES[village]}, chance.choice(SOME)
        state = chance.choice(list(RegisterState))
        received = state is not RegisterState.TO_VISIT
        rows[Household].append(
            key | {"id": f"h{number}", "code": f"{village}-{number:03d}", "village_id": village}
            | {"created_at": world.NOW, "base_head_name": "Lò Văn A", "head_name": "Lò Văn A"}
        )  # fmt: skip
        rows[RegisterEntry].append(
            key | {"round_id": opened.id, "household_id": f"h{number}", "village_id": village, "change": number}
            | {"state": state.value, "submission_id": f"s{number}" if received else None}
            | {"opening_class": before.value if before else None, "opening_indicators": _last_year(chance)}
        )  # fmt: skip
        if received:
            rows[Submission].append(
                key | {"id": f"s{number}", "entry_id": f"e{number}", "content_hash": "0", "content": "{}"}
                | {"account_id": enumerator, "device_id": "d", "received_at": world.NOW}
                | {"household_id": f"h{number}", "round_id": opened.id}
            )  # fmt: skip
            key = key | {"submission_id": f"s{number}"}
            rows[Assessment].append(key | _assessment(chance))
            rows[Deprivation] += [key | lack for lack in _lacks(chance)]
    for model, found in rows.items():
        session.execute(insert(model), found)
    world.stand_as_judged(session)
    return opened.id


def _last_year(chance: random.Random) -> dict[str, int] | None:
    known = {one.value: chance.randint(0, 1) for one in Indicator if chance.random() < 0.9}
    return chance.choice([None, {}, known])


def _assessment(chance: random.Random) -> dict[str, Any]:
    found = chance.choice(SOME)
    fixed = {
        "standard": "ND07-2021",
        "illustrative": chance.random() < 0.1,
        "refused": found is None and chance.random() < 0.5,
        "persons": 4,
        "problems": [],
        "values": {},
        "head_name": "",
    }
    return fixed | {"household_class": found.value if found else None}


def _lacks(chance: random.Random) -> list[dict[str, Any]]:
    known = [one for one in Indicator if chance.random() < 0.9]
    return [
        {"indicator": one.value, "dimension": DIMENSION_OF[one].value, "deprived": chance.random() < 0.3, "because": []}
        for one in known
    ]


def every(round_id: str, *communes: str) -> Condition:
    return Condition(round_id, communes or (COMMUNE, OTHER_COMMUNE))


NOW = """
    FROM register_entry e JOIN assessment a ON a.commune_id = e.commune_id AND a.submission_id = e.submission_id
    WHERE e.round_id = :round AND e.state = :state AND (:place IN (e.village_id, e.commune_id) OR :place = '')
"""
LACK = """
    SELECT count(*), coalesce(sum(CASE WHEN x.lacking > 0 THEN 1 ELSE 0 END), 0),
           coalesce(sum(CASE WHEN x.lacking = 0 AND x.known < :asked THEN 1 ELSE 0 END), 0) FROM (
        SELECT e.household_id, sum(CASE WHEN d.deprived THEN 1 ELSE 0 END) AS lacking, count(d.indicator) AS known
        FROM register_entry e
        JOIN assessment a ON a.commune_id = e.commune_id AND a.submission_id = e.submission_id
        LEFT JOIN deprivation d ON d.commune_id = e.commune_id AND d.submission_id = e.submission_id
          AND (d.indicator = :indicator OR d.dimension = :dimension)
        WHERE e.round_id = :round AND e.state = :state AND (:place IN (e.village_id, e.commune_id) OR :place = '')
          AND (a.household_class = :class OR (:class = '' AND a.household_class IS NOT NULL))
        GROUP BY e.commune_id, e.household_id
    ) x
"""
STATES = {Basis.FINAL: "accepted", Basis.PROVISIONAL: "received"}


def tallies(found: Report) -> list[tuple[str, Any]]:
    return [(tally.place_id or "", tally) for tally in found.tallies]


@pytest.mark.parametrize("by_village", [True, False])
@pytest.mark.parametrize("basis", list(STATES))
def test_classes_are_what_sql_counts(session: Session, generated: str, basis: Basis, by_village: bool) -> None:
    found = report(session, every(generated), by_village)
    assert len(found.places) == (3 if by_village else 2)
    for place, tally in tallies(found):
        asked = {"round": generated, "state": STATES[basis], "place": place}
        whole = session.execute(text("SELECT count(a.household_class)" + NOW), asked).scalar_one()
        for one in HouseholdClass:
            counted = "SELECT count(*)" + NOW + "AND a.household_class = :class"
            figure = tally.figure(basis, one)
            assert figure.households == session.execute(text(counted), asked | {"class": one.value}).scalar_one()
            assert figure.denominator == whole > 0


@pytest.mark.parametrize("among", [None, HouseholdClass.POOR])
@pytest.mark.parametrize("basis", list(STATES))
def test_dimensions_and_indicators_are_what_sql_counts(
    session: Session, generated: str, basis: Basis, among: HouseholdClass | None
) -> None:
    found = report(session, every(generated).narrowed(household_class=among), by_village=True)
    for place, tally in tallies(found):
        for measure in (*Dimension, *Indicator):
            asked = {"round": generated, "state": STATES[basis], "place": place, "class": among.value if among else ""}
            named = {"indicator": "", "dimension": "", "asked": 1}
            if isinstance(measure, Dimension):
                named["asked"] = len([key for key, its in DIMENSION_OF.items() if its is measure])
            named["indicator" if isinstance(measure, Indicator) else "dimension"] = measure.value
            expected = tuple(session.execute(text(LACK), asked | named).one())
            figure = tally.figure(basis, measure)
            assert (figure.denominator, figure.households, figure.unknown) == expected, (place, measure)


def test_last_year_is_what_the_round_opened_with(session: Session, generated: str) -> None:
    found = report(session, every(generated), by_village=True)
    rows = session.execute(
        text("SELECT village_id, opening_class, opening_indicators FROM register_entry WHERE round_id = :round"),
        {"round": generated},
    ).all()
    for place, tally in tallies(found):
        mine = [row for row in rows if place in ("", row[0])]
        classified = [row for row in mine if row[1] is not None]
        for one in HouseholdClass:
            figure = tally.figure(Basis.OPENING, one)
            assert figure.households == sum(row[1] == one.value for row in mine)
            assert figure.denominator == sum(row[1] is not None for row in mine)
        for indicator in Indicator:  # as text: another way than the report's
            figure = tally.figure(Basis.OPENING, indicator)
            assert figure.households == sum(f'"{indicator.value}":1' in (row[2] or "") for row in classified)
            assert figure.unknown == sum(f'"{indicator.value}":' not in (row[2] or "") for row in classified)
            assert figure.denominator == len(classified)
        for dimension in Dimension:
            keys = [key.value for key, its in DIMENSION_OF.items() if its is dimension]
            figure = tally.figure(Basis.OPENING, dimension)
            lacking = [row for row in classified if any(f'"{key}":1' in (row[2] or "") for key in keys)]
            free = [row for row in classified if all(f'"{key}":0' in (row[2] or "") for key in keys)]
            assert figure.households == len(lacking)
            assert figure.unknown == figure.denominator - len(lacking) - len(free)
            assert figure.denominator == len(classified)


@pytest.mark.thorough
def test_every_figure_leads_to_exactly_its_households(session: Session, generated: str) -> None:
    found = report(session, every(generated).narrowed(household_class=HouseholdClass.POOR), by_village=True)
    for tally in found.tallies:
        figures = [tally.register_figure(state) for state in (None, *RegisterState)]
        figures += [tally.figure(basis, one) for basis in Basis for one in (*HouseholdClass, *Dimension, *Indicator)]
        figures += [tally.base_figure(basis, one) for basis in INTERVIEWED for one in (INTERVIEWED[basis], *PARTS)]
        figures += [tally.base_figure(Basis.OPENING, CountBase.CLASSIFIED)]
        figures += [tally.illustrative_figure(basis) for basis in INTERVIEWED]
        for figure in figures:
            assert count(session, figure.condition) == figure.households, figure
            assert count(session, figure.whole) == figure.denominator, figure
            assert figure.doubt is not None or not figure.unknown
            assert figure.doubt is None or count(session, figure.doubt) == figure.unknown, figure


@pytest.mark.thorough
@pytest.mark.parametrize(("who", "path"), [("supervisor", f"/desk/{COMMUNE}/report"), ("province", "/desk/report")])
def test_the_links_of_the_page_open_those_households(generated: str, login_as: Any, who: str, path: str) -> None:
    browser: FlaskClient = login_as(who)
    page = browser.get(f"{path}?class=ho_ngheo").get_data(as_text=True)
    links = re.findall(r'<a href="(/desk/[^"]*households\?[^"]*)">([\d.]+)</a>', page)
    assert len(links) > 100
    for address, shown in random.Random(1).sample(links, 12):
        answer = browser.get(unescape(address)).get_data(as_text=True)
        assert f'<p role="status">{shown} hộ</p>' in answer, address


def table_of(browser: FlaskClient) -> list[dict[str, str]]:
    """The report's CSV."""
    body = browser.get(f"/desk/{COMMUNE}/report.csv").get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body, newline="")))


def test_without_a_denominator_there_is_no_rate(session: Session, generated: str, login_as: Any) -> None:
    session.execute(text("UPDATE register_entry SET state = 'to_visit', submission_id = NULL"))
    session.execute(text("UPDATE register_entry SET opening_class = NULL, opening_indicators = NULL"))
    world.stand_as_judged(session)
    found = report(session, every(generated), by_village=True)
    assert {found.total.figure(basis, one).rate for basis in Basis for one in (*HouseholdClass, *Indicator)} == {None}
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/report").get_data(as_text=True)
    assert "–" in page
    assert not re.search(r"\d\s%<", page)
    rates = [row for row in table_of(login_as("supervisor")) if row["base"] != "listed"]
    assert {row["rate_percent"] + row["rate_percent_low"] + row["rate_percent_high"] for row in rates} == {""}


def test_a_rate_is_written_as_people_here_write_it(app: Any) -> None:
    number, percent = app.jinja_env.filters["number"], app.jinja_env.filters["percent"]
    with app.test_request_context(headers={"Cookie": "lang=vi"}):
        assert (number(1234567), number(12.5), number(None)) == ("1.234.567", "12,5", "–")
        assert (percent(0.125), percent(0.0625), percent(1.0), percent(None)) == (
            "12,5\xa0%",
            "6,3\xa0%",
            "100,0\xa0%",
            "–",
        )
    with app.test_request_context(headers={"Cookie": "lang=en"}):
        assert (number(1234567), percent(0.125)) == ("1,234,567", "12.5\xa0%")


def test_the_illustrative_table_announces_itself(session: Session, generated: str, login_as: Any) -> None:
    addresses = [f"/desk/{COMMUNE}/report", f"/desk/{COMMUNE}/households?basis=final", "/desk/report"]
    said = "Điểm B1 chỉ là minh hoạ"
    session.execute(text("UPDATE assessment SET illustrative = :no"), {"no": False})
    world.stand_as_judged(session)
    for address in addresses:
        assert said not in login_as("province").get(address).get_data(as_text=True)
    session.execute(text("UPDATE assessment SET illustrative = :yes"), {"yes": True})
    world.stand_as_judged(session)
    for address in addresses:
        assert said in login_as("province").get(address).get_data(as_text=True), address


def test_the_csv_holds_the_same_figures(session: Session, generated: str, login_as: Any) -> None:
    found = report(session, every(generated, COMMUNE), by_village=True)
    table = table_of(login_as("supervisor"))
    open_to_question = len(FORM.readings) * len([Basis.PROVISIONAL, Basis.FINAL])  # no paper has confirmed any
    counted = (4 + 1) + (4 + 1) + 1  # the bases of each basis, and whose points are illustrative
    assert len(table) == len(found.tallies) * (counted + len(Basis) * (3 + 6 + 12) + open_to_question)
    for tally in found.tallies:
        for basis in Basis:
            for kind, one in (
                ("class", HouseholdClass.POOR),
                ("dimension", Dimension.HEALTH),
                ("indicator", Indicator.JOB),
            ):
                wanted = (tally.place_id or "", basis.value, kind, one.value)
                [row] = [r for r in table if (r["place_id"], r["basis"], r["measure"], r["key"]) == wanted]
                figure = tally.figure(basis, one)
                assert (int(row["households"]), int(row["denominator"])) == (figure.households, figure.denominator)
                assert (row["base"], int(row["unknown"])) == ("classified", figure.unknown)
                low, high = figure.bounds or (None, None)
                assert (row["rate_percent_low"], row["rate_percent_high"]) == (percent(low), percent(high))
                assert row["rate_percent"] == ("" if figure.unknown else row["rate_percent_low"])


def percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.4f}".rstrip("0").rstrip(".")
