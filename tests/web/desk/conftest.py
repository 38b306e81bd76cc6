"""The desk's tests stand on field work: see `field.py`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from survey.terms import B1Method
from tests.chromium import chromium, playwright  # noqa: F401 - fixtures
from tests.web.desk.field import Field, open_field


@pytest.fixture
def field(app: Flask, session: Session) -> Callable[..., Field]:
    """`field(12)`: a round over twelve households."""

    def make(count: int, method: B1Method = B1Method.TOTAL) -> Field:
        return open_field(app, session, count, method)

    return make
