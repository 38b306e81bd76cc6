"""Drafts and points tables of before go to the province of the officer who began them."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from sqlalchemy import Engine, text

from migrations.upgrade import upgrade
from tests.models.conftest import migrate

AT = "2026-01-01 00:00:00+00:00"
ROWS = (
    "INSERT INTO place (id, kind, parent_id) VALUES ('14', 'province', NULL), ('03757', 'commune', '14')",
    (
        "INSERT INTO account (id, username, display_name, role, place_id, password_hash, active, session_epoch,"
        f" language, created_at) VALUES ('p', 'p', 'P', 'province', '14', 'x', true, 0, 'vi', '{AT}'),"
        f" ('a', 'a', 'A', 'admin', NULL, 'x', true, 0, 'vi', '{AT}')"
    ),
    "INSERT INTO stored_file (sha256, size, content) VALUES ('f', 1, '1')",
    (
        "INSERT INTO form_draft (id, source_name, source_kind, source_sha256, title, faults, advice, account_id,"
        f" created_at, changed_at) VALUES ('1', 'n', 'md', 'f', '', '[]', '[]', 'p', '{AT}', '{AT}'),"
        f" ('2', 'n', 'md', 'f', '', '[]', '[]', 'a', '{AT}', '{AT}'),"
        f" ('3', 'n', 'md', 'f', '', '[]', '[]', NULL, '{AT}', '{AT}')"
    ),
    "INSERT INTO form_draft_file (draft_id, name, sha256, media_type) VALUES ('1', 'a', 'f', 'text/csv')",
)
DRAFTS = text("SELECT id, province_id, proposed_by FROM form_draft ORDER BY id")


def test_a_draft_goes_to_its_authors_province_and_back(left_at: Callable[[str], Engine]) -> None:
    engine = left_at("0053")
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement))
    upgrade(engine)
    with engine.begin() as connection:
        assert [tuple(one) for one in connection.execute(DRAFTS)] == [
            ("1", "14", None), ("2", None, None), ("3", None, None),
        ]  # fmt: skip
    migrate(engine, "0053", command.downgrade)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM form_draft_file")).scalar() == 1


def test_in_a_demo_every_account_is_the_demos(left_at: Callable[[str], Engine]) -> None:
    engine = left_at("0053")
    with engine.begin() as connection:
        for statement in ROWS[:2]:
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO server_state (key, value) VALUES ('demo', '1')"))
    upgrade(engine)
    with engine.begin() as connection:
        assert set(connection.execute(text("SELECT demo FROM account")).scalars()) == {"demo"}
