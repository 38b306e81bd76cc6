"""What a place that people work at has after sessions became rows: their cookies, their keys, their days of grace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import Account, CollectToken, ServerState
from survey.accounts import factor, sessions

PEOPLE = ("open", "closed", "none")  # of a commune with an open round, with a closed one, of no commune
BEFORE = "2026-01-01 00:00:00+00:00"


def lay(engine: Engine) -> None:
    """Three people with a key for Collect each."""
    statements = [
        (
            "INSERT INTO place (id, kind, parent_id) VALUES ('14', 'province', NULL),"
            " ('03757', 'commune', '14'), ('03664', 'commune', '14')"
        ),
        (
            "INSERT INTO form_version (form_id, version, hash, source, bundle, published_at)"
            f" VALUES ('a', '1', 'h', 's', '{{}}', '{BEFORE}')"
        ),
        (
            "INSERT INTO round (id, kind, year, title, standard, b1_method, form_id, form_version, opens_on, closes_on,"
            " state, trial) VALUES ('r', 'dinh_ky', 2026, 't', '', 'nhap_tong', 'a', '1', '2026-09-01', '2026-12-14',"
            " 'open', false)"
        ),
        (
            "INSERT INTO round_commune (commune_id, round_id, state, opens_on, closes_on, opened_at, closed_at) VALUES"
            f" ('03757', 'r', 'open', '2026-09-01', '2026-12-14', '{BEFORE}', NULL),"
            f" ('03664', 'r', 'closed', '2026-09-01', '2026-12-14', '{BEFORE}', '{BEFORE}')"
        ),
    ]
    for number, (who, place) in enumerate(zip(PEOPLE, ("'03757'", "'03664'", "NULL"), strict=True)):
        statements += [
            (
                "INSERT INTO account (id, username, display_name, role, place_id, password_hash, active, session_epoch,"
                f" language, created_at) VALUES ('{who}', '{who}', 'A', 'supervisor', {place}, 'x', true, {number},"
                f" 'vi', '{BEFORE}')"
            ),
            (
                "INSERT INTO collect_token (id, account_id, token_hash, made_at, made_by, last_device)"
                f" VALUES ('{who}', '{who}', '{who}', '{BEFORE}', '{who}', '')"
            ),
        ]
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_people_who_work_keep_their_cookies_and_keys_and_have_fourteen_days(left_at: Callable[[str], Engine]) -> None:
    engine = left_at("0037")
    lay(engine)
    begun = datetime.now(UTC)
    upgrade(engine)
    with Session(engine) as session:
        keys = {one.id: one for one in session.scalars(select(CollectToken))}
        assert {one: (key.epoch, key.round_id) for one, key in keys.items()} == {
            "open": (0, "r"), "closed": (1, None), "none": (2, None),
        }  # fmt: skip
        for one in ("closed", "none"):
            end = keys[one].expires_at
            assert end is not None and timedelta(0) <= end - begun - timedelta(days=30) < timedelta(minutes=5)
        account = session.get_one(Account, "open")
        due = factor.due(session, account)
        assert due is not None and timedelta(0) <= due - begun - timedelta(days=14) < timedelta(minutes=5)
        cookie = {"account": "open", "epoch": 0, "since": (begun - timedelta(hours=1)).isoformat()}
        found = sessions.find_legacy(session, cookie, begun + timedelta(hours=1), writes=True)
        assert found is not None and found.row.ends == begun + timedelta(hours=11)


def test_a_new_place_has_nothing_of_before(left_at: Callable[[str], Engine]) -> None:
    engine = left_at("0037")
    upgrade(engine)
    with Session(engine) as session:
        known = set(session.scalars(select(ServerState.key)))
        assert not known & {"sessions_since", "factor_since", "demo"}
