"""Who was served and what followed: three households that a reader follows by hand (FOUND in test_layouts.py).

1 is poor and lacks insurance, water and latrine; 2 is near-poor and lacks water and latrine; 3 is poor and lacks all
twelve. The first gets a water tank of a project for water and latrines. A year later 1 is near-poor and lacks insurance
and the latrine; 2 is near-poor, of its water nobody knows, the latrine is there; 3 was not interviewed.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from models import AuditEvent, HouseholdFact, PlacePeriod, Round, RoundCommune
from survey.programmes import shipped, versions
from survey.programmes.catalogue import catalogue_of
from survey.programmes.versions import WantedProgramme, WantedProject, WantedServes
from survey.register.event_log import Done
from survey.support_terms import ProgrammeKind, Provenance, SupportOrigin
from survey.supports import coverage, giving
from survey.supports.coverage import Classes, Followed
from survey.supports.giving import Given
from survey.terms import CommuneState, HouseholdClass, Indicator, RegisterState, RoundKind, RoundState
from tests.given import blind
from tests.pages import text_of
from tests.programmes.test_shipped import done
from tests.web.desk.field import Field
from tests.web.programme.test_layouts import reviewed
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE

POOR = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)
NEXT = "dot-2027"
GIVEN_ON = date(2026, 10, 20)


@pytest.fixture
def work(field: Callable[..., Field]) -> Field:
    found = field(4, done=reviewed)
    by = done(found.session)
    shipped.load(found.session, "14", by)
    rows: dict[str, Any] = {"province_id": "14", "status": Provenance.DECIDED, "source": "Nghị quyết của tỉnh"}
    programme = WantedProgramme(
        code="nuoc", name="Nước sạch", kind=ProgrammeKind.PROVINCE, since=date(2026, 1, 1), until=None,
        legal_basis="NQ 1", **rows,
    )  # fmt: skip
    project = WantedProject(programme="nuoc", code="1", name="Bể nước, nhà tiêu", **rows)
    served = (Indicator.WATER, Indicator.TOILET)
    serves = [WantedServes(programme="nuoc", project="1", indicator=one, **rows) for one in served]
    versions.write(found.session, [programme, project, *serves], by)
    found.session.commit()
    return found


def give(work: Field, number: int, on: date = GIVEN_ON) -> str:
    given = Given(COMMUNE, "khac", "nuoc", "1", on, work.households[number], document="QĐ 5/QĐ-UBND")
    by = Done(work.account("supervisor").id, NOW)
    return giving.give(work.session, given, SupportOrigin.DESK, by, blind).id


def a_year_later(work: Field) -> None:
    """The next round with its facts, written as a review would leave them."""
    now = work.session.get_one(Round, work.round_id)
    work.session.add(Round(
        id=NEXT, kind=RoundKind.PERIODIC, year=now.year + 1, title="Rà soát 2027", standard=now.standard,
        b1_method=now.b1_method, form_id=now.form_id,
        form_version=now.form_version, opens_on=date(2027, 9, 1), closes_on=date(2027, 12, 14), state=RoundState.OPEN,
    ))  # fmt: skip
    work.session.flush()
    work.session.add(RoundCommune(
        commune_id=COMMUNE, round_id=NEXT, state=CommuneState.OPEN, opens_on=date(2027, 9, 1),
        closes_on=date(2027, 12, 14), opened_at=NOW,
    ))  # fmt: skip
    for number, lacks in ((0, {Indicator.INSURANCE: "1", Indicator.TOILET: "1"}), (1, {Indicator.WATER: "-"})):
        work.session.add(HouseholdFact(
            commune_id=COMMUNE, round_id=NEXT, household_id=work.households[number], village_id=VILLAGE,
            state=RegisterState.ACCEPTED, household_class=HouseholdClass.NEAR_POOR,
            lacks="".join(lacks.get(one, "0") for one in Indicator),
        ))  # fmt: skip
    work.session.flush()


def found_of(work: Field, today: date) -> coverage.Coverage:
    survey_round = work.session.get_one(Round, work.round_id)
    return coverage.coverage_of(work.session, catalogue_of(work.session, "14"), COMMUNE, survey_round, today, POOR)


def test_before_the_next_round_it_is_known_who_was_served_and_who_waits(work: Field) -> None:
    give(work, 0)
    found = found_of(work, date(2026, 11, 23))
    assert found.later is None
    assert found.indicators[Indicator.WATER] == {
        True: Followed(1, unknown=1), False: Followed(2, unknown=2)
    }  # fmt: skip
    assert found.indicators[Indicator.JOB] == {True: Followed(), False: Followed(1, unknown=1)}
    left = {one.household_id: len(one.lacks) for one in found.waiting}
    assert left == {work.households[0]: 1, work.households[1]: 2, work.households[2]: 12}


@pytest.mark.miscounts
def test_a_year_later_it_is_told_what_followed(work: Field) -> None:
    give(work, 0)
    a_year_later(work)
    found = found_of(work, date(2027, 12, 1))
    assert (found.later is not None, found.until) == (True, date(2027, 9, 1))
    assert found.indicators[Indicator.WATER] == {
        True: Followed(1, improved=1), False: Followed(2, unknown=2)
    }  # fmt: skip
    assert found.indicators[Indicator.TOILET] == {
        True: Followed(1, still=1), False: Followed(2, improved=1, unknown=1)
    }  # fmt: skip
    assert found.indicators[Indicator.INSURANCE] == {True: Followed(), False: Followed(2, still=1, unknown=1)}
    assert found.classes == {True: Classes(1, better=1), False: Classes(2, same=1, unknown=1)}
    assert found.indicators[Indicator.JOB][False] == Followed(1, unknown=1)


def test_what_was_taken_back_or_given_before_the_round_serves_nobody(work: Field) -> None:
    opens_on = work.session.get_one(Round, work.round_id).opens_on
    give(work, 1, date(2026, 3, 1))
    assert date(2026, 3, 1) < opens_on
    support = give(work, 0)
    assert found_of(work, date(2026, 11, 23)).indicators[Indicator.WATER][True].households == 1
    giving.reverse(work.session, COMMUNE, support, Done(work.account("supervisor").id, NOW, "nhầm hộ"))
    work.session.flush()
    assert found_of(work, date(2026, 11, 23)).indicators[Indicator.WATER][True].households == 0


def test_the_page_says_what_followed_and_never_an_effect(work: Field, login_as: Any) -> None:
    give(work, 0)
    work.session.commit()
    supervisor = login_as("supervisor")
    page = text_of(supervisor.get(f"/desk/{COMMUNE}/coverage"))
    for words in ("Chưa mở đợt rà soát năm sau", "Thiếu hụt chưa được hỗ trợ", "3 hộ"):
        assert words in page
    assert supervisor.get(f"/desk/{COMMUNE}/coverage?village={VILLAGE}").status_code == 200
    assert supervisor.get(f"/desk/{COMMUNE}/coverage?village=03664-01").status_code == 404
    assert supervisor.get(f"/desk/{OTHER_COMMUNE}/coverage").status_code == 404
    assert work.session.scalars(select(HouseholdFact)).all()


@pytest.mark.miscounts
def test_the_figures_leave_as_csv_by_commune_and_village(work: Field, login_as: Any) -> None:
    give(work, 0)
    work.session.commit()
    supervisor = login_as("supervisor")
    at = f"/desk/{COMMUNE}/coverage.csv?round={work.round_id}"
    answer = supervisor.get(at)
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 2 * (12 + 1) * 2  # the commune and its one village; served and not
    water = {(one["village_code"], one["served"]): one for one in rows if one["key"] == Indicator.WATER.value}
    assert {place: one["households"] for place, one in water.items()} == {
        ("", "1"): "1", ("", "0"): "2", (VILLAGE, "1"): "1", (VILLAGE, "0"): "2",
    }  # fmt: skip
    assert {one["unknown"] for one in rows} == {""}  # no next round: nobody knows, and 0 would be a word
    assert {one["village"] for one in rows} == {"", "Bản Nà Ca"}
    a_year_later(work)
    period = work.session.scalars(select(PlacePeriod).filter_by(place_id=VILLAGE)).one()
    period.name = "=1+2"
    work.session.commit()
    rows = list(csv.DictReader(io.StringIO(supervisor.get(at).data.decode("utf-8-sig"))))
    assert {one["village"] for one in rows} == {"", "'=1+2"}  # a text stays one
    [toilet] = [
        one for one in rows if (one["key"], one["served"], one["village_code"]) == (Indicator.TOILET.value, "1", "")
    ]
    assert (toilet["still_lack"], toilet["lack_no_more"], toilet["unknown"]) == ("1", "0", "0")
    [since] = [one for one in rows if (one["measure"], one["served"], one["village_code"]) == ("class", "1", VILLAGE)]
    assert (since["households"], since["less_poor"], since["still_lack"]) == ("1", "1", "")
    work.session.rollback()
    [last] = work.session.scalars(select(AuditEvent).filter_by(verb="export.read").order_by(AuditEvent.at)).all()[-1:]
    assert (last.detail["file"], last.subject) == ("coverage.csv", COMMUNE)
    assert login_as("supervisor-other").get(at).status_code == 404
    whole = login_as("province").get(f"/desk/coverage.csv?round={work.round_id}")
    assert [one for one in csv.DictReader(io.StringIO(whole.data.decode("utf-8-sig"))) if one["village_code"]] == [
        one for one in rows if one["village_code"]
    ]  # fmt: skip
    assert "coverage.csv" in login_as("province").get(f"/desk/exports?round={work.round_id}").text


@pytest.mark.miscounts
def test_the_page_of_a_year_later(work: Field, login_as: Any) -> None:
    give(work, 0)
    a_year_later(work)
    work.session.commit()
    page = text_of(login_as("supervisor").get(f"/desk/{COMMUNE}/coverage?round={work.round_id}"))
    for words in ("Đây không phải tác động của hỗ trợ", "bớt nghèo hơn", "không còn thiếu hụt"):
        assert words in page


def figures_of(page: str) -> dict[str, int]:
    """Address of its households → each figure that leads there."""
    found = re.findall(r'<a href="([^"]+[?&](?:amp;)?of=[^"]+)">([\d.]+)</a>', page)
    return {html.unescape(address): int(number.replace(".", "")) for address, number in found}


@pytest.mark.miscounts
def test_each_figure_leads_to_its_households(work: Field, login_as: Any) -> None:
    give(work, 0)
    a_year_later(work)
    work.session.commit()
    browser, address = login_as("supervisor"), f"/desk/{COMMUNE}/coverage?round={work.round_id}"
    found = figures_of(browser.get(address).get_data(as_text=True))
    assert len(found) > 20
    assert f"/desk/{COMMUNE}/coverage?round={work.round_id}&of=nuoc.no.unknown#waiting" in found
    for each, number in found.items():
        listed = browser.get(each).get_data(as_text=True)
        rows = re.findall(r'<th scope="row"><a href="/desk/', listed)
        assert len(rows) == number > 0, each
        assert f'role="status">{number} ' in listed
    other = login_as("supervisor-other")
    assert {other.get(each).status_code for each in found} == {404}


@pytest.mark.parametrize(
    "of", ["nuoc", "nuoc.yes.worse", "any.yes.still", "nuoc.maybe.still", "x.yes.still", "a.b.c.d"]
)
def test_a_figure_that_no_table_has_is_not_found(work: Field, login_as: Any, of: str) -> None:
    assert login_as("supervisor").get(f"/desk/{COMMUNE}/coverage?of={of}").status_code == 404
