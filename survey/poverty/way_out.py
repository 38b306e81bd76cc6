"""The shortest way out of poverty: the fewest improvements of a household after which its class is a better one.

Improvements are rows of data (improvements/, one file a questionnaire): an answer now, the answer then. What a set of
them comes to is said by the questionnaire's own rules (`answering`), never by a second reading of the law. All sets of
the smallest size are found, none is weighed against another, and no answer is taken to be better than another: each
set is tried, or one that the rules cannot tell from it. Three facts of a whole record let the search be short:

- Questions that no rule reads together are a block of their own: which, the compiled form says. The number of lacks and
  the points of B1 are sums (`_is_sum`), so what two blocks do to them is what each does alone, added up.
- The class of a record without unknowns follows from these two sums alone, so it is asked once for each pair.
- In a smallest set each part is a smallest one that does the same, so of those that do the same only these are kept.

tests/poverty/test_way_out.py holds the answers against every set of improvements, under a second reading of the law.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, product
from typing import Any

from survey.form.form import NUMBERS, Form, Item
from survey.form.reading import display, instance_label
from survey.form.record import Evaluation, answering, node_at
from survey.form.values import Node
from survey.poverty.assess import Assessment, assess, class_of
from survey.terms import B1Method, HouseholdClass

MOST_SHOWN = 20
MOST_TRIED = 2000  # evaluations, about a second; of a household that would need more that is said
NOTHING = "khong"  # the choice of a question of several that says: none of them

Place = tuple[str, int]  # the path of a question, and the number of its member (0: the household's)


@dataclass(frozen=True)
class Row:
    """An improvement as data. `before`: the answers that it may start from (none: any; "<": less than `to`).
    `to`: the answer then; "+x": one choice more; a number is multiplied by the calculation `per`. `along`: what is
    answered with it. `needs`: what must hold now. `serves`: the indicator, or "b1"."""

    of_member: bool
    question: str
    before: tuple[str, ...]
    to: str
    per: str
    along: tuple[tuple[str, str], ...]
    needs: tuple[tuple[str, str], ...]
    plausible: bool
    serves: str
    source: str


@dataclass(frozen=True)
class Change:
    """A question of an improvement in words, by language."""

    path: str
    label: dict[str, str]
    was: dict[str, str]
    then: dict[str, str]


@dataclass(frozen=True, eq=False)
class Improvement:
    """A row for somebody (None: the household). Two of one set never answer the same; a choice of a question of several
    is answered by itself."""

    row: Row
    member: str | None
    answers: tuple[tuple[Place, str | float], ...]
    changes: tuple[Change, ...]

    @property
    def answered(self) -> frozenset[tuple[Place, str | float]]:
        return frozenset((place, value if str(value).startswith("+") else "") for place, value in self.answers)

    @property
    def places(self) -> Iterator[Place]:
        return (place for place, _ in self.answers)


Set = tuple[Improvement, ...]
Ways = list[tuple[list[Set], ...]]  # each: one of the first, with one of the second, …


class Reached(StrEnum):
    """`not_poor`: out of both; `searched_too_long`: it would take more than is tried for a page."""

    YES = "yes"
    NO = "no"
    SEARCHED_TOO_LONG = "searched_too_long"


@dataclass(frozen=True)
class Target:
    """Out of these classes: with how few improvements, all sets of that size (`sets` the first of them, `count` all).
    `tried`: how often the rules were asked."""

    left: frozenset[HouseholdClass]
    reached: Reached
    size: int = 0
    count: int = 0
    sets: tuple[Set, ...] = ()
    tried: int = 0


@dataclass(frozen=True)
class WayOut:
    """`known`: whether every answer is there that the class is made of; without it no target is searched. `above`: by
    how much B1's points, or the income, would have to exceed what they are now to be above the line by nothing."""

    assessment: Assessment
    known: bool
    targets: tuple[Target, ...]
    method: B1Method | None
    line: float | None = None
    amount: float | None = None

    @property
    def above(self) -> float | None:
        return None if self.line is None or self.amount is None else self.line - self.amount


OUT_OF_POOR = frozenset({HouseholdClass.POOR})
OUT_OF_BOTH = frozenset({HouseholdClass.POOR, HouseholdClass.NEAR_POOR})


def read_rows(text: str) -> list[Row]:
    """The improvements of a file (its columns: docs/glossary.md, «improvement»)."""
    return [
        Row(
            row["scope"] == "member",
            row["question"],
            tuple(row["from"].split()),
            row["to"],
            row["per"],
            _pairs(row["with"]),
            _pairs(row["needs"]),
            row["plausible"] == "yes",
            row["indicator"],
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    ]


def _pairs(cell: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, _, value in (part.partition("=") for part in cell.split()))


def way_out(
    form: Form, done: Evaluation, rows: Iterable[Row], most_shown: int = MOST_SHOWN, most_tried: int = MOST_TRIED
) -> WayOut | None:
    """None of a household that is in neither class, or that has none: it has nothing to leave."""
    found = assess(form, done)
    if found.household_class not in OUT_OF_BOTH or found.refused:
        return None
    method = _method(done)
    by_points = method is B1Method.TABLE
    known = found.deprived_count is not None and (found.b1 is not None or not by_points)
    line, amount = _line(form, done, method)
    targets = [OUT_OF_POOR] if found.household_class is HouseholdClass.POOR else []
    targets += [OUT_OF_BOTH] if by_points else []  # what was typed is changed by nobody's improvements
    if not known:
        return WayOut(found, known, (), method, line, amount)
    search = _Search(form, done, options(form, done, rows), by_points, most_tried, most_shown)
    return WayOut(found, known, tuple(search.targets(targets)), method, line, amount)


def _outcome(form: Form, done: Evaluation, name: str) -> float | None:
    item = form.by_outcome.get(name)
    value = done.value(node_at(done, item.path, 0)) if item is not None else ""
    return value if isinstance(value, float) else None


def _method(done: Evaluation) -> B1Method | None:
    named = done.nodes.get("cach_b1", [])
    value = str(named[0].value) if named else ""
    return B1Method(value) if value in set(B1Method) else None


def _line(form: Form, done: Evaluation, method: B1Method | None) -> tuple[float | None, float | None]:
    names = ("income_line", "income") if method is B1Method.INCOME else ("b1_line", "b1")
    return _outcome(form, done, names[0]), _outcome(form, done, names[1])


# --- what could be improved -----------------------------------------------------------------------------------------


def options(form: Form, done: Evaluation, rows: Iterable[Row]) -> list[Improvement]:
    """Every improvement that is open to this household, in the order of the rows, then of the members."""
    found = []
    for row in rows:
        if _fits(form, row):
            numbers = range(1, len(done.nodes.get(row.question, [])) + 1) if row.of_member else (0,)
            found += [_option(form, done, row, number) for number in numbers if _is_open(form, done, row, number)]
    return found


def _fits(form: Form, row: Row) -> bool:
    """Whether this questionnaire has all that a row names: another version may ask otherwise."""
    needed = [row.per] if row.per else []
    needed += [_beside(row, name) for name, _ in row.along]
    if not {row.question, *needed} <= form.by_path.keys():
        return False
    if not all({_beside(row, name), name} & form.by_path.keys() for name, _ in row.needs):
        return False
    answers = form.choices.get(form.node(row.question).list or "")
    return answers is None or row.to.removeprefix("+") in {choice["name"] for choice in answers}


def _is_open(form: Form, done: Evaluation, row: Row, number: int) -> bool:
    node = node_at(done, row.question, number)
    if not node.relevant or not all(_holds(form, done, row, number, *need) for need in row.needs):
        return False
    if row.to.startswith("+"):
        picked = str(node.value).split()
        return bool(picked) and row.to[1:] not in picked and (not row.before or not set(picked).isdisjoint(row.before))
    if row.before == ("<",):
        then = _then(form, done, row)
        return isinstance(node.value, float) and isinstance(then, float) and node.value < then
    return node.value in row.before


def _holds(form: Form, done: Evaluation, row: Row, number: int, name: str, wanted: str) -> bool:
    """Whether a calculation or answer is the wanted one, or a number within "6..10"."""
    path = _beside(row, name)
    value = done.value(node_at(done, path, number) if path in form.by_path else node_at(done, name, 0))
    low, between, high = wanted.partition("..")
    if not between:
        return value == (float(wanted) if isinstance(value, float) and wanted.isdecimal() else wanted)
    return isinstance(value, float) and float(low or -math.inf) <= value <= float(high or math.inf)


def _beside(row: Row, name: str) -> str:
    """The path of what is named beside a member's question; a household's stand by their paths."""
    return f"{row.question.rpartition('/')[0]}/{name}" if row.of_member else name


def _then(form: Form, done: Evaluation, row: Row) -> str | float:
    if form.node(row.question).type not in NUMBERS:
        return row.to
    each = done.value(node_at(done, row.per, 0)) if row.per else 1.0
    return float(row.to) * each if isinstance(each, float) else ""


def _option(form: Form, done: Evaluation, row: Row, number: int) -> Improvement:
    answers: list[tuple[Place, str | float]] = [((row.question, number), _then(form, done, row))]
    for name, value in row.along:
        path = _beside(row, name)
        answers.append(((path, number), float(value) if form.node(path).type in NUMBERS else value))
    changes = tuple(_change(form, done, place, value) for place, value in answers)
    node: Node | None = node_at(done, row.question, number)
    while number and node is not None and node.definition.type != "repeat":
        node = node.parent
    member = instance_label(node) if number and node is not None else None
    return Improvement(row, member, tuple(answers), changes)


def _change(form: Form, done: Evaluation, place: Place, value: str | float) -> Change:
    node = node_at(done, *place)
    item = node.definition
    was = done.value(node)
    then = _with_choice(form, item, str(was), value[1:]) if isinstance(value, str) and value[:1] == "+" else value
    words = ({language: display(form, item, one, language) for language in form.languages} for one in (was, then))
    return Change(item.path, item.label, *words)


def _with_choice(form: Form, item: Item, picked: str, more: str) -> str:
    names = {*picked.split(), more} - {NOTHING}
    return " ".join(choice["name"] for choice in form.choices[item.list or ""] if choice["name"] in names)


def together(form: Form, done: Evaluation, several: Iterable[Improvement]) -> dict[Place, str | float]:
    """The answers of a household after these improvements, as far as they are others."""
    found: dict[Place, str | float] = {}
    for one in several:
        for place, value in one.answers:
            if isinstance(value, str) and value.startswith("+"):
                node = node_at(done, *place)
                value = _with_choice(form, node.definition, str(found.get(place, node.value)), value[1:])
            found[place] = value
    return found


def free_of_conflict(several: Sequence[Improvement]) -> bool:
    """Whether no two answer the same."""
    answered = [one.answered for one in several]
    return len(frozenset().union(*answered)) == sum(map(len, answered))


# --- the search -----------------------------------------------------------------------------------------------------

Sums = tuple[float, float]  # lacks, points of B1


class _TooLong(Exception):
    pass


class _Search:
    def __init__(
        self, form: Form, done: Evaluation, open_ones: list[Improvement], by_points: bool, most: int, shown: int
    ) -> None:
        self.form, self.done, self.most, self.shown, self.tried = form, done, most, shown, 0
        self.sums_of = [form.by_outcome["deprived_count"].path]
        self.sums_of += [form.by_outcome["b1"].path] if by_points else []
        self.parts = _Parts(form, done, open_ones, self.sums_of)
        self.under_class = _ancestors(form, [form.by_outcome["class"].path])

    def targets(self, wanted: Sequence[frozenset[HouseholdClass]]) -> Iterator[Target]:
        try:
            found = self._by_sums()
            for left in wanted:
                yield self._target(left, found)
        except _TooLong:
            yield from (Target(left, Reached.SEARCHED_TOO_LONG, tried=self.tried) for left in wanted)

    def _target(self, left: frozenset[HouseholdClass], found: dict[Sums, tuple[int, Ways]]) -> Target:
        sizes = sorted({size for size, _ in found.values()})
        for size in sizes:
            ways: Ways = []
            for at_size, several in found.values():
                if at_size == size and self._class_after(_first(several)) not in {*left, None}:
                    ways += several
            if ways:
                count = sum(math.prod(map(len, one)) for one in ways)
                return Target(left, Reached.YES, size, count, tuple(islice(_sets(ways), self.shown)), self.tried)
        return Target(left, Reached.NO, tried=self.tried)

    def _by_sums(self) -> dict[Sums, tuple[int, Ways]]:
        """By what the sums then are: the fewest improvements, and all ways with so few."""
        start = self._sums(())
        found: dict[Sums, tuple[int, Ways]] = {start: (0, [()])} if start is not None else {}
        for block in self.parts.blocks:
            does = self._block(block, start)
            more: dict[Sums, tuple[int, Ways]] = {}
            for sums, (size, ways) in found.items():
                for by, (further, others) in does.items():
                    after = tuple(a + b for a, b in zip(sums, by, strict=True))
                    _keep(more, after, size + further, [one + other for one in ways for other in others])
            found = more
        return found

    def _block(self, units: list[list[Improvement]], start: Sums | None) -> dict[Any, tuple[int, Ways]]:
        """What the sets of a block add to the sums. A set after which something is not known is no way."""
        assert start is not None
        found: dict[Any, tuple[int, Ways]] = {}
        for several in product(*(self._unit(unit).values() for unit in units)):
            ways: Ways = [()]
            for _, more in several:
                ways = [one + other for one in ways for other in more]
            sums = self._sums(_first(ways))
            if sums is not None:
                by = tuple(a - b for a, b in zip(sums, start, strict=True))
                _keep(found, by, sum(size for size, _ in several), ways)
        return found

    def _unit(self, several: list[Improvement]) -> dict[Any, tuple[int, Ways]]:
        """The sets of one member's questions that are read together: those that leave the same for the household's
        rules to read are the same to them."""
        found: dict[Any, tuple[int, Ways]] = {}
        for one in _sets_of(several):
            number = next(several[0].places)[1]
            _keep(
                found, self._read_outside(one, number) if self.parts.collapses and number else one, len(one), [([one],)]
            )
        return found

    def _read_outside(self, several: Set, number: int) -> Any:
        self._count()
        with answering(self.done, together(self.form, self.done, several), self.parts.under_sums):
            nodes = [node_at(self.done, path, number) for path in self.parts.read_outside]
            return tuple((self.done.value(node), node.relevant) for node in nodes)

    def _sums(self, several: Set) -> Any:
        self._count()
        with answering(self.done, together(self.form, self.done, several), self.parts.under_sums):
            values = tuple(self.done.value(node_at(self.done, path, 0)) for path in self.sums_of)
        return None if "" in values else values

    def _class_after(self, several: Set) -> HouseholdClass | None:
        self._count()
        with answering(self.done, together(self.form, self.done, several), self.under_class):
            return class_of(self.form, self.done)

    def _count(self) -> None:
        self.tried += 1
        if self.tried > self.most:
            raise _TooLong


def _keep(found: dict[Any, tuple[int, Ways]], key: Any, size: int, ways: Ways) -> None:
    """The smallest by key, and all of them."""
    kept = found.get(key)
    if kept is None or size < kept[0]:
        found[key] = size, ways
    elif size == kept[0]:
        found[key] = size, kept[1] + ways


def _sets(ways: Ways) -> Iterator[Set]:
    for one in ways:
        for parts in product(*one):
            yield tuple(improvement for part in parts for improvement in part)


def _first(ways: Ways) -> Set:
    return next(_sets(ways))


def _sets_of(several: Sequence[Improvement]) -> Iterator[Set]:
    """Every set of them without a conflict, the empty one first."""
    if not several:
        yield ()
        return
    for rest in _sets_of(several[:-1]):
        yield rest
        if free_of_conflict([*rest, several[-1]]):
            yield (*rest, several[-1])


# --- what is read together ------------------------------------------------------------------------------------------


class _Parts:
    """The improvements by blocks, those of a block by units: a unit is what a member's own rules read together, or what
    an improvement answers together; a block what any rule below the sums does. `read_outside`: what the household's
    rules read of a member; `collapses`: no member's rule reads what another's answer, or the household's, changes."""

    def __init__(self, form: Form, done: Evaluation, several: list[Improvement], sums_of: Sequence[str]) -> None:
        self.repeat = form.members.path if form.members is not None else ""
        self.count = len(done.nodes.get(self.repeat, []))
        self.collapses = True
        self.under_sums = wanted = _ancestors(form, sums_of)
        of_units, of_blocks = _Together(), _Together()
        for one in several:
            of_units.join(one.places)
            of_blocks.join(one.places)
        rests_on: dict[Place, set[Place]] = {place: {place} for one in several for place in one.places}
        above: set[Place] = set()
        for path, reads, own in form.order:
            if path not in wanted:
                continue
            for number in range(1, self.count + 1) if self._is_members(path) else (0,):
                here = (path, number)
                read = [*self._read(reads, own, path, number), here]
                changed = set().union(*(rests_on.get(place, set()) for place in read))
                if not changed:
                    continue
                if not above.isdisjoint(read) or _is_sum(form.node(path)):
                    above.add(here)
                    continue
                rests_on[here] = changed
                of_blocks.join(changed)
                if number and {place[1] for place in changed} == {number}:
                    of_units.join(changed)
                elif number:
                    self.collapses = False
        useful = [one for one in several if not {path for path, _ in one.places}.isdisjoint(wanted)]
        self.blocks = [of_units.grouped(block) for block in of_blocks.grouped(useful)]
        outside = (
            place
            for path, reads, own in form.order
            if path in wanted and not self._is_members(path)
            for place in (*reads, *own)
        )
        self.read_outside = sorted({path for path in outside if self._is_members(path) and path in form.by_path})

    def _is_members(self, path: str) -> bool:
        return bool(self.repeat) and path.startswith(self.repeat + "/")

    def _read(self, reads: Sequence[str], own: Sequence[str], path: str, number: int) -> Iterator[Place]:
        """The places that a rule reads, with what lies around its own: when that closes, it closes."""
        around = path.split("/")
        for one in (*own, *("/".join(around[:at]) for at in range(1, len(around)))):
            yield one, number if self._is_members(one) or one == self.repeat else 0
        for one in reads:
            inside = self._is_members(one) or one == self.repeat
            yield from ((one, at) for at in (range(1, self.count + 1) if inside else (0,)))


def _ancestors(form: Form, paths: Sequence[str]) -> set[str]:
    """What these rest on, and they themselves."""
    read = {path: {*reads, *own} for path, reads, own in form.order}
    found, waiting = set(paths), list(paths)
    while waiting:
        for path in read.get(waiting.pop(), set()) - found:
            found.add(path)
            waiting.append(path)
    return found


def _is_sum(item: Item) -> bool:
    """Whether a calculation does nothing but add."""
    return set(item.rules) == {"calculate"} and _adds(item.rules["calculate"]) and item.rules["calculate"][0] == "+"


def _adds(tree: Any) -> bool:
    return isinstance(tree, list) and (tree[0] == "one" or (tree[0] == "+" and all(map(_adds, tree[1:]))))


class _Together:
    """Places that belong together."""

    def __init__(self) -> None:
        self.parent: dict[Place, Place] = {}

    def root(self, place: Place) -> Place:
        while (parent := self.parent.get(place, place)) != place:
            place = parent
        return place

    def join(self, places: Iterable[Place]) -> None:
        first, *rest = map(self.root, places)
        for place in rest:
            self.parent[place] = first

    def grouped(self, several: Iterable[Improvement]) -> list[list[Improvement]]:
        found: dict[Place, list[Improvement]] = {}
        for one in several:
            found.setdefault(self.root(next(one.places)), []).append(one)
        return list(found.values())
