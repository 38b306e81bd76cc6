"""The feed over six households: what each table holds, pages, filters, and what changes meanwhile."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Flask
from odata import ODataService
from sqlalchemy import event
from sqlalchemy.orm import Session

from models import Round, RoundCommune
from survey.clocks import day_of
from survey.feed import reading
from survey.feed.reading import Page, Reach
from survey.feed.sets import DEPRIVATIONS, HOUSEHOLDS, MEMBERS, TALLIES
from survey.odata.answers import Manner, Writer
from survey.odata.options import Query, Token
from survey.plan import sample
from survey.register.event_log import Done
from survey.residents.residents import Numbers
from survey.support_terms import SupportOrigin
from survey.supports import giving
from survey.supports.giving import Given, Worker
from survey.terms import DIMENSION_OF, Action, CommuneState, Indicator
from tests.given import blind, by
from tests.serving import serving
from tests.supports.test_counted import enter_kinds
from tests.web.desk.field import CASES, Field, answers_of
from tests.web.feed.feed import EVERY, Reader, account_of, made, three_accepted
from tests.web.programme.test_layouts import entered
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2


@pytest.fixture
def work(field: Callable[..., Field]) -> Field:
    return field(6, done=three_accepted)


def listed(case: Any, work: Field) -> list[dict[str, Any]]:
    return answers_of(case, work.method)["thanh_vien"]


def test_a_stock_client_reads_the_tables(app: Flask, work: Field) -> None:
    """python-odata, which knows nothing of us but the address: entities from $metadata, pages, $filter, $select,
    $orderby, $top, $skip, $count and a composite key."""
    _, text = made(app)
    with serving(app) as port, requests.Session() as line:
        line.auth = ("supervisor", text)
        line.headers["Prefer"] = "odata.maxpagesize=5"
        service = ODataService(
            f"http://127.0.0.1:{port}/odata/", reflect_entities=True, session=line, quiet_progress=True
        )
        assert set(service.entities) == set(EVERY)
        households, lacks = service.entities["Households"], service.entities["Deprivations"]
        every = service.query(households).all()
        assert sorted(one.HouseholdId for one in every) == sorted(work.households)  # two pages
        accepted = service.query(households).filter(households.State == "accepted")
        assert accepted.count() == 3
        assert {one.HouseholdId: one.Persons for one in accepted} == {
            work.households[number]: len(listed(CASES[number], work)) for number in range(3)
        }
        assert service.query(lacks).count() == 36
        assert len(service.query(lacks).all()) == 36  # eight pages
        some = service.query(lacks).filter(lacks.Indicator == "nuoc").select(lacks.HouseholdId, lacks.Deprived).all()
        assert {tuple(one) for one in some} == {("HouseholdId", "Deprived")}
        assert {one["HouseholdId"] for one in some} == set(work.households[:3])
        backward = service.query(households).order_by(households.RoundId.desc(), households.HouseholdId.desc())
        assert [one.HouseholdId for one in backward.limit(4).offset(1)] == sorted(work.households, reverse=True)[1:5]
        one = service.query(households).get(RoundId=work.round_id, HouseholdId=work.households[0])
        assert (one.CommuneId, one.VillageId, one.State) == (COMMUNE, VILLAGE, "accepted")
        place = service.entities["Places"]
        names = service.query(place).filter(place.Name.contains("Nà") & (place.Kind == "village")).all()
        assert [found.Name for found in names] == ["Bản Nà Ca"]


def test_pandas_reads_a_table_as_the_manual_says(app: Flask, work: Field) -> None:
    """The example of docs/data.md."""
    _, text = made(app)
    with serving(app) as port:
        rows: list[dict[str, Any]] = []
        address: str | None = f"http://127.0.0.1:{port}/odata/Deprivations?$filter=Deprived"
        while address:
            page = requests.get(address, auth=("supervisor", text), timeout=60).json()
            rows += page["value"]
            address = page.get("@odata.nextLink")
    found = Counter(row["HouseholdId"] for row in rows)
    assert found == +Counter({work.households[number]: CASES[number].deprived.count(True) for number in range(3)})


def test_the_tables_say_what_the_round_says(app: Flask, work: Field) -> None:
    reader = Reader(app)
    [survey_round] = reader.rows("Rounds")
    assert (survey_round["RoundId"], survey_round["State"], survey_round["OpensOn"]) == (
        work.round_id, "open", work.session.get_one(Round, work.round_id).opens_on.isoformat(),
    )  # fmt: skip
    households = {row["HouseholdId"]: row for row in reader.rows("Households")}
    assert [households[id]["State"] for id in work.households] == ["accepted"] * 3 + ["received"] + ["to_visit"] * 2
    waiting = households[work.households[3]]
    assert (waiting["Class"], waiting["Persons"], waiting["B1Points"], waiting["HeadSex"]) == (None,) * 4
    assert all(households[id]["Class"] for id in work.households[:3])
    members = reader.rows("Members")
    assert Counter(row["HouseholdId"] for row in members) == {
        work.households[number]: len(listed(CASES[number], work)) for number in range(3)
    }
    assert len({row["PersonCode"] for row in members}) == len(members)
    first = [row for row in members if row["HouseholdId"] == work.households[0]]
    for row, said in zip(first, listed(CASES[0], work), strict=True):
        assert (row["Sex"], row["Relation"], row["Ethnicity"], row["BirthYear"]) == (
            said["gioi_tinh"], said["quan_he"], said["dan_toc"], said["nam_sinh"],
        )  # fmt: skip
    for number in range(3):  # as the table of cases has them, in the order of the decree
        lacks = reader.rows("Deprivations", filter=f"HouseholdId eq '{work.households[number]}'")
        assert [(row["Indicator"], row["Deprived"]) for row in lacks] == list(
            zip(Indicator, CASES[number].deprived, strict=True)
        )
        assert households[work.households[number]]["Class"] == CASES[number].household_class


def test_tallies_add_up_to_the_households(app: Flask, work: Field) -> None:
    """Sums of the commune by base, measure and unit, and the same of its villages together."""
    reader = Reader(app)
    households = reader.rows("Households")
    tallies = reader.rows("Tallies")
    keys = [tuple(row[name] for name in ("RoundId", "PlaceId", "Unit", "Base", "Measure", "Group")) for row in tallies]
    assert len(set(keys)) == len(keys)
    commune = {
        (row["Base"], row["Measure"], row["Unit"]): row["Count"]
        for row in tallies
        if (row["PlaceId"], row["Group"]) == (COMMUNE, "all")
    }
    states = Counter(row["State"] for row in households)
    assert {term: commune["listed", f"state.{term}", "households"] for term in states} == states
    classes = Counter(row["Class"] for row in households if row["Class"])
    persons: Counter[str] = Counter()
    for row in households:
        if row["Class"]:
            persons[row["Class"]] += row["Persons"]
    assert {term: commune["classified", term, "households"] for term in classes} == classes
    assert {term: commune["classified", term, "persons"] for term in classes} == persons
    waiting = [row for row in tallies if row["Base"] == "received" and row["PlaceId"] == COMMUNE]
    assert {row["Count"] for row in waiting if row["Unit"] == "households" and row["Kind"] == "class"} == {1}
    lacking = Counter(row["Indicator"] for row in reader.rows("Deprivations") if row["Deprived"] is True)
    told: Counter[str] = Counter()
    for row in tallies:
        if (row["Kind"], row["PlaceId"], row["Group"], row["Unit"]) == ("indicator", COMMUNE, "all", "households"):
            told[row["Term"]] += row["Count"] if row["Base"] == "classified" else 0
    assert +told == lacking
    by_village = sum(
        row["Count"] for row in tallies if row["PlaceId"] in (VILLAGE, VILLAGE_2) and row["Kind"] == "state"
    )
    assert by_village == 6


def test_residents_and_targets_are_those_that_stand(app: Flask, work: Field, session: Session) -> None:
    entered(session, {COMMUNE: Numbers(1200, 5000, 200, 990, 800, 4190), VILLAGE: Numbers(100)})
    rows = Reader(app).rows("Residents")
    found = {(row["PlaceId"], row["Group"]): (row["Households"], row["Persons"]) for row in rows}
    assert found == {
        (COMMUNE, "all"): (1200, 5000), (COMMUNE, "kinh"): (200, 800), (COMMUNE, "dtts"): (990, 4190),
        (COMMUNE, "other"): (10, 10), (VILLAGE, "all"): (100, None),
    }  # fmt: skip
    assert {row["AsOf"] for row in rows} == {"2025-12-31"}
    with Session(app.extensions["engine"]) as writing, writing.begin():
        sample.load(writing, Done(account_of(writing, "province").id, NOW, "nạp kế hoạch"))
    assert Reader(app).rows("Targets") == []  # the province's own, which this reader's page does not show
    targets = Reader(app, "province").rows("Targets")
    assert {row["PlaceId"] for row in targets} == {"14"}
    rate = next(row for row in targets if row["Measure"] == "poverty_rate")
    assert (rate["Value"], rate["BaseValue"], rate["Comparison"]) == (18.66, 21.66, "le")
    raw = Reader(app, "province").get("Targets", {"$filter": "Measure eq 'poverty_rate'"}).text
    assert '"Value":18.6600' in raw or '"Value":18.66' in raw
    [exact] = Reader(app, "province").rows("Targets", filter="Value eq 18.66 and Year ge 2022")
    assert exact["Code"] == rate["Code"]


def test_what_was_given_stands_without_a_name(app: Flask, work: Field, session: Session) -> None:
    """A house for the first household, money for its roof taken back, a job for a worker whom no register knows."""
    enter_kinds(session)
    home, day = work.households[0], day_of(NOW).replace(day=2)
    words = {"document": "QĐ 15/QĐ-UBND", "note": "mái tôn nhà ông Páo"}
    house = Given(COMMUNE, "nha_o", "ct2026", "1", day, home, amount=40_000_000, **words)
    worker = Worker("Giàng A Páo", "1990", "băm-1", "Bản Nà Ca")
    job = Given(COMMUNE, "viec_lam", "ct2026", "1", day, worker=worker, **words)
    again = Given(COMMUNE, "tien_dien", "ct2026", "1", day, home, amount=55_000, **words)
    made, outside, undone = [
        giving.give(session, one, SupportOrigin.DESK, by(session), blind) for one in (house, job, again)
    ]
    giving.reverse(session, COMMUNE, undone.id, by(session, reason="Ghi nhầm"))
    session.commit()
    reader = Reader(app)
    rows = {row["SupportId"]: row for row in reader.rows("Supports")}
    assert set(rows) == {made.id, outside.id}
    first, other = rows[made.id], rows[outside.id]
    assert (first["HouseholdId"], first["Kind"], first["Amount"], first["GivenOn"], first["IsOutside"]) == (
        home, "nha_o", 40_000_000, "2026-11-02", False,
    )  # fmt: skip
    assert (other["HouseholdId"], other["PersonCode"], other["Amount"], other["IsOutside"]) == (None, None, None, True)
    exact = reader.get(f"Supports('{made.id}')", None, Accept="application/json;IEEE754Compatible=true")
    assert '"Amount":"40000000"' in exact.text
    [paid] = reader.rows("Supports", filter="Amount ge 40000000 and Programme eq 'ct2026' and IsException eq false")
    assert paid == first
    assert reader.get("Supports/$count", {"$filter": "IsOutside"}).text == "1"
    projects = {(row["Programme"], row["Code"]): row for row in reader.rows("Projects")}
    project = projects[first["Programme"], first["Project"]]
    assert (project["ProvinceId"], project["Kind"], project["Opens"]) == (first["ProvinceId"], "project", "2026-01-01")
    every = json.dumps([*rows.values(), *projects.values()], ensure_ascii=False)
    assert not [word for word in ("Páo", "1990", "băm-1", "Nà Ca", "QĐ 15") if word in every]
    assert Reader(app, "supervisor-other").rows("Supports") == []  # another's area
    assert Reader(app, "province-other").rows("Projects") == []


def test_a_row_is_read_by_its_key(app: Flask, work: Field) -> None:
    reader = Reader(app)
    key = f"RoundId='{work.round_id}',HouseholdId='{work.households[1]}'"
    assert reader.get(f"Households({key})").json["State"] == "accepted"
    assert reader.get(f"Households({key})", {"$select": "State"}).json == {
        "@odata.context": "http://localhost/odata/$metadata#Households(State)/$entity", "State": "accepted",
    }  # fmt: skip
    assert reader.get(f"Deprivations({key},Indicator='nuoc')").json["Dimension"] == DIMENSION_OF[Indicator.WATER]
    person = reader.rows("Members")[0]
    found = reader.get(
        f"Members(RoundId='{person['RoundId']}',HouseholdId='{person['HouseholdId']}',PersonCode='{person['PersonCode']}')"
    )
    assert {name: found.json[name] for name in person} == person
    tally = reader.rows("Tallies", top="3")[2]
    names = ("RoundId", "PlaceId", "Unit", "Base", "Measure", "Group")
    named = ",".join(f"{name}='{tally[name]}'" for name in names)
    assert reader.get(f"Tallies({named})").json["Count"] == tally["Count"]
    assert reader.get(f"PlacePeriods(PlaceId='{VILLAGE}',ValidFrom=2025-07-01)").json["Name"] == "Bản Nà Ca"
    assert reader.code(f"Places('{OTHER_COMMUNE}')") == (404, "no_such_row")  # another's area
    assert reader.code("Places('B%E1%BA%A3n')") == (404, "no_such_row")
    assert reader.code("Households('x')") == (400, "bad_key")


def test_pages_hold_each_row_once_whatever_their_size(app: Flask, work: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(app, "province")
    for name in ("Tallies", "Members", "Deprivations", "Households", "PlacePeriods"):
        whole = reader.rows(name)
        monkeypatch.setattr(reading, "PAGE", 7)
        monkeypatch.setattr(reading, "LARGEST_PAGE", 11)
        assert reader.rows(name) == whole
        assert reader.rows(name, top="20", skip="3") == whole[3:23]
        key = reader.client.get(f"/odata/{name}?$count=true", headers=reader.headers).json
        assert key["@odata.count"] == len(whole) == int(reader.get(f"{name}/$count").text)
        assert len(key["value"]) in (7, 11) or len(whole) < 11
        monkeypatch.undo()
    backward = reader.rows("Places", orderby="PlaceId desc")
    assert backward == sorted(reader.rows("Places"), key=lambda row: row["PlaceId"], reverse=True)
    assert reader.rows("Tallies", top="0") == []


def test_what_is_written_between_two_pages_is_told(app: Flask, work: Field) -> None:
    """A page within a commune goes on only while nobody wrote there: else a household could come twice or never."""
    reader = Reader(app)
    first = reader.get("Households", {"$count": "true"}, Prefer="odata.maxpagesize=4")
    assert first.headers["Preference-Applied"] == "odata.maxpagesize=4"
    assert (len(first.json["value"]), first.json["@odata.count"]) == (4, 6)
    following = first.json["@odata.nextLink"]
    second = reader.client.get(following, headers=reader.headers)
    assert len(second.json["value"]) == 2
    assert "@odata.nextLink" not in second.json
    work.decide(work.sent[3], Action.ACCEPT)
    refused = reader.client.get(following, headers=reader.headers)
    assert (refused.status_code, refused.json["error"]["code"]) == (410, "changed")
    assert "Làm mới" in refused.json["error"]["message"]


def test_whole_communes_are_read_though_others_write(
    app: Flask, work: Field, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page ends with a commune where it can, so that an office that works stops nobody's Excel."""
    monkeypatch.setattr(reading, "PAGE", 1)
    reader = Reader(app, "province", sets=["Households"])
    page = reader.get("Households").json
    assert len(page["value"]) == 6  # the commune to its end
    assert "@odata.nextLink" not in page


def test_an_unchanged_table_is_not_sent_again(app: Flask, work: Field) -> None:
    reader = Reader(app)
    tag = reader.get("Tallies").headers["ETag"]
    assert tag.startswith('W/"')
    again = reader.get("Tallies", None, **{"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    work.decide(work.sent[3], Action.ACCEPT)
    assert reader.get("Tallies", None, **{"If-None-Match": tag}).status_code == 200
    described = reader.get("$metadata").headers["ETag"]
    assert reader.get("$metadata", None, **{"If-None-Match": described}).status_code == 304
    assert Reader(app, sets=["Rounds"]).get("$metadata", None, **{"If-None-Match": described}).status_code == 200


@pytest.mark.miscounts
def test_trials_and_what_was_cancelled_are_left_out(app: Flask, work: Field, session: Session) -> None:
    session.get_one(RoundCommune, (COMMUNE, work.round_id)).state = CommuneState.CANCELLED.value
    session.commit()
    reader = Reader(app)
    names = ("Rounds", "Households", "Members", "Deprivations", "Tallies")
    assert {name: reader.rows(name) for name in names} == {name: [] for name in names}
    session.get_one(RoundCommune, (COMMUNE, work.round_id)).state = CommuneState.OPEN.value
    session.get_one(Round, work.round_id).trial = True
    session.commit()
    assert {name: reader.rows(name) for name in names} == {name: [] for name in names}


def test_nothing_personal_goes_out(app: Flask, work: Field) -> None:
    """No name, number or position of anybody who was interviewed or who works here, in no table, whatever is asked."""
    words = {person["ho_ten"] for number in range(4) for person in listed(CASES[number], work)}
    words |= {work.household(number).head_name for number in range(6)}
    words |= {
        str(person["cccd"]) for number in range(4) for person in listed(CASES[number], work) if person.get("cccd")
    }
    assert len(words) > 5
    reader = Reader(app, "admin")
    for name in EVERY:
        text = json.dumps(reader.rows(name), ensure_ascii=False)
        assert not [word for word in words if word and word in text], name
        assert "Người thử" not in text


def test_a_commune_is_read_in_the_order_in_which_it_lies(app: Flask, work: Field) -> None:
    """On SQLite: the tables that grow with households are searched by their key, and nothing of them is sorted, so that
    the first row is there at once and a later page begins where the one before ended."""
    engine = app.extensions["reading_engine"]
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL gathers statistics")
    asked: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    with Session(engine) as session:
        event.listen(engine, "before_cursor_execute", hear)
        reach = Reach((COMMUNE,), ("14",), (), day_of(NOW))
        for table in (HOUSEHOLDS, MEMBERS, DEPRIVATIONS, TALLIES):
            found = list(table.read(session, reach, Query(table.of.properties), None))
            middle = found[len(found) // 2]
            rest = list(
                table.read(session, reach, Query(table.of.properties), Token(COMMUNE, "", middle.place, middle.number))
            )
            assert rest == found[len(found) // 2 + 1 :]
        event.remove(engine, "before_cursor_execute", hear)
        plans = [
            [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in asked
        ]
    assert len(plans) == 8
    for plan in plans:
        assert not [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step], plan
    assert all("round_id" in plans[at][0] for at in (1, 3, 5, 7)), "a later page begins at its place"


def test_memory_does_not_grow_with_the_table(app: Flask, work: Field, session: Session) -> None:
    """Sixty times the rows of one commune, written one by one, take the memory of one page of pieces."""

    class Endless:
        of, commune = DEPRIVATIONS.of, None

        def read(self, *_: Any) -> Any:
            here = Reach((COMMUNE,), (), (), day_of(NOW))
            row, *_ = DEPRIVATIONS.read(session, here, Query(DEPRIVATIONS.of.properties), None)
            for _number in range(reading.LARGEST_PAGE):
                yield row

        def revision(self, *_: Any) -> str:
            return ""

    query = Query(DEPRIVATIONS.of.properties)
    page = Page(session, Endless(), Reach((COMMUNE,), (), (), day_of(NOW)), query, reading.LARGEST_PAGE)  # type: ignore[arg-type]
    tracemalloc.start()
    size = sum(
        len(piece) for piece in Writer("http://x/", DEPRIVATIONS.of, Manner()).table(page.rows(), None, lambda: None)
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 8_000_000
    assert peak < 1_000_000
