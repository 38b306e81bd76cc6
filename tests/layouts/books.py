"""A small book of tables made by hand, without a database: two villages, tables 1, 4 and 5."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from models import Round
from survey.evidence.signing import Signer
from survey.layouts.forms import layouts
from survey.layouts.laying import TOTAL, Heading, Line, lay
from survey.layouts.tables import Book, Made, Scope
from survey.layouts.words import Said
from survey.submissions.register_table import Level
from survey.terms import Indicator

KEY = Signer(b"k" * 32)
NOW = datetime(2026, 12, 20, 3, 0, tzinfo=UTC)
NAMES = {"03757": "Xã Mường Khiêng", "03757-01": "Bản Nà Ca", "03757-02": "=1+2 Bản Pá Sàng"}
# By place: residents, poor, near-poor, each in households and persons.
FIRST = {"03757-01": (20, 90, 2, 9, 1, 4), "03757-02": (30, 120, 0, 0, 3, 11)}


def _first(code: str, those: Sequence[int]) -> Line:
    names = ("resident.households", "resident.persons", "ho_ngheo.households", "ho_ngheo.persons",
             "ho_can_ngheo.households", "ho_can_ngheo.persons")  # fmt: skip
    return Line(code, NAMES.get(code, ""), "", dict(zip(names, those, strict=True)), {}, residents_add_up=True)


def _lacking(code: str, households: int, lacks: int) -> Line:
    numbers: dict[str, int | None] = {"ho_ngheo.households": households}
    numbers |= {f"ho_ngheo.lack.{one.value}": lacks for one in Indicator}
    numbers |= {f"ho_ngheo.unknown.{one.value}": 0 for one in Indicator}
    return Line(code, NAMES.get(code, ""), "", numbers, {})


def small_book() -> Book:
    one = Round(
        id="r-1", title="Rà soát định kỳ 2026", kind="dinh_ky", year=2026, standard="ND07-2021", trial=False,
        opens_on=date(2026, 9, 1), closes_on=date(2026, 12, 14),
    )  # fmt: skip
    marks = [Said("provisional")]
    heading = Heading(NAMES["03757"], one, Level.VILLAGE, [mark.sentence(str) for mark in marks], str)
    total = tuple(map(sum, zip(*FIRST.values(), strict=True)))
    first = [*(_first(code, those) for code, those in FIRST.items()), _first(TOTAL, total)]
    lacking = [_lacking("03757-01", 2, 1), _lacking("03757-02", 0, 0), _lacking(TOTAL, 2, 1)]
    forms = layouts()
    tables = {
        1: Made(lay(forms[1], heading, first, ([], [Said("rates"), Said("unasked")]), {})),
        4: Made(lay(forms[4], heading, lacking, ([], []), {})),
    }
    tables[5] = Made(lay(forms[5], heading, lacking, ([], []), {4: tables[4].grid}))
    tables[2] = Made(lay(forms[2], heading, [], ([Said("no_flow", {"places": "x"})], []), {}), [Said("nobody")])
    return Book(Scope(one, "03757", ("03757",), Level.VILLAGE), marks, tables, NOW, NAMES)
