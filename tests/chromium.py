"""What drives Chromium: one for a process, whichever of its tests begin, for a second one cannot run beside it."""

from __future__ import annotations

import atexit
from functools import cache

import pytest
from playwright.sync_api import Playwright, sync_playwright


@cache
def driver() -> Playwright:
    started = sync_playwright().start()
    atexit.register(started.stop)
    return started


@pytest.fixture(scope="session")
def playwright() -> Playwright:
    return driver()
