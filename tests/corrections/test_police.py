"""A list for the commune police: handed out, filled in by hand, brought back, its differences asked for as requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask_babel import force_locale, gettext
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ChangeRequest, ServerState
from survey.accounts.accounts import find_account
from survey.corrections import police_check, police_list
from survey.corrections.police_check import Came, Checked, digits_of
from survey.corrections.police_list import FOLDED, HEADINGS
from survey.evidence.lineage import renew_generation
from survey.register.csv_rows import folded
from survey.register.event_log import Done
from survey.review import register_acts, requests
from survey.review.register_acts import Wish
from survey.submissions.derive import rebuild
from survey.terms import RegisterKind, RequestVerdict
from tests.corrections.test_corrections import PEOPLE, TODAY, by, person, register
from tests.review.test_review_and_rebuild import snapshot
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

__all__ = ["register"]
pytestmark = pytest.mark.usefixtures("register")
NAMES = list(HEADINGS)
LATER = NOW + timedelta(hours=1)


def handed_out(session: Session, kind: str = "xlsx", translate: Callable[[str], str] = str) -> list[list[Any]]:
    """The list's rows, read back by another reader than ours: title, notice, headings, then the persons."""
    session.rollback()
    made = police_list.make(session, COMMUNE, "Mường Bú", kind, NOW, translate)
    sheet: Any = load_workbook(BytesIO(made.data)).worksheets[0]
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


def fill(rows: list[list[Any]], at: int, /, **cells: Any) -> list[list[Any]]:
    """What is written into the row of a person; the first is at 0."""
    found = [list(row) for row in rows]
    for name, text in cells.items():
        found[3 + at][NAMES.index(name)] = text
    return found


def as_file(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    done = BytesIO()
    book.save(done)
    return done.getvalue()


def check(session: Session, rows: list[list[Any]], commune_id: str = COMMUNE, at: Any = LATER) -> Checked:
    session.rollback()
    return police_check.check(session, commune_id, "ve.xlsx", as_file(rows), at)


def codes(found: Checked) -> list[tuple[int, str]]:
    return [(mistake.row, mistake.code) for mistake in found.mistakes]


def ask(session: Session, found: Checked) -> list[tuple[Came, int]]:
    account = find_account(session, "supervisor")
    assert account is not None
    done = Done(account.id, LATER, "Công an đối chiếu")
    came = [police_check.ask(session, COMMUNE, one, done) for one in found.differs]
    session.commit()
    return came


def asked(session: Session) -> list[ChangeRequest]:
    session.rollback()
    return list(session.scalars(select(ChangeRequest).order_by(ChangeRequest.id)))


def test_everybody_who_lives_on_the_register_stands_in_it_with_blank_columns(session: Session) -> None:
    rows = handed_out(session)
    assert rows[1][0] == police_list.NOTICE
    assert rows[2] == list(HEADINGS.values())
    assert len(rows) == 3 + sum(map(len, PEOPLE.values()))
    first = dict(zip(NAMES, rows[3], strict=True))
    assert (first["village"], first["code"], first["person"]) == ("Bản Nà Ca", "03757-01-001", person(session, "001"))
    assert (first["name"], first["birth"], first["sex"]) == ("Lò Văn Hoà", "05/03/1980", "Nam")
    assert (first["number"], first["relation"]) == ("014080000001", "Chủ hộ")
    to_fill = ("verdict", "right_name", "right_birth", "right_sex", "right_number", "remark")
    assert {first[name] for name in to_fill} == {""}
    made = police_list.make(session, COMMUNE, "Mường Bú", "xlsx", NOW, str)
    assert (made.people, made.households) == (6, 3)
    book = load_workbook(BytesIO(made.data))
    assert len(book.worksheets) == 2
    assert book.worksheets[1].max_row == 2 + len(police_list.INSTRUCTIONS)


def test_what_came_back_as_it_went_says_nothing(session: Session) -> None:
    for kind in ("xlsx", "csv"):
        data = police_list.make(session, COMMUNE, "Mường Bú", kind, NOW, str).data
        found = police_check.check(session, COMMUNE, f"ve.{kind}", data, LATER)
        assert (found.mistakes, found.rows, found.unchecked, found.differs) == ([], 6, 6, [])


def test_each_difference_is_shown_with_what_was_sent_what_is_known_and_what_is_said(session: Session) -> None:
    rows = fill(handed_out(session), 0, verdict="Đúng")
    rows = fill(rows, 1, verdict="Sai", right_name="QUÀNG THỊ ƯƠI", right_birth="02/02/1984",
                right_number="014184000002", remark="theo CSDL")  # fmt: skip
    found = check(session, fill(rows, 2, remark="đã chuyển đi"))
    assert (found.mistakes, found.right, found.unchecked, found.gone) == ([], 1, 3, [])
    [one] = found.differs
    assert one.fields == {
        "name": ["Quàng Thị Ước", "Quàng Thị Ước", "Quàng Thị Ươi"],
        "birth": ["1984", "1984", "1984-02-02"],
        "number": ["", "", "014184000002"],
    }
    assert [(line.name, line.remark) for line in found.remarks] == [("Lò Văn Ký", "đã chuyển đi")]


def test_differences_become_requests_that_others_decide_on_and_nothing_is_asked_twice(session: Session) -> None:
    rows = fill(handed_out(session), 1, verdict="Sai", right_birth="02/02/1984", right_number="014184000002")
    before = snapshot(session)["household"]
    mother = person(session, "001", 1)
    assert ask(session, check(session, rows)) == [(Came.ASKED, 2)]
    made = {one.id: (one.person_id, one.given, one.reason) for one in asked(session)}
    birth = {"year": 1984, "month": 2, "day": 2}
    assert sorted(map(str, made.values())) == sorted(
        map(str, [(mother, birth, "Công an đối chiếu"), (mother, {"number": "014184000002"}, "Công an đối chiếu")])
    )
    assert snapshot(session)["household"] == before  # nothing is changed by asking
    again = check(session, rows)
    assert (again.differs, again.waiting) == ([], 2)
    # One is accepted, one refused: neither is asked for again by this list.
    [of_birth] = [id for id, (_, given, _) in made.items() if given == birth]
    [of_number] = [id for id in made if id != of_birth]
    decided = LATER + timedelta(minutes=5)
    other, province = (by(session, name).account_id for name in ("supervisor-2", "province"))
    requests.decide(session, COMMUNE, of_birth, RequestVerdict.ACCEPTED, Done(other, decided, ""))
    requests.decide(session, COMMUNE, of_number, RequestVerdict.REFUSED, Done(province, decided, "xem lại thẻ"))
    session.commit()
    again = check(session, rows, at=decided)
    assert (again.differs, again.agreed, again.decided) == ([], 1, 1)
    assert person_birth(session, "001", 1) == (2, 2, 1984)
    after = snapshot(session)
    rebuild(session)
    assert snapshot(session) == after


def person_birth(session: Session, number: str, at: int) -> tuple[int, int, int]:
    rows = handed_out(session)
    [row] = [one for one in rows[3:] if one[NAMES.index("person")] == person(session, number, at)]
    day, month, year = row[NAMES.index("birth")].split("/")
    return int(day), int(month), int(year)


def test_whoever_asked_does_not_decide(session: Session) -> None:
    ask(session, check(session, fill(handed_out(session), 1, right_birth="02/02/1984")))
    [made] = asked(session)
    with pytest.raises(Exception, match="request_own"):
        requests.decide(session, COMMUNE, made.id, RequestVerdict.ACCEPTED, by(session))


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"right_number": "01408000001"}, "not_cccd"),
        ({"right_number": 14184000002}, "not_cccd"),
        ({"right_number": "014084000002"}, "police_number_fit"),  # a man's; she is a woman
        ({"right_number": "014185000002"}, "police_number_fit"),  # of 1985; she was born in 1984
        ({"right_number": "014180000002", "right_birth": "31/12/1980"}, None),
        ({"right_birth": "31/02/1984"}, "no_such_day"),
        ({"right_birth": "01/01/2030"}, "no_such_day"),
        ({"right_birth": "1/2/84"}, "no_such_day"),
        ({"right_birth": "hôm qua"}, "not_a_date"),
        ({"right_birth": "02/13/1984"}, "not_a_date"),  # a month first
        ({"right_sex": "bà"}, "police_sex"),
        ({"right_name": "=cmd|calc"}, "formula"),
        ({"right_name": "A" * 121}, "too_long"),
        ({"verdict": "chắc"}, "police_verdict"),
        ({"verdict": "Sai"}, "police_wrong_how"),
        ({"verdict": "Đúng", "right_birth": "02/02/1984"}, "police_both"),
        ({"name": "Lò Văn Hoà"}, "police_shifted"),
        ({"birth": "1985"}, "police_shifted"),
        ({"mark": "x" * 30}, "police_row"),
        ({"code": "03757-01-002"}, "police_row"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_the_others_count(
    session: Session, cells: dict[str, Any], code: str | None
) -> None:
    rows = fill(fill(handed_out(session), 3, right_name="Cà Thị Xen"), 1, **cells)
    found = check(session, rows)
    assert codes(found) == ([(5, code)] if code else [])
    assert [one.name for one in found.differs] == [*([] if code else ["Quàng Thị Ước"]), "Cà Thị Sen"]


def test_what_a_spreadsheet_shows_otherwise_is_still_what_was_sent(session: Session) -> None:
    rows = fill(handed_out(session), 0, birth=TODAY.replace(year=1980, month=3, day=5), number=14080000001)
    found = check(session, fill(rows, 1, birth=1984))
    assert (found.mistakes, found.unchecked) == ([], 6)


def test_columns_that_slipped_against_the_names_are_found(session: Session) -> None:
    rows = fill(handed_out(session), 1, right_birth="02/02/1984")
    at = NAMES.index("verdict")
    rows[3], rows[4] = rows[3][:at] + rows[4][at:], rows[4][:at] + rows[3][at:]  # the right half alone was sorted
    found = check(session, rows)
    assert (codes(found), found.differs) == ([(4, "police_row"), (5, "police_row")], [])


def test_a_number_of_somebody_else_and_two_rows_of_one_person_are_refused(session: Session) -> None:
    rows = handed_out(session)
    found = check(session, fill(rows, 5, right_sex="Nam", right_birth="1980", right_number="014080000001"))
    assert codes(found) == [(9, "police_number_other")]
    found = check(session, [*rows, rows[4]])
    assert codes(found) == [(10, "police_twice")]


def test_who_died_or_left_meanwhile_is_told_and_not_asked_for(session: Session) -> None:
    rows = fill(handed_out(session), 2, right_birth="01/09/2011")
    child = person(session, "001", 2)
    wish = Wish(RegisterKind.DIED, "ho-001", TODAY, person_id=child)
    register_acts.carry_out(session, COMMUNE, wish, by(session))
    register_acts.carry_out(session, COMMUNE, Wish(RegisterKind.TEST, "ho-004", TODAY), by(session))
    session.commit()
    found = check(session, rows)
    assert (found.differs, [(line.name, line.why) for line in found.gone]) == (
        [], [("Lò Văn Ký", "dead"), ("Lò Văn Hoà", "household_left"), ("Lò Văn Hoà", "household_left")],
    )  # fmt: skip


def test_what_the_register_says_otherwise_by_now_is_told_and_not_asked_for(session: Session) -> None:
    rows = fill(handed_out(session), 1, right_birth="02/02/1984")
    seen = check(session, rows)
    mother = person(session, "001", 1)
    given = {"year": 1984, "month": 7, "day": 7}
    register_acts.carry_out(
        session, COMMUNE, Wish(RegisterKind.PERSON, "ho-001", TODAY, given=given, person_id=mother), by(session)
    )
    session.commit()
    assert ask(session, seen) == [(Came.OVERTAKEN, 0)]
    found = check(session, rows)
    assert (found.differs, [line.fields for line in found.overtaken]) == (
        [], [{"birth": ["1984", "1984-07-07", "1984-02-02"]}],
    )  # fmt: skip
    assert asked(session) == []


def test_a_list_of_another_commune_or_server_and_other_files_are_refused(session: Session) -> None:
    rows = fill(handed_out(session), 1, right_birth="02/02/1984")
    assert [code for _, code in codes(check(session, rows, OTHER_COMMUNE))] == ["police_other_commune"]
    assert [code for _, code in codes(check(session, [["Họ và tên"], ["A"]]))] == ["police_no_list"]
    without = [[cell for at, cell in enumerate(row) if NAMES[at] != "right_sex"] for row in rows]
    assert [code for _, code in codes(check(session, without))] == ["missing_column"]
    renew_generation(session, NOW)  # a restored server knows the lists of before
    session.commit()
    assert len(check(session, rows).differs) == 1
    for state in session.scalars(select(ServerState).where(ServerState.key.startswith("g:"))):
        session.delete(state)
    session.commit()
    assert [code for _, code in codes(check(session, rows))] == ["police_not_ours"]


def test_the_digits_of_a_number_are_those_of_sex_and_year() -> None:
    said = [("nam", "1980"), ("nu", "1999-12-31"), ("nam", "2000-01"), ("nu", "2011")]
    assert [digits_of(*one) for one in said] == ["080", "199", "200", "311"]
    assert [digits_of("", "1980"), digits_of("nam", "")] == ["", ""]


def test_the_headings_are_known_in_the_language_of_the_list(app: Any) -> None:
    with app.test_request_context(), force_locale("vi"):
        assert {name: folded(gettext(words)) for name, words in HEADINGS.items()} == FOLDED
