"""What every office is forked from: a process that has read the product, its catalogs and its tables, and started
nothing. A seed starts its office again and again."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import configure_mappers

import tests.faults.serve  # noqa: F401 - and with it the product
from survey.web.language import read_catalogs

configure_mappers()
read_catalogs(Path(__file__).parents[2] / "translations")
