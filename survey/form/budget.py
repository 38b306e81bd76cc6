"""How much the rules of a form may cost: what is counted, and the end of it.   ⇄ static/app/engine/budget.js"""

from __future__ import annotations


class TooMuch(Exception):
    """The rules of a form cost more for these answers than a phone or the office can bear."""
