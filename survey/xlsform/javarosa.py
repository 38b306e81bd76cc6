"""Where JavaRosa, the engine inside ODK Collect, stops or refuses although the expression is right.

Seen by asking it (`make oracle`; its master of 30 November 2025). It becomes advice only: our evaluators take it all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from survey.form.form import NUMBERS, Item

Tree = Any  # as in expression.py
LISTS = {"selected": 2, "selected-at": 1, "count-selected": 1}  # how many of the arguments have to be texts
_NO_TEXT = (*NUMBERS, "date", "time", "dateTime", "today", "start", "end")
_TEXTS = frozenset(
    "string concat join substr substring substring-before substring-after translate normalize-space digest "
    "base64-decode extract-signed selected-at jr:choice-name format-date format-date-time uuid".split()
)
_ONE_OF = {"if": 1, "coalesce": 0, "once": 0}  # gives one of its arguments as it is, from this one on


def no_text(tree: Tree, leads_to: Callable[[Tree], Any]) -> bool:
    """Whether this may be a number, a date or a truth; `leads_to` tells the question that a path leads to."""
    if not isinstance(tree, list):
        return not isinstance(tree, str)
    if tree[0] in ("path", "one"):
        place = leads_to(tree)
        return isinstance(place, Item) and place.type in _NO_TEXT
    if tree[0] != "call":
        return True
    if tree[1] in _ONE_OF:
        return any(no_text(part, leads_to) for part in tree[2 + _ONE_OF[tree[1]] :])
    return tree[1] not in _TEXTS


def looks_elsewhere(predicates: list[Tree]) -> bool:
    """Whether one of these keeps the own instance out: `position() != position(current()/..)`."""
    return any(_is_another(predicate) for predicate in predicates)


def _is_another(tree: Tree) -> bool:
    if not isinstance(tree, list):
        return False
    if tree[0] == "and":
        return _is_another(tree[1]) or _is_another(tree[2])
    return tree[0] == "!=" and any(_is_here(a) and _is_mine(b) for a, b in (tree[1:], tree[:0:-1]))


def _is_here(tree: Tree) -> bool:
    return bool(tree == ["call", "position"])


def _is_mine(tree: Tree) -> bool:
    """`position(current()/..)`, however many steps up."""
    if not isinstance(tree, list) or tree[:2] != ["call", "position"] or len(tree) != 3:
        return False
    path = tree[2]
    return isinstance(path, list) and path[:2] == ["path", ["call", "current"]] and path[2][0] == "parent"
