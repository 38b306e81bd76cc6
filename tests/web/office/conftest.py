"""What drives the office's pages in Chromium."""

from tests.chromium import playwright  # noqa: F401 - a fixture
