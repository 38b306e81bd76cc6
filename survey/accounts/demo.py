"""The demo's accounts. Everybody knows their password, so they are nowhere but in a demo.

A place is a demo from when one is loaded into it (`load`, `simulate` of survey/demo), for good. The mark of an account
refers to that of its place, so the database takes none where the place has no mark. Accounts of before bore no mark:
they are known by name and password.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Account, ServerState
from survey.accounts.accounts import password_matches
from survey.problems import Problem

DEMO = "demo"  # of ServerState, and the mark of an account
PASSWORD = "soho-demo-2026"  # noqa: S105 - no secret: printed when a demo is loaded, of every account there
NAMES = (
    "ban-na-xa", "ban-co-ha", "ban-phieng-ban", "ban-pha-tem", "tieu-khu-cho", "can-bo-xa", "can-bo-xa-2",
    "can-bo-tinh", "quan-tri",
)  # fmt: skip


def is_demo(session: Session) -> bool:
    """Whether this place is a demo."""
    return session.get(ServerState, DEMO) is not None


def mark(session: Session) -> None:
    """This place is a demo, and so is every account in it: no second factor is asked for."""
    session.merge(ServerState(key=DEMO, value="1"))
    session.flush()  # accounts refer to it
    session.execute(update(Account).values(demo=DEMO))


def refuse(session: Session, password: str) -> None:
    """Raises `demo_password` where the right password is the published one and this place is no demo."""
    if password == PASSWORD and not is_demo(session):
        raise Problem("demo_password")


def left_over(session: Session) -> list[str]:
    """The names of the demo's accounts that stand among others with its password in a place that is no demo. Where
    there are no others it is a demo of before, which `demo` marks."""
    if is_demo(session):
        return []
    there = list(session.scalars(select(Account).where(Account.username.in_(NAMES), Account.active)))
    others = session.scalar(select(Account.id).where(Account.username.not_in(NAMES)).limit(1))
    if others is None:
        return []
    return sorted(one.username for one in there if password_matches(one.password_hash, PASSWORD))
