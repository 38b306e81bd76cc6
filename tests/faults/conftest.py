"""An office to be copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.office import build


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "template"
    build(folder)
    return folder
