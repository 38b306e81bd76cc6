"""What people said became of households that were not interviewed: the one place that reads it.

Until outcomes are said on phones and confirmed at the desk there are none.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, false
from sqlalchemy.orm import Session

from models import Round
from survey.terms import EndState

Rows = Select[*tuple[Any, ...]]


def confirmed(_session: Session, _round_id: str, _commune_id: str) -> dict[str, EndState]:
    """What a second person confirmed, by household."""
    return {}


def is_confirmed() -> ColumnElement[bool]:
    """The same as a condition on a `RegisterEntry`."""
    return false()


def undecided(_survey_round: Round) -> dict[str, Rows]:
    """What waits for a second person, as (commune, household, submission or NULL), by the code of the obstacle:
    outcome_unconfirmed, request_undecided, two_ends (accepted, and confirmed to be gone)."""
    return {}
