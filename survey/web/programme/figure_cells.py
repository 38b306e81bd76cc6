"""Figures as a table's cells say them: a number that leads to its households, a share, or between what it lies.

Plain functions and no macros: the report of a province has two thousand cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from flask import Flask, g, url_for
from markupsafe import Markup, escape

from survey.layouts.formulas import Value
from survey.layouts.grid import Cell, Look, Shown
from survey.reports.report import Figure, Tally
from survey.reports.selection import Basis, Condition
from survey.tallies.bases import Share
from survey.tallies.deprivations import MEASURES
from survey.web.formats import NOTHING, number, percent, two_digits
from survey.web.language import current_language

_SHADES = (0.1, 0.2, 0.35, 0.5)  # up to which rate a cell has the first, second, … shade
_OF_MEASURE = [f"&amp;{one.kind}={one.term.value}" for one in MEASURES]


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        households_of=households_of, households=households, whole=whole, not_known=not_known, share=share,
        matrix_cells=matrix_cells, layout_cells=layout_cells,
    )  # fmt: skip


def households_of(condition: Condition, page: int | None = None) -> str:
    """The address of the list of the households that meet `condition`; no name of anybody stands in it. What is lacked
    stands last but for the page: a table writes the rest once a place."""
    terms = {
        "village": condition.village_id,
        "state": condition.state,
        "basis": condition.basis,
        "class": condition.household_class,
        "reading": condition.reading,
        "told": condition.told,
        "people": condition.people,
        "base": condition.base,
        "illustrative": 1 if condition.illustrative else None,
        "indicator": condition.indicator,
        "dimension": condition.dimension,
        "unknown": 1 if condition.unknown else None,
        "page": page,
    }
    given = "&".join([f"{name}={_quoted(str(term))}" for name, term in terms.items() if term is not None])
    [commune_id, *others] = condition.communes
    every = _list_of(condition.round_id, None if others else commune_id)
    return f"{every}&{given}" if given else every


_quoted = lru_cache(4096)(quote_plus)  # few different ones stand in a table's thousands of links


def _list_of(round_id: str, commune_id: str | None) -> str:
    """The address without the terms, made once a request: a table has a link in each cell."""
    known: dict[tuple[str, str | None], str] = g.setdefault("lists", {})
    key = round_id, commune_id
    if key not in known:
        known[key] = url_for("reports.listed", round=round_id, commune_id=commune_id)
    return known[key]


def _link(condition: Condition, households: int) -> Markup:
    return Markup(f'<a href="{escape(households_of(condition))}">{number(households)}</a>')  # noqa: S704 - escaped


def households(figure: Figure) -> Markup:
    return _link(figure.condition, figure.households)


def whole(figure: Figure) -> Markup:
    """Those that it is a share of."""
    return _link(figure.whole, figure.denominator)


def not_known(figure: Figure) -> Markup | str:
    """Of whom nobody knows: out of the same denominator."""
    return NOTHING if figure.doubt is None else _link(figure.doubt, figure.unknown)


def share(of: Figure | Share) -> Markup | str:
    """Where of some nobody knows, between what it lies."""
    language = current_language()
    if not of.unknown or of.bounds is None:
        return percent(of.rate, language)
    low, high = (percent(one, language) for one in of.bounds)
    between = f'<span class="between-shares">{low} –</span> <span class="between-shares">{high}</span>'
    return Markup(between)  # noqa: S704 - figures


class MatrixCell(NamedTuple):
    """What a place comes to in one measure: "12/34" leading to its households, with how many are not known, and the
    share; so of last year. `look`: the cell's classes, by kind of measure and by rate."""

    look: str
    counts: Markup
    share: Markup | str
    counts_before: Markup
    share_before: Markup | str


def matrix_cells(tally: Tally) -> Iterator[MatrixCell]:
    """A cell a measure, in the order of MEASURES."""
    language = current_language()
    now, before = (_counts(tally, basis, language) for basis in (Basis.FINAL, Basis.OPENING))
    for measure, (one, counts), (one_before, counts_before) in zip(MEASURES, now, before, strict=True):
        look = _shade(one) if measure.kind == "indicator" else f" dimension{_shade(one)}"
        yield MatrixCell(look, counts, share(one), counts_before, share(one_before))


def _counts(tally: Tally, basis: Basis, language: str) -> Iterator[tuple[Share, Markup]]:
    every = escape(households_of(tally.whole(basis)))
    for one, measure in zip(tally.lacking(basis), _OF_MEASURE, strict=True):
        counts = f'<a href="{every}{measure}">{number(one.number, language)}</a>/{number(one.denominator, language)}'
        if one.unknown:
            counts += f' (<a href="{every}{measure}&amp;unknown=1">{number(one.unknown, language)}</a>?)'
        yield one, Markup(counts)  # noqa: S704 - numbers and an escaped address


def _shade(of: Share) -> str:
    if not of.number or of.bounds is None:
        return ""
    return f" heat-{1 + sum(of.bounds[0] > most for most in _SHADES)}"


def layout_cells(row: Sequence[Shown], value_of: Callable[[Shown], Value], address_of: Callable[[Any], str]) -> Markup:
    """The cells of a line of an official table, without its running number: the place, the unit, and figures that lead
    to their households."""
    language, found = current_language(), []
    for one in row:
        if one.column == 1:
            continue
        cell, value = one.cell, value_of(one)
        spans = f' rowspan="{one.down}"' if one.down > 1 else ""
        if cell is not None and cell.look is Look.NAME and one.column == 2:
            found.append(f'<th scope="row"{spans}>{escape(value)}</th>')
        elif cell is not None and cell.column:
            found.append(f'<td class="figure"{spans}>{_figure(cell, value, address_of, language)}</td>')
        else:
            found.append(f'<td class="muted"{spans}>{"" if value is None else escape(value)}</td>')
    return Markup("".join(found))  # noqa: S704 - escaped


def _figure(cell: Cell, value: Value, address_of: Callable[[Any], str], language: str) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str):
        return str(escape(value))
    if cell.look is Look.PER_CENT:
        return two_digits(value)
    if value == 0:
        return "0"
    said = number(value, language)
    return f'<a href="{escape(address_of(cell.link))}">{said}</a>' if cell.link is not None else said
