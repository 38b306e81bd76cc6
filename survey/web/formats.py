"""How the desk writes numbers, shares, times, rounds: 1.234; 12,5 %; 23/11/2026 in Vietnamese; in English likewise."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.numbers import format_decimal, format_percent
from flask import Flask
from flask_babel import format_date, format_datetime

from models import Round
from survey.clocks import read_instant
from survey.terms import RoundWeight
from survey.web.language import current_language

MINUS = "\N{MINUS SIGN}"
NOTHING = "–"  # no figure: never 0, which would be one


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        number=number,
        two_digits=two_digits,
        percent=percent,
        points=points,
        day=day,
        moment=moment,
        said_moment=said_moment,
        round_title=round_title,
    )


def number(value: float | None, language: str | None = None) -> str:
    """`value` with the language's separators, at most one digit behind the point. `language`: a table that asks for
    thousands of numbers says it."""
    return NOTHING if value is None else _written(value, language or current_language())


@lru_cache(4096)
def _written(value: float, language: str) -> str:
    """A table of villages has hundreds of numbers, and few of them are different."""
    return str(format_decimal(value, format="#,##0.#", locale=language))


def two_digits(value: float) -> str:
    """A rate of the official tables, which is shown to two digits whatever they are: "21,66", "0,00"."""
    return _to_two_digits(Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_HALF_UP), current_language())


@lru_cache(4096)
def _to_two_digits(rounded: Decimal, language: str) -> str:
    return str(format_decimal(rounded, format="#,##0.00", locale=language))


def percent(share: float | None, language: str | None = None) -> str:
    """A share between 0 and 1 in per cent, one digit behind the point, halves upwards as people and Excel do."""
    if share is None:
        return NOTHING
    return _in_percent(share, language or current_language())


@lru_cache(16_384)
def _in_percent(share: float, language: str) -> str:
    rounded = Decimal(str(share)).quantize(Decimal("0.001"), ROUND_HALF_UP)
    return str(format_percent(rounded, format="#,##0.0\N{NO-BREAK SPACE}%", locale=language))


def points(value: float | None) -> str:
    """A change in points of a hundred, with its sign: +1,2; −0,5; 0."""
    if value is None:
        return NOTHING
    rounded = Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if not rounded:
        return "0"
    return f"{'+' if rounded > 0 else MINUS}{_written(float(abs(rounded)), current_language())}"


def day(value: date | None) -> str:
    return NOTHING if value is None else str(format_date(value, format="dd/MM/yyyy"))


def moment(value: datetime | None) -> str:
    """An instant on the clock of Việt Nam."""
    return NOTHING if value is None else str(format_datetime(value, format="HH:mm dd/MM/yyyy"))


def said_moment(text: str | None) -> str:
    """An instant as a phone said it, on the same clock."""
    return moment(read_instant(text))


def round_title(one: Round) -> str:
    """A round's title as every page, print and phone shows it: a trial says that it is one."""
    return f"{one.title} – {RoundWeight.TRIAL.label(current_language())}" if one.trial else one.title
