"""The ODK XForms function library (https://getodk.github.io/xforms-spec/#xpath-functions).

⇄ static/app/engine/functions.js

A function takes the context and its arguments unevaluated, so that `if` and `coalesce` evaluate only what they need,
and gives an XPath value. Clock and ids come from `context.env`: nothing here asks the machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from survey.form.budget import bearable
from survey.form.ed25519 import verifies
from survey.form.values import (
    Context,
    Lazy,
    Node,
    Value,
    days,
    node_number,
    node_text,
    text_number,
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
function("boolean-from-string", 1)(lambda c, args: to_string(args[0](c)) in ("true", "1"))
function("if", 3)(lambda c, args: args[1](c) if to_boolean(args[0](c)) else args[2](c))


@function("coalesce", 2, MANY)
def coalesce(c: Context, args: Arguments) -> Value:
    """The first argument that is not blank, as text; a number that cannot be told is blank, as where it is stored."""
    for argument in args:
        value = argument(c)
        text = "" if isinstance(value, float) and math.isnan(value) else to_string(value)
        if text:
            return text
    return ""


@function("once", 1)
def once(c: Context, args: Arguments) -> Value:
    """The node's own value if it has one, else the argument."""
    own = node_text(c.current)
    return own if own != "" else args[0](c)


# Of these the compiler makes something else (resolve.py): they are known here for their number of arguments.
ARITY["indexed-repeat"] = (3, 7)
ARITY["pulldata"] = (4, 4)

# --- strings --------------------------------------------------------------------------------------------------------

_strings("contains", 2, lambda a, b: b in a)
_strings("starts-with", 2, lambda a, b: a.startswith(b))
_strings("ends-with", 2, lambda a, b: a.endswith(b))
_strings("substring-before", 2, lambda a, b: a[: a.index(b)] if b in a else "")
_strings("substring-after", 2, lambda a, b: a[a.index(b) + len(b) :] if b in a else "")
_strings("normalize-space", 1, lambda a: " ".join(re.split(r"[ \t\r\n]+", a.strip(" \t\r\n"))))
function("string", 0, 1)(lambda c, args: bearable(to_string(args[0](c) if args else [c.node])))
function("string-length", 0, 1)(lambda c, args: float(len(to_string(args[0](c) if args else [c.node]))))


@function("concat", 0, MANY)
def concat(c: Context, args: Arguments) -> Value:
    """Everything one after another; of a node-set each node (ODK)."""
    values = (argument(c) for argument in args)
    return bearable("".join("".join(map(node_text, v)) if isinstance(v, list) else to_string(v) for v in values))


@function("join", 1, MANY)
def join(c: Context, args: Arguments) -> Value:
    """`join(separator, …)`: node-sets give each of their nodes."""
    parts: list[str] = []
    for argument in args[1:]:
        value = argument(c)
        parts.extend(map(node_text, value) if isinstance(value, list) else [to_string(value)])
    return bearable(to_string(args[0](c)).join(parts))


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


# Of these the compiler makes something else (expression.py, from the pattern's text).
ARITY["regex"] = (2, 2)

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_HALF = re.compile("[\ud800-\udfff]")  # half a character, which no encoding has


@function("digest", 2, 3)
def digest(c: Context, args: Arguments) -> Value:
    """`digest(text, algorithm, encoding?)`, encoding base64 or hex; blank for an algorithm or encoding that is none."""
    text, algorithm = to_string(args[0](c)), to_string(args[1](c))
    encoding = to_string(args[2](c)) if len(args) == 3 else "base64"
    if algorithm not in HASHES or encoding not in ("base64", "hex"):
        return ""
    data = _HALF.sub("\ufffd", text).encode()
    hashed = hashlib.new(HASHES[algorithm], data, usedforsecurity=False).digest()
    return hashed.hex() if encoding == "hex" else base64.b64encode(hashed).decode()


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(re.sub("[ \t\r\n]", "", text).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def _text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


_strings("base64-decode", 1, lambda text: _text_of(_decoded(text) or b""))


@function("extract-signed", 2)
def extract_signed(c: Context, args: Arguments) -> Value:
    """The contents of a message in Base64, 64 bytes of Ed25519 signature before them; blank unless the key (Base64)
    signed them (ODK documentation)."""
    message, key = (_decoded(to_string(a(c))) for a in args)
    if message is None or key is None or not verifies(key, message[64:], message[:64]):
        return ""
    return _text_of(message[64:])


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
    """Whole exponents by multiplying, which gives the same bits everywhere; others as `_steady`."""
    if math.isnan(exponent) or (abs(base) == 1 and math.isinf(exponent)):
        return math.nan  # as IEEE 754 in JavaScript, where Python says 1
    if abs(exponent) <= 1024 and exponent == int(exponent):
        product = 1.0
        for _ in range(abs(int(exponent))):
            product *= base
        return product if exponent >= 0 else math.inf if product == 0 else 1 / product
    if base == 0 and exponent < 0:
        return math.inf
    try:
        result = base**exponent
    except OverflowError:
        return -math.inf if base < 0 and math.fmod(exponent, 2) else math.inf
    return math.nan if isinstance(result, complex) else float(f"{result:.12g}")


function("number", 0, 1)(lambda c, args: to_number(args[0](c) if args else [c.node]))
_numbers("int", 1, lambda a: a if math.isnan(a) or math.isinf(a) else math.trunc(a))
_numbers("floor", 1, lambda a: a if math.isnan(a) or math.isinf(a) else math.floor(a))
_numbers("ceiling", 1, lambda a: a if math.isnan(a) or math.isinf(a) else math.ceil(a))
_numbers("abs", 1, abs)
_numbers("sqrt", 1, math.sqrt)
_numbers("pow", 2, _pow)
function("pi", 0)(lambda c, args: math.pi)
function("random", 0)(lambda c, args: c.env.random())


def _steady(body: Callable[..., float]) -> Callable[..., float]:
    """To twelve digits: libraries differ in the last bit of these, and phone and server must not."""
    return lambda *numbers: float(f"{body(*numbers):.12g}")


def _logarithm(number: float) -> float:
    return -math.inf if number == 0 else math.log(number)


def _exponential(power: Callable[[float], float]) -> Callable[[float], float]:
    """Beyond the largest number there is infinity (IEEE 754), where Python raises."""

    def body(number: float) -> float:
        try:
            return power(number)
        except OverflowError:
            return math.inf

    return body


_numbers("exp", 1, _steady(_exponential(math.exp)))
_numbers("exp10", 1, _steady(_exponential(lambda a: 10.0**a)))
_numbers("log", 1, _steady(_logarithm))
_numbers("log10", 1, _steady(lambda a: -math.inf if a == 0 else math.log10(a)))
for _name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2"):
    _numbers(_name, 2 if _name == "atan2" else 1, _steady(getattr(math, _name)))


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
function("count", 1)(lambda c, args: float(sum(n.relevant for n in _nodes(args[0](c)))))
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


@function("checklist", 2, MANY)
def checklist(c: Context, args: Arguments) -> Value:
    """`checklist(min, max, …)`: whether so many of the rest are true; -1 is no limit (ODK)."""
    return _within(c, args, float(sum(_is_ticked(value) for argument in args[2:] for value in _each(argument(c)))))


@function("weighted-checklist", 2, MANY)
def weighted_checklist(c: Context, args: Arguments) -> Value:
    """`weighted-checklist(min, max, value, weight, …)`: whether the weights of what is true sum to so much (ODK)."""
    rest = args[2:]
    weights = 0.0
    for value, weight in zip(rest[::2], rest[1::2], strict=False):
        if _is_ticked(value(c)):
            weights += to_number(weight(c))
    return _within(c, args, weights)


def _within(c: Context, args: Arguments, found: float) -> bool:
    least, most = to_number(args[0](c)), to_number(args[1](c))
    return (least == -1 or found >= least) and (most == -1 or found <= most)


def _each(value: Value) -> list[Value]:
    return [[node] for node in value] if isinstance(value, list) else [value]


def _is_ticked(value: Value) -> bool:
    """True, or a text or number above 0."""
    return value if isinstance(value, bool) else to_number(value) > 0


@function("jr:choice-name", 2)
def choice_name(c: Context, args: Arguments) -> Value:
    """The label, in the form's own language, of a choice; the second argument was resolved to the list's name."""
    wanted = to_string(args[0](c))
    for row in c.env.rows(to_string(args[1](c))):
        if node_text(row.children["name"]) == wanted:
            label = row.children.get("label")
            return node_text(label) if label is not None else ""
    return ""


@function("randomize", 1, 2)
def randomize(c: Context, args: Arguments) -> Value:
    """A node-set shuffled, inside out (Fisher-Yates); a seed makes it the same every time (Park-Miller): ODK XForms."""
    nodes: list[Node] = []
    draw = _park_miller(_seed(args[1](c))) if len(args) == 2 else c.env.random
    for node in _nodes(args[0](c)):
        place = math.floor(draw() * (len(nodes) + 1))
        nodes.append(node)
        nodes[-1], nodes[place] = nodes[place], node
    return nodes


def _seed(value: Value) -> int:
    """The whole number a seed stands for, as JavaRosa has it: fractions go, a text that is no number gives the first 64
    bits of its SHA-256, a blank is 0."""
    number = to_number(value)
    if math.isinf(number):
        return 2**63 - 1 if number > 0 else -(2**63)
    if not math.isnan(number):
        return int(number)
    text = "" if isinstance(value, float) else _HALF.sub("\ufffd", to_string(value))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True) if text else 0


def _park_miller(seed: int) -> Callable[[], float]:
    state = abs(seed) % 2147483647 * (1 if seed > 0 else -1)
    state = state if state > 0 else state + 2147483646

    def draw() -> float:
        nonlocal state
        state = state * 16807 % 2147483647
        return (state - 1) / 2147483646

    return draw


# --- places ----------------------------------------------------------------------------------------------------------

_EARTH = 6378100.0  # metres: the radius that ODK Collect and Enketo reckon with


def _points(value: Value) -> list[tuple[float, float]]:
    """Latitude and longitude, in radians, of a geotrace, a geoshape or a set of geopoints; [] if one is bad."""
    texts = [node_text(n) for n in value] if isinstance(value, list) and len(value) > 1 else to_string(value).split(";")
    found = []
    for text in texts:
        parts = words(text)
        if not parts:
            continue
        latitude, longitude = text_number(parts[0]), text_number(parts[1]) if len(parts) > 1 else math.nan
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            return []
        found.append((latitude * math.pi / 180, longitude * math.pi / 180))
    return found


@function("area", 1)
def area(c: Context, args: Arguments) -> Value:
    """Square metres within a geoshape, on a sphere, to two decimals."""
    points = _points(args[0](c))
    if len(points) < 3:
        return 0.0
    total = 0.0
    for (y1, x1), (y2, x2) in zip(points, [*points[1:], points[0]], strict=True):
        total += (x2 - x1) * (2 + math.sin(y1) + math.sin(y2))
    return _round(abs(total) * _EARTH * _EARTH / 2 * 100) / 100


@function("geofence", 2)
def geofence(c: Context, args: Arguments) -> Value:
    """Whether a geopoint lies within a geoshape: how often a line due east crosses its edge (ODK documentation)."""
    place, shape = _points(args[0](c)), _points(args[1](c))
    if len(place) != 1 or len(shape) < 3:
        return False
    y, x = place[0]
    inside = False
    for (y1, x1), (y2, x2) in zip(shape, [*shape[1:], shape[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


@function("distance", 1, MANY)
def distance(c: Context, args: Arguments) -> Value:
    """Metres along a geotrace, a set of geopoints or the geopoints given one by one, on a sphere, to the centimetre."""
    parts = [_points(a(c)) for a in args]
    points = [point for part in parts for point in part] if all(parts) else []
    total = 0.0
    for (y1, x1), (y2, x2) in zip(points, points[1:], strict=False):
        half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
        total += 2 * _EARTH * math.asin(math.sqrt(min(1.0, half)))
    return _round(total * 100) / 100


# --- dates ----------------------------------------------------------------------------------------------------------

function("today", 0)(lambda c, args: c.env.today)
function("now", 0)(lambda c, args: c.env.now)
function("uuid", 0, 1)(lambda c, args: c.env.new_id())
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


@function("date-time", 1)
def to_date_time(c: Context, args: Arguments) -> Value:
    """A dateTime from text, or from days since 1970-01-01 (in UTC); blank when it is none."""
    value = args[0](c)
    if isinstance(value, list) and value and not isinstance(value[0].value, str):
        value = node_number(value[0])
    if not isinstance(value, float):
        text = to_string(value)
        return "" if math.isnan(days(text[:40])) else text if "T" in text else f"{text}T00:00:00.000Z"
    if math.isnan(value) or not -719162 <= value <= 2932896:
        return ""
    whole = math.floor(value)
    thousandths = int(_round((value - whole) * 86_400_000))
    seconds, thousandth = divmod(thousandths, 1000)
    day = _EPOCH + timedelta(days=whole + seconds // 86400)
    clock = f"{seconds % 86400 // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandth:03d}"
    return f"{day.isoformat()}T{clock}Z"


@function("decimal-time", 1)
def decimal_time(c: Context, args: Arguments) -> Value:
    """The part of a day that a time of day is, on its own clock: 06:00 is 0.25."""
    match = _TIME.search(to_string(args[0](c))[:40])
    if match is None:
        return math.nan
    hour, minute, second, fraction = match.groups()
    return (int(hour) * 3600 + int(minute) * 60 + int(second or 0) + float(fraction or 0)) / 86400


_TIME = re.compile(r"(?:^|T)(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?", re.ASCII)


FORMATS = "YymnbdeaHhMS3%"  # the letters of ODK's format-date


def _formatted(text: str, pattern: str) -> str:
    """A date or dateTime by the letters of ODK's format-date, its time as it is written; blank for what is none."""
    number = days(text[:10])
    if math.isnan(number) or math.isnan(days(text)):
        return ""
    day = _EPOCH + timedelta(days=math.floor(number))
    match = _TIME.search(text)
    hour, minute, second, fraction = match.groups() if match else ("00", "00", "00", None)
    parts = {
        "Y": f"{day.year:04d}", "y": f"{day.year % 100:02d}", "m": f"{day.month:02d}", "n": str(day.month),
        "b": _MONTHS[day.month - 1], "d": f"{day.day:02d}", "e": str(day.day), "a": _WEEKDAYS[day.weekday()],
        "H": hour, "h": str(int(hour)), "M": minute, "S": second or "00", "3": f"{fraction or '.'}000"[1:4], "%": "%",
    }  # fmt: skip
    return bearable(re.sub(r"%(.)", lambda found: parts.get(found.group(1), found.group(0)), pattern))


_strings("format-date", 2, lambda text, pattern: _formatted(text[:40], pattern))
_strings("format-date-time", 2, lambda text, pattern: _formatted(text[:40], pattern))
