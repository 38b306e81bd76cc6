"""What drives the office's pages in Chromium."""

from tests.chromium import chromium, playwright  # noqa: F401 - fixtures
