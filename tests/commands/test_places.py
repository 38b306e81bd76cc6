"""`flask --app app places …` and `register table`: tried first, refused with the rule, all or nothing."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import FormerCommune, Household, PlaceEvent, Round
from survey.clocks import day_of
from survey.evidence.signing import Signer
from survey.problems import Problem
from survey.register import places
from survey.register.event_log import Done
from survey.rounds import closing
from survey.terms import PlaceChange
from survey.villages import acts as village_acts
from survey.villages import former_tables
from survey.villages.acts import Wish
from tests.interviews import ROUND, accept_all
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

pytestmark = pytest.mark.usefixtures("small_round")
HEADER = "former_district_code,former_district,former_commune_code,former_commune,commune_code,status,source"
ROWS = (
    "901,Huyện Cũ,90001,Xã Cũ Một,03757,nguồn thứ cấp,bài thử",
    "901,Huyện Cũ,90002,Xã Cũ Hai,03757,nguồn thứ cấp,bài thử",
    "902,Thành phố Cũ,90003,Phường Cũ,03664,nguồn thứ cấp,bài thử",
)


def run(app: Flask, command: str, *more: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=[*command.split(), *more])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, result.output


def file_of(folder: Path, *rows: str, header: str = HEADER) -> str:
    path = folder / "cu.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return str(path)


def test_a_merger_is_tried_done_and_undone(app: Flask, session: Session) -> None:
    command = f"places merge {VILLAGE} {VILLAGE_2} --on 2026-11-23 --reason NQ12"
    code, said = run(app, f"{command} --dry-run --json")
    assert (code, json.loads(said)["done"], len(json.loads(said)["moved"])) == (0, False, 3)
    assert session.get_one(Household, (COMMUNE, "ho-1")).village_id == VILLAGE
    assert run(app, command)[0] == 0
    session.rollback()
    assert session.get_one(Household, (COMMUNE, "ho-1")).village_id == VILLAGE_2
    code, said = run(app, command)
    assert (code, "place_over" in said) == (1, True)
    seq = json.loads(run(app, f"places history --commune {COMMUNE} --json")[1])[0]["seq"]
    assert run(app, f"places undo {seq} --commune {COMMUNE} --reason nhầm")[0] == 0
    session.rollback()
    assert session.get_one(Household, (COMMUNE, "ho-1")).village_id == VILLAGE
    assert "hoàn tác" in run(app, f"places history --commune {COMMUNE}")[1].lower()


def test_a_split_by_numbers_and_what_it_refuses(app: Flask, session: Session) -> None:
    split = f"places split {VILLAGE} --reason x --name Mới"
    assert "place_nobody_goes" in run(app, split)[1]
    assert "place_household_elsewhere" in run(app, f"{split} --household 03757-02-001")[1]
    code, said = run(app, f"{split} --household 03757-01-002 --json")
    assert (code, json.loads(said)["rule"]) == (0, None)
    assert (
        json.loads(run(app, f"places rename {VILLAGE} --name Mới --reason x --json")[1])["rule"] == "place_name_taken"
    )
    assert "register_reason_needed" in run(app, f"places rename {VILLAGE} --name Khác")[1]
    assert "not_found" in run(app, "places rename 03757-99 --name Khác --reason x")[1]
    assert run(app, f"places rename {VILLAGE} --name Khác --reason x --by ai-day")[0] == 1


def test_who_visits_a_village_no_more_is_named(app: Flask) -> None:
    rezone = f"places rezone {VILLAGE} --commune {OTHER_COMMUNE} --reason NQ12"
    assert json.loads(run(app, f"{rezone} --dry-run --json")[1])["leaving"] == ["enumerator"]
    assert "enumerator" in run(app, rezone)[1].splitlines()[-1]


def test_former_communes_are_loaded_whole_or_not_at_all(app: Flask, session: Session, tmp_path: Path) -> None:
    wrong = file_of(tmp_path, *ROWS, "903,Huyện,90004,Xã,99999,x,y", ROWS[0], "903,H,90005,,03757,x,y")
    code, said = run(app, f"places former {wrong} --province 14")
    assert (code, "99999" in said, session.scalar(select(func.count()).select_from(FormerCommune))) == (1, True, 0)
    good = file_of(tmp_path, *ROWS)
    assert "3 xã, phường cũ trong 2 huyện" in run(app, f"places former {good} --province 14 --dry-run")[1]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(FormerCommune)) == 0
    for added in (3, 0):
        said = run(app, f"places former {good} --province 14 --json")[1]
        assert (json.loads(said)["added"], json.loads(said)["statuses"]) == (added, ["nguồn thứ cấp"])
    changed = file_of(tmp_path, ROWS[0].replace("Xã Cũ Một", "Xã Cũ Khác"), *ROWS[1:])
    assert json.loads(run(app, f"places former {changed} --province 14 --json")[1])["changed"] == 1
    assert run(app, f"places former {good} --province 03757")[0] == 1
    backward = file_of(tmp_path, f"{ROWS[0]},2025-07-01,2025-06-30", header=f"{HEADER},valid_from,valid_to")
    assert run(app, f"places former {backward} --province 14")[0] == 1
    strange = file_of(tmp_path, f"{ROWS[0]},hôm qua", header=f"{HEADER},valid_to")
    assert "hôm qua" in run(app, f"places former {strange} --province 14")[1]


@pytest.fixture
def reads_no_list_as_a_writer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which lists were read; none of them while others wait to write."""
    read: list[str] = []

    def watched(name: str) -> None:
        judge = getattr(former_tables, name)

        def judge_alone(*given: Any) -> Any:
            if app.extensions["engine"].dialect.name == "sqlite":  # where one writes at a time
                other = sqlite3.connect(app.extensions["engine"].url.database, timeout=0, isolation_level=None)
                other.execute("BEGIN IMMEDIATE")
                other.close()
            read.append(name)
            return judge(*given)

        monkeypatch.setattr(former_tables, name, judge_alone)

    for name in ("read_table", "read_villages"):
        watched(name)
    return read


def test_a_list_is_judged_before_anybody_waits_and_names_the_row_of_its_mistake(
    app: Flask, session: Session, tmp_path: Path, reads_no_list_as_a_writer: list[str]
) -> None:
    assert run(app, f"places former {file_of(tmp_path, *ROWS)} --province 14")[0] == 0
    header, villages = "village_code,former_commune_code", f"places villages {tmp_path / 'cu.csv'} --commune {COMMUNE}"
    file_of(tmp_path, f"{VILLAGE},90001", f"{VILLAGE_2},90009", header=header)
    code, said = run(app, villages)
    assert (code, "cu.csv, dòng 3, cột" in said, "90009" in said) == (1, True, True)
    session.rollback()
    entered = select(func.count()).select_from(PlaceEvent).where(PlaceEvent.kind == "former")
    assert session.scalar(entered) == 0
    file_of(tmp_path, f"{VILLAGE},90001", f"{VILLAGE_2},90002", header=header)
    assert "2 thôn, bản" in run(app, f"{villages} --dry-run")[1]
    session.rollback()
    assert session.scalar(entered) == 0
    assert "2 thôn, bản" in run(app, villages)[1]
    assert "0 thôn, bản" in run(app, villages)[1]
    assert reads_no_list_as_a_writer == ["read_table", *["read_villages"] * 4]


def test_a_village_that_is_no_more_when_its_line_is_written_leaves_the_list_unwritten(session: Session) -> None:
    village_acts.carry_out(
        session, COMMUNE, Wish(PlaceChange.MERGED, VILLAGE, day_of(NOW), {"other": VILLAGE_2}), Done(None, NOW, "x")
    )
    last = places.last_change(session, COMMUNE)
    with pytest.raises(Problem, match="conflict"):
        village_acts.enter_former(session, COMMUNE, {VILLAGE_2: "90001", VILLAGE: "90001"}, Done(None, NOW))
    assert places.last_change(session, COMMUNE) == last


def test_the_register_in_former_borders_as_json_and_csv(app: Flask, session: Session, tmp_path: Path) -> None:
    refused = run(app, "register table --province 14 --borders 2025-06-30")
    assert (refused[0], "borders_not_loaded" in refused[1]) == (1, True)
    run(app, f"places former {file_of(tmp_path, *ROWS)} --province 14")
    header = "village_code,former_commune_code"
    bad = file_of(tmp_path, f"{VILLAGE},90003", "03757-99,90001", header=header)
    code, said = run(app, f"places villages {bad} --commune {COMMUNE}")
    assert (code, "90003" in said, "03757-99" in said) == (1, True, True)
    good = file_of(tmp_path, f"{VILLAGE},90001", header=header)
    for _again in range(2):
        assert run(app, f"places villages {good} --commune {COMMUNE}")[0] == 0
    written = select(func.count()).select_from(PlaceEvent).where(PlaceEvent.kind == "former")
    assert session.scalar(written) == 1
    rows = json.loads(run(app, "register table --province 14 --borders 2025-06-30 --json")[1])["rows"]
    assert Counter(row["commune"] for row in rows) == {"Xã Cũ Một": 3, "Phường Cũ": 1, "chưa rõ xã, phường cũ": 1}
    said = run(app, "register table --province 14 --borders 2025-06-30 --by district --csv")[1]
    lines = list(csv.DictReader(io.StringIO(said.removeprefix("\ufeff"))))
    assert [(line["district"], line["households"]) for line in lines] == [
        ("Huyện Cũ", "4"),
        ("Thành phố Cũ", "1"),
        ("Tổng số", "5"),
    ]
    assert run(app, "register table --by district")[0] == 1
    assert run(app, "register table --as-of 2026-11-22 --json")[1].startswith('{"rows": []')
    assert run(app, "register table --json --csv")[0] == 2
    assert run(app, "register table --up-to 3")[0] == 2
    assert len(json.loads(run(app, f"register table --commune {COMMUNE} --up-to 2 --json")[1])["rows"]) == 2
    for wrong in ("--commune 99999", "--province 03757"):
        assert run(app, f"register table {wrong}")[0] == 1


def test_the_table_of_sơn_la_is_taken_as_it_is(app: Flask, session: Session) -> None:
    path = Path(__file__).parents[1] / "borders" / "codes_sonla_former_communes.csv"
    said: dict[str, Any] = json.loads(run(app, f"places former {path} --province 14 --json")[1])
    assert (said["communes"], said["districts"]) == (200, 12)
    assert said["statuses"] == ["secondary: open dataset, not checked against the Resolution"]
    communes = session.scalars(select(FormerCommune.commune_id)).all()
    assert sum(number == 1 for number in Counter(communes).values()) == 7


def rows_of(app: Flask, command: str) -> list[dict[str, Any]]:
    code, said = run(app, f"{command} --json")
    assert code == 0, said
    return json.loads(said)["rows"]  # type: ignore[no-any-return]


def test_what_is_lacked_by_place_and_household(app: Flask, login_as: Any, session: Session) -> None:
    """Each of the four is of two persons and lacks insurance; the small questionnaire asks of two indicators alone."""
    accept_all(session, login_as, COMMUNE)
    session.rollback()
    rows = rows_of(app, f"register table --commune {COMMUNE} --indicators --by village")
    said = {(row["village_code"], row["measure"], row["key"]): row for row in rows}
    total, persons = said[None, "indicator", "bhyt"], 2 * 4
    assert [total[f"households_{one}"] for one in ("lacking", "not_lacking", "unknown")] == [4, 0, 0]
    for row in rows:
        assert sum(row[f"households_{one}"] for one in ("lacking", "not_lacking", "unknown")) == row["households"]
        assert sum(row[f"persons_{one}"] for one in ("lacking", "not_lacking", "unknown")) == row["persons"]
    assert (total["households"], total["persons"]) == (4, persons)
    assert said[None, "indicator", "dinh_duong"]["households_unknown"] == 4
    assert said[VILLAGE, "dimension", "y_te"]["households_lacking"] == 3
    listed = rows_of(app, f"register table --commune {COMMUNE}")
    assert [(row["lacks_bhyt"], row["lacks_dinh_duong"]) for row in listed] == [(1, None)] * 4
    before = rows_of(app, f"register table --commune {COMMUNE} --as-of 2026-11-22 --indicators")
    assert {row["households"] for row in before} == {0}  # nobody was on the register yet
    code, said_csv = run(app, f"register table --commune {COMMUNE} --indicators --by commune --csv")
    assert (code, len(list(csv.reader(io.StringIO(said_csv))))) == (0, 1 + 2 * 18)


def test_the_flow_from_a_day_and_of_a_round_by_former_district(
    app: Flask, login_as: Any, session: Session, tmp_path: Path
) -> None:
    assert run(app, "places former --province 14", file_of(tmp_path, *ROWS))[0] == 0
    accept_all(session, login_as, COMMUNE)
    rows = rows_of(app, "register table --since 2026-11-22 --by commune")
    poor = {row["commune_code"]: row for row in rows if (row["class"], row["unit"]) == ("ho_ngheo", "households")}
    assert [poor[COMMUNE][str(at)] for at in (1, 8, 9)] == [0, 4, 4]  # they came with the list
    for row in rows:
        one, two, three, four, five, six, seven, eight, nine = (row[str(at)] for at in range(1, 10))
        assert nine == one - two - three - four + five + six + seven + eight
    for wrong in ("--since 2026-11-22 --indicators", "--since 2026-11-22 --up-to 1 --commune 03757"):
        assert run(app, f"register table {wrong}")[0] == 2
    code, said = run(app, "register table --since 2026-11-23 --as-of 2026-11-22 --json")
    assert (code, json.loads(said.splitlines()[0])["rule"]) == (1, "flow_backward")
    session.rollback()
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    told = json.loads(run(app, f"round flow {ROUND} --by district --borders 2025-06-30 --json")[1])
    assert (told["trial"], told["missing"]) == (False, {OTHER_COMMUNE: "open"})
    assert told["former_commune_unknown"] == {COMMUNE: 4}
    starts = {
        row["line"]: row["1"] for row in told["rows"] if (row["class"], row["unit"]) == ("ho_ngheo", "households")
    }
    assert starts == {"place": 4, "between": 0, "total": 4}
    assert "Chưa rõ xã, phường cũ ở 03757" in run(app, f"round flow {ROUND} --borders 2025-06-30")[1]
    code, said = run(app, f"round flow {ROUND} --commune 99999 --json")
    assert (code, json.loads(said.splitlines()[0])["rule"]) == (1, "round_not_there")
    assert run(app, f"round flow {ROUND} --by district")[0] == 1  # no districts today
    assert run(app, f"round flow {ROUND} --by village --csv")[1].count("\n") == 1 + 2 * 4 + 4 + 4 + 1
