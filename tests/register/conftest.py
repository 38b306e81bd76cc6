"""What a list is imported for."""

from __future__ import annotations

from typing import Any

import pytest

from survey.form.form import Form
from survey.questionnaires.published import publish
from tests.poverty.households import household_form
from tests.world import NOW


@pytest.fixture
def form(session: Any) -> Form:
    """The household questionnaire, published."""
    made = household_form()
    publish(session, made, "", NOW)
    session.commit()
    return made
