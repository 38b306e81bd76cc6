"""Which Chromium the tests drive, and what drives it: one for a process, whichever of its tests begin, for a second one
cannot run beside it."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.world import PASSWORD

# Without a window of its own Chromium takes half the time to open; pages and workers run in it as in the whole one.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "chromium")


@cache
def driver() -> Playwright:
    started = sync_playwright().start()
    atexit.register(started.stop)
    return started


@pytest.fixture(scope="session")
def playwright() -> Playwright:
    return driver()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One that keeps nothing: the desk's."""
    made = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    yield made
    made.close()


def page_of(context: BrowserContext, username: str, complaints: list[str]) -> Page:
    """A page of `context` in which the account was signed in; of what the page complains about `complaints` hears."""
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    return page


def width_of(page: Page) -> int:
    """How wide a page is, in CSS pixels. Its words may stand there before its styles do: it waits for both."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth")  # type: ignore[no-any-return]
