"""What every office is forked from: a process that has read the product, its catalogs and its tables, and serves
nobody. A seed starts its office again and again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy.orm import configure_mappers

import tests.faults.serve  # noqa: F401 - and with it the product
from app import create_app
from survey.web.language import read_catalogs

configure_mappers()
with tempfile.TemporaryDirectory() as folder:
    create_app({"INSTANCE": Path(folder), "DATABASE_URL": f"sqlite:///{folder}/none.sqlite3"})
read_catalogs(Path(__file__).parents[2] / "translations")
