"""The kinds of difference between our engine and ODK's; `bench/differences.md` judges each under the same name."""

from __future__ import annotations

import re
from collections.abc import Callable

Test = Callable[[str, str, str], bool]  # expression, ours, theirs


def uses(pattern: str) -> Test:
    return lambda expression, ours, theirs: re.search(pattern, expression) is not None


def fails(message: str) -> Test:
    return lambda expression, ours, theirs: theirs.startswith("error:") and message in theirs


def rounded(_: str, ours: str, theirs: str) -> bool:
    try:
        return abs(float(ours) - float(theirs)) <= 1e-11 * max(1.0, abs(float(ours)))
    except ValueError:
        return False


def half(expression: str, ours: str, theirs: str) -> bool:
    try:
        return "round(" in expression and float(ours) > float(theirs)
    except ValueError:
        return False


def stored(theirs: str) -> Test:
    return lambda expression, ours, found: ours == "" and theirs in found


# The first that fits names the difference: what fails before what calculates, the particular before the general.
KINDS: dict[str, Test] = {
    "not there": fails("is not defined"),
    "digest of no kind": fails("Unsupported digest"),
    "more arguments": fails("Argument 2 not allowed"),
    "bytes that are no text": uses(r"base64-decode\("),
    "geofence of no place": uses(r"geofence\("),
    "substring-after": uses(r"substring-after\("),
    "character beyond the plane": uses("[\U00010000-\U0010ffff]"),
    "plus sign": uses(r"number\('\+"),
    "position outside": lambda e, ours, theirs: e.startswith("position(") and ours == "",
    "selected in nothing": uses(r"selected\(\$\{trong\}, (''|sub)"),
    "double minus": fails("syntax error"),
    "union": fails("compareDocumentOrder"),
    "distance of what is no trace": fails("'distance' received"),
    "impossible date": lambda e, ours, theirs: "Invalid" in theirs or "-length(date(" in e,
    "infinity stored": stored("Infinity"),
    "randomize order": uses(r"randomize\("),
    "regex whole": uses(r"regex\("),
    "digits of transcendental functions": rounded,
    "distance of what is no trace, within": lambda e, ours, theirs: "distance(" in e and theirs == "",
    "sum of none": lambda e, ours, theirs: "sum(" in e and theirs == "",
    "boolean-from-string": uses(r"boolean-from-string\("),
    "half below zero": half,
    "checklist bounds": uses(r"checklist\("),
    "area of an open line": uses(r"area\("),
    "pow(NaN, 0)": uses(r"pow\("),
    "text of a group": uses(r"/data/tv(\[[^]]*\])?\s*([),=!<>]|$)"),
    "truth of or and and": uses(r"\b(or|and)\b"),
    "number with exponent": uses(r"'\d+e\d+'"),
    "date-time form": uses(r"date-time\("),
    "date of a moment": uses(r"^date\("),
    "time of day": uses(r"decimal-time\("),
    "percent in format-date": uses("%%"),
    "what is not asked": uses(r"(join|concat|count|min|max)\(.*(/luong|/\*|\{an\})"),
    "NaN as text": lambda e, ours, theirs: ours.replace("NaN", "") == theirs or e.startswith("digest("),
    "label of a choice row": uses(r"instance\('do_dac'\).*label"),
}


def kind_of(expression: str, ours: str, theirs: str) -> str:
    return next((name for name, test in KINDS.items() if test(expression, ours, theirs)), "unjudged")
