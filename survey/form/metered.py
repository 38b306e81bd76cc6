"""An expression tree → a function that evaluates it and counts what that takes.   ⇄ static/app/engine/metered.js

The tree is walked as it stands: none of the short cuts of `expression.py`, apart from the index over a table. It gives
the same values and is slower, so it is taken only where a record could cost more than it may (`record.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from survey.form.budget import UNREAD, WEIGHTS, TooMuch, below, is_constant, size
from survey.form.expression import ARITHMETIC, START, Tree, build, compare, stepping, union
from survey.form.form import Form
from survey.form.functions import FUNCTIONS
from survey.form.lookups import lookup_of
from survey.form.patterns import pattern_of
from survey.form.values import Context, Lazy, Node, Value, to_boolean, to_number, to_string


class _MeteredForm(Form):
    """A form whose functions count."""

    @property
    def make(self) -> Callable[[Tree], Lazy]:
        return metered


def metered_form(form: Form) -> Form:
    """The same form, whose functions count at the expense of their context's `env.meter`; made once a form."""
    found: Form | None = form.__dict__.get("_metered")
    if found is None:
        found = _MeteredForm(**{one.name: getattr(form, one.name) for one in fields(Form)})
        found.__dict__ |= {name: getattr(form, name) for name in ("root", "by_path", "table_roots", "rows")}
        form.__dict__["_metered"] = found
    return found


def metered(tree: Tree) -> Lazy:
    """The function that evaluates `tree` at the expense of its context's `env.meter`."""
    if is_constant(tree):
        return build(tree)
    inner = _kind(tree)

    def evaluate(context: Context) -> Value:
        value = inner(context)
        kind, meter = type(value), context.env.meter
        meter.spent += 1 + size(value) if kind is list or kind is str else 1
        if meter.spent > meter.most:
            raise TooMuch
        return value

    return evaluate


def _kind(tree: Tree) -> Lazy:
    head = tree[0]
    if head == "call":
        return _call(tree)
    if head in ("path", "one"):
        return _lookup(tree) or _walk(tree)
    if head == "|":
        left, right = metered(tree[1]), metered(tree[2])
        return lambda context: union(left(context), right(context))
    if head in ("and", "or"):
        left, right = metered(tree[1]), metered(tree[2])
        if head == "and":
            return lambda context: to_boolean(left(context)) and to_boolean(right(context))
        return lambda context: to_boolean(left(context)) or to_boolean(right(context))
    if head == "neg":
        operand = _read(tree[1])
        return lambda context: -to_number(operand(context))
    left, right = _read(tree[1]), _read(tree[2])
    if head in ARITHMETIC:
        operate = ARITHMETIC[head]
        return lambda context: operate(to_number(left(context)), to_number(right(context)))
    return lambda context: _compared(context, head, left(context), right(context))


def _read(tree: Tree) -> Lazy:
    """The function that evaluates a tree of which more is wanted than its nodes."""
    inner = metered(tree)

    def evaluate(context: Context) -> Value:
        value = inner(context)
        if type(value) is list and (more := below(value)):
            context.env.meter.spend(more)
        return value

    return evaluate


def _compared(context: Context, head: str, a: Value, b: Value) -> bool:
    if type(a) is float and type(b) is float:
        return compare(head, a, b)
    of_a, of_b = (len(a) if isinstance(a, list) else 1), (len(b) if isinstance(b, list) else 1)
    context.env.meter.spend(size(a) * of_b + of_a * size(b))
    return compare(head, a, b)


def _call(tree: Tree) -> Lazy:
    name = tree[1]
    if name == "regex":
        return _regex(tree)
    arguments = [metered(one) if at < UNREAD.get(name, 0) else _read(one) for at, one in enumerate(tree[2:])]
    function, weight, names_list = FUNCTIONS[name], WEIGHTS.get(name, 0), name == "jr:choice-name"

    def evaluate(context: Context) -> Value:
        context.env.meter.spend(weight + (len(context.env.rows(str(tree[3]))) if names_list else 0))
        return function(context, arguments)

    return evaluate


def _regex(tree: Tree) -> Lazy:
    text, pattern, run = _read(tree[2]), pattern_of(tree), build(["call", "regex", ["call", "string"], tree[3]])

    def evaluate(context: Context) -> Value:
        value = to_string(text(context))
        if pattern is None:
            return run(context)  # which says so
        context.env.meter.spend(pattern.places_in(value))
        return pattern.matches(value)

    return evaluate


def _walk(tree: Tree) -> Lazy:
    begin = START[tree[1]] if isinstance(tree[1], str) else metered(tree[1])
    steps, several = [stepping(step, metered, _spend) for step in tree[2:]], tree[0] == "path"

    def evaluate(context: Context) -> Value:
        nodes = begin(context)
        if not steps:
            return nodes
        if not isinstance(nodes, list):
            return []
        for step in steps:
            nodes = step(context, nodes)
        return [node for node in nodes if node.relevant] if several else nodes

    return evaluate


def _spend(context: Context, nodes: list[Node]) -> None:
    context.env.meter.spend(len(nodes))


def _lookup(tree: Tree) -> Lazy | None:
    found = lookup_of(tree)
    if found is None:
        return None
    table, names, trees, more, column = found
    values, walk, judge = [metered(one) for one in trees], _walk(tree), stepping(["self", None, *more], metered, _spend)

    def evaluate(context: Context) -> Value:
        key = []
        for value in values:
            said = value(context)
            if isinstance(said, (float, bool)) or (isinstance(said, list) and len(said) > 1):
                return walk(context)
            key.append(to_string(said))
        rows = judge(context, context.env.lookup(table, names, tuple(key)))
        return [row.children[column] for row in rows if column in row.children]

    return evaluate
