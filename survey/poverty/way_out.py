"""The shortest way out of poverty: the fewest improvements of a household after which its class is a better one.

Improvements are rows of data (improvements/, one file a questionnaire): an answer now, the answer then. What a set of
them comes to is said by the questionnaire's own rules (`answering`), never by a second reading of the law. All sets of
the smallest size are found, none is weighed against another, and no answer is taken to be better than another: size by
size each set is tried, or one that the rules cannot tell from it. Three facts of a whole record let that be short:

- Questions that no rule reads together are a block of their own: which, the compiled form says. The number of lacks and
  the points of B1 are sums (`_is_sum`), so what two blocks do to them is what each does alone, added up.
- The class of a record without unknowns follows from these two sums alone, so it is asked once for each pair.
- In a smallest set each part is a smallest one that does the same, so of those that do the same only these are kept.

tests/poverty/test_way_out.py holds the answers against every set of improvements, under a second reading of the law.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
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
Ways = list[tuple[Any, Any]]  # each: any of the first ways with any of the second; or a set, with None


class Reached(StrEnum):
    """`NO`: not even by all at once; `SEARCHED_TOO_LONG`: to know would take more than is tried for a page."""

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
    return WayOut(found, known, search.targets(targets), method, line, amount)


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

Sums = tuple[float, ...]  # lacks, and where they follow from answers the points of B1


class _TooLong(Exception):
    pass


class _Search:
    def __init__(
        self, form: Form, done: Evaluation, open_ones: list[Improvement], by_points: bool, most: int, shown: int
    ) -> None:
        self.form, self.done, self.most, self.shown, self.tried = form, done, most, shown, 0
        self.sums_of = [form.by_outcome["deprived_count"].path]
        self.sums_of += [form.by_outcome["b1"].path] if by_points else []
        self.under_sums = _ancestors(form, self.sums_of)
        self.under_class = _ancestors(form, [form.by_outcome["class"].path])
        self.parts = _Parts(form, done, open_ones, self.under_sums)
        self.questions = len({place for one in open_ones for place in one.answered})
        self.known: dict[tuple[Any, ...], Any] = {}  # what was asked of the rules
        self.start: Sums = self._sums(())

    def targets(self, wanted: Sequence[frozenset[HouseholdClass]]) -> tuple[Target, ...]:
        """Size by size, so that no set larger than the answer is tried."""
        found: dict[frozenset[HouseholdClass], Target] = {}
        try:
            for size in range(1, self.questions + 1):
                if len(found) == len(wanted):
                    break
                after = [(self._class_after(_first(ways)), ways) for at, ways in self._by_sums(size) if at == size]
                for left in wanted:
                    works = [one for now, ways in after if now not in {*left, None} for one in ways]
                    if works and left not in found:
                        count = _count(works, {})
                        sets = tuple(islice(_sets(works), self.shown))
                        found[left] = Target(left, Reached.YES, size, count, sets, self.tried)
            rest = Reached.NO
        except _TooLong:
            rest = Reached.SEARCHED_TOO_LONG
        return tuple(found.get(left) or Target(left, rest, tried=self.tried) for left in wanted)

    def _by_sums(self, most: int) -> Iterable[tuple[int, Ways]]:
        """For each pair of sums that at `most` so many improvements lead to: how few do, and all ways with so few."""
        found: dict[Sums, tuple[int, Ways]] = {self.start: (0, [((), None)])}
        for block in self.parts.blocks:
            does = self._block(block, most)
            more: dict[Sums, tuple[int, Ways]] = {}
            for sums, (size, ways) in found.items():
                for by, (further, others) in does.items():
                    if size + further <= most:
                        after = tuple(a + b for a, b in zip(sums, by, strict=True))
                        _keep(more, after, size + further, _each_with_each(ways, others))
            found = more
        return found.values()

    def _block(self, units: list[list[Improvement]], most: int) -> dict[Sums, tuple[int, Ways]]:
        """What the sets of a block add to the sums. A set after which something is not known is no way."""
        found: dict[Sums, tuple[int, Ways]] = {}
        for size, ways in _combined([list(self._unit(unit, most).values()) for unit in units], most):
            sums = self._sums(_first(ways))
            if "" not in sums:
                by = tuple(a - b for a, b in zip(sums, self.start, strict=True))
                _keep(found, by, size, ways)
        return found

    def _unit(self, several: list[Improvement], most: int) -> dict[Any, tuple[int, Ways]]:
        """The sets of what is read together of one member: those that leave the same for the household's rules to read
        are the same to them. Of the household's own questions each set is by itself."""
        found: dict[Any, tuple[int, Ways]] = {}
        number = next(several[0].places)[1]
        for one in _sets_of(several, most):
            leaves = self._read_outside(one, number) if number and self.parts.apart else one
            _keep(found, leaves, len(one), [(one, None)])
        return found

    def _read_outside(self, several: Set, number: int) -> Any:
        def read() -> Any:
            nodes = [node_at(self.done, path, number) for path in self.parts.read_outside]
            return tuple((self.done.value(node), node.relevant) for node in nodes)

        return self._asked(("unit", *several), several, self.under_sums, read)

    def _sums(self, several: Set) -> Any:
        def read() -> Any:
            return tuple(self.done.value(node_at(self.done, path, 0)) for path in self.sums_of)

        return self._asked(("sums", *several), several, self.under_sums, read)

    def _class_after(self, several: Set) -> HouseholdClass | None:
        return self._asked(("class", *several), several, self.under_class, lambda: class_of(self.form, self.done))

    def _asked(self, name: tuple[Any, ...], several: Set, under: set[str], read: Callable[[], Any]) -> Any:
        """What the rules say after these improvements; asked once."""
        if name not in self.known:
            self.tried += 1
            if self.tried > self.most:
                raise _TooLong
            with answering(self.done, together(self.form, self.done, several), under):
                self.known[name] = read()
        return self.known[name]


def _combined(units: Sequence[Sequence[tuple[int, Ways]]], most: int) -> Iterator[tuple[int, Ways]]:
    """One of each unit, with at most so many improvements in all."""
    if not units:
        yield 0, [((), None)]
        return
    for size, ways in _combined(units[:-1], most):
        for further, others in units[-1]:
            if size + further <= most:
                yield size + further, _each_with_each(ways, others)


def _each_with_each(ways: Ways, others: Ways) -> Ways:
    return [(ways, others)]


def _keep(found: dict[Any, tuple[int, Ways]], key: Any, size: int, ways: Ways) -> None:
    """The smallest by key, and all of them."""
    kept = found.get(key)
    if kept is None or size < kept[0]:
        found[key] = size, ways
    elif size == kept[0]:
        found[key] = size, kept[1] + ways


def _sets(ways: Ways) -> Iterator[Set]:
    for one, other in ways:
        if other is None:
            yield one
        else:
            yield from (some + more for some in _sets(one) for more in _sets(other))


def _count(ways: Ways, known: dict[int, int]) -> int:
    if id(ways) not in known:
        known[id(ways)] = sum(1 if other is None else _count(one, known) * _count(other, known) for one, other in ways)
    return known[id(ways)]


def _first(ways: Ways) -> Set:
    return next(_sets(ways))


def _sets_of(several: Sequence[Improvement], most: int) -> Iterator[Set]:
    """Every set of at most so many without a conflict, the empty one first."""
    if not several:
        yield ()
        return
    for rest in _sets_of(several[:-1], most):
        yield rest
        if len(rest) < most and free_of_conflict([*rest, several[-1]]):
            yield (*rest, several[-1])


# --- what is read together ------------------------------------------------------------------------------------------


class _Parts:
    """The improvements by blocks, those of a block by units. A unit is what a member's own rules read together, or what
    an improvement answers together; a block what any rule does that `under` names, but for those that only add, and
    those that only hand on what was added. `read_outside`: what the household's rules read of a member. `apart`: no
    rule of a member reads what the answer of another, or of the household, changes."""

    def __init__(self, form: Form, done: Evaluation, several: list[Improvement], under: set[str]) -> None:
        self.repeat = form.members.path if form.members is not None else ""
        self.count = len(done.nodes.get(self.repeat, []))
        self.apart = True
        of_units, of_blocks = _Together(), _Together()
        for one in several:
            of_units.join(one.places)
            of_blocks.join(one.places)
        rests_on: dict[Place, set[Place]] = {place: {place} for one in several for place in one.places}
        sums: set[Place] = set()
        rules = [(path, reads, own) for path, reads, own in form.order if path in under]
        for path, reads, own in rules:
            for number in range(1, self.count + 1) if self._is_members(path) else (0,):
                read = {*self._read(reads, own, path, number), (path, number)} & rests_on.keys()
                if not read:
                    continue
                changed = rests_on[path, number] = set().union(*(rests_on[place] for place in read))
                if _is_sum(form.node(path)) or (read <= sums and _hands_on(form.node(path))):
                    sums.add((path, number))
                    continue
                of_blocks.join(changed)
                if number and {place[1] for place in changed} == {number}:
                    of_units.join(changed)
                elif number:
                    self.apart = False
        useful = [one for one in several if not under.isdisjoint(path for path, _ in one.places)]
        self.blocks = [of_units.grouped(block) for block in of_blocks.grouped(useful)]
        outside = {one for path, reads, own in rules if not self._is_members(path) for one in (*reads, *own)}
        self.read_outside = sorted(path for path in outside if self._is_members(path) and path in form.by_path)

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
    """Whether a calculation does nothing but add places."""

    def adds(tree: Any) -> bool:
        return isinstance(tree, list) and (tree[0] == "one" or (tree[0] == "+" and all(map(adds, tree[1:]))))

    return set(item.rules) == {"calculate"} and adds(item.rules["calculate"])


def _hands_on(item: Item) -> bool:
    """Whether a calculation gives one place or another as it is."""

    def gives(tree: Any) -> bool:
        if not isinstance(tree, list):
            return True
        return tree[0] == "one" or (tree[:2] == ["call", "if"] and all(map(gives, tree[3:])))

    return set(item.rules) == {"calculate"} and gives(item.rules["calculate"])


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
