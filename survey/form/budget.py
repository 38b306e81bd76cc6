"""How much the rules of a form may cost: what is counted, and the end of it.   ⇄ static/app/engine/budget.js

What is counted is defined on the trees, so that it does not hang on how an engine evaluates them: a visit for each node
that is evaluated (what holds literals alone is free), for each place that a step comes to or a predicate looks at, for
each place that a pattern stands at, and for each `LETTERS` characters of the texts that come of it. `metered.py`
counts, `bound.py` says beforehand how much it can come to. The figures and their reasons: docs/expressions.md §What
rules may cost.
"""

from __future__ import annotations

from typing import Any

MOST_VISITS = 500_000  # of all rules of a record together
MOST_TEXT = 32_000  # characters of what a function puts together
LETTERS = 8  # characters that are read in about the time of a visit
# Functions that work longer than for a visit and the letters of their arguments: visits beside.
WEIGHTS = {"pow": 64, "digest": 64, "randomize": 64, "extract-signed": 20_000}
# Of their first arguments, so many: what nodes hold is not read.
UNREAD = {"count": 1, "position": 1, "boolean": 1, "not": 1, "randomize": 1, "once": 1, "if": 3}


class TooMuch(Exception):
    """The rules of a form cost more for these answers than a phone or the office can bear, or one could take without
    end and was published by a release that took it: it is not run."""


class Meter:
    """Counts visits; at more than `most` it raises `TooMuch`."""

    __slots__ = ("most", "spent")

    def __init__(self, most: int = MOST_VISITS) -> None:
        self.most, self.spent = most, 0

    def spend(self, visits: int) -> None:
        self.spent += visits
        if self.spent > self.most:
            raise TooMuch


def bearable(text: str) -> str:
    """The text that a function put together. Raises `TooMuch` when it is too long to go on with."""
    if len(text) > MOST_TEXT:
        raise TooMuch
    return text


def size(value: Any) -> int:
    """What reading a value takes: letters of a text, of nodes each with its own."""
    if isinstance(value, str):
        return len(value) // LETTERS
    if isinstance(value, list):
        return len(value) + sum(len(node.value) // LETTERS for node in value if isinstance(node.value, str))
    return 0


def below(value: Any) -> int:
    """What reading the text of nodes takes that hold others (XPath 1.0 §5.2), beside their own."""
    if not isinstance(value, list):
        return 0
    waiting = [node for node in value if node.children]
    found = 0
    while waiting:
        inside = [each for child in waiting.pop().children.values() for each in _listed(child)]
        found += size(inside)
        waiting += [node for node in inside if node.children]
    return found


def _listed(child: Any) -> list[Any]:
    return child if isinstance(child, list) else [child]


def is_constant(tree: Any) -> bool:
    """Whether a tree is a literal, or reckons with literals alone: it is free."""
    if not isinstance(tree, list):
        return True
    return tree[0] not in ("call", "path", "one") and all(map(is_constant, tree[1:]))
