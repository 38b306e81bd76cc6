"""The demo's accounts, whose password everybody knows, are nowhere but in a demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Account, ServerState
from survey.accounts import demo
from survey.accounts.accounts import find_account, hash_password
from survey.terms import Role
from tests import world
from tests.commands.test_commands import run
from tests.recipients import identity_file, name_recipients
from tests.web.test_login import sign_in
from tests.world import PASSWORD


def named(session: Session, username: str) -> Account:
    found = find_account(session, username)
    assert found is not None
    return found


def real(session: Session) -> None:
    """This place is no demo any more."""
    session.delete(session.get_one(ServerState, demo.DEMO))
    session.commit()


def opened_to_all(session: Session, username: str) -> None:
    """An account with the published password."""
    named(session, username).password_hash = hash_password(demo.PASSWORD)
    session.commit()


def test_the_database_takes_no_marked_account_where_the_place_is_no_demo(session: Session) -> None:
    real(session)
    named(session, "supervisor").demo = demo.DEMO
    with pytest.raises(IntegrityError):
        session.commit()


def test_a_demo_that_has_marked_accounts_stays_one(session: Session) -> None:
    demo.mark(session)
    session.commit()
    session.delete(session.get_one(ServerState, demo.DEMO))
    with pytest.raises(IntegrityError):
        session.commit()


def test_the_mark_is_that_of_the_place_and_no_other(session: Session) -> None:
    session.add(ServerState(key="another", value="1"))
    named(session, "supervisor").demo = "another"
    with pytest.raises(IntegrityError, match="of_the_demo"):
        session.commit()


def test_nobody_signs_in_with_the_published_password_outside_of_a_demo(
    app: Flask, client: Any, session: Session
) -> None:
    opened_to_all(session, "supervisor")
    assert sign_in(app.test_client(), "supervisor", demo.PASSWORD).status_code == 303
    real(session)
    refused = sign_in(client, "supervisor", demo.PASSWORD)
    assert (refused.status_code, "mật khẩu của bản dùng thử" in refused.text) == (403, True)
    assert client.get("/desk/").status_code == 302
    wrong = sign_in(client, "province", demo.PASSWORD)  # whose it is not: nothing is told
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in wrong.text
    assert sign_in(client, "province", PASSWORD).status_code == 303


def test_a_place_with_left_over_accounts_is_not_served_until_they_have_other_passwords(
    app: Flask, session: Session
) -> None:
    real(session)
    world.account(session, "can-bo-xa", Role.SUPERVISOR, world.COMMUNE)
    assert demo.left_over(session) == []  # the name alone is nobody's
    opened_to_all(session, "can-bo-xa")
    code, said = run(app, "migrate")
    assert (code, "can-bo-xa" in said, "account password" in said) == (1, True, True)
    assert run(app, "account", "password", "can-bo-xa", "--password", "chiều nay nắng to trên nương")[0] == 0
    assert run(app, "migrate")[0] == 0


def test_a_demo_of_before_is_marked_and_not_refused(session: Session) -> None:
    real(session)
    accounts = list(session.scalars(select(Account)))
    for one, name in zip(accounts, demo.NAMES, strict=True):  # nobody else is there
        one.username, one.password_hash = name, hash_password(demo.PASSWORD)
    assert demo.left_over(session) == []
    demo.mark(session)
    assert named(session, "can-bo-xa").demo == demo.DEMO


def test_the_backup_of_a_demo_does_not_take_the_place_of_real_data(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    name_recipients(Path(app.config["INSTANCE"]))
    folder = tmp_path / "demo"
    words = "backup", "restore", str(folder), "--replace", "--identity", identity_file(tmp_path)
    session.close()
    assert run(app, "backup", "make", str(folder))[0] == 0
    real(session)
    session.close()
    app.extensions["engine"].dispose()
    code, said = run(app, *words)
    assert (code, "bản sao lưu của một bản dùng thử" in said) == (1, True)
    session.add(ServerState(key=demo.DEMO, value="1"))
    session.commit()
    session.close()
    app.extensions["engine"].dispose()
    code, said = run(app, *words)
    assert code == 0, said
