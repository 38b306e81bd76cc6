"""Drafts and points tables belong to the province of whoever began them: another's office neither sees nor changes
them. What an administrator or the server began is of no province, and open to all who look after questionnaires.

What is published is everybody's.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import Session

from models import Account, FormDraft, PointsTable
from survey.accounts.accounts import holder_of
from survey.terms import Role


def province_of(session: Session, account_id: str | None) -> str | None:
    """The province that what an account begins belongs to."""
    account = session.get(Account, account_id) if account_id else None
    return holder_of(session, account).area.province_id if account else None


def within(session: Session, column: Any, reader: Account | None) -> ColumnElement[bool]:
    """Which rows of FormDraft or PointsTable, by their `province_id`, a reader has; None: the server, which has all."""
    if reader is None or reader.role == Role.ADMIN:
        return true()
    return or_(column.is_(None), column == province_of(session, reader.id))


def reaches(session: Session, reader: Account, row: FormDraft | PointsTable) -> bool:
    """Whether a reader has this one."""
    return reader.role == Role.ADMIN or row.province_id in (None, province_of(session, reader.id))
