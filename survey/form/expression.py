"""ODK XPath text → expression tree → a function that evaluates it.   ⇄ static/app/engine/expression.js

The text is parsed once, on the server; the tree travels to the phone as JSON, which needs no parser:

    5, "text"                         a literal
    ["or"|"and"|"="|"!="|"<"|"<="|">"|">="|"+"|"-"|"*"|"div"|"mod"|"|", A, B]      an operator (XPath 1.0 §3.3-3.5)
    ["neg", A]                        unary minus
    ["call", "selected", A, …]        a function of `functions.py`
    ["path", START, STEP, …]          a location path that may give any number of nodes (XPath 1.0 §2)
    ["one", START, STEP, …]           a path that always names exactly one node (no repeat crossed, no predicate)

START is "/" (the record), "." (the context node), "current" (the node whose rule this is, ODK XForms `current()`),
or a tree that gives nodes. STEP is ["child", name, PREDICATE, …], ["parent"] or ["self"]. A bare `${name}` is parsed to
["ref", name] and replaced by a path when the form is compiled (`resolve.py`), the way pyxform writes it: relative
inside a shared repeat, otherwise absolute.

Values are XPath's four: a list of nodes, a string, a number (float) or a boolean. What differs from plain XPath 1.0,
as ODK has it: a date string becomes its days since 1970-01-01 where a number is needed; a node that is not relevant
reads as blank, and is left out of a path that may give several.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from survey.form.budget import TooMuch
from survey.form.functions import ARITY, FUNCTIONS
from survey.form.lookups import lookup_of
from survey.form.patterns import pattern_of
from survey.form.values import Context, Lazy, Node, Value, node_number, node_text, to_boolean, to_number, to_string
from survey.text import N_, nearest

Tree = Any  # what JSON can hold, in the shapes above


class ExpressionError(ValueError):
    """An expression that cannot be read; `at` is the offset (from 0) in its text.

    `template` with `values` is the message; the template is what a catalog translates.
    """

    def __init__(self, template: str, at: int = 0, **values: Any) -> None:
        super().__init__(template % values if values else template.replace("%%", "%"))
        self.template, self.at, self.values = template, at, values


# --- reading --------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<string>"[^"]*"|'[^']*')
    | \$\{(?P<ref>[^}]*)\}
    | (?P<op>::|//|\.\.|<=|>=|!=|[()\[\],/@.|+\-=<>*])
    | (?P<name>[^\W\d][\w.\-]*(?::(?!:)[^\W\d][\w.\-]*)?)
    """,
    re.VERBOSE,
)
_SPACES = re.compile(r"\s*+")
# What other programs and keyboards write for it.
_INSTEAD = {
    "==": "=", "<>": "!=", "&&": "and", "||": "or", "&": "and", "!": "not(…)", ";": ",", "“": '"', "”": '"', "‘": "'",
    "’": "'", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "div", "–": "-", "−": "-", "%": "div 100", "{": "${",
}  # fmt: skip
_NAMED_OPERATORS = {"and", "or", "div", "mod"}
_BINARY: dict[str, int] = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5,
    "*": 6, "div": 6, "mod": 6, "|": 8,
}  # fmt: skip
_UNARY = 7


@dataclass(frozen=True)
class _Token:
    kind: str  # number, string, ref, op, name, operator, end
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = _behind_spaces(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None or text[at : at + 2] in _INSTEAD:
            raise _unexpected(text, at)
        kind, value = match.lastgroup, match.group(match.lastgroup)
        start = match.start(kind)
        if kind == "ref":
            start, value = start + len(value) - len(value.lstrip()), value.strip()
        # XPath 1.0 §3.7: after an operand, * and a name are operators.
        operand_before = bool(found) and (
            found[-1].kind in {"number", "string", "ref", "name"} or found[-1].text in {")", "]", ".", ".."}
        )
        named = operand_before and (value == "*" or (kind == "name" and value in _NAMED_OPERATORS))
        if named or (kind == "op" and value in _BINARY and value != "*"):
            kind = "operator"
        found.append(_Token(kind, value, start))
        at = _behind_spaces(text, match.end())
    found.append(_Token("end", "", len(text)))
    return found


def _behind_spaces(text: str, at: int) -> int:
    spaces = _SPACES.match(text, at)
    return spaces.end() if spaces else at


def _unexpected(text: str, start: int) -> ExpressionError:
    """What cannot stand at `start`, with what its author may have meant."""
    found = text[start : start + 2] if text[start : start + 2] in _INSTEAD else text[start]
    if found in _INSTEAD:
        template = N_("“%(found)s” is not expected here: write “%(instead)s”")
        return ExpressionError(template, start, found=found, instead=_INSTEAD[found])
    if found in ("'", '"'):
        return ExpressionError(N_("“%(found)s” is not expected here: the quote does not end"), start, found=found)
    if found == "$":
        return ExpressionError(N_("“$” is not expected here: a question is written ${name}"), start)
    return ExpressionError(N_("“%(found)s” is not expected here"), start, found=found)


def parse(text: str) -> Tree:
    """The tree of `text`; raises `ExpressionError` with the place of the fault."""
    parser = _Parser(_tokens(text))
    tree = parser.expression(0)
    parser.expect("end", "")
    return tree


@dataclass
class _Parser:
    """Precedence climbing over the tokens: one method a rule of XPath 1.0's grammar."""

    tokens: list[_Token]
    at: int = field(default=0)

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self, kind: str, text: str | None = None) -> _Token | None:
        token = self.next
        if token.kind == kind and (text is None or token.text == text):
            self.at += 1
            return token
        return None

    def expect(self, kind: str, text: str) -> _Token:
        token = self.take(kind, text or None)
        if token is None:
            found = self.next.text or "…"
            if found == "," and self.at and self.tokens[self.at - 1].kind == "number":
                template = N_("“,” is not expected here: a decimal number is written with a point")
                raise ExpressionError(template, self.next.at)
            end = N_("expected the end, found “%(found)s”")
            template = N_("expected “%(wanted)s”, found “%(found)s”") if text else end
            raise ExpressionError(template, self.next.at, wanted=text, found=found)
        return token

    def expression(self, least: int) -> Tree:
        if self.take("operator", "-"):
            left: Tree = ["neg", self.expression(_UNARY)]
        else:
            left = self.path()
        while self.next.kind == "operator" and _BINARY[self.next.text] > least:
            operator = self.tokens[self.at].text
            self.at += 1
            left = [operator, left, self.expression(_BINARY[operator])]
        return left

    def path(self) -> Tree:
        token = self.next
        if self.take("op", "/"):
            if self.next.kind == "name" or self.next.text in {".", "..", "*"}:
                return self.steps("/", [self.step()])
            return ["path", "/"]
        if token.text == "//" or token.text == "@":
            raise ExpressionError(N_("“%(found)s” is not supported in forms"), token.at, found=token.text)
        if self.take("op", "."):
            return self.steps(".", [])
        if token.text == ".." or (token.kind == "name" and self.tokens[self.at + 1].text != "("):
            return self.steps(".", [self.step()])
        primary = self.primary()
        predicates = self.predicates()
        if predicates or self.next.text == "/":
            return self.steps(primary, [["self", None, *predicates]] if predicates else [])
        return primary

    def steps(self, start: Tree, steps: list[Tree]) -> Tree:
        while self.take("op", "/"):
            steps.append(self.step())
        if start == "." and not steps and self.next.text == "[":
            steps = [["self", None, *self.predicates()]]
        return ["path", start, *steps]

    def step(self) -> Tree:
        token = self.next
        if self.take("op", ".."):
            return ["parent", None, *self.predicates()]
        if self.take("op", "."):
            return ["self", None, *self.predicates()]
        if self.take("op", "*"):
            return ["child", "*", *self.predicates()]
        name = self.take("name")
        if name is None and token.kind in ("number", "ref"):
            template = N_("“/” goes down a path: to divide write div, and a date as date('2026-12-31')")
            raise ExpressionError(template, token.at)
        if name is None:
            raise ExpressionError(N_("expected a name, found “%(found)s”"), token.at, found=token.text or "…")
        if self.take("op", "::"):
            return self.axis(name)
        return ["child", name.text, *self.predicates()]

    def axis(self, name: _Token) -> Tree:
        """`child::name`, `parent::node()`, `self::*`: the axes that ODK XForms knows, written out (XPath 1.0 §2.2)."""
        if name.text not in ("child", "parent", "self"):
            raise ExpressionError(N_("“%(found)s” is not supported in forms"), name.at, found=f"{name.text}::")
        test = self.take("op", "*") or self.expect("name", "")
        if test.text == "node":
            self.expect("op", "(")
            self.expect("op", ")")
        anything = test.text in ("*", "node")
        if name.text == "child":
            return ["child", "*" if anything else test.text, *self.predicates()]
        if not anything:
            raise ExpressionError(N_("write %(wanted)s here"), test.at, wanted=f"{name.text}::*")
        return [name.text, None, *self.predicates()]

    def predicates(self) -> list[Tree]:
        found = []
        while self.take("op", "["):
            found.append(self.expression(0))
            self.expect("op", "]")
        return found

    def primary(self) -> Tree:
        token = self.next
        self.at += 1
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "string":
            return token.text[1:-1]
        if token.kind == "ref":
            if not token.text:
                raise ExpressionError(N_("“${}” names no question"), token.at)
            return ["ref", token.text]
        if token.text == "(":
            inner = self.expression(0)
            self.expect("op", ")")
            return inner
        if token.kind == "name":
            return self.call(token)
        raise ExpressionError(N_("expected a value, found “%(found)s”"), token.at, found=token.text or "…")

    def call(self, token: _Token) -> Tree:
        self.expect("op", "(")
        arguments: list[Tree] = []
        while not self.take("op", ")"):
            if arguments:
                self.expect("op", ",")
            arguments.append(self.expression(0))
        if token.text not in ARITY:
            near = nearest(token.text, ARITY)
            if near is None:
                raise ExpressionError(N_("there is no function “%(name)s()”"), token.at, name=token.text)
            template = N_("there is no function “%(name)s()”: is “%(near)s()” meant?")
            raise ExpressionError(template, token.at, name=token.text, near=near)
        least, most = ARITY[token.text]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"≥ {least}" if most > 99 else f"{least}–{most}"
            template = N_("%(name)s() takes %(wanted)s arguments, not %(given)s")
            raise ExpressionError(template, token.at, name=token.text, wanted=wanted, given=len(arguments))
        return ["call", token.text, *arguments]


# --- evaluating -----------------------------------------------------------------------------------------------------


def compare(operator: str, a: Value, b: Value) -> bool:
    """XPath 1.0 §3.4: with node-sets a comparison holds when it holds for some node."""
    if isinstance(a, list):
        if isinstance(b, bool):
            return _compare_atoms(operator, len(a) > 0, b)
        if isinstance(b, list):
            return any(_compare_atoms(operator, node_text(m), node_text(n)) for m in a for n in b)
        if isinstance(b, float):
            return any(_compare_atoms(operator, node_number(m), b) for m in a)
        return any(_compare_atoms(operator, node_text(m), b) for m in a)
    if isinstance(b, list):
        return compare(_MIRROR[operator], b, a)
    return _compare_atoms(operator, a, b)


_MIRROR = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _compare_atoms(operator: str, a: Value, b: Value) -> bool:
    if operator in ("=", "!="):
        if isinstance(a, bool) or isinstance(b, bool):
            equal = to_boolean(a) == to_boolean(b)
        elif isinstance(a, float) or isinstance(b, float):
            equal = to_number(a) == to_number(b)
        else:
            equal = a == b
        return equal is (operator == "=")
    x, y = to_number(a), to_number(b)
    if operator == "<":
        return x < y
    if operator == "<=":
        return x <= y
    if operator == ">":
        return x > y
    return x >= y


def _divide(a: float, b: float) -> float:
    if b == 0:
        if a == 0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def _modulo(a: float, b: float) -> float:
    if b == 0 or math.isinf(a) or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.fmod(a, b)


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": _divide,
    "mod": _modulo,
}


def build(tree: Tree) -> Lazy:
    """The function that evaluates `tree`; built once a form, called often."""
    if isinstance(tree, str):
        return lambda context: tree
    if isinstance(tree, (int, float)):
        number = float(tree)
        return lambda context: number
    head = tree[0]
    if head == "call":
        return _build_call(tree)
    if head in ("path", "one"):
        return _build_path(tree)
    if head == "neg":
        operand = _number(tree[1])
        return lambda context: -operand(context)
    if head in ("or", "and"):
        return _truth(tree)
    if head in ARITHMETIC:
        operate, x, y = ARITHMETIC[head], _number(tree[1]), _number(tree[2])
        return lambda context: operate(x(context), y(context))
    if head == "|":
        left, right = build(tree[1]), build(tree[2])
        return lambda context: union(left(context), right(context))
    return _build_comparison(tree)


def _number(tree: Tree) -> Callable[[Context], float]:
    """The function that gives a tree's number."""
    single = _one(tree)
    if single is not None:
        return lambda context: math.nan if (node := single(context)) is None else node_number(node)
    inner = build(tree)
    return lambda context: to_number(inner(context))


def _truth(tree: Tree) -> Callable[[Context], bool]:
    """The function that gives a tree's truth."""
    if isinstance(tree, list) and tree[0] in ("and", "or"):
        left, right = _truth(tree[1]), _truth(tree[2])
        if tree[0] == "and":
            return lambda context: left(context) and right(context)
        return lambda context: left(context) or right(context)
    inner = build(tree)
    if isinstance(tree, list) and (tree[0] in _ON_NUMBERS or tree[:2] == ["call", "not"]):
        return inner  # type: ignore[return-value]  # these give nothing but a truth
    return lambda context: to_boolean(inner(context))


_ON_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _build_comparison(tree: Tree) -> Lazy:
    """Comparisons of one place with a literal are most of what a questionnaire asks: they need no lists."""
    head, literal = tree[0], tree[2]
    single = _one(tree[1])
    holds = _ON_NUMBERS[head]
    if single is not None and isinstance(literal, (int, float)):
        number = float(literal)

        def on_number(context: Context) -> bool:
            node = single(context)
            if node is None:
                return False
            return holds(node_number(node), number)

        return on_number
    if single is not None and isinstance(literal, str) and head in ("=", "!="):
        return lambda context: (node := single(context)) is not None and holds(node_text(node), literal)  # type: ignore[arg-type]
    left, right = build(tree[1]), build(tree[2])
    return lambda context: compare(head, left(context), right(context))


def _one(tree: Tree) -> Callable[[Context], Node | None] | None:
    """The function that gives the one node of a ["one", …] path; None for any other tree."""
    if not isinstance(tree, list) or tree[0] != "one" or not isinstance(tree[1], str):
        return None
    axes = [step[0] for step in tree[2:]]
    up, names = axes.count("parent"), [step[1] for step in tree[2:] if step[0] == "child"]
    # Written as a person writes them: first up, then down.
    climbs_later = any(axis == "parent" and "child" in axes[:at] for at, axis in enumerate(axes))
    if any(len(step) > 2 for step in tree[2:]) or "*" in names or climbs_later:
        return None
    start = tree[1]
    if start == "." and not up and len(names) == 1:
        name = names[0]
        return lambda context: context.node.children.get(name)

    def find(context: Context) -> Node | None:
        node: Any = context.env.root if start == "/" else context.node if start == "." else context.current
        for _ in range(up):
            node = node.parent if node is not None else None
        for name in names:
            node = node.children.get(name) if node is not None else None
        return node

    return find


def union(a: Value, b: Value) -> Value:
    nodes = [*(a if isinstance(a, list) else []), *(b if isinstance(b, list) else [])]
    return list(dict.fromkeys(nodes))


def _build_call(tree: Tree) -> Lazy:
    if tree[1] == "if":
        condition, yes, no = _truth(tree[2]), build(tree[3]), build(tree[4])
        return lambda context: yes(context) if condition(context) else no(context)
    if tree[1] == "not":
        inner = _truth(tree[2])
        return lambda context: not inner(context)
    if tree[1] == "regex":
        return _build_regex(tree)
    function = FUNCTIONS[tree[1]]
    arguments = [build(argument) for argument in tree[2:]]
    return lambda context: function(context, arguments)


def _build_regex(tree: Tree) -> Lazy:
    """`regex(text, 'pattern')`. What an older release took as a pattern and this one does not is never run."""
    text, pattern = build(tree[2]), pattern_of(tree)

    def evaluate(context: Context) -> Value:
        if pattern is None:
            raise TooMuch
        return pattern.matches(to_string(text(context)))

    return evaluate


def _build_path(tree: Tree) -> Lazy:
    single = _one(tree)
    if single is not None:
        return lambda context: [] if (node := single(context)) is None else [node]
    return _build_lookup(tree) or _build_walk(tree)


START: dict[str, Lazy] = {
    "/": lambda context: [context.env.root],
    ".": lambda context: [context.node],
    "current": lambda context: [context.current],
}


def _build_walk(tree: Tree) -> Lazy:
    """The path taken step by step."""
    steps, several = [stepping(step, build) for step in tree[2:]], tree[0] == "path"
    begin = START[tree[1]] if isinstance(tree[1], str) else build(tree[1])

    def evaluate(context: Context) -> Value:
        nodes = begin(context)
        if not steps:
            return nodes
        if not isinstance(nodes, list):
            return []
        for step in steps:
            nodes = step(context, nodes)
        # Of several, those not asked do not exist (JavaRosa); a single one reads as blank.
        return [node for node in nodes if node.relevant] if several else nodes

    return evaluate


def stepping(
    step: Tree, make: Callable[[Tree], Lazy], seen: Callable[[Context, list[Node]], None] | None = None
) -> Callable[[Context, list[Node]], list[Node]]:
    """The function that takes a step from nodes, its predicates made by `make`; `seen` is told what it comes to, and
    again what each predicate looks at."""
    axis, name = step[0], str(step[1]) if len(step) > 1 else ""
    predicates = [make(predicate) for predicate in step[2:]]

    def walk(nodes: list[Node]) -> list[Node]:
        if axis == "self":
            return nodes
        if axis == "parent":
            return list(dict.fromkeys(node.parent for node in nodes if node.parent is not None))
        found: list[Node] = []
        for node in nodes:
            children = node.children.values() if name == "*" else [node.children.get(name)]
            for child in children:
                if isinstance(child, list):
                    found.extend(child)
                elif child is not None:
                    found.append(child)
        return found

    def evaluate(context: Context, nodes: list[Node]) -> list[Node]:
        found = walk(nodes)
        if seen is not None:
            seen(context, found)
        for predicate in predicates:
            # Only what is asked takes part in a predicate, so that positions count what a person sees.
            found = [node for node in found if node.relevant]
            if seen is not None:
                seen(context, found)
            inner = Context(context.node, context.current, context.env, 0, len(found))
            kept = []
            for position, node in enumerate(found, 1):
                inner.node, inner.position = node, position
                value = predicate(inner)
                if value == position if isinstance(value, float) else to_boolean(value):
                    kept.append(node)
            found = kept
        return found

    return evaluate


def _build_lookup(tree: Tree) -> Lazy | None:
    """Through an index instead of a walk over the whole table. A number among the values falls back to the walk,
    because then the comparison is numeric."""
    found = lookup_of(tree)
    if found is None:
        return None
    table, names, trees, more, column = found
    values = [build(value) for value in trees]
    walk = _build_walk(tree)
    judge = stepping(["self", None, *more], build)

    def evaluate(context: Context) -> Value:
        key = []
        for value in values:
            found = value(context)
            if isinstance(found, (float, bool)) or (isinstance(found, list) and len(found) > 1):
                return walk(context)
            key.append(to_string(found))
        rows = judge(context, context.env.lookup(table, names, tuple(key)))
        return [row.children[column] for row in rows if column in row.children]

    return evaluate
