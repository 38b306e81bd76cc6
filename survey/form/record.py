"""Answers → values, what is asked, and what is wrong with them.   ⇄ static/app/engine/evaluation.js, record.js

`evaluate` is the server's whole use of a form: it takes answers as they arrived (whatever they are), never raises for
them, and gives the same result for the same form, answers and clock. Semantics: ODK XForms specification,
https://getodk.github.io/xforms-spec/ (relevance, calculation, constraint, required).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from survey.form.bound import Sizes, most_visits
from survey.form.budget import MOST_VISITS, Meter, TooMuch
from survey.form.form import CONTAINERS, NUMBERS, WORDS, Form, Item, row_index
from survey.form.metered import metered_form
from survey.form.values import (
    Context,
    Lazy,
    Node,
    Value,
    days,
    number_text,
    text_number,
    to_boolean,
    to_number,
    to_string,
)

Message = dict[str, str]  # by language; empty when the sheet gives none


@dataclass(frozen=True)
class Clock:
    """The day and the instant that `today()` and `now()` give; `now` is aware."""

    today: date
    now: datetime


@dataclass(frozen=True)
class FailedCheck:
    """A fault at one place. kind: required, constraint, warning, type, choice, unknown, and of a whole record too_much
    (a rule is not run); severity: error, warning."""

    path: str
    kind: str
    severity: str
    message: Message

    def as_json(self) -> dict[str, Any]:
        return {"path": self.path, "kind": self.kind, "severity": self.severity, "message": self.message}


@dataclass
class Environment:
    """What an expression can reach besides its node: the record, the form's tables, the clock."""

    root: Node
    form: Form
    today: str
    now: str
    new_id: Callable[[], str]
    random: Callable[[], float]
    meter: Meter | None = None  # of a record that could cost too much

    def table(self, name: str) -> list[Node]:
        found = self.form.table_roots.get(name)
        return [found] if found is not None else []

    def rows(self, name: str) -> list[Node]:
        """The rows of a table or a list of choices."""
        return [row for top in self.table(name) for row in top.children["root"].children["item"]]

    def lookup(self, table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> list[Node]:
        """The rows whose `columns` are `key`."""
        return row_index(self.form, table, columns).get(key, [])


@dataclass
class Evaluation:
    """The outcome: `values` and `relevant` nest like the form; `nodes` gives every place by its path."""

    form: Form
    root: Node
    environment: Environment
    problems: list[FailedCheck] = field(default_factory=list)
    nodes: dict[str, list[Node]] = field(default_factory=dict)
    instances: int = 0  # of its longest list
    letters: int = 0  # of its longest answer that is told in words
    names: int = 0  # of its longest other one

    @property
    def is_too_much(self) -> bool:
        """No rule of it was run to its end."""
        return any(problem.kind == "too_much" for problem in self.problems)

    @property
    def values(self) -> dict[str, Any]:
        """Relevant answers and calculations; blanks left out; whole numbers as int."""
        found: dict[str, Any] = _values(self.root)
        return found

    @property
    def relevant(self) -> dict[str, Any]:
        """True or False for each place in the same nesting; a group or an instance that is not asked is just False."""
        return {name: _relevant(child) for name, child in self.root.children.items()}

    def value(self, node: Node) -> str | float:
        return node.value if node.relevant else ""


def evaluate(form: Form, answers: Any, clock: Clock) -> Evaluation:
    """Evaluate `answers` (docs/form-bundle.md §Answers) under `form` at `clock`; faults become `problems`. Where a rule
    is not run, or all of them cost more than they may, none is: the answers stand as they came, and the problem
    `too_much` beside them. They are counted where records of this size could come to that."""
    done = _taken_in(form, answers, clock)
    if most_visits(form, Sizes(done.instances, done.letters, done.names)) > MOST_VISITS:
        done.form = metered_form(form)
        done.environment.meter = Meter()
    try:
        _run(done)
    except TooMuch:
        done = _taken_in(form, answers, clock)
        done.problems.append(FailedCheck("", "too_much", "error", {}))
    return done


def visits_of(form: Form, answers: Any, clock: Clock, most: int = MOST_VISITS) -> int:
    """What evaluating comes to, however little that is. Raises `TooMuch` beyond `most`."""
    done = _taken_in(form, answers, clock)
    done.form, done.environment.meter = metered_form(form), Meter(most)
    _run(done)
    return done.environment.meter.spent


def _run(done: Evaluation) -> None:
    for path, rules in done.form.settling:
        for node in done.nodes.get(path, []):
            _settle(node, rules, done.environment)
    _judge(done)


def _taken_in(form: Form, answers: Any, clock: Clock) -> Evaluation:
    """The places of a record with its answers, before any rule is run."""
    root = Node(form.root, None)
    now = clock.now.isoformat(timespec="milliseconds")
    # Ids and chance belong to the phone, which keeps them with `once`; here they are blank.
    environment = Environment(root, form, clock.today.isoformat(), now, lambda: "", lambda: 0.0)
    done = Evaluation(form, root, environment)
    _Intake(done).group(form.root, root, answers if isinstance(answers, dict) else {}, "")
    if not isinstance(answers, dict):
        done.problems.append(FailedCheck("", "type", "error", {}))
    return done


@contextmanager
def supposing(done: Evaluation, path: str, value: str | float) -> Iterator[None]:
    """Within it the record is as if the calculation at `path` gave `value`; afterwards it is as it was. Only what
    comes out otherwise for it is made again, and nothing is judged again."""
    with _restored(done):
        for node in done.nodes.get(path, []):
            node.value = value
        _follow(done, {path}, {path})
        yield


@contextmanager
def answering(
    done: Evaluation, answers: Mapping[tuple[str, int], str | float], asked: Container[str] | None = None
) -> Iterator[None]:
    """Within it the record is as if these questions were answered so, each named by its path and the number of its
    member (0: the household's); afterwards it is as it was. Nothing is judged again. `asked`: the paths of which alone
    that holds, with all that they rest on."""
    with _restored(done):
        for (path, number), value in answers.items():
            node_at(done, path, number).value = value
        _follow(done, {path for path, _ in answers}, set(), asked)
        yield


def node_at(done: Evaluation, path: str, number: int) -> Node:
    """The place at `path`, of the member with this number from 1 where it lies in a repeat."""
    return done.nodes[path][max(number, 1) - 1]


@contextmanager
def _restored(done: Evaluation) -> Iterator[None]:
    kept = [(node, node.value, node.own_relevant, node.relevant) for nodes in done.nodes.values() for node in nodes]
    try:
        yield
    finally:
        for node, was, own_relevant, relevant in kept:
            node.value, node.own_relevant, node.relevant = was, own_relevant, relevant


def _follow(done: Evaluation, moved: set[str], fixed: set[str], asked: Container[str] | None = None) -> None:
    """Make again what reads what `moved`, and what reads that, as far as something comes out otherwise; what is
    `fixed`, or not `asked` for, stays."""
    if done.is_too_much:
        return
    if done.environment.meter is not None:
        done.environment.meter = Meter()
    for one, reads, own in done.form.order:
        if one in fixed or (asked is not None and one not in asked):
            continue
        if one in moved or not moved.isdisjoint(reads) or not moved.isdisjoint(own):
            for node in done.nodes.get(one, []):
                was = node.value, node.relevant
                node.open()
                with suppress(TooMuch):  # of an answer that nobody gave; what was not run stays as it was
                    _settle(node, done.form.functions[one], done.environment)
                if (node.value, node.relevant) != was:
                    moved |= {item.path for item in node.definition.walk()}


def place_of(node: Node) -> str:
    """The path of a node with its instance numbers: "thanh_vien[2]/the_bhyt"."""
    parts = []
    while node.parent is not None:
        parts.append(f"{node.definition.name}[{node.index}]" if node.index else node.definition.name)
        node = node.parent
    return "/".join(reversed(parts))


# --- answers → nodes ------------------------------------------------------------------------------------------------


class _Intake:
    """Builds the nodes of a record; what does not fit is named and left blank."""

    def __init__(self, done: Evaluation) -> None:
        self.done = done

    def fault(self, path: str, kind: str) -> None:
        self.done.problems.append(FailedCheck(path, kind, "error", {}))

    def group(self, item: Item, node: Node, answers: Any, path: str) -> None:
        if not isinstance(answers, dict):
            self.fault(path, "type")
            answers = {}
        self.done.nodes.setdefault(item.path, []).append(node)
        above = f"{path}/" if path else ""
        children, nodes = node.children, self.done.nodes
        for child in item.children:
            name = child.name
            given = answers.get(name)
            if child.type == "repeat":
                children[name] = self.repeat(child, node, given, above + name)
            elif child.type == "group":
                children[name] = inner = Node(child, node)
                self.group(child, inner, {} if given is None else given, above + name)
            else:
                children[name] = leaf = Node(child, node)
                nodes.setdefault(child.path, []).append(leaf)
                if given is not None:
                    leaf.value = self.answer(child, given, above + name)
        for name in answers:
            if name not in children:
                self.fault(f"{above}{name}"[:200], "unknown")

    def repeat(self, item: Item, node: Node, given: Any, path: str) -> list[Node]:
        if given is None:
            return []
        if not isinstance(given, list):
            self.fault(path, "type")
            return []
        instances = []
        self.done.instances = max(self.done.instances, len(given))
        for index, answers in enumerate(given, 1):
            instance = Node(item, node, index=index)
            instances.append(instance)
            self.group(item, instance, answers, f"{path}[{index}]")
        return instances

    def answer(self, item: Item, given: Any, path: str) -> str | float:
        if given is None or given == "" or item.type == "note" or (item.type == "calculate" and not item.is_kept):
            return ""
        value = typed(item.type, given)
        if value is None:
            self.fault(path, "type")
            return ""
        if isinstance(value, str):
            if item.type in WORDS:
                self.done.letters = max(self.done.letters, len(value))
            elif len(value) > self.done.names:
                self.done.names = len(value)
        return value


def typed(kind: str, given: Any) -> str | float | None:
    """An answer as a value of its question's type; None when it is not one."""
    if isinstance(given, bool):
        return None
    if kind in NUMBERS:
        number = text_number(given) if isinstance(given, str) and len(given) < 40 and "-" not in given[1:] else given
        if not isinstance(number, (int, float)) or abs(number) > 9e15 or math.isnan(number):
            return None
        return None if kind == "integer" and number != int(number) else float(number)
    if isinstance(given, list) and kind in ("select_multiple", "rank") and all(isinstance(one, str) for one in given):
        return " ".join(given)
    if isinstance(given, (int, float)) and kind in ("text", "hidden", "barcode", "select_one"):
        return number_text(float(given)) if abs(given) < 1e300 else None
    if kind == "calculate" and isinstance(given, (int, float)) and math.isfinite(given):
        return float(given)  # made once, or by a trigger: kept as it came
    if not isinstance(given, str) or kind == "note":  # a note is read, not answered
        return None
    if kind == "date":
        return given if len(given) == 10 and not math.isnan(days(given)) else None
    if kind == "dateTime":
        return given if len(given) < 40 and not math.isnan(days(given)) else None
    if kind == "time":
        return given if _TIME.fullmatch(given) else None
    if kind == "geopoint":
        return given if _is_geopoint(given) else None
    if kind in _LINES:
        return given if all(map(_is_geopoint, _points_in(given))) else None
    if kind == "acknowledge":
        return given if given == "OK" else None
    return given


_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


_LINES = {"geotrace": 2, "geoshape": 4}  # points at least


def _points_in(text: str) -> list[str]:
    first, *rest = text.rstrip(" ").removesuffix(";").split(";")
    if not rest:
        return [first]
    *between, last = rest
    return [first.rstrip(" "), *(point.strip(" ") for point in between), last.lstrip(" ")]


def _is_whole(kind: str, text: str) -> bool:
    """Stored while it is walked, a line is whole with points enough, an area with its first point at the end."""
    places = [point.split(" ")[:2] for point in _points_in(text)]
    return len(places) >= _LINES[kind] and (kind != "geoshape" or places[0] == places[-1])


def _is_geopoint(text: str) -> bool:
    parts = text.split(" ")
    if not 2 <= len(parts) <= 4 or not all(re.fullmatch(r"-?\d+(\.\d+)?", part, re.ASCII) for part in parts):
        return False
    return abs(float(parts[0])) <= 90 and abs(float(parts[1])) <= 180


# --- rules ----------------------------------------------------------------------------------------------------------


def _settle(node: Node, rules: dict[str, Lazy], environment: Environment) -> None:
    context = Context(node, node, environment)
    if "relevant" in rules and not to_boolean(rules["relevant"](context)):
        node.close()
    elif "count" in rules and not node.index <= to_number(rules["count"](context)):
        node.close()  # beyond the number of instances that the form gives
    if "calculate" in rules and not node.definition.trigger:
        node.value = calculated(rules["calculate"](context)) if node.relevant else ""


def calculated(value: Value) -> str | float:
    """An XPath value as a node keeps it: NaN (as in JavaRosa) and infinities are blank, a boolean is its word."""
    if isinstance(value, list):
        return (value[0].value if value[0].relevant else "") if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return value if math.isfinite(value) else ""


def _judge(done: Evaluation) -> None:
    """required, choices, constraint and warning of everything that is asked, in document order."""
    for node in _questions(done.root):
        item = node.definition
        if not node.relevant or item.type in ("calculate", "note"):
            continue
        rules = done.form.functions[item.path]
        if node.value == "" and "required" not in rules:
            continue
        context = Context(node, node, done.environment)
        if node.value == "":
            if to_boolean(rules["required"](context)):
                _blame(done, node, "required", "error", "required_message")
            continue
        if item.type in _LINES and not _is_whole(item.type, str(node.value)):
            _blame(done, node, "type", "error", "")
        if item.list is not None and not _offered(done, node):
            _blame(done, node, "choice", "error", "constraint_message")
        if "constraint" in rules and not to_boolean(rules["constraint"](context)):
            _blame(done, node, "constraint", "error", "constraint_message")
        if "warning" in rules and not to_boolean(rules["warning"](context)):
            _blame(done, node, "warning", "warning", "warning_message")


def _blame(done: Evaluation, node: Node, kind: str, severity: str, message: str) -> None:
    texts = done.form.texts[node.definition.path].get(message, {})
    words = {language: filled(parts, node, done.environment) for language, parts in texts.items()}
    done.problems.append(FailedCheck(place_of(node), kind, severity, words))


def filled(parts: list[str | Lazy], node: Node, environment: Environment) -> str:
    """A text with the answers it quotes."""
    context = Context(node, node, environment)
    return "".join(part if isinstance(part, str) else to_string(part(context)) for part in parts)


def _offered(done: Evaluation, node: Node) -> bool:
    """Whether each name picked is among the choices that the filter leaves; whether a ranking names all of them."""
    item = node.definition
    picked = to_string([node])
    names = [picked] if item.type == "select_one" else picked.split()
    rule = done.form.functions[item.path].get("choice_filter")
    assert item.list is not None
    column = item.from_file.get("value", "name")

    if done.environment.meter is not None:
        done.environment.meter.spend(len(names))

    def is_free(row: Node) -> bool:
        return rule is None or to_boolean(rule(Context(row, node, done.environment)))

    if item.type != "rank":
        index = row_index(done.form, item.list, (column,))
        return all(any(map(is_free, index.get((name,), []))) for name in names)
    rows = filter(is_free, done.environment.rows(item.list))
    return sorted(names) == sorted({to_string([row.children[column]]) for row in rows if column in row.children})


def _questions(node: Node) -> Iterator[Node]:
    for child in node.children.values():
        for one in child if isinstance(child, list) else [child]:
            if one.definition.type in CONTAINERS:
                yield from _questions(one)
            else:
                yield one


def _values(node: Node) -> Any:
    found: dict[str, Any] = {}
    for name, child in node.children.items():
        if isinstance(child, list):
            # An instance keeps its place even when it is not asked, so that paths stay true.
            found[name] = [_values(one) if one.own_relevant else {} for one in _within_count(child)]
            if not found[name]:
                del found[name]
        elif not child.own_relevant:
            continue
        elif child.definition.type == "group":
            inner = _values(child)
            if inner:
                found[name] = inner
        elif child.value != "":
            value = child.value
            found[name] = int(value) if isinstance(value, float) and value == int(value) else value
    return found


def _within_count(instances: list[Node]) -> list[Node]:
    """The instances; of a repeat whose number the form gives, none beyond the last that is asked."""
    last = len(instances)
    if instances and "count" in instances[0].definition.rules:
        while last and not instances[last - 1].own_relevant:
            last -= 1
    return instances[:last]


def _relevant(child: Node | list[Node]) -> Any:
    if isinstance(child, list):
        return [_relevant(one) for one in child]
    if not child.own_relevant:
        return False
    if child.definition.type in CONTAINERS:
        return {name: _relevant(inner) for name, inner in child.children.items()}
    return True
