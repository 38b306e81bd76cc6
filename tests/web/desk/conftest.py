"""The desk's tests stand on field work: see `field.py`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from survey.terms import B1Method
from tests.chromium import chromium, playwright  # noqa: F401 - fixtures
from tests.databases import once
from tests.web.desk.field import Field, open_field


@pytest.fixture
def field(app: Flask, session: Session) -> Callable[..., Field]:
    """`field(12)`: a round over twelve households. What is `done` in it is done once and copied for each test."""

    def make(count: int, method: B1Method = B1Method.TOTAL, done: Callable[[Field], object] | None = None) -> Field:
        made = open_field(app, session, count, method)
        if done is not None:

            def send() -> list[str]:
                done(made)
                return made.sent

            name = f"{count} households, {method}, {done.__module__}.{done.__qualname__}"
            made.sent = list(once(app, session, name, send))
        return made

    return make
