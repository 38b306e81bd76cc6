"""What a migrated database is held against."""

from __future__ import annotations

from typing import Any

import pytest

from models import Base
from models.database import open_engine
from tests.databases import described


@pytest.fixture(scope="module")
def wanted(databases: Any) -> dict[str, Any]:
    """What the models say, as the database itself tells it."""
    url = databases.empty()
    engine = open_engine(url)
    Base.metadata.create_all(engine)
    try:
        return described(engine)
    finally:
        engine.dispose()
        databases.drop(url)
