"""How the rows of a table of the feed are read: narrowed to an area, filtered, from a place on, a page at a time.

Tables that grow with households are read commune by commune, each in the order of its key, so that the first row is
there at once and nothing is sorted. A page ends with a commune where it can; one that ends within a commune names the
commune's turn (`commune_counter.turns`, which every writer moves on), and where that is another when the next page is
asked for, the reader is told to begin anew: no household is left out or comes twice because somebody wrote meanwhile.

What a filter asks of columns that are made of a stored row is looked at row by row, so it is bounded: a page ends after
so many rows that do not fit and names the next one, though it may be empty; a count of more is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy import Row as Record
from sqlalchemy.orm import Session

from models import CommuneCounter, Place
from survey.evidence.lineage import generation
from survey.odata.conditions import condition
from survey.odata.faults import Fault
from survey.odata.filters import All, Node, conjuncts, named
from survey.odata.matching import matches
from survey.odata.model import EntitySet, Kind, Row, Value
from survey.odata.options import Query, Token, typed
from survey.terms import PlaceKind

PAGE, LARGEST_PAGE = 5_000, 50_000  # rows, where nothing was asked for; a commune may go beyond the first
READ_AT_ONCE = 20_000  # stored rows that one request looks at in vain; within a commune twice as many
_BATCH = 500


@dataclass(frozen=True)
class Reach:
    """Where a reader reads, and when. `provinces`: of these communes; `whole`: those of them that lie in it with all
    communes, whose own figures are read too."""

    communes: tuple[str, ...]
    provinces: tuple[str, ...]
    whole: tuple[str, ...]
    today: date

    @classmethod
    def over(cls, session: Session, communes: Iterable[str], today: date) -> Reach:
        """All of these communes."""
        own = tuple(sorted(set(communes)))
        query = select(Place.id, Place.parent_id).where(Place.kind == PlaceKind.COMMUNE)
        below: dict[str, set[str]] = {}
        for id, parent in session.execute(query):
            below.setdefault(parent or "", set()).add(id)
        of = sorted(parent for parent, those in below.items() if parent and those & set(own))
        return cls(own, tuple(of), tuple(one for one in of if below[one] <= set(own)), today)


class Found(NamedTuple):
    """A row: in which commune ("" where the table is not read by commune), at which place of the order, the how manyth
    that was made of what stands there. `row` None: nothing of what stands at that place fits."""

    part: str
    place: tuple[Value, ...]
    number: int
    row: Row | None


@dataclass(frozen=True)
class Stored:
    """A table that is read from the database. `statement`: what is selected, by the names of properties, and what
    `make` needs beside; `columns`: what SQL can filter by; `commune`: the column by which it is read in parts; `order`:
    the place of a row within its part; `make`: the rows of what was selected (None: it is one); `many`: how many, for
    counting (None: only reading tells)."""

    of: EntitySet
    verb: str
    statement: Callable[[Reach], Select[Any]]
    columns: Mapping[str, ColumnElement[Any]]
    order: tuple[tuple[ColumnElement[Any], Kind], ...]
    commune: ColumnElement[str] | None = None
    make: Callable[[Record[Any]], Iterable[Row]] | None = None
    many: ColumnElement[int] | None = None

    def read(self, session: Session, reach: Reach, query: Query, start: Token | None) -> Generator[Found]:
        statement = self._within(session, reach, query.filter)
        if self.commune is None or query.order:
            yield from self._part(session, statement, "", query, start)
            return
        for commune_id in reach.communes:
            if start is None or commune_id >= start.part:
                here = start if start is not None and commune_id == start.part and start.place else None
                yield from self._part(session, statement.where(self.commune == commune_id), commune_id, query, here)

    def count(self, session: Session, reach: Reach, node: Node | None) -> int:
        """Raises `count_unbounded` where more rows would have to be read than a request may."""
        if self.many is None or self._left(node) is not None:
            some = self._within(session, reach, node).with_only_columns(literal(1)).order_by(None)
            some = some.limit(READ_AT_ONCE + 1)
            if (session.scalar(select(func.count()).select_from(some.subquery())) or 0) > READ_AT_ONCE:
                raise Fault("count_unbounded", "$count")
            found = self.read(session, reach, Query(self.of.properties, filter=node), None)
            return sum(one.row is not None for one in found)
        counted = (
            self._within(session, reach, node).with_only_columns(func.coalesce(func.sum(self.many), 0)).order_by(None)
        )
        return int(session.scalar(counted) or 0)

    def revision(self, session: Session, reach: Reach, part: str) -> str:
        """What stands as long as nothing of a part changes."""
        if self.commune is None:
            return generation(session)
        communes = [part] if part else list(reach.communes)
        turns = select(func.sum(CommuneCounter.turns)).where(CommuneCounter.commune_id.in_(communes))
        return f"{generation(session)}:{session.scalar(turns) or 0}"

    def _within(self, session: Session, reach: Reach, node: Node | None) -> Select[Any]:
        dialect = session.get_bind().dialect.name
        asked = [condition(one, self.columns, dialect) for one in conjuncts(node) if self._knows(one)]
        statement = self.statement(reach).where(*asked)
        return statement if self.commune is None else statement.where(self.commune.in_(reach.communes))

    def _knows(self, node: Node) -> bool:
        return named(node) <= set(self.columns)

    def _left(self, node: Node | None) -> Node | None:
        """What of a filter SQL cannot ask."""
        left = tuple(one for one in conjuncts(node) if not self._knows(one))
        return All(left) if left else None

    def _part(
        self, session: Session, statement: Select[Any], part: str, query: Query, start: Token | None
    ) -> Generator[Found]:
        order = self._order(query)
        begun = typed(start.place, (kind for _, kind in order)) if start is not None else None
        if begun is not None:
            own = tuple_(*(column for column, _ in order))
            begin = tuple_(*(literal(one, column.type) for one, (column, _) in zip(begun, order, strict=True)))
            statement = statement.where(own <= begin if query.is_downward else own >= begin)
        sorted_by = [column.desc() if query.is_downward else column for column, _ in order]
        places = [column.label(f"place_{at}") for at, (column, _) in enumerate(order)]
        statement = statement.add_columns(*places).order_by(*sorted_by)
        left = self._left(query.filter)
        with session.execute(statement.execution_options(yield_per=_BATCH)) as found:  # closed where reading ends early
            for record in found:
                place = tuple(record[-len(order) :])
                done = start.done if start is not None and place == begun else 0
                number, fits = 0, False
                for number, row in enumerate(self.make(record) if self.make else [dict(record._mapping)], 1):
                    if number > done and matches(left, row):
                        fits = True
                        yield Found(part, place, number, row)
                if left is not None and not fits:
                    yield Found(part, place, number, None)

    def _order(self, query: Query) -> tuple[tuple[ColumnElement[Any], Kind], ...]:
        if not query.order:
            return self.order
        return tuple((self.columns[name], self.of.by_name[name].kind) for name in self.of.key)


@dataclass(frozen=True)
class Listed:
    """A table of few rows, which are worked out and not stored as they are."""

    of: EntitySet
    verb: str
    rows: Callable[[Session, Reach], Iterable[Row]]

    def read(self, session: Session, reach: Reach, query: Query, start: Token | None) -> Generator[Found]:
        def place(row: Row) -> tuple[Any, ...]:
            return tuple(row[name] for name in self.of.key)

        begun = typed(start.place, (self.of.by_name[name].kind for name in self.of.key)) if start is not None else None
        for row in sorted(self.rows(session, reach), key=place, reverse=query.is_downward):
            here: Any = place(row)
            passed = begun is not None and (here >= begun if query.is_downward else here <= begun)
            if not passed and matches(query.filter, row):
                yield Found("", here, 1, row)

    def count(self, session: Session, reach: Reach, node: Node | None) -> int:
        return sum(1 for _ in self.read(session, reach, Query(self.of.properties, filter=node), None))

    def revision(self, session: Session, reach: Reach, part: str) -> str:  # noqa: ARG002 - as of what is stored
        return generation(session)


Table = Stored | Listed


class Page:
    """One page of what is asked. `rows` is read once; after its last row `following` is where the next page begins,
    None where there is none. `wanted`: rows a page that the client asks for, 0: none. Raises `Fault` "changed", and
    "skip_unbounded" where too many rows are read before the first that is wanted."""

    def __init__(self, session: Session, table: Table, reach: Reach, query: Query, wanted: int = 0) -> None:
        self.session, self.table, self.reach, self.query = session, table, reach, query
        token = query.token
        self.size = min(wanted or (token.size if token else 0), LARGEST_PAGE)
        self.following: Token | None = None
        self.sent = self.in_vain = 0
        if token is not None and token.revision and token.revision != self._revision(token.part):
            raise Fault("changed", "$skiptoken")

    @property
    def left(self) -> int | None:
        """How many rows are still wanted after this page."""
        return self.query.top - self.sent if self.query.top is not None else None

    def rows(self) -> Iterator[Row]:
        if self.query.top == 0:
            return
        with closing(self.table.read(self.session, self.reach, self.query, self.query.token)) as reading:
            yield from self._shown(reading)

    def _shown(self, reading: Iterator[Found]) -> Iterator[Row]:
        skipped = 0
        last: Found | None = None
        for found in reading:
            if self.query.top is not None and self.sent >= self.query.top:
                return
            is_another_part = last is not None and found.part != last.part
            if last is not None and (self._is_full(is_another_part) or self._has_read_enough(is_another_part)):
                if skipped < self.query.skip:
                    raise Fault("skip_unbounded", "$skip")
                self.following = self._after(last, found)
                return
            last = found
            if found.row is None:
                self.in_vain += 1
            elif skipped < self.query.skip:
                skipped += 1
            else:
                self.sent += 1
                yield found.row

    def _is_full(self, is_another_part: bool) -> bool:
        if self.size:
            return self.sent >= self.size
        is_by_part = isinstance(self.table, Stored) and self.table.commune is not None and not self.query.order
        return self.sent >= PAGE and (is_another_part or not is_by_part or self.sent >= LARGEST_PAGE)

    def _has_read_enough(self, is_another_part: bool) -> bool:
        return self.in_vain >= (1 if is_another_part else 2) * READ_AT_ONCE

    def _after(self, last: Found, coming: Found) -> Token:
        if coming.part != last.part:  # what was read is whole: whatever changes in it is of the next reading
            return Token(coming.part, "", (), 0, self.size)
        return Token(last.part, self._revision(last.part), last.place, last.number, self.size)

    def _revision(self, part: str) -> str:
        return self.table.revision(self.session, self.reach, part)


def one(session: Session, table: Table, reach: Reach, node: Node, query: Query) -> Row:
    """The row that a key names. Raises `no_such_row`."""
    with closing(table.read(session, reach, Query(query.select, filter=node), None)) as reading:
        row = next((found.row for found in reading if found.row is not None), None)
    if row is None:
        raise Fault("no_such_row")
    return row
