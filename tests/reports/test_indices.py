"""The indices of a round: of which households, told with what is left out, and equal to a plain count of the same."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from models import Assessment, Base, Deprivation, Household, RegisterEntry, Round, RoundCommune, Submission
from survey.form.form import Form
from survey.poverty.indices import Identification, Rule, Unit
from survey.questionnaires.published import publish
from survey.reports.indices import Since, told
from survey.reports.measured import TWELFTHS, By, passage, reviewed
from survey.reports.report import report
from survey.reports.selection import Basis, Condition
from survey.rounds.rounds import open_round
from survey.terms import DIMENSION_OF, CommuneState, Dimension, HouseholdClass, Indicator, RegisterState
from tests import world
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all
from tests.web.desk.field import FORM, SOURCE
from tests.world import COMMUNE, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

F = Fraction
QUARTER = F(1, 4)
VILLAGES = {VILLAGE: COMMUNE, VILLAGE_2: COMMUNE, OTHER_VILLAGE: OTHER_COMMUNE}
COMMUNES = [COMMUNE, OTHER_COMMUNE]
BEFORE, NOW = "dot-truoc", "dot-nay"
Made = list[dict[str, Any]]  # of a round, by plain dictionaries


def invented(chance: random.Random, numbers: Iterable[int], known: float) -> Made:
    """Households of every kind that a round may have."""
    found = []
    for number in numbers:
        lacks = {one: chance.random() < 0.3 for one in Indicator if chance.random() < known}
        refused = chance.random() < 0.04
        found.append(
            {
                "id": f"h{number}", "village": [*VILLAGES][number % 3], "persons": chance.choice([0, 1, 2, 4, 7]),
                "state": chance.choice([*RegisterState, *[RegisterState.ACCEPTED] * 6]),
                "refused": refused, "lacks": {} if refused else lacks,
                "class": None if refused else chance.choice([*HouseholdClass, HouseholdClass.POOR, None]),
                "ethnicity": chance.choice(["thai", "mong", None]), "sex": chance.choice(["nam", "nu"]),
            }
        )  # fmt: skip
    return found


def stored(session: Session, round_id: str, made: Made, standard: str = "ND07-2021") -> None:
    """The rows that would be derived of them."""
    account = session.execute(text("SELECT id FROM account WHERE username = 'enumerator'")).scalar_one()
    rows: dict[type[Base], Made] = {m: [] for m in (Household, Submission, RegisterEntry, Assessment, Deprivation)}
    there = {*session.scalars(select(Household.id))}
    for number, one in enumerate(made):
        key = {"commune_id": VILLAGES[one["village"]]}
        submission_id = None if one["state"] is RegisterState.TO_VISIT else f"{round_id}-{one['id']}"
        if one["id"] not in there:
            rows[Household].append(
                key | {"id": one["id"], "code": one["id"], "village_id": one["village"], "head_name": "Lò Văn A"}
                | {"base_head_name": "Lò Văn A", "created_at": world.NOW}
            )  # fmt: skip
        rows[RegisterEntry].append(
            key | {"round_id": round_id, "household_id": one["id"], "village_id": one["village"], "change": number}
            | {"state": one["state"].value, "submission_id": submission_id}
        )  # fmt: skip
        if submission_id is None:
            continue
        rows[Submission].append(
            key | {"id": submission_id, "entry_id": submission_id, "content_hash": "0", "content": "{}"}
            | {"account_id": account, "device_id": "d", "received_at": world.NOW}
            | {"household_id": one["id"], "round_id": round_id}
        )  # fmt: skip
        key |= {"submission_id": submission_id}
        head = {"ho_ten": "A", "quan_he": "chu_ho", "gioi_tinh": one["sex"], "dan_toc": one["ethnicity"]}
        child = {"ho_ten": "B", "quan_he": "con", "gioi_tinh": "nu", "dan_toc": "kinh"}
        rows[Assessment].append(
            key | {"standard": standard, "illustrative": False, "refused": one["refused"], "persons": one["persons"]}
            | {"household_class": one["class"] and one["class"].value, "problems": [], "head_name": "A"}
            | {"deprived_count": sum(one["lacks"].values()), "values": {"ho": {"thanh_vien": [child, head]}}}
        )  # fmt: skip
        rows[Deprivation] += [
            key | {"indicator": name.value, "dimension": DIMENSION_OF[name].value, "deprived": lack, "because": []}
            for name, lack in one["lacks"].items()
        ]
    for model, found in rows.items():
        if found:
            session.execute(insert(model), found)
    world.stand_as_judged(session)


@pytest.fixture
def open_rounds(session: Session) -> None:
    form = publish(session, Form.from_json(FORM.as_json()), SOURCE, world.NOW)
    for round_id, year in ((BEFORE, 2024), (NOW, 2026)):
        opened = open_round(
            session, round_id=round_id, title=f"Rà soát {year}", year=year, form=form, opens_on=date(year, 9, 1),
            closes_on=date(year, 12, 14), now=world.NOW, communes=COMMUNES,
        )  # fmt: skip
        session.execute(
            update(RoundCommune).where(RoundCommune.round_id == opened.id, RoundCommune.commune_id == COMMUNE)
            .values(state=CommuneState.ACCEPTED.value, closed_at=world.NOW, accepted_at=world.NOW)
        )  # fmt: skip
    session.commit()


@pytest.fixture
def made(session: Session, open_rounds: None) -> Made:
    found = invented(random.Random(1), range(300), known=0.99)
    stored(session, NOW, found)
    return found


def by_counting(cutoff: Fraction = QUARTER, **weights: Fraction) -> Rule:
    return Rule(weights or TWELFTHS, Identification.COUNTING, cutoff)


BY_LAW = Rule(TWELFTHS, Identification.LAW)


def counted(
    session: Session, rule: Rule, unit: Unit = Unit.HOUSEHOLDS, by: By | None = None, since: bool = False
) -> dict[str, Any]:
    session.rollback()
    found = reviewed(session, NOW, COMMUNES, rule, unit, by)
    earlier = None
    if since:
        passed = passage(session, BEFORE, NOW, COMMUNES, rule, unit)
        before = reviewed(session, BEFORE, COMMUNES, rule, unit)
        earlier = Since(session.get_one(Round, BEFORE), before, passed)
    return told(session.get_one(Round, NOW), found, by, earlier)


Poor = Callable[[dict[str, Any]], bool]


def plainly(made: Made, poor: Poor, weigh: Callable[[dict[str, Any]], int]) -> list[str | None]:
    """H, A and M0 as one would count them by hand."""
    score = {id(one): F(sum(one["lacks"].values()), 12) for one in made}
    total = sum(map(weigh, made))
    of_poor = sum(weigh(one) for one in made if poor(one))
    scores = sum((weigh(one) * score[id(one)] for one in made if poor(one)), F(0))
    found = [F(of_poor, total) if total else None, scores / of_poor if of_poor else None, scores / total]
    return [None if one is None else str(one) for one in found]


def complete(made: Made, by_law: bool = False, persons: bool = False) -> Made:
    return [
        one
        for one in made
        if one["state"] is RegisterState.ACCEPTED and not one["refused"] and len(one["lacks"]) == 12
        and (one["class"] or not by_law) and (one["persons"] or not persons)
    ]  # fmt: skip


def exactly(found: dict[str, Any]) -> list[str | None]:
    return [one["of_complete"] and one["of_complete"]["exact"] for one in (found[name] for name in ("h", "a", "m0"))]


def lacks_three(one: dict[str, Any]) -> bool:
    return sum(one["lacks"].values()) >= 3


def is_poor(one: dict[str, Any]) -> bool:
    return one["class"] is HouseholdClass.POOR


@pytest.mark.parametrize(("rule", "poor"), [(by_counting(), lacks_three), (BY_LAW, is_poor)], ids=["counting", "law"])
@pytest.mark.parametrize("unit", Unit)
def test_the_figures_are_those_of_a_plain_count(
    session: Session, made: Made, unit: Unit, rule: Rule, poor: Poor
) -> None:
    persons = unit is Unit.PERSONS
    among = complete(made, rule is BY_LAW, persons)
    found = counted(session, rule, unit)
    weigh = (lambda one: one["persons"]) if persons else (lambda one: 1)
    assert exactly(found) == plainly(among, poor, weigh) and len(among) > 80
    base = found["base"]
    accepted = [one for one in made if one["state"] is RegisterState.ACCEPTED]
    assert base["accepted"] == len(accepted) == base["classified"] + base["refused"] + base["no_class"]
    assert base["refused"] == sum(one["refused"] for one in accepted) > 0
    assert base["classified"] == sum(one["class"] is not None for one in accepted)
    assert base["counted"] == {"households": len(among), "units": sum(map(weigh, among))}
    out = base["excluded"]
    assert out["persons_not_listed"] == (sum(not (one["persons"] or one["refused"]) for one in accepted) * persons)
    assert len(accepted) == len(among) + out["refused"] + out["persons_not_listed"] + (
        out["answer_missing"]["households"]
    )  # fmt: skip
    assert (base["is_poverty_rate"], base["provisional"]) == (False, [OTHER_COMMUNE])
    assert found["standard_errors"] is None


def test_by_law_twelve_times_a_is_the_mean_of_table_four(session: Session, made: Made) -> None:
    """Its own check against what the questionnaire added up, and the table as the report has it."""
    session.rollback()
    check = counted(session, BY_LAW)["check"]
    assert check["holds"] and check["twelve_a"] == check["mean_lacks"] is not None
    for other in (counted(session, BY_LAW, Unit.PERSONS), counted(session, by_counting())):
        assert other["check"] is None
    session.execute(update(Assessment).values(deprived_count=Assessment.deprived_count + 1))
    world.stand_as_judged(session)
    assert counted(session, BY_LAW)["check"]["holds"] is False


def test_it_is_the_reports_table_where_all_is_known(session: Session, open_rounds: None) -> None:
    stored(session, NOW, invented(random.Random(2), range(120), known=1))
    whole = report(session, Condition(NOW, tuple(COMMUNES), household_class=HouseholdClass.POOR), False).total
    lacks = sum(whole.figure(Basis.FINAL, one).households for one in Indicator)
    poor = whole.figure(Basis.FINAL, HouseholdClass.POOR).households
    found = counted(session, BY_LAW)
    assert found["check"]["twelve_a"]["exact"] == str(F(lacks, poor))
    for one in found["indicators"]:
        households = whole.figure(Basis.FINAL, Indicator(one["indicator"])).households
        assert one["censored"]["exact"] == str(F(households, found["base"]["counted"]["households"]))


@pytest.mark.parametrize(
    ("by", "of"),
    [
        (By.COMMUNE, lambda one: VILLAGES[one["village"]]), (By.VILLAGE, lambda one: one["village"]),
        (By.CLASS, lambda one: one["class"] and one["class"].value), (By.SEX, lambda one: one["sex"]),
        (By.ETHNICITY, lambda one: one["ethnicity"]),
    ],
)  # fmt: skip
def test_groups_are_a_partition(session: Session, made: Made, by: By, of: Callable[[Any], str | None]) -> None:
    found = counted(session, by_counting(), by=by)
    among = complete(made)
    groups = {one["group"]: one for one in found["groups"]}
    assert groups.keys() == {of(one) for one in made if one["state"] is RegisterState.ACCEPTED}
    for key, one in groups.items():
        assert exactly(one) == plainly([each for each in among if of(each) == key], lacks_three, lambda _: 1)
    shares = [(F(one["share"]["exact"]), F(one["m0"]["of_complete"]["exact"])) for one in groups.values()]
    assert sum(share for share, _ in shares) == 1
    assert str(sum(share * m0 for share, m0 in shares)) == found["m0"]["of_complete"]["exact"]
    assert sum(F(one["contribution"]["exact"]) for one in groups.values()) == 1


def test_where_much_is_missing_the_interval_is_the_headline(session: Session, open_rounds: None) -> None:
    made = invented(random.Random(3), range(150), known=0.9)
    stored(session, NOW, made)
    found = counted(session, by_counting())
    assert found["headline"] == "interval"
    accepted = [one for one in made if one["state"] is RegisterState.ACCEPTED and not one["refused"]]
    least = sum(lacks_three(one) for one in accepted)
    most = sum(sum(one["lacks"].values()) + 12 - len(one["lacks"]) >= 3 for one in accepted)
    assert [one["exact"] for one in found["h"]["bounds"]] == [str(F(number, len(accepted))) for number in (least, most)]
    some = by_counting(F(1, 2), **dict.fromkeys(TWELFTHS, F(0)) | {"bhyt": F(1, 2), "nuoc": F(1, 2)})
    asked = counted(session, some)
    assert [one["indicator"] for one in asked["indicators"]] == ["bhyt", "nuoc"]
    assert [one["weight"] for one in asked["dimensions"]] == ["1/2", "1/2"]
    answered = sum({Indicator.INSURANCE, Indicator.WATER} <= one["lacks"].keys() for one in accepted)
    assert asked["base"]["counted"]["households"] == answered  # of what weighs nothing nobody asks


def test_the_change_since_an_earlier_round(session: Session, made: Made) -> None:
    earlier = invented(random.Random(4), range(40, 340), known=0.99)
    stored(session, BEFORE, earlier)
    found = counted(session, by_counting(), since=True)
    change = found["change"]
    then, now = complete(earlier), complete(made)
    before, after = (plainly(those, lacks_three, lambda _: 1) for those in (then, now))
    assert (exactly(change["before"]), change["years"], change["break"]) == (before, 2, None)
    h, m0 = (F(after[at] or 0) - F(before[at] or 0) for at in (0, 2))
    assert change["of_complete"]["h"] == {
        "absolute": {"exact": str(h), "value": float(h)},
        "relative": {"exact": str(h / F(before[0] or 0)), "value": float(h / F(before[0] or 0))},
        "yearly": {"exact": str(h / 2), "value": float(h / 2)},
    }
    assert sum(F(one["exact"]) for one in change["m0_split"].values()) == m0
    measured, again = ({one["id"] for one in those} for those in (then, now))
    stayed = [one for one in now if one["id"] in measured]
    assert change["stayers"]["after"]["households"] == change["stayers"]["before"]["households"] == len(stayed)
    assert change["stayers"]["after"]["h"]["exact"] == plainly(stayed, lacks_three, lambda _: 1)[0]
    there = {one["id"] for one in earlier if one["state"] is RegisterState.ACCEPTED}
    assert change["joiners"]["households"] == len(again - there) > 0
    here = {one["id"] for one in made if one["state"] is RegisterState.ACCEPTED}
    assert change["leavers"]["households"] == len(measured - here) > 0
    assert change["stayers"]["not_measured_in_both"] == len(there & here) - len(stayed)


def test_a_commune_of_one_round_alone_is_named(app: Flask, session: Session, made: Made) -> None:
    stored(session, BEFORE, [one for one in made if VILLAGES[one["village"]] == COMMUNE])
    change = counted(session, by_counting(), since=True)["change"]
    assert change["communes_of_one_round"] == [OTHER_COMMUNE]
    assert change["leavers"]["households"] == 0 < change["joiners"]["households"]
    words = run(app, "mpi", NOW, "--since", BEFORE)[1]
    assert f"một trong hai đợt: {OTHER_COMMUNE}" in words
    there = run(app, "mpi", NOW, "--since", BEFORE, "--commune", COMMUNE)[1]
    assert "một trong hai đợt" not in there


def test_another_standard_breaks_the_series(session: Session, made: Made) -> None:
    stored(session, BEFORE, invented(random.Random(4), range(100), known=1), standard="ND351-2025")
    change = counted(session, by_counting(), since=True)["change"]
    assert change["break"] == {"before": ["ND351-2025"], "after": ["ND07-2021"]}
    assert change["of_complete"] is change["m0_split"] is change["stayers"]["m0_split"] is None
    assert change["before"]["h"]["of_complete"] is not None  # each end is told


def test_a_round_without_interviews_has_no_figure(app: Flask, session: Session, open_rounds: None) -> None:
    found = counted(session, BY_LAW, since=True, by=By.CLASS)
    assert (found["headline"], exactly(found), found["groups"]) == (None, [None] * 3, [])
    assert found["h"]["bounds"] is found["a"]["bounds"] is None
    assert {one["contribution"] for one in found["dimensions"]} == {None} and len(found["dimensions"]) == len(Dimension)
    assert found["change"]["of_complete"] == {"h": None, "a": None, "m0": None}
    code, words = run(app, "mpi", NOW, "--identification", "law", "--by", "class", "--since", BEFORE)
    assert (code, "Không có ai tính được" in words) == (0, True)
    figures = [line.split()[1:] for line in words.splitlines() if line.startswith(("H ", "A ", "M0 "))]
    assert figures == [["–"] * 3] * 3 + [["–"] * 4] * 3  # never a number


# By command -----------------------------------------------------------------------------------------------------------


def said(app: Flask, *words: str) -> tuple[int, Any]:
    code, output = run(app, "mpi", NOW, *words, "--json")
    return code, json.loads(output.splitlines()[0])


def test_the_command_says_the_same_as_json_and_in_words(app: Flask, session: Session, made: Made) -> None:
    code, found = said(app, "--unit", "persons", "--cutoff", "3/12", "--by", "class")
    names = found.pop("names")
    assert (code, found) == (0, counted(session, by_counting(), Unit.PERSONS, By.CLASS))
    assert names["ho_ngheo"] == "Hộ nghèo"
    assert said(app, "--cutoff", "0.25", "--unit", "persons", "--by", "class")[1]["h"] == found["h"]
    code, words = run(app, "mpi", NOW, "--identification", "law", "--by", "ethnicity")
    assert code == 0, words
    for piece in (
        "H không phải là tỷ lệ nghèo của xã, phường hay của tỉnh", f"chưa duyệt kết quả của: {OTHER_COMMUNE}",
        "thai Thái", "mong Mông", "chưa rõ", "Nguồn nước sinh hoạt", "Nước sinh hoạt và vệ sinh", "12·A", "khớp",
        "hơn 5 phần trăm",
    ):  # fmt: skip
        assert piece.casefold() in words.casefold(), piece
    assert "hộ nghèo" not in run(app, "mpi", NOW)[1].casefold()  # counting does not say who is one
    assert said(app, "--commune", OTHER_COMMUNE)[1]["base"]["accepted"] < found["base"]["accepted"]


def test_its_tables_are_aligned(app: Flask, made: Made) -> None:
    lines = run(app, "mpi", NOW)[1].splitlines()
    table = lines[lines.index("") - 4 : lines.index("")]
    assert [line.split()[0] for line in table[1:]] == ["H", "A", "M0"]
    assert len({len(line) for line in table}) == 1


def test_weights_are_said_or_read_from_a_file(app: Flask, session: Session, made: Made, tmp_path: Path) -> None:
    file = tmp_path / "trong-so.txt"
    file.write_text("\ufeff# nước và nhà\nnuoc = 1/4\n\n nha_tieu=0.25\n", "utf-8")
    code, found = said(app, "--weights", str(file), "--weights", "bhyt=1/2", "--cutoff", "1/2")
    assert (code, found["weights"]["nuoc"], found["weights"]["bhyt"], found["weights"]["viec_lam"]) == (
        0, "1/4", "1/2", "0",
    )  # fmt: skip
    assert sum(F(one) for one in found["weights"].values()) == 1


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--weights", "bhyt=1/3"], "sum"), (["--weights", "bhyt=x"], "not_a_fraction"),
        (["--weights", "=1"], "indicator_unknown"), (["--weights", "rac=1"], "indicator_unknown"),
        (["--weights", "bhyt=1", "--weights", "bhyt=1"], "weight_twice"), (["--weights", "/khong-co"], "unreadable"),
        (["--cutoff", "0"], "cutoff"), (["--cutoff", "1.01"], "cutoff"), (["--cutoff", "một"], "not_a_fraction"),
        (["--cutoff", "1/0"], "not_a_fraction"), (["--cutoff", "1/4", "--identification", "law"], "cutoff_by_law"),
        (["--commune", "99999"], "round_not_there"), (["--since", NOW], "not_earlier"),
        (["--since", "khong-co"], "round_unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_with_the_rule(
    app: Flask, open_rounds: None, words: list[str], rule: str
) -> None:
    code, refused = said(app, *words)
    assert (code, refused["problem"], refused["done"]) == (1, rule, False)
    assert refused["title"] and "%(" not in refused["title"]


def test_a_file_that_is_no_text_is_refused(app: Flask, open_rounds: None, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    assert said(app, "--weights", str(tmp_path / "x"))[1]["problem"] == "unreadable"
    assert said(app, "--weights", str(tmp_path))[1]["problem"] == "unreadable"
    assert run(app, "mpi", NOW, "--by", "tuổi")[0] == run(app, "mpi", NOW, "--unit", "x")[0] == 2
    assert run(app, "mpi", "khong-co")[0] == 1


def test_the_change_is_said_in_words(app: Flask, session: Session, made: Made) -> None:
    stored(session, BEFORE, invented(random.Random(4), range(200), known=0.99))
    words = run(app, "mpi", NOW, "--since", BEFORE)[1]
    for piece in (
        "So với dot-truoc, 2024",
        "Trong mức thay đổi của M0",
        "có ở cả hai đợt, đợt trước",
        "chỉ có ở đợt này",
    ):
        assert piece in words
    session.execute(update(Assessment).where(Assessment.submission_id.like(f"{BEFORE}%")).values(standard="khac"))
    world.stand_as_judged(session)
    words = run(app, "mpi", NOW, "--since", BEFORE)[1]
    assert "làm đứt chuỗi số liệu" in words and "Trong mức thay đổi của M0" not in words


@pytest.mark.usefixtures("small_round")
def test_interviews_as_they_came_in(app: Flask, session: Session, login_as: Any) -> None:
    """Of the small questionnaire two indicators are known: with all twelve asked nobody is complete."""
    empty = json.loads(run(app, "mpi", ROUND, "--json")[1])
    assert (empty["headline"], empty["h"]["of_complete"]) == (None, None)
    accept_all(session, login_as, COMMUNE)
    session.rollback()
    accepted = session.scalar(
        select(func.count()).select_from(RegisterEntry).where(RegisterEntry.state == RegisterState.ACCEPTED.value)
    )
    whole = json.loads(run(app, "mpi", ROUND, "--json")[1])
    assert (whole["headline"], whole["base"]["excluded"]["answer_missing"]["households"]) == ("interval", accepted)
    assert whole["h"]["of_complete"] is None and whole["h"]["bounds"][1]["exact"] == "1"
    both = ["--weights", "bhyt=1/2", "--weights", "vien_thong=1/2"]
    found = json.loads(run(app, "mpi", ROUND, *both, "--cutoff", "1", "--json")[1])
    assert found["base"]["counted"]["households"] == accepted and accepted
    assert exactly(found) == ["1", "1", "1"]  # each lacks both
