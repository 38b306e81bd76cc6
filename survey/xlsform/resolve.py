"""Names in an expression → paths in the form, and from them the order in which rules are evaluated.

`${name}` becomes what pyxform writes into an XForm: a path relative to the node whose rule it is where both lie in the
same repeat, otherwise a path from the record's root. Every name is checked here, so that a mistake in a sheet is an
error of the sheet and not a blank on a phone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from survey.form.expression import ExpressionError, Tree
from survey.form.form import NUMBERS, Item
from survey.form.functions import FORMATS, HASHES
from survey.form.patterns import PatternError, compile_pattern
from survey.text import N_, nearest
from survey.xlsform.javarosa import LISTS, looks_elsewhere, no_text


@dataclass(frozen=True)
class Table:
    """A secondary instance while its path is walked: `level` 0 is the document, 1 its root, 2 a row, 3 a cell."""

    name: str
    columns: frozenset[str] | None  # None: it cannot be read, which has been told
    level: int = 0


@dataclass(frozen=True)
class Saved:
    """A place in the answers finished last, `${last-saved#name}`; None is their document."""

    item: Item | None


Place = Item | Table | Saved | None  # None: not known before the record is
Advice = tuple[str, dict[str, str]]  # a template and its values
LAST = "__last-saved"
_LAST_REF = "last-saved#"


@dataclass
class Names:
    """What an expression may refer to."""

    root: Item
    tables: dict[str, frozenset[str] | None]
    root_name: str = "data"
    by_name: dict[str, list[Item]] = field(init=False)
    parents: dict[str, Item] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name, self.parents = {}, {}
        for item in self.root.walk():
            if item is not self.root:
                self.by_name.setdefault(item.name, []).append(item)
            for child in item.children:
                self.parents[child.path] = item


@dataclass
class Resolution:
    tree: Tree
    reads: list[str]
    local: list[str]  # of these, what is read only of the own repeat instance
    advice: list[Advice]  # what will not do what its author thinks
    errors: list[ExpressionError]  # what cannot be: the tree is of no use then
    looks_back: bool = False  # a predicate looks at the question whose rule it is, as it is stored


@dataclass
class Reads:
    """What the rules of one row read: `own` of the own repeat instance only, `everywhere` of any other place."""

    own: set[str] = field(default_factory=set)
    everywhere: set[str] = field(default_factory=set)

    def add(self, found: Resolution) -> None:
        self.own.update(found.local)
        self.everywhere.update(path for path in found.reads if path not in found.local)

    @property
    def all(self) -> list[str]:
        return sorted(self.own | self.everywhere)

    def split(self) -> tuple[list[str], list[str]]:
        return sorted(self.everywhere), sorted(self.own - self.everywhere)


def resolve(tree: Tree, item: Item, names: Names, row_of: str | None = None) -> Resolution:
    """`tree` with its names resolved for the rule of `item`; a choice filter looks at a row of the list `row_of`."""
    context: Place = Table(row_of, names.tables[row_of], 2) if row_of is not None else item
    walker = _Walker(item, names)
    resolved = walker.walk(tree, context)
    local = [path for path in walker.reads if path not in walker.everywhere]
    return Resolution(resolved, sorted(walker.reads), sorted(local), walker.advice, walker.errors, walker.looks_back)


class _Walker:
    def __init__(self, item: Item, names: Names) -> None:
        self.item, self.names = item, names
        self.reads: set[str] = set()
        self.everywhere: set[str] = set()  # of these, what is not read of the own repeat instance alone
        self.advice: list[Advice] = []
        self.errors: list[ExpressionError] = []
        self.around: list[Item] = []  # the repeats whose predicate is being read
        self.within: list[bool] = []  # of each predicate being read: whether it keeps the own instance out
        self.looks_back = False
        self.leads: dict[int, tuple[Tree, Place]] = {}  # by the id of a path: where it leads

    def walk(self, tree: Tree, context: Place) -> Tree:
        """`tree` resolved. What is wrong in one of its parts is noted, and the others are read on."""
        try:
            return self.part(tree, context)
        except ExpressionError as error:
            self.errors.append(error)
            return tree

    def part(self, tree: Tree, context: Place) -> Tree:
        if not isinstance(tree, list):
            return tree
        if tree[0] == "ref":
            return self.path(["path", tree], context)
        if tree[0] == "path":
            return self.path(tree, context)
        if tree[0] == "call":
            _check_literals(tree[1], tree[2:])
            if tree[1] in _REWRITTEN:
                return _REWRITTEN[tree[1]](self, tree[2:], context)
            if tree[1] == "instance":
                self.table(tree)
            arguments = [self.walk(argument, context) for argument in tree[2:]]
            if any(no_text(argument, self.leads_to) for argument in arguments[: LISTS.get(tree[1], 0)]):
                template = N_("ODK Collect stops at %(name)s() of a number or a date: write string(…) around it")
                self.advice.append((template, {"name": tree[1]}))
            return [*tree[:2], *arguments]
        return [tree[0], *(self.walk(operand, context) for operand in tree[1:])]

    def leads_to(self, path: Tree) -> Place:
        return self.leads.get(id(path), (None, None))[1]

    def choice_name(self, arguments: list[Tree], context: Place) -> Tree:
        """`jr:choice-name(value, '${question}')`: the question named in quotes becomes its list of choices."""
        if not isinstance(arguments[1], str):
            raise ExpressionError(N_("jr:choice-name() takes the question in quotes: '${name}'"))
        named = arguments[1].strip()
        name = named.removeprefix("${").removesuffix("}").rsplit("/", 1)[-1].strip()
        target = self.reference(name)[2]
        if target.list is None:
            raise ExpressionError(N_("jr:choice-name(): “%(name)s” has no choices"), name=name)
        return ["call", "jr:choice-name", self.walk(arguments[0], context), target.list]

    def indexed_repeat(self, arguments: list[Tree], context: Place) -> Tree:
        """`indexed-repeat(${question}, ${repeat}, number, …)` → a path with a predicate at each repeat."""
        chosen: dict[str, Tree] = {}
        if len(arguments) % 2 == 0:
            raise ExpressionError(N_("indexed-repeat() takes a question, then pairs of a repeat and a number"))
        for repeat, number in zip(arguments[1::2], arguments[2::2], strict=True):
            named = self.reference(repeat[1])[2] if isinstance(repeat, list) and repeat[0] == "ref" else None
            if named is None or named.type != "repeat":
                raise ExpressionError(N_("indexed-repeat() takes a question, then pairs of a repeat and a number"))
            self.reads.add(named.path)
            self.everywhere.add(named.path)
            chosen[named.path] = _from_current(self.walk(number, context))
        if not isinstance(arguments[0], list) or arguments[0][0] != "ref":
            raise ExpressionError(N_("indexed-repeat() takes a question first, as ${question}"))
        target = self.reference(arguments[0][1])[2]
        self.reads.add(target.path)
        self.everywhere.add(target.path)
        for path in chosen:
            if not target.path.startswith(f"{path}/"):
                template = N_("indexed-repeat(): “%(name)s” does not lie in “%(repeat)s”")
                raise ExpressionError(template, name=target.name, repeat=path.rsplit("/", 1)[-1])
        steps = []
        for item in _between(self.names.root, target):
            predicate = [["=", ["call", "position"], chosen[item.path]]] if item.path in chosen else []
            steps.append(["child", item.name, *predicate])
        found = ["path", "/", *steps]
        self.leads[id(found)] = found, target
        return found

    def pulldata(self, arguments: list[Tree], context: Place) -> Tree:
        """`pulldata('file', 'wanted', 'key', value)` → the cell of the first row whose key is the value."""
        table, wanted, key, value = arguments
        if not all(isinstance(name, str) for name in (table, wanted, key)):
            raise ExpressionError(N_("pulldata() takes the file and both columns in quotes"))
        equal = ["=", ["path", ".", ["child", key]], _from_current(self.walk(value, context))]
        start = ["call", "instance", table.removesuffix(".csv")]
        place = self.column(self.column(Table(start[2], self.columns(start[2])), "root"), "item")
        self.column(place, wanted)
        self.column(place, key)
        return ["path", start, ["child", "root"], ["child", "item", equal], ["child", wanted]]

    def columns(self, table: str) -> frozenset[str] | None:
        if table not in self.names.tables:
            raise ExpressionError(N_("there is no list or file “%(name)s”"), name=table)
        return self.names.tables[table]

    def path(self, tree: Tree, context: Place) -> Tree:
        start, steps = tree[1], list(tree[2:])
        place: Place
        several = False
        done: list[Tree] = []
        if start == "/":
            if steps and steps[0][:2] == ["child", self.names.root_name]:
                steps = steps[1:]
            place = self.names.root
        elif isinstance(start, list) and start[0] == "ref" and start[1].startswith(_LAST_REF):
            target = self.named(start[1].removeprefix(_LAST_REF).strip())
            start, place, several = ["call", "instance", LAST], Saved(target), True
            done = [["child", "data"], *(["child", item.name] for item in _between(self.names.root, target))]
        elif start == ".":
            place = context
        elif isinstance(start, list) and start[0] == "ref":
            start, done, place, several = self.reference(start[1])
        elif start == ["call", "current"]:
            start, place = "current", self.item
        elif isinstance(start, list) and start[:2] == ["call", "instance"]:
            place, several = self.table(start), True
        else:
            start, place, several = self.walk(start, context), None, True
        for step in steps:
            place, crossed = self.step(place, step)
            several = several or crossed or len(step) > 2
            predicates = []
            self.within.append(looks_elsewhere(step[2:]))
            for predicate in step[2:]:
                if isinstance(place, Item):
                    self.around.append(place)
                predicates.append(self.walk(predicate, place))
                if isinstance(place, Item):
                    self.around.pop()
            self.within.pop()
            done.append([step[0], step[1], *predicates] if step[0] == "child" or predicates else [step[0]])
        if place is self.item and self.within and not (start == "." and any(self.within)):
            self.looks_back = True
        if isinstance(place, Item) and (done or start != "."):  # a bare “.” is the node itself: no dependency
            self.reads.add(place.path)
            if several or self.around or self.item.repeat is None or place.repeat != self.item.repeat:
                self.everywhere.add(place.path)
            if place.type == "group" and not f"{self.item.path}/".startswith(f"{place.path}/"):
                below = {item.path for item in place.walk() if item is not place}  # its text is theirs (XPath 1.0 §5.2)
                self.reads |= below
                self.everywhere |= below
        found = ["path" if several else "one", start, *done]
        self.leads[id(found)] = found, place
        return found

    def step(self, place: Place, step: Tree) -> tuple[Place, bool]:
        """Where a step leads, and whether it may lead to several places."""
        axis, name = step[0], step[1]
        if axis == "self":
            return place, False
        if place is None:
            if not self.reads:
                raise ExpressionError(N_("a path cannot go on after this: what it leads to is not known beforehand"))
            return None, True
        if axis == "parent":
            if isinstance(place, Saved):
                return Saved(self.names.parents.get(place.item.path) if place.item else None), False
            if isinstance(place, Table):
                return Table(place.name, place.columns, max(0, place.level - 1)), False
            if place is self.names.root:
                raise ExpressionError(N_("“..” leads out of the form"))
            return self.names.parents[place.path], False
        if isinstance(place, Table):
            return self.column(place, name), True
        if isinstance(place, Saved):
            return self.saved(place, name), True
        if name == "*":
            below = {item.path for item in place.walk() if item is not place}
            self.reads |= below
            self.everywhere |= below
            return None, True
        for child in place.children:
            if child.name == name:
                return child, child.type == "repeat"
        inside = place.path or self.names.root_name
        if place is self.item and not place.children:
            template = N_("“%(name)s” alone means nothing here: a question is written ${%(name)s}, a text '%(name)s'")
            raise ExpressionError(template, name=name)
        raise ExpressionError(N_("there is no “%(name)s” in “%(place)s”"), name=name, place=inside)

    def column(self, table: Table, name: str) -> Table:
        expected = {0: "root", 1: "item"}.get(table.level)
        if expected is not None and name != expected:
            template = N_("expected “%(wanted)s” in instance('%(table)s'), found “%(found)s”")
            raise ExpressionError(template, wanted=expected, table=table.name, found=name)
        if table.level == 2 and table.columns is not None and name not in table.columns:
            template = N_("“%(table)s” has no column “%(name)s” (it has %(known)s)")
            raise ExpressionError(template, table=table.name, name=name, known=", ".join(sorted(table.columns)))
        return Table(table.name, table.columns, table.level + 1)

    def table(self, call: Tree) -> Place:
        name = call[2]
        if not isinstance(name, str):
            return None
        if name == LAST:
            return Saved(None)
        return Table(name, self.columns(name))

    def saved(self, place: Saved, name: str) -> Saved:
        root = self.names.root
        if place.item is None:
            if name != self.names.root_name:
                template = N_("there is no “%(name)s” in “%(place)s”")
                raise ExpressionError(template, name=name, place=LAST)
            return Saved(root)
        return Saved(self.step(place.item, ["child", name])[0])  # type: ignore[arg-type]

    def named(self, name: str) -> Item:
        found = self.names.by_name.get(name, [])
        if not found:
            near = nearest(name, self.names.by_name)
            if near is None:
                raise ExpressionError(N_("there is no question “%(name)s”"), name=name)
            raise ExpressionError(N_("there is no question “%(name)s”: is “%(near)s” meant?"), name=name, near=near)
        if len(found) > 1:
            template = N_("there are %(count)s questions called “%(name)s”: write the path instead")
            raise ExpressionError(template, count=len(found), name=name)
        return found[0]

    def reference(self, name: str) -> tuple[Tree, list[Tree], Item, bool]:
        """`${name}`: start, steps, target, whether it may give several nodes."""
        target = self.named(name)
        shared = self.shared_repeat(target)
        for repeat in self.around:
            if repeat.type == "repeat" and target.path.startswith(repeat.path + "/") and not self.inside(repeat):
                template = N_(
                    "${%(name)s} inside a predicate over ${%(repeat)s} means every %(repeat)s, "
                    "not the one being looked at: write “%(instead)s” instead"
                )
                instead = target.path[len(repeat.path) + 1 :]
                self.advice.append((template, {"name": name, "repeat": repeat.name, "instead": instead}))
        if shared is None:
            start, steps, top = "/", [], self.names.root
        else:
            start, top = "current", shared
            steps = [["parent"]] * (_depth(self.item) - _depth(shared))
        down = _between(top, target)
        several = any(item.type == "repeat" for item in down)
        return start, [*steps, *(["child", item.name] for item in down)], target, several

    def shared_repeat(self, target: Item) -> Item | None:
        """The innermost repeat around both the rule's node and the target."""
        shared = None
        place = self.names.parents.get(target.path)
        while place is not None:
            if place.type == "repeat" and self.inside(place):
                shared = place
                break
            place = self.names.parents.get(place.path)
        return shared

    def inside(self, repeat: Item) -> bool:
        return self.item.path.startswith(repeat.path + "/")


_REWRITTEN = {
    "jr:choice-name": _Walker.choice_name,
    "indexed-repeat": _Walker.indexed_repeat,
    "pulldata": _Walker.pulldata,
}


def _check_literals(name: str, arguments: list[Tree]) -> None:
    """What a function can never make sense of, whatever is answered; raises `ExpressionError`."""
    second = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], str) else None
    if name == "regex":
        try:
            compile_pattern(second)
        except PatternError as error:
            raise ExpressionError(error.template, **error.values) from None
    elif name in ("format-date", "format-date-time") and second is not None:
        unknown = next((letter for letter in re.findall(r"%(.?)", second, re.DOTALL) if letter not in FORMATS), None)
        if unknown is not None or second.replace("%%", "").endswith("%"):
            template = N_("%(name)s(): “%%%(letter)s” is no part of a date (%(known)s)")
            known = " ".join(f"%{letter}" for letter in FORMATS)
            raise ExpressionError(template, name=name, letter=unknown or "", known=known)
    elif name == "digest" and second is not None and second not in HASHES:
        template = N_("digest(): “%(name)s” is no way to digest (%(known)s)")
        raise ExpressionError(template, name=second, known=", ".join(HASHES))
    elif name == "weighted-checklist" and len(arguments) % 2:
        raise ExpressionError(N_("weighted-checklist() takes two bounds, then pairs of an answer and its weight"))


def _from_current(tree: Tree) -> Tree:
    """A tree of the rule's own place, to be evaluated where the context is another: its “.” becomes current()."""
    if not isinstance(tree, list):
        return tree
    if tree[0] in ("path", "one"):
        return [tree[0], "current" if tree[1] == "." else _from_current(tree[1]), *tree[2:]]
    return [tree[0], *(_from_current(part) for part in tree[1:])]


def blank_sums(tree: Tree, names: Names) -> list[Item]:
    """The questions that a `sum()` in `tree` adds up although they may be left blank: one blank makes it nothing."""
    if not isinstance(tree, list):
        return []
    found = [item for part in tree for item in blank_sums(part, names)]
    if tree[:2] == ["call", "sum"] and isinstance(tree[2], list) and tree[2][0] == "path" and tree[2][1] == "/":
        steps = tree[2][2:]
        path = "/".join(step[1] for step in steps if step[0] == "child")
        items = [item for same in names.by_name.values() for item in same if item.path == path]
        chosen = any(len(step) > 2 for step in steps)
        found += [i for i in items if i.type in NUMBERS and "required" not in i.rules and not chosen]
    return found


def _depth(item: Item) -> int:
    return item.path.count("/") + 1


def _between(top: Item, target: Item) -> list[Item]:
    """The items from below `top` down to `target`."""
    found = []
    place = top
    while place is not target:
        place = next(c for c in place.children if target is c or target.path.startswith(c.path + "/"))
        found.append(place)
    return found


def evaluation_order(items: list[tuple[Item, list[str]]]) -> list[str]:
    """Paths so that what a rule reads comes before it; raises `CycleError` naming the circles.

    `items`: each row that has a relevance or a calculation, in document order, with the paths its rules read.
    """
    rows = {item.path: (item, reads) for item, reads in items}
    done: list[str] = []
    state: dict[str, int] = {}
    circles: list[list[str]] = []

    def before(path: str) -> list[str]:
        _, reads = rows[path]
        found = [around for around in _around(path) if around in rows]
        for read in reads:
            found.extend(
                place
                for place in [*_around(read), read]
                # What lies around a rule is judged before it anyway; reading it back is no circle.
                if place in rows and not path.startswith(place + "/")
            )
        return found

    for start in rows:
        stack = [(start, iter(before(start)))] if state.get(start) is None else []
        if stack:
            state[start] = 1
        while stack:
            path, pending = stack[-1]
            for following in pending:
                if state.get(following) == 1:
                    open_rows = [place for place, _ in stack]
                    circle = open_rows[open_rows.index(following) :]
                    if not any(set(circle) & set(other) for other in circles):
                        circles.append(circle)
                if state.get(following) is None:
                    state[following] = 1
                    stack.append((following, iter(before(following))))
                    break
            else:
                state[path] = 2
                done.append(path)
                stack.pop()
    if circles:
        raise CycleError(circles)
    return done


def _around(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


class CycleError(ValueError):
    """Rules that wait for one another: `circles`, each its paths in order; none shares a path with another."""

    def __init__(self, circles: list[list[str]]) -> None:
        super().__init__("; ".join(" → ".join(circle) for circle in circles))
        self.circles = circles
