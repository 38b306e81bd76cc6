"""Who asks for a page writes nothing in the request's transaction; what a fetched file leaves is a transaction of its
own."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, has_request_context, request
from sqlalchemy import Connection, delete, event, insert, select, update
from sqlalchemy.orm import Session

from models import Account, AuditEvent, Place
from models.database import READING
from survey.problems import Problem
from survey.terms import Role
from survey.web.security import PUBLIC, permitted, put_on_record
from survey.web.session import get_session, now
from tests.web.test_access import OWN, verb_of, walked
from tests.world import COMMUNE

LEFT = "test.left_behind"
# What is a file, or a list of names: that it was fetched is put on record. Each page else takes no turn of who writes.
LEAVE_A_TRACE = {
    "audit.as_csv",
    "corrections.download",
    "coverage.as_csv",
    "exports.download",
    "layouts.download",
    "member_lists.download",
    "member_lists.page",
    "needs.as_csv",
    "police.download",
    "proofs.file",
    "register_table.as_csv",
    "supports.as_csv",
}


def add(session: Session) -> None:
    session.add(AuditEvent(id="by-add", at=now(), account_id=None, verb=LEFT, subject="", detail=None))


def insert_one(session: Session) -> None:
    session.execute(insert(AuditEvent).values(id="by-statement", at=now(), verb=LEFT, subject=""))


def rename(session: Session) -> None:
    session.get_one(Place, COMMUNE).kind = "village"


def rename_by_statement(session: Session) -> None:
    session.execute(update(Place).where(Place.id == COMMUNE).values(kind="village"))


def take_away(session: Session) -> None:
    session.delete(session.scalars(select(Account).where(Account.username == "province-other")).one())


def take_away_by_statement(session: Session) -> None:
    session.execute(delete(Account).where(Account.username == "province-other"))


def plant(app: Flask, view: Callable[[], Any]) -> None:
    """In the place of a page that anybody signed in may see."""
    app.view_functions["sign_ins.own"] = permitted("self.manage")(view)


def left(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    found = session.execute(select(AuditEvent.verb, AuditEvent.subject).where(AuditEvent.verb == LEFT))
    return [(verb, subject) for verb, subject in found]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("write", [add, insert_one, rename, rename_by_statement, take_away, take_away_by_statement])
def test_a_page_that_writes_is_refused_and_nothing_of_it_stored(
    app: Flask, login_as: Any, session: Session, write: Callable[[Session], None], method: str
) -> None:
    def page() -> str:
        write(get_session())
        return "written"

    browser = login_as("supervisor")
    plant(app, page)
    assert browser.open("/account/sessions", method=method).status_code == 500
    assert left(session) == []
    assert session.get_one(Place, COMMUNE).kind == "commune"
    assert session.scalar(select(Account.id).where(Account.username == "province-other"))


def test_a_page_may_put_the_same_value_into_a_row(app: Flask, login_as: Any) -> None:
    def page() -> str:
        place = get_session().get_one(Place, COMMUNE)
        place.kind = str(place.kind)
        get_session().scalars(select(Place)).all()
        return "read"

    browser = login_as("supervisor")
    plant(app, page)
    assert browser.get("/account/sessions").status_code == 200


def test_what_a_page_leaves_behind_is_written_after_it_and_before_the_answer(
    app: Flask, login_as: Any, session: Session
) -> None:
    def page() -> Response:
        put_on_record(LEFT, "first")
        put_on_record(LEFT, "second")
        seen = get_session().scalars(select(AuditEvent.verb)).all()
        return Response("a file" if LEFT not in seen else "too early")

    browser = login_as("supervisor")
    plant(app, page)
    assert browser.get("/account/sessions").text == "a file"
    assert sorted(left(session)) == [(LEFT, "first"), (LEFT, "second")]


def test_a_page_that_is_refused_leaves_nothing(app: Flask, login_as: Any, session: Session) -> None:
    def page() -> str:
        put_on_record(LEFT)
        raise Problem("not_found")

    browser = login_as("supervisor")
    plant(app, page)
    assert browser.get("/account/sessions").status_code == 404
    assert left(session) == []


def test_what_nobody_could_write_down_is_not_handed_out(app: Flask, login_as: Any, session: Session) -> None:
    def page() -> str:
        put_on_record(LEFT)
        return "the names of a commune"

    def busy(_session: Session, *_: Any) -> None:
        raise OSError(errno.ENOSPC, "the disk is full")

    browser = login_as("supervisor")
    plant(app, page)
    event.listen(Session, "before_flush", busy)
    try:
        answer = browser.get("/account/sessions")
    finally:
        event.remove(Session, "before_flush", busy)
    assert answer.status_code == 507
    assert "names" not in answer.text
    assert left(session) == []


def test_of_a_request_that_writes_the_trace_is_a_part(app: Flask, login_as: Any, session: Session) -> None:
    def act() -> str:
        put_on_record(LEFT)
        assert get_session().scalars(select(AuditEvent.id).where(AuditEvent.verb == LEFT)).all()
        raise Problem("not_allowed_now")

    browser = login_as("supervisor")
    app.view_functions["sign_ins.end_others"] = permitted("self.manage")(act)
    assert browser.post("/account/sessions/end").status_code == 409
    assert left(session) == []


def test_no_view_says_that_it_writes_in_a_get(app: Flask) -> None:
    assert [name for name, view in app.view_functions.items() if hasattr(view, "writes")] == []


@pytest.mark.parametrize("role", Role)
def test_no_page_takes_a_turn_of_who_writes(app: Flask, login_as: Any, small_round: str, role: Role) -> None:
    """Every GET there is, by everybody who may, in a round that is open."""
    taken: set[str] = set()

    def note(connection: Connection) -> None:
        if has_request_context() and connection.get_execution_options().get("begins") != READING["begins"]:
            taken.add(str(request.endpoint))

    browser = login_as(OWN[role][0])
    event.listen(app.extensions["engine"], "begin", note)
    asked = 0
    for endpoint, method, address in walked(app):
        if method in ("GET", "HEAD") and verb_of(app, endpoint) != PUBLIC:
            asked += 1
            with browser.open(address, method=method) as answer:
                assert answer.status_code < 500, (endpoint, method)
    assert asked > 100
    assert taken <= LEAVE_A_TRACE
    assert bool(taken) is (role is not Role.ENUMERATOR)
