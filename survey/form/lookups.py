"""Which paths go through a table by the index of its columns.   ⇄ static/app/engine/expression.js (`lookupOf`)"""

from __future__ import annotations

from typing import Any

Tree = Any  # as in expression.py


def lookup_of(tree: Tree) -> tuple[str, tuple[str, ...], list[Tree], list[Tree], str] | None:
    """Of `instance('t')/root/item[a = X and b = Y]…/c`: table, the columns asked for, their values, the predicates that
    judge what is found, and the column that is wanted; None for any other tree.

    Each side names a column and a value that does not depend on the row.
    """
    if tree[0] != "path" or not isinstance(tree[1], list) or tree[1][:2] != ["call", "instance"] or len(tree) != 5:
        return None
    table, root, item, column = tree[1][2], tree[2], tree[3], tree[4]
    if root != ["child", "root"] or item[:2] != ["child", "item"] or len(item) < 3 or len(column) != 2:
        return None
    if not isinstance(table, str) or column[0] != "child":
        return None
    pairs = _equalities(item[2])
    if pairs is None:
        return None
    return table, tuple(name for name, _ in pairs), [value for _, value in pairs], item[3:], column[1]


def _equalities(tree: Tree) -> list[tuple[str, Tree]] | None:
    if isinstance(tree, list) and tree[0] == "and":
        left, right = _equalities(tree[1]), _equalities(tree[2])
        return None if left is None or right is None else left + right
    if isinstance(tree, list) and tree[0] == "=":
        for column, value in ((tree[1], tree[2]), (tree[2], tree[1])):
            named = isinstance(column, list) and column[:2] == ["path", "."] and len(column) == 3
            if named and column[2][0] == "child" and len(column[2]) == 2 and _independent(value):
                return [(column[2][1], value)]
    return None


def _independent(tree: Tree) -> bool:
    """Whether a value is the same for every row: a text, or a path that starts at the record or the current node."""
    if isinstance(tree, str):
        return True
    return (
        isinstance(tree, list)
        and tree[0] in ("path", "one")
        and tree[1] in ("/", "current")
        and all(len(step) <= 2 for step in tree[2:])
    )
