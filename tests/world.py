"""A small Sơn La for the tests: real communes, a few villages in two of them, one account of each role in each area."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from unittest import mock

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from models import OF_COUNTED, Assessment, RegisterEntry, ServerState, Standard
from survey.accounts import accounts
from survey.accounts.demo import DEMO
from survey.register.places import add_village, load_province
from survey.tallies import places as tallies
from survey.terms import Area, Role

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
COMMUNE, OTHER_COMMUNE = "03757", "03664"
VILLAGE, VILLAGE_2, OTHER_VILLAGE = "03757-01", "03757-02", "03664-01"
PASSWORD = "mật khẩu thử 2026"
_hash_once = cache(accounts.hash_password)  # it is slow on purpose


def build(session: Session) -> None:
    """Everything that every test may rely on. It is a demo: a second factor is asked for where a test is about that."""
    session.add(ServerState(key=DEMO, value="1"))
    load_province(session, "14", region="mien_nui_phia_bac")
    load_province(session, "11")
    add_village(session, COMMUNE, 1, "Bản Nà Ca", "Bản", Area.RURAL)
    add_village(session, COMMUNE, 2, "Tiểu khu 2", "Tiểu khu", Area.URBAN)
    add_village(session, OTHER_COMMUNE, 1, "Tổ 1", "Tổ dân phố", Area.URBAN)
    account(session, "enumerator", Role.ENUMERATOR, COMMUNE, VILLAGE)
    account(session, "enumerator-2", Role.ENUMERATOR, COMMUNE, VILLAGE_2)
    account(session, "enumerator-other", Role.ENUMERATOR, OTHER_COMMUNE, OTHER_VILLAGE)
    account(session, "supervisor", Role.SUPERVISOR, COMMUNE)
    account(session, "supervisor-2", Role.SUPERVISOR, COMMUNE)
    account(session, "supervisor-other", Role.SUPERVISOR, OTHER_COMMUNE)
    account(session, "province", Role.PROVINCE, "14")
    account(session, "province-other", Role.PROVINCE, "11")
    account(session, "admin", Role.ADMIN, None)


def season(session: Session, now: datetime) -> dict[str, date]:
    """The days of a round for tests by a real clock; the standard is in force on them, in whatever year they run."""
    opens_on, closes_on = date(2026, 9, 1), date(2026, 12, 14)
    if now.date() > closes_on:
        opens_on, closes_on = now.date() - timedelta(days=60), now.date() + timedelta(days=30)
    standard = session.get_one(Standard, "ND07-2021")
    standard.valid_to = max(standard.valid_to or closes_on, closes_on)
    return {"opens_on": opens_on, "closes_on": closes_on}


def account(session: Session, username: str, role: Role, place_id: str | None, *villages: str) -> None:
    with mock.patch.object(accounts, "hash_password", _hash_once):
        accounts.create_account(
            session,
            username=username,
            display_name=f"Người thử {username}",
            role=role,
            password=PASSWORD,
            now=NOW,
            place_id=place_id,
            villages=villages,
        )


def miscounted(engine: Engine) -> list[object]:
    """What a test left counted otherwise than its rows say: nothing, whatever the product did in it."""
    with Session(engine) as session:
        return [one for of in tallies.lists(session) for one in tallies.differing(session, *of)]


def stand_as_judged(session: Session) -> None:
    """Let each line of a round's list say what its interview was judged to be, where a test wrote the judgement."""
    judged = {
        name: select(getattr(Assessment, name)).where(OF_COUNTED).correlate(RegisterEntry).scalar_subquery()
        for name in ("household_class", "refused", "illustrative")
    }
    session.execute(update(RegisterEntry).values(judged))
    session.flush()  # the sums are of these
    lists = select(RegisterEntry.commune_id, RegisterEntry.round_id).distinct()
    for commune_id, round_id in session.execute(lists).all():
        tallies.rebuild(session, commune_id, round_id)
    session.commit()
