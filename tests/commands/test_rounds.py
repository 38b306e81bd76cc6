"""Rounds by command: what it says, how it ends, and that a dry run changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from models import RoundCommune
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all, entry, push
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
DAYS = ("--opens", "2026-11-15", "--closes", "2026-11-30", "--form", "phieu_thu", "--version", "1", "--year", "2026")


def state(session: Any, commune_id: str = COMMUNE) -> str:
    session.rollback()
    return str(session.get_one(RoundCommune, (commune_id, ROUND)).state)


def said(app: Flask, *words: str) -> tuple[int, Any]:
    code, output = run(app, "round", *words, "--json")
    return code, json.loads(output.split("\nError:")[0])


def test_the_list_says_where_each_round_stands(app: Flask) -> None:
    code, [only] = said(app, "list")
    assert (code, only["id"], only["communes"], only["households"]["to_visit"]) == (0, ROUND, {"open": 120}, 5)
    assert "Đang mở 120" in run(app, "round", "list")[1]


def test_the_steps_of_a_commune_by_command(app: Flask, session: Any, login_as: Any) -> None:
    code, refused = said(app, "close", ROUND, "--commune", COMMUNE)
    assert (code, refused["problem"], refused["obstacles"]) == (1, "round_not_ready", [["not_visited", 4]])
    assert [one["number"] for one in refused["breaks"]] == [
        "03757-01-001", "03757-01-002", "03757-01-003", "03757-02-001",
    ]  # fmt: skip
    assert "4 hộ chưa đến: 03757-01-001, 03757-01-002" in run(app, "round", "close", ROUND, "--commune", COMMUNE)[1]
    assert said(app, "close", ROUND, "--commune", COMMUNE, "--dry-run")[0] == 1
    accept_all(session, login_as, COMMUNE, OTHER_COMMUNE)
    for dry, after in ((["--dry-run"], "open"), ([], "closed")):
        assert said(app, "close", ROUND, "--commune", COMMUNE, *dry)[0] == 0
        assert state(session) == after
    for dry, after in ((["--dry-run"], "closed"), ([], "accepted")):
        assert said(app, "accept", ROUND, *dry) == (0, {"id": ROUND, "communes": [COMMUNE]})
        assert state(session) == after
    assert said(app, "accept", ROUND, "--commune", OTHER_COMMUNE)[0] == 1
    for dry, after in ((["--dry-run"], "accepted"), ([], "open")):
        assert said(app, "reopen", ROUND, COMMUNE, "--reason", "sót hộ", *dry)[0] == 0
        assert state(session) == after
    assert said(app, "reopen", ROUND, COMMUNE, "--reason", "sót hộ")[0] == 1
    assert run(app, "round", "reopen", ROUND, COMMUNE)[0] == 2  # without a reason
    assert said(app, "close", ROUND, "--ready") == (0, {"id": ROUND, "communes": [OTHER_COMMUNE, COMMUNE]})
    assert state(session, OTHER_COMMUNE) == "closed"
    assert state(session, "03646") == "open"  # nobody was imported there yet


def test_a_mistake_is_cancelled_by_command(app: Flask, session: Any, login_as: Any) -> None:
    push(login_as("enumerator"), entry("ho-1"))
    for dry, after in ((["--dry-run"], "open"), ([], "cancelled")):
        code, done = said(app, "cancel", ROUND, "--reason", "mở nhầm", *dry)
        assert (code, done["held"], len(done["communes"])) == (0, 1, 120)
        assert state(session) == after
    assert said(app, "cancel", ROUND, "--reason", "mở nhầm")[0] == 1


def test_a_round_is_opened_in_chosen_communes_and_started_later(app: Flask, session: Any) -> None:
    ad_hoc = ("open", "Thường xuyên", *DAYS, "--kind", "thuong_xuyen", "--commune", COMMUNE)
    assert said(app, *ad_hoc, "--dry-run") == (0, {"communes": 1, "households": 0})
    assert len(said(app, "list")[1]) == 1
    code, opened = said(app, *ad_hoc, "--plan")
    assert code == 0
    assert [one["id"] for one in said(app, "list")[1]] == [ROUND, opened["id"]]  # beside, never instead
    assert said(app, "start", opened["id"], "--dry-run") == (0, {"id": opened["id"], "communes": [COMMUNE]})
    assert said(app, "start", opened["id"])[0] == 0
    assert said(app, "start", opened["id"], "--commune", COMMUNE)[0] == 1
    assert said(app, *ad_hoc)[1]["problem"] == "round_exists"
    assert said(app, "open", "X", *DAYS, "--kind", "thuong_xuyen", "--commune", "99999")[1]["problem"] == "not_found"


def test_the_help_says_how_each_ends(app: Flask) -> None:
    for name in ("open", "start", "close", "accept", "reopen", "cancel"):
        said = " ".join(run(app, "round", name, "--help")[1].split())
        assert "Ends with 0 when done" in said, name
        assert "1 when refused" in said
