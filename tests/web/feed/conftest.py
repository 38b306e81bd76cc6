"""The feed is read over the same field work as the desk's pages: see `tests/web/desk/field.py`."""

from __future__ import annotations

from tests.web.desk.conftest import chromium, field, playwright  # noqa: F401 - fixtures
