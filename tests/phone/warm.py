"""What every office is forked from: a process that has read the product, its catalogs and its templates."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy.orm import configure_mappers

from survey.web.release import app_version
from tests.phone.serve import office
from tests.thrift import spare

spare()
configure_mappers()
with tempfile.TemporaryDirectory() as folder, office(Path(folder)).test_request_context():
    app_version()
