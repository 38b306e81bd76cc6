"""$filter: what is read, what is refused and how, and that SQL and Python say the same of every filter."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Date, Float, Integer, String, literal, select, union_all
from sqlalchemy.orm import Session

from survey.odata import filters
from survey.odata.conditions import condition
from survey.odata.faults import Fault
from survey.odata.filters import All, Compare, In, Is, Node, Not, Text, parse
from survey.odata.matching import matches
from survey.odata.model import EntitySet, Kind, Property
from tests.examples import examples

SQL = {"Id": Integer, "Name": String, "Persons": Integer, "Points": Float, "Poor": Boolean, "Since": Date}
HOUSES = EntitySet(
    "Houses", "House", ("Id",),
    (
        Property("Id", Kind.INTEGER, is_nullable=False), Property("Name"), Property("Persons", Kind.INTEGER),
        Property("Points", Kind.DOUBLE), Property("Poor", Kind.BOOLEAN), Property("Since", Kind.DATE),
    ),
)  # fmt: skip
ROWS: list[dict[str, Any]] = [
    dict(zip(HOUSES.names, row, strict=True))
    for row in (
        (1, "Lò", 5, 140.5, True, date(2025, 7, 1)),
        (2, "lò", 1, 0.1, False, date(2026, 1, 1)),
        (3, None, None, None, None, None),
        (4, "a%b_c", 0, 175.0, True, date(2026, 1, 1)),
        (5, "o'Lò", 3, -2.0, False, None),
        (6, "", 5, None, None, date(2024, 2, 29)),
    )
]


def shown(text: str) -> list[int]:
    node = parse(text, HOUSES)
    return [row["Id"] for row in ROWS if matches(node, row)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Persons ge 5", [1, 6]),
        ("5 le Persons", [1, 6]),
        ("Persons gt 2.5 and Poor eq true", [1]),
        ("Persons eq 5 or Persons eq 1 and Poor", [1, 6]),  # and before or
        ("(Persons eq 5 or Persons eq 1) and Poor", [1]),
        ("Persons ne 5", [2, 3, 4, 5]),  # what is not known is not 5
        ("not (Persons eq 5)", [2, 3, 4, 5]),
        ("not (Persons gt 2)", [2, 3, 4]),  # null gt 2 is false, and not false is true
        ("Persons eq null", [3]),
        ("Persons ne null and not (Persons ge 1)", [4]),
        ("Persons lt null", []),
        ("Poor", [1, 4]),
        ("not Poor", [2, 5]),  # of null nobody can tell
        ("Poor ne true", [2, 3, 5, 6]),
        ("Name eq 'Lò'", [1]),  # capitals count
        ("Name eq 'o''Lò'", [5]),
        ("contains(Name,'Lò')", [1, 5]),
        ("contains(Name,'%')", [4]),
        ("contains(Name,'')", [1, 2, 4, 5, 6]),
        ("startswith(Name,'a%')", [4]),
        ("endswith(Name, 'ò') and not startswith(Name,'l')", [1, 5]),
        ("not contains(Name,'ò')", [4, 6]),
        ("Persons in (0,1, 3)", [2, 4, 5]),
        ("Name in ('Lò',null)", [1, 3]),
        ("Since ge 2025-07-01 and Since lt 2026-01-01", [1]),
        ("Points eq 0.1", [2]),
        ("Points le -2", [5]),
        ("Points gt 1e2", [1, 4]),
        ("not not (Id eq 1)", [1]),
    ],
)
def test_what_a_filter_shows(text: str, ids: list[int]) -> None:
    assert shown(text) == ids


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_filter"), ("Persons", "bad_filter"), ("Persons ge", "bad_filter"), ("(Persons ge 5", "bad_filter"),
        ("Persons ge 5)", "bad_filter"), ("Persons ge 5 Persons", "bad_filter"), ("and", "no_such_property"),
        ("Name eq 'Lò", "bad_filter"), ("Name eq Lò", "bad_filter"), ("Id eq 1; DROP TABLE house", "bad_filter"),
        ("not Persons eq 5", "bad_filter"), ("not Persons in (5)", "bad_filter"),
        ("Income eq 1", "no_such_property"), ("Name eq 1", "bad_literal"), ("Persons eq '5'", "bad_literal"),
        ("Name eq 'a\x00b'", "bad_literal"), ("Name eq '\ud800'", "bad_literal"), ("Since eq '2026'", "bad_literal"),
        ("Since eq 2026-02-30", "bad_literal"), ("Persons eq 1e99", "bad_literal"), ("Poor eq 1", "bad_literal"),
        ("Persons eq 99999999999999999999", "bad_literal"), (f"Persons eq 0.{'1' * 40}", "bad_literal"),
        ("Persons eq Id", "bad_literal"), ("contains(Persons,'5')", "bad_literal"),
        ("Persons add 1 eq 5", "filter_unsupported"), ("Persons has 1", "filter_unsupported"),
        ("year(Since) eq 2026", "filter_unsupported"), ("length(Name) gt 2", "filter_unsupported"),
        ("contains(tolower(Name),'a')", "filter_unsupported"), ("contains(Name,Name)", "filter_unsupported"),
        ("contains(Name,'a') eq true", "filter_unsupported"), ("(Id eq 1) eq true", "filter_unsupported"),
        ("Houses/any(d:d/Id eq 1)", "filter_unsupported"), ("Rows/Id eq 1", "filter_unsupported"),
        ("Since ge 2026-01-01T00:00:00Z", "filter_unsupported"), ("Id eq @p1", "filter_unsupported"),
        ("Poor gt true", "filter_unsupported"), ("1 eq 1", "filter_unsupported"),
        ("(" * 21 + "Id eq 1" + ")" * 21, "too_long"), ("not " * 5_000 + "(Id eq 1)", "too_long"),
        (" or ".join(["Id eq 1"] * 201), "too_long"), (f"Id in ({','.join(['1'] * 300)})", "too_long"),
        ("Name eq '" + "a" * 4_000 + "'", "too_long"),
    ],
)  # fmt: skip
def test_what_is_refused_and_how(text: str, code: str) -> None:
    with pytest.raises(Fault) as refused:
        parse(text, HOUSES)
    assert refused.value.code == code
    assert refused.value.status == (501 if code == "filter_unsupported" else 400)
    assert text.strip()[:20] == "" or text not in refused.value.message


# Every tree that the grammar has, over these columns, and how it is written.

TEXTS = st.sampled_from(["", "Lò", "lò", "a%", "o'L", "b_", "ò", "''"])
NUMBERS = st.sampled_from([0, 1, 5, -2, 3_000_000_000, Decimal("0.1"), Decimal("140.5"), Decimal("2.5")])
DAYS = st.sampled_from([date(2024, 2, 29), date(2025, 7, 1), date(2026, 1, 1)])
VALUES = {Kind.STRING: TEXTS, Kind.INTEGER: NUMBERS, Kind.DOUBLE: NUMBERS, Kind.DATE: DAYS, Kind.BOOLEAN: st.booleans()}


@st.composite
def compared(draw: st.DrawFn) -> Node:
    column = draw(st.sampled_from(HOUSES.properties))
    value = st.none() | VALUES[column.kind]
    if draw(st.booleans()):
        return In(column.name, tuple(draw(st.lists(value, min_size=1, max_size=3))))
    words = ("eq", "ne") if column.kind is Kind.BOOLEAN else filters.COMPARISONS
    return Compare(column.name, draw(st.sampled_from(words)), draw(value))


LEAVES = compared() | st.builds(Text, st.just("Name"), st.sampled_from(filters.FUNCTIONS), TEXTS) | st.just(Is("Poor"))
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda those: All(tuple(those)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda those: filters.Any(tuple(those)))
        | inner.map(Not)
    ),
    max_leaves=8,
)


def written(node: Node) -> str:
    match node:
        case All(parts):
            return " and ".join(f"({written(one)})" for one in parts)
        case filters.Any(parts):
            return " or ".join(f"({written(one)})" for one in parts)
        case Not(part):
            return f"not ({written(part)})"
        case Compare(name, comparison, value):
            return f"{name} {comparison} {said(value)}"
        case In(name, values):
            return f"{name} in ({','.join(said(one) for one in values)})"
        case Text(name, function, text):
            return f"{function}({name},{said(text)})"
        case Is(name):
            return name


def said(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


@given(node=TREES)
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_filter_is_read_back_and_means_the_same_in_sql_and_in_python(session: Session, node: Node) -> None:
    """SQLite and PostgreSQL, over the six houses; a NULL, a capital and a wildcard are among them."""
    assert parse(written(node), HOUSES) == node
    rows = [select(*(literal(row[name], SQL[name]).label(name) for name in HOUSES.names)) for row in ROWS]
    houses = union_all(*rows).subquery()
    where = condition(node, dict(houses.c.items()), session.get_bind().dialect.name)
    found = session.scalars(select(houses.c.Id).where(where).order_by(houses.c.Id)).all()
    assert found == [row["Id"] for row in ROWS if matches(node, row)]


@given(text=st.text(alphabet=st.sampled_from("()', aeqnotrdI1N.-/%\x00ò"), max_size=60) | st.text(max_size=40))
@settings(max_examples=examples(200), deadline=None)
def test_whatever_is_typed_is_a_tree_or_a_fault(text: str) -> None:
    try:
        parse(text, HOUSES)
    except Fault as fault:
        assert fault.status in (400, 501)
