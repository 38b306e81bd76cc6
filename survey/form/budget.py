"""What is not run of a form's rules.   ⇄ static/app/engine/budget.js"""

from __future__ import annotations


class TooMuch(Exception):
    """A rule that could take without end, published by a release that took it: it is not run."""
