"""The ODK XForms function library (https://getodk.github.io/xforms-spec/#xpath-functions).   ⇄ static/app/functions.js

A function takes the context and its arguments unevaluated, so that `if` and `coalesce` evaluate only what they need,
and gives an XPath value. Clock and ids come from `context.env`: nothing here asks the machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from survey.form.values import (
    Context,
    Lazy,
    Node,
    Value,
    days,
    node_number,
    node_text,
    to_boolean,
    to_number,
    to_string,
    words,
)

Arguments = Sequence[Lazy]
Body = Callable[[Context, Arguments], Value]

FUNCTIONS: dict[str, Body] = {}
ARITY: dict[str, tuple[int, int]] = {}
MANY = 1000


def function(name: str, least: int, most: int | None = None) -> Callable[[Body], Body]:
    """Register a function under its ODK name with the number of arguments it takes."""

    def register(body: Body) -> Body:
        FUNCTIONS[name] = body
        ARITY[name] = (least, least if most is None else most)
        return body

    return register


def _strings(name: str, count: int, body: Callable[..., Value]) -> None:
    """A function of `count` strings."""
    function(name, count)(lambda c, args: body(*(to_string(a(c)) for a in args)))


def _numbers(name: str, count: int, body: Callable[..., float]) -> None:
    """A function of `count` numbers; outside its domain it gives NaN."""

    def guarded(c: Context, args: Arguments) -> Value:
        try:
            return float(body(*(to_number(a(c)) for a in args)))
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan

    function(name, count)(guarded)


def _nodes(value: Value) -> list[Node]:
    return value if isinstance(value, list) else []


# --- booleans and choice --------------------------------------------------------------------------------------------

function("true", 0)(lambda c, args: True)
function("false", 0)(lambda c, args: False)
function("not", 1)(lambda c, args: not to_boolean(args[0](c)))
function("boolean", 1)(lambda c, args: to_boolean(args[0](c)))
function("if", 3)(lambda c, args: args[1](c) if to_boolean(args[0](c)) else args[2](c))


@function("coalesce", 2, MANY)
def coalesce(c: Context, args: Arguments) -> Value:
    """The first argument that is not blank."""
    for argument in args:
        value = to_string(argument(c))
        if value != "":
            return value
    return ""


@function("once", 1)
def once(c: Context, args: Arguments) -> Value:
    """The node's own value if it has one, else the argument."""
    own = node_text(c.current)
    return own if own != "" else args[0](c)


# --- strings --------------------------------------------------------------------------------------------------------

_strings("contains", 2, lambda a, b: b in a)
_strings("starts-with", 2, lambda a, b: a.startswith(b))
_strings("ends-with", 2, lambda a, b: a.endswith(b))
_strings("substring-before", 2, lambda a, b: a[: a.index(b)] if b in a else "")
_strings("substring-after", 2, lambda a, b: a[a.index(b) + len(b) :] if b in a else "")
_strings("normalize-space", 1, lambda a: " ".join(re.split(r"[ \t\r\n]+", a.strip(" \t\r\n"))))
function("string", 0, 1)(lambda c, args: to_string(args[0](c) if args else [c.node]))
function("string-length", 0, 1)(lambda c, args: float(len(to_string(args[0](c) if args else [c.node]))))


@function("concat", 0, MANY)
def concat(c: Context, args: Arguments) -> Value:
    """Everything one after another; of a node-set each node (ODK)."""
    return "".join("".join(map(node_text, v)) if isinstance(v, list) else to_string(v) for v in (a(c) for a in args))


@function("join", 1, MANY)
def join(c: Context, args: Arguments) -> Value:
    """`join(separator, …)`: node-sets give each of their nodes."""
    parts: list[str] = []
    for argument in args[1:]:
        value = argument(c)
        parts.extend(map(node_text, value) if isinstance(value, list) else [to_string(value)])
    return to_string(args[0](c)).join(parts)


@function("substr", 2, 3)
def substr(c: Context, args: Arguments) -> Value:
    """`substr(text, start, end?)`: from 0, end excluded, negatives from the end (ODK)."""
    text = to_string(args[0](c))
    start = to_number(args[1](c))
    end = to_number(args[2](c)) if len(args) == 3 else float(len(text))
    if math.isnan(start) or math.isnan(end):
        return ""
    size = len(text)
    low = max(0, min(size, int(max(-size, min(size, start))) + (size if start < 0 else 0)))
    high = max(0, min(size, int(max(-size, min(size, end))) + (size if end < 0 else 0)))
    return text[low:high]


@function("substring", 2, 3)
def substring(c: Context, args: Arguments) -> Value:
    """XPath 1.0 §4.2: from 1, positions rounded."""
    text = to_string(args[0](c))
    start = _round(to_number(args[1](c)))
    end = start + _round(to_number(args[2](c))) if len(args) == 3 else math.inf
    return "".join(letter for position, letter in enumerate(text, 1) if start <= position < end)


@function("translate", 3)
def translate(c: Context, args: Arguments) -> Value:
    """XPath 1.0 §4.2: each letter of the second text becomes its counterpart in the third, or goes."""
    text, source, target = (to_string(a(c)) for a in args)
    table: dict[str, str] = {}
    for position, letter in enumerate(source):
        table.setdefault(letter, target[position] if position < len(target) else "")
    return "".join(table.get(letter, letter) for letter in text)


@function("regex", 2)
def regex(c: Context, args: Arguments) -> Value:
    """Whether the *whole* text matches the pattern (ODK documentation); ASCII classes, as in JavaScript."""
    text, pattern = to_string(args[0](c)), to_string(args[1](c))
    try:
        return re.fullmatch(pattern, text, re.ASCII) is not None
    except re.error:
        return False


# --- numbers --------------------------------------------------------------------------------------------------------


def _round(number: float) -> float:
    """Halves go up (XPath 1.0 §4.4)."""
    if math.isnan(number) or math.isinf(number):
        return number
    low = math.floor(number)
    return float(low + 1 if number - low >= 0.5 else low)


@function("round", 1, 2)
def round_to(c: Context, args: Arguments) -> Value:
    """`round(number, places?)`."""
    number = to_number(args[0](c))
    places = to_number(args[1](c)) if len(args) == 2 else 0.0
    if math.isnan(places) or abs(places) > 300:
        return math.nan
    if places == 0:
        return _round(number)
    factor = 10.0 ** math.trunc(places)
    return _round(number * factor) / factor


def _pow(base: float, exponent: float) -> float:
    if math.isnan(exponent) or (abs(base) == 1 and math.isinf(exponent)):
        return math.nan  # as IEEE 754 in JavaScript, where Python says 1
    if base == 0 and exponent < 0:
        return math.inf
    result = base**exponent
    return math.nan if isinstance(result, complex) else result


function("number", 0, 1)(lambda c, args: to_number(args[0](c) if args else [c.node]))
_numbers("int", 1, lambda a: a if math.isnan(a) or math.isinf(a) else math.trunc(a))
_numbers("floor", 1, lambda a: a if math.isnan(a) or math.isinf(a) else math.floor(a))
_numbers("ceiling", 1, lambda a: a if math.isnan(a) or math.isinf(a) else math.ceil(a))
_numbers("abs", 1, abs)
_numbers("sqrt", 1, math.sqrt)
_numbers("pow", 2, _pow)


def _all_numbers(c: Context, args: Arguments) -> list[float]:
    found: list[float] = []
    for argument in args:
        value = argument(c)
        found.extend(map(node_number, value) if isinstance(value, list) else [to_number(value)])
    return found


@function("sum", 1)
def total(c: Context, args: Arguments) -> Value:
    """The sum over a node-set; a blank makes it NaN (XPath 1.0 §4.4)."""
    numbers = 0.0
    for number in _all_numbers(c, args):
        numbers += number
    return numbers


def _extreme(choose: Callable[[list[float]], float]) -> Body:
    def body(c: Context, args: Arguments) -> Value:
        numbers = _all_numbers(c, args)
        return math.nan if not numbers or any(map(math.isnan, numbers)) else choose(numbers)

    return body


function("min", 1, MANY)(_extreme(min))
function("max", 1, MANY)(_extreme(max))

# --- node-sets and choices ------------------------------------------------------------------------------------------

function("current", 0)(lambda c, args: [c.current])
function("last", 0)(lambda c, args: float(c.size))
function("count", 1)(lambda c, args: float(len(_nodes(args[0](c)))))
function("count-non-empty", 1)(lambda c, args: float(sum(node_text(n) != "" for n in _nodes(args[0](c)))))
function("instance", 1)(lambda c, args: c.env.table(to_string(args[0](c))))


@function("position", 0, 1)
def position(c: Context, args: Arguments) -> Value:
    """Without an argument XPath's position; with a node, its place in its repeat (ODK)."""
    if not args:
        return float(c.position)
    nodes = _nodes(args[0](c))
    return float(nodes[0].index) if nodes and nodes[0].index else math.nan


@function("selected", 2)
def selected(c: Context, args: Arguments) -> Value:
    """Whether a choice is among those picked."""
    return to_string(args[1](c)).strip(" \t\r\n") in words(args[0](c))


function("count-selected", 1)(lambda c, args: float(len(words(args[0](c)))))


@function("selected-at", 2)
def selected_at(c: Context, args: Arguments) -> Value:
    """The picked choice at a place counted from 0; blank beyond the end."""
    picked, place = words(args[0](c)), to_number(args[1](c))
    return picked[int(place)] if math.isfinite(place) and 0 <= int(place) < len(picked) else ""


# --- dates ----------------------------------------------------------------------------------------------------------

function("today", 0)(lambda c, args: c.env.today)
function("now", 0)(lambda c, args: c.env.now)
function("uuid", 0)(lambda c, args: c.env.new_id())
_EPOCH = date(1970, 1, 1)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


def _days_of(value: Value) -> float:
    return to_number(value) if isinstance(value, (float, bool)) else days(to_string(value)[:40])


@function("date", 1)
def to_date(c: Context, args: Arguments) -> Value:
    """A date from text or from days since 1970-01-01; blank when it is none."""
    value = args[0](c)
    if isinstance(value, list) and value and not isinstance(value[0].value, str):
        value = node_number(value[0])
    number = _days_of(value) if isinstance(value, float) else days(to_string(value)[:10])
    if math.isnan(number) or not -719162 <= number <= 2932896:
        return ""
    return (_EPOCH + timedelta(days=math.floor(number))).isoformat()


@function("decimal-date-time", 1)
def decimal_date_time(c: Context, args: Arguments) -> Value:
    """Days since 1970-01-01, with a dateTime's part of a day."""
    return _days_of(args[0](c))


@function("format-date", 2)
def format_date(c: Context, args: Arguments) -> Value:
    """`format-date('2026-11-23', '%d/%m/%Y')`; blank for what is no date."""
    number = days(to_string(args[0](c))[:10])
    if math.isnan(number):
        return ""
    day = _EPOCH + timedelta(days=math.floor(number))
    parts = {
        "Y": f"{day.year:04d}", "y": f"{day.year % 100:02d}", "m": f"{day.month:02d}", "n": str(day.month),
        "b": _MONTHS[day.month - 1], "d": f"{day.day:02d}", "e": str(day.day), "a": _WEEKDAYS[day.weekday()],
        "H": "00", "h": "0", "M": "00", "S": "00", "3": "000", "%": "%",
    }  # fmt: skip
    return re.sub(r"%(.)", lambda match: parts.get(match.group(1), match.group(0)), to_string(args[1](c)))
