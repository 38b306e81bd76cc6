"""What is told of an entry that has come: the same at each way in."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from survey.held import held_next
from survey.intake.receive import Outcome
from survey.problems import PROBLEMS
from survey.web.language import current_language


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What a phone is told of an entry."""
    said_id = outcome.said_id if isinstance(outcome.said_id, str) and len(outcome.said_id) <= 200 else None
    reason = outcome.reason
    told = reason and {
        "code": reason.value,
        "title": reason.label(current_language()),
        "next": gettext(held_next(reason.value)),
    }
    if outcome.rule is not None:
        told = {
            "code": outcome.rule,
            "title": gettext(PROBLEMS[outcome.rule].title),
            "next": gettext(held_next(outcome.rule)),
        }
    return {
        "id": said_id,
        "outcome": "held" if outcome.held else "stored",
        "reason": told,
        "missing_files": outcome.missing_files,
        "receipt": outcome.receipt.as_json(),
    }
