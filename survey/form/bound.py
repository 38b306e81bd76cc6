"""What the rules of a form can cost at most, said of the trees before anything is evaluated: never less than what
`metered.py` counts. It stands on the server alone.

A form is looked at for records of some size: so many instances in each list, texts so long. Each tree comes to how many
visits, how many nodes and how long a text it can give at most; a rule costs that once for each instance around it. So
the cost is a polynomial in the sizes, worked out at their values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from survey.form.budget import LETTERS, MOST_TEXT, UNREAD, WEIGHTS, is_constant
from survey.form.expression import ARITHMETIC, Tree
from survey.form.form import CONTAINERS, NUMBERS, WORDS, Form, Item, row_index
from survey.form.lookups import lookup_of
from survey.form.patterns import pattern_of

NUMBER = 330  # digits of the longest number
TABLE = "table "  # before the path of a place in a table: no question is called so
ENDLESS = 1 << 60
_JOINED = ("concat", "join")
_AS_LONG = frozenset(
    "string substr substring substring-before substring-after translate normalize-space selected-at base64-decode"
    " extract-signed".split()
)
_NUMBERS = frozenset("last number int round count count-selected sum min max position string-length".split())
_SHORT = {"digest": 128, "date": 10, "today": 10, "now": 40, "uuid": 40}


@dataclass(frozen=True)
class Sizes:
    """Of records: the most instances in a list, the letters of the longest answer that is told in words, and of the
    longest other one (choices, days, places, files). `rows`: the most instances of one repeat in all lists together,
    where repeats lie within repeats."""

    instances: int
    letters: int
    names: int
    rows: int = ENDLESS


@dataclass(frozen=True)
class At:
    """Where a tree is evaluated: the row whose rule it is, and the place of the context node (None: anywhere)."""

    current: str
    node: str | None


@dataclass(frozen=True)
class Most:
    """What a tree comes to at most. `many`: nodes, None where it gives none; `text`: letters where it is a text, of a
    node its own; `number`: it may be a number or a truth; `where`: the place of its nodes, None: anywhere."""

    visits: int
    many: int | None = None
    text: int = 0
    number: bool = False
    where: str | None = None

    @property
    def size(self) -> int:
        """As `budget.size`."""
        own = self.text // LETTERS
        return own if self.many is None else self.many * (1 + own)

    @property
    def letters(self) -> int:
        """Of all that it is as texts together."""
        return max(self.text, NUMBER if self.number else 0) * (1 if self.many is None else self.many)


@dataclass
class Bound:
    """What `form` can cost for records of some size."""

    form: Form
    sizes: Sizes
    too_long: dict[tuple[str, str], None] = field(default_factory=dict)  # rules that put too long a text together
    _texts: dict[str, tuple[int, bool]] = field(default_factory=dict)  # of calculations, by path: as `_own`
    _rule_now: tuple[str, str] = ("", "")

    @cached_property
    def by_rule(self) -> dict[tuple[str, str], int]:
        """Visits of each rule at all its places together, by path and kind; a message with its rule's."""
        rules = [(path, key) for path, _, _ in self.form.order for key in ("relevant", "count", "calculate")]
        judged = [
            (item.path, key)
            for item in self.form.nodes()
            for key in ("required", "constraint", "warning", "choice_filter")
        ]
        found = {}
        for path, key in [*rules, *judged]:
            item = self.form.by_path[path]
            if key in item.rules or key == "choice_filter":
                found[path, key] = self._times(item) * self._rule(item, key)
        return found

    @cached_property
    def of_phones(self) -> dict[tuple[str, str], int]:
        """The same of what phones alone run, while somebody types."""
        found: dict[tuple[str, str], int] = {}
        for item in self.form.nodes():
            for key in ("default", "readonly"):
                if key in item.rules:
                    found[item.path, key] = self._times(item) * self._rule(item, key)
        if self.form.instance_name is not None:
            self._rule_now = ("", "instance_name")
            found[self._rule_now] = self.of(self.form.instance_name, At("", "")).visits
        return found

    @property
    def visits(self) -> int:
        return min(sum(self.by_rule.values()), ENDLESS)

    def times(self, path: str) -> int:
        """Instances of the row at `path` ("": the record itself)."""
        return self._times(self.form.by_path[path]) if path else 1

    def _times(self, item: Item) -> int:
        """Instances of a row: of each repeat around it, itself included, the most."""
        repeats = sum(self.form.by_path[path].type == "repeat" for path in _upwards(item.path))
        return min(self.sizes.instances**repeats, self.sizes.rows)

    def _rule(self, item: Item, key: str) -> int:
        here, self._rule_now = At(item.path, item.path), (item.path, key)
        if key == "choice_filter":
            return self._choices(item)
        found = self.of(item.rules[key], here)
        if key == "calculate":
            self._texts[item.path] = max(found.text, 5), found.number
        visits = found.visits
        for text in item.texts.get(f"{key}_message", {}).values():
            visits += sum(self.read(part, here).visits for part in _parts(text))
        return visits

    def _choices(self, item: Item) -> int:
        if item.list is None:
            return 0
        rows, column = self.form.rows.get(item.list, []), item.from_file.get("value", "name")
        picked = 1 if item.type == "select_one" else self.sizes.names // 2 + 1
        same = max(map(len, row_index(self.form, item.list, (column,)).values()), default=0)
        rule = item.rules.get("choice_filter")
        each = self.of(rule, At(item.path, f"{TABLE}{item.list}/root/item")).visits if rule is not None else 0
        looked_at = len(rows) if item.type == "rank" else picked * same
        return picked + looked_at * each

    # --- trees

    def of(self, tree: Tree, at: At) -> Most:
        """As `metered.metered`."""
        if isinstance(tree, str):
            return Most(0, text=len(tree))
        if is_constant(tree):
            return Most(0, number=True)
        found = self._kind(tree, at)
        return _with(found, found.visits + 1 + found.size)

    def read(self, tree: Tree, at: At) -> Most:
        """As `metered._read`: with what lies below its nodes."""
        found = self.of(tree, at)
        if found.many is None or self._is_leaf(found.where):
            return found
        inside, letters = self._inside(found.where)
        item = self.form.by_path.get(found.where or "")
        one = letters // max(self._times(item), 1) if item is not None else letters
        return replace(found, visits=found.visits + inside, text=max(one, found.text))

    def _kind(self, tree: Tree, at: At) -> Most:
        head = tree[0]
        if head == "call":
            return self._call(tree, at)
        if head in ("path", "one"):
            return self._path(tree, at)
        if head == "|":
            a, b = self.of(tree[1], at), self.of(tree[2], at)
            where = a.where if a.where == b.where else None
            many = (a.many or 0) + (b.many or 0)
            return Most(a.visits + b.visits, many, max(a.text, b.text), a.number or b.number, where)
        if head in ("and", "or"):
            return Most(self.of(tree[1], at).visits + self.of(tree[2], at).visits, number=True)
        if head == "neg":
            return Most(self.read(tree[1], at).visits, number=True)
        a, b = self.read(tree[1], at), self.read(tree[2], at)
        visits = a.visits + b.visits
        if head not in ARITHMETIC:
            visits += a.size * (1 if b.many is None else b.many) + (1 if a.many is None else a.many) * b.size
        return Most(visits, number=True)

    def _call(self, tree: Tree, at: At) -> Most:
        name, trees = tree[1], tree[2:]
        if name == "regex":
            return self._regex(tree, at)
        free = UNREAD.get(name, 0)
        found = [self.of(one, at) if number < free else self.read(one, at) for number, one in enumerate(trees)]
        visits = sum(one.visits for one in found) + WEIGHTS.get(name, 0)
        texts = [one.letters for one in found]
        if name == "jr:choice-name":
            rows = self.form.rows.get(str(trees[1]), [])
            return Most(visits + len(rows), text=_longest(rows))
        if name == "coalesce":
            return Most(visits, text=max(texts))
        if name in ("if", "once"):
            chosen = found[-2:] if name == "if" else [*found, self._own(at.current)]
            many = max((one.many for one in chosen if one.many is not None), default=None)
            return Most(visits, many, max(one.text for one in chosen), any(one.number for one in chosen))
        if name == "instance":
            return Most(visits, 1, where=f"{TABLE}{trees[0]}" if isinstance(trees[0], str) else None)
        if name == "current":
            return replace(self._own(at.current), visits=visits)
        if name == "randomize":
            return _with(found[0], visits)
        if name in _JOINED:
            parts = sum(1 if one.many is None else one.many for one in found[1:]) if name == "join" else 1
            text = sum(texts[1:]) + texts[0] * parts if name == "join" else sum(texts)
            return Most(visits, text=self._bearable(text))
        if name in ("substr", "substring") and len(trees) == 3 and isinstance(trees[2], int):
            taken = trees[2] - (trees[1] if name == "substr" and isinstance(trees[1], int) else 0)
            if taken >= 0 and trees[2] >= 0:
                return Most(visits, text=min(texts[0], taken))
        if name in ("format-date", "format-date-time"):
            return Most(visits, text=self._bearable(4 * texts[1]))
        if name in _AS_LONG or name == "date-time":
            return Most(visits, text=max(texts[0] if texts else self._own(at.node).letters, 40))
        if name in _SHORT:
            return Most(visits, text=_SHORT[name])
        return Most(visits, number=True)

    def _bearable(self, text: int) -> int:
        """As `budget.bearable`: a text that is longer is the end of it."""
        if text > MOST_TEXT:
            self.too_long[self._rule_now] = None
        return min(text, MOST_TEXT)

    def _regex(self, tree: Tree, at: At) -> Most:
        text, pattern = self.read(tree[2], at), pattern_of(tree)
        if pattern is None:  # not run
            return Most(text.visits, number=True)
        letters = max(text.text, NUMBER if text.number else 0)
        walked = letters if pattern.longest is None else min(letters, pattern.longest + 1)
        return Most(text.visits + walked * (1 + pattern.positions), number=True)

    def _path(self, tree: Tree, at: At) -> Most:
        walked = self._walk(tree, at)
        found = lookup_of(tree)
        if found is None:
            return walked
        table, names, values, more, column = found
        if any(isinstance(value, list) and value[0] != "one" for value in values):
            return walked  # several, or none: then the table is gone through
        rows = max(map(len, row_index(self.form, table, names).values()), default=0)
        visits = sum(self.of(value, at).visits for value in values)
        here = Most(visits + rows, rows, where=f"{TABLE}{table}/root/item")
        for predicate in more:
            here = self._filtered(here, predicate, at)
        return self._child(here, column)

    def _walk(self, tree: Tree, at: At) -> Most:
        start = tree[1]
        if start == "/":
            here = Most(0, 1, where="")
        elif start in (".", "current"):
            place = at.node if start == "." else at.current
            here = self._own(place)
        else:
            here = self.of(start, at)
        if here.many is None:
            return Most(here.visits, 0)
        for step in tree[2:]:
            if step[0] == "child":
                here = self._child(here, step[1])
            elif step[0] == "parent":
                here = self._parent(here)
            here = _with(here, here.visits + (here.many or 0))
            for predicate in step[2:]:
                here = self._filtered(here, predicate, at)
        return here

    def _filtered(self, here: Most, predicate: Tree, at: At) -> Most:
        each = self.of(predicate, At(at.current, here.where)).visits
        left = min(here.many or 0, 1) if _is_a_place(predicate) else here.many
        return replace(_with(here, here.visits + (here.many or 0) * (1 + each)), many=left)

    def _child(self, here: Most, name: str) -> Most:
        many = here.many or 0
        if name == "*" and here.where is not None and not here.where.startswith(TABLE):
            item = self.form.by_path.get(here.where) if here.where else self.form.root
            each = [self._child(here, child.name) for child in (item.children if item else [])]
            text, number = max((one.text for one in each), default=0), any(one.number for one in each)
            return Most(here.visits, min(sum(one.many or 0 for one in each), ENDLESS), text, number)
        if here.where is None or name == "*":
            wide = max([len(self.form.children), *(len(item.children) for item in self.form.nodes()), 2])
            wide = max(wide, *(max(map(len, rows), default=0) for rows in self.form.rows.values()), 2)
            most = max([self.sizes.instances, *map(len, self.form.rows.values())])
            return Most(here.visits, min(many * wide * most, self._nodes), self._longest, True)
        if here.where.startswith(TABLE):
            table, _, inside = here.where.removeprefix(TABLE).partition("/")
            rows = self.form.rows.get(table, [])
            if table == "__last-saved":
                return Most(here.visits, many * self.sizes.instances, self._longest, True)
            many *= len(rows) if name == "item" and inside == "root" else 1
            text = self._cell(table, name) if inside == "root/item" else 0
            return Most(here.visits, many, text, where=f"{here.where}/{name}")
        path = f"{here.where}/{name}" if here.where else name
        item = self.form.by_path.get(path)
        if item is None:
            return Most(here.visits, 0)
        if item.type == "repeat":
            many = min(many * self.sizes.instances, max(many, self.sizes.rows))
        return replace(self._own(path), visits=here.visits, many=min(many, ENDLESS))

    def _parent(self, here: Most) -> Most:
        if here.where is None:
            return Most(here.visits, here.many, self._longest, True)
        above = here.where.rpartition("/")[0] if here.where else None
        return replace(self._own(above), visits=here.visits, many=here.many)

    # --- what places hold

    def _own(self, path: str | None) -> Most:
        """One node of a place, with what it holds itself."""
        if path is None:
            return Most(0, 1, self._longest, True)
        item = self.form.by_path.get(path)
        if item is None or item.type in CONTAINERS:
            return Most(0, 1, where=path)
        if "calculate" in item.rules:
            text, number = self._texts.get(path, (0, False))  # blank until its turn in the order has come
            return Most(0, 1, max(text, self.sizes.letters) if item.is_kept else text, number, path)
        is_number = item.type in NUMBERS
        text = self.sizes.letters if item.type in WORDS else self.sizes.names
        return Most(0, 1, 0 if is_number else text, is_number, path)

    def _is_leaf(self, where: str | None) -> bool:
        if where is None:
            return False
        if where.startswith(TABLE):
            return where.count("/") == 3
        item = self.form.by_path.get(where)
        return item is not None and item.type not in CONTAINERS

    def _cell(self, table: str, column: str) -> int:
        """Letters of the longest cell of a column."""
        known: dict[tuple[str, str], int] = self.form.__dict__.setdefault("_longest_cells", {})
        if (table, column) not in known:
            cells = (row.get(column, "") for row in self.form.rows.get(table, []))
            known[table, column] = max(map(len, cells), default=0)
        return known[table, column]

    @cached_property
    def _cells(self) -> int:
        return max((sum(map(len, rows)) + len(rows) + 2 for rows in self.form.rows.values()), default=0)

    @cached_property
    def _nodes(self) -> int:
        """Nodes of a record or of a table, whichever are more."""
        return min(max(1 + sum(map(self._times, self.form.nodes())), self._cells), ENDLESS)

    @property
    def _longest(self) -> int:
        made = max((text for text, _ in self._texts.values()), default=0)
        cells = max(map(_longest, self.form.rows.values()), default=0)
        return max(self.sizes.letters, self.sizes.names, made, cells)

    def _inside(self, where: str | None) -> tuple[int, int]:
        """What reading all that lies in a place takes, and its letters; None: in anything."""
        if where is None:
            tables = [self._inside(f"{TABLE}{name}/") for name in self.form.rows]
            each = [self._inside(""), *tables]
            return max(one[0] for one in each), max(one[1] for one in each)
        if where.startswith(TABLE):
            rows = self.form.rows.get(where.removeprefix(TABLE).partition("/")[0], [])
            cells = [cell for row in rows for cell in row.values()]
            return 2 + len(rows) + sum(1 + len(cell) // LETTERS for cell in cells), sum(map(len, cells))
        visits = letters = 0
        for item in self.form.nodes():
            if not where or item.path.startswith(f"{where}/"):
                own, times = self._own(item.path), self._times(item)
                visits, letters = visits + times * own.size, letters + times * own.letters
        return min(visits, ENDLESS), min(letters, ENDLESS)


def most_visits(form: Form, sizes: Sizes) -> int:
    """What the rules of a record of this size can come to, or of one somewhat larger: each size is looked at once a
    form."""
    sizes = Sizes(_rounded(sizes.instances, 6, 2), _rounded(sizes.letters, 32, 4), _rounded(sizes.names, 40, 2))
    known: dict[Sizes, int] = form.__dict__.setdefault("_most_visits", {})
    if sizes not in known:
        known[sizes] = Bound(form, sizes).visits
    return known[sizes]


def _rounded(size: int, least: int, times: int) -> int:
    while least < size:
        least *= times
    return least


def _with(found: Most, visits: int) -> Most:
    return replace(found, visits=min(visits, ENDLESS), text=min(found.text, ENDLESS))


def _is_a_place(predicate: Tree) -> bool:
    """Whether it holds for one node at most: `[1]`, `[last()]`, `[position() = ${n} - 1]`."""
    if isinstance(predicate, list) and predicate[0] == "=" and ["call", "position"] in predicate[1:]:
        sides = [side for side in predicate[1:] if side != ["call", "position"]]
        return len(sides) == 1 and _is_of_no_node(sides[0])
    return _is_number(predicate) and _is_of_no_node(predicate)


def _is_number(tree: Tree) -> bool:
    if not isinstance(tree, list):
        return isinstance(tree, int | float) and not isinstance(tree, bool)
    return tree[0] in (*ARITHMETIC, "neg") or (tree[0] == "call" and tree[1] in _NUMBERS)


def _is_of_no_node(tree: Tree) -> bool:
    """Whether it is the same whichever node a predicate looks at."""
    if not isinstance(tree, list):
        return True
    if tree[0] in ("path", "one"):
        return tree[1] in ("/", "current") or (isinstance(tree[1], list) and _is_of_no_node(tree[1]))
    if tree[0] == "call":
        return (len(tree) > 2 or tree[1] == "last") and all(map(_is_of_no_node, tree[2:]))
    return all(map(_is_of_no_node, tree[1:]))


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _longest(rows: list[dict[str, Any]]) -> int:
    return max((len(cell) for row in rows for cell in row.values() if isinstance(cell, str)), default=0)


def _parts(text: Any) -> list[Tree]:
    return [part for part in text if not isinstance(part, str)] if isinstance(text, list) else []
