"""The log of acts is read by person, household, act and day; it says every act in words and holds nobody's data."""

from __future__ import annotations

import ast
import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AuditEvent
from survey.evidence import audit
from survey.web.audit_words import ACTS, ROOMS, act_in_words
from tests.commands.test_commands import run
from tests.databases import once
from tests.gates.sources import ROOT
from tests.interviews import accept_all
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")


def verbs_in_the_sources() -> set[str]:
    """Every act that some line of the product records by name."""
    found = set()
    for path in sorted((ROOT / "survey").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        named = {
            target.id: node.value
            for node in ast.walk(tree) if isinstance(node, ast.Assign)
            for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip
        for node in ast.walk(tree):
            # `_audit` of a module hands on what its callers name.
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("audit.record", "_audit")):
                place = 3 if ast.unparse(node.func).endswith("audit.record") else 2
                said = node.args[place]
                if isinstance(said, ast.Name):
                    said = named.get(said.id, said)
                found |= {
                    one.value for one in ast.walk(said) if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def test_every_act_has_its_words(app: Any) -> None:
    every = verbs_in_the_sources()
    found = {one for one in every if not one.endswith(".")}
    assert {one for one in every if one.endswith(".")} <= set(ROOMS)  # "register." + a kind: below
    assert {"job_stopped", "round_identified", "households_assigned", "request.asked"} <= found
    assert len(found) > 40
    assert found - set(ACTS) == set()
    with app.test_request_context():
        several = {f"{prefix}{one.value}" for prefix, (_words, terms) in ROOMS.items() for one in terms}
        assert {"register.merge", "review.accept", "outcome.confirm", "request.accepted"} <= several
        for verb in {*ACTS, *several}:
            assert act_in_words(verb) != verb
        assert act_in_words("register.merge") == "Danh sách hộ: Gộp hộ"
        assert act_in_words("sau_nay") == "sau_nay"


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1999-12-31", "2101-01-01"])
def test_a_day_that_nobody_can_mean_is_refused(app: Any, login_as: Any, day: str, tmp_path: Any) -> None:
    reader = login_as("admin")
    for name in ("since", "until"):
        for page in ("/audit/", "/audit/audit.csv"):
            answer = reader.get(page, query_string={name: day})
            assert (answer.status_code, "2000" in answer.text) == (400, True)
        for more in ([], ["--csv", str(tmp_path / "x.csv")]):
            code, output = run(app, "audit", "list", f"--{name}", day, *more)
            assert (code, "2000" in output) == (2, True)
    for day_of_the_log in ("2000-01-01", "2100-12-31"):
        assert reader.get("/audit/", query_string={"until": day_of_the_log}).status_code == 200
        assert run(app, "audit", "list", "--until", day_of_the_log)[0] == 0


@pytest.fixture
def story(app: Flask, login_as: Any, session: Session) -> Any:
    """A commune in which everything was accepted, and some acts of others."""
    return once(app, session, "everything accepted, and some acts of others", lambda: tell(login_as, session))


def tell(login_as: Any, session: Session) -> dict[str, str]:
    accept_all(session, login_as, COMMUNE, OTHER_COMMUNE)
    people = {one.username: one.id for one in session.scalars(select(Account))}
    audit.record(session, NOW - timedelta(days=3), people["supervisor"], "export.read", COMMUNE, {"file": "=1+1"})
    audit.record(session, NOW, people["province-other"], "signed_in")
    audit.record(session, NOW, None, "restored", "2026-11-20")
    session.commit()
    return people


def rows(page: str) -> int:
    return page.count("<tr>") - 1


def test_it_is_narrowed_by_person_household_act_and_day(story: Any, login_as: Any) -> None:
    admin = login_as("admin")
    every = admin.get("/audit/").text
    assert "Người thử supervisor" in every
    assert "03757-01-001" in every
    assert "Lò Văn Đông" not in every
    for query, number in (
        (f"person={story['supervisor']}&act=export.read", 1),
        ("household=03757-01-001", 2),  # received and accepted
        ("household=03757-01-001&act=review.accept", 1),
        ("household=khong-co", 0),
        ("act=restored", 1),
        ("act=export.read&since=2026-11-20&until=2026-11-20", 1),
        ("act=export.read&since=2026-11-21", 0),
        ("act=export.read&until=2026-11-19", 0),
        ("person=khong-co", 0),
        ("since=khong-phai-ngay&act=restored", 1),
        ("act=restored&page=9999999999", 0),
    ):
        page = admin.get(f"/audit/?{query}")
        assert page.status_code == 200, query
        assert max(rows(page.text), 0) == number, query


def test_a_household_has_all_acts_that_are_about_it(story: Any, app: Any, login_as: Any) -> None:
    """On its members, on two households at once, asked for and decided; and none of others."""
    where = ("--commune", COMMUNE, "--by", "supervisor", "--reason", "họp thôn")
    one, two = "03757-01-001", "03757-01-002"

    def found(code: str) -> list[str]:
        code_of, output = run(app, "audit", "list", "--household", code, "--json")
        assert code_of == 0
        lines = [json.loads(line)["act"] for line in output.splitlines()]
        page = login_as("admin").get(f"/audit/?household={code}").text
        assert rows(page) == len(lines)
        return sorted(act for act in lines if not act.startswith("review."))

    assert found(one) == found(two) == []
    assert run(app, "register", "person", "add", one, "Lò Thị Mới", "--how", "born", *where)[0] == 0
    assert (found(one), found(two)) == (["register.born"], [])
    asked = ("register", "merge", one, two, "--ask", *where)
    assert run(app, *asked)[0] == 0
    assert found(one) == ["register.born", "request.asked"]
    assert run(app, "register", "merge", one, two, *where)[0] == 0
    assert found(two) == ["register.merge", "request.asked"]
    assert found("03757-01-003") == []


def test_a_province_reads_its_own_and_nobody_below_reads_any(story: Any, login_as: Any) -> None:
    own, other = login_as("province").get("/audit/").text, login_as("province-other").get("/audit/").text
    assert "Người thử supervisor" in own
    assert "Khôi phục máy chủ" not in own.split("<tbody>")[1]  # typed at the server: the administrator's
    assert "Người thử province-other" not in own
    assert "Người thử supervisor" not in other
    assert "Người thử province-other" in other
    for name in ("supervisor", "enumerator"):
        assert login_as(name).get("/audit/").status_code == 403
        assert login_as(name).get("/audit/audit.csv").status_code == 403


def test_pages_follow_one_another(session: Session, login_as: Any) -> None:
    for number in range(205):
        audit.record(session, NOW - timedelta(minutes=number), None, "restored", str(number))
    session.commit()
    admin = login_as("admin")
    pages = [admin.get(f"/audit/?act=restored&page={number}").text for number in (1, 2, 3)]
    assert [rows(page) for page in pages] == [100, 100, 5]
    assert "Trang 2" in pages[1]


def test_the_file_is_safe_for_a_spreadsheet_and_its_download_is_an_act(
    story: Any, login_as: Any, session: Session
) -> None:
    answer = login_as("admin").get("/audit/audit.csv?act=export.read")
    found = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(one["act"], one["act_in_words"], one["person"]) for one in found] == [
        ("export.read", "Tải tệp dữ liệu", "Người thử supervisor")
    ]
    assert found[0]["detail"] == "file: =1+1"  # begins with a letter: no formula
    session.rollback()
    audit.record(session, NOW, None, "export.read", "=cmd|1")
    session.commit()
    answer = login_as("admin").get("/audit/audit.csv?act=export.read")
    assert "'=cmd|1" in answer.data.decode("utf-8-sig")
    session.rollback()
    said = session.scalars(select(AuditEvent).where(AuditEvent.verb == "audit_exported")).all()
    assert {one.detail["lines"] for one in said} == {1, 2}


def test_the_command_says_the_same(story: Any, app: Any, tmp_path: Any) -> None:
    code, output = run(app, "audit", "list", "--person", "supervisor", "--act", "export.read")
    assert (code, "Tải tệp dữ liệu" in output, "Người thử supervisor" in output) == (0, True, True)
    code, output = run(app, "audit", "list", "--household", "03757-01-001", "--json")
    assert (code, output.count('"act": "review.'), output.count("03757-01-001")) == (0, 2, 2)
    assert run(app, "audit", "list", "--person", "khong-co")[0] == 1
    code, output = run(app, "audit", "list", "--act", "khong.co")
    assert (code, "export.read" in output) == (2, True)  # with those that there are
    assert run(app, "audit", "list", "--act", "round_cancelled") == (0, "")  # known, and never done
    assert run(app, "audit", "list", "--since", "hôm qua")[0] == 2
    target = tmp_path / "nhat-ky.csv"
    assert run(app, "audit", "list", "--csv", str(target))[0] == 0
    assert "review.accept" in target.read_text("utf-8-sig")
    assert run(app, "audit", "list", "--csv", "/khong-co/x.csv")[0] == 1
