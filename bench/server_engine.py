"""The server's engine beside libxml2, in one run: a complete evaluation per core, and a workbook made a bundle.

    python -m bench.server_engine

libxml2 gets the easier task: the same calculations and rules as pyxform writes them, compiled once (lxml.etree.XPath),
each run once over the finished instance, without order, relevance or types. It knows neither `coalesce` nor `if` nor
`max`: those are handed to it as Python extension functions.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lxml import etree
from pyxform.xls2xform import convert

from bench import forms
from survey.clocks import day_of
from survey.form.record import Clock, evaluate
from survey.xlsform.compile import compile_workbook

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
GOALS = {"S": 0.9, "L": 12.0}  # milliseconds
XF = "{http://www.w3.org/2002/xforms}"


def xform(name: str) -> str:
    """The form as the ODK XForm that ODK's own converter makes."""
    made: str = convert(forms.workbook(name), file_type=".md", validate=False).xform
    return made


def instance_xml(name: str) -> str:
    """The answers as the primary instance of that XForm, every node present."""
    tree = etree.fromstring(xform(name).encode())
    root = tree.find(f".//{XF}instance")[0]
    members = [child for child in root if etree.QName(child).localname == "tv"]
    for extra in members[1:]:
        root.remove(extra)
    template = members[0]
    place = root.index(template)
    root.remove(template)
    given = forms.answers(name)
    for offset, member in enumerate(given["tv"]):
        copy = etree.fromstring(etree.tostring(template))
        for key in list(copy.attrib):
            del copy.attrib[key]
        fill(copy, member)
        root.insert(place + offset, copy)
    fill(root, {key: value for key, value in given.items() if key != "tv"} | {"meta": {"instanceID": "uuid:bench"}})
    return etree.tostring(root, encoding="unicode")


def as_xml(value: Any) -> str:
    """An answer as a form keeps it: 100 and 0.0000001, never 100.0 and 1e-07."""
    return format(Decimal(repr(value)).normalize(), "f") if isinstance(value, float) else str(value)


def fill(node: Any, answers: dict[str, Any]) -> None:
    for child in node:
        value = answers.get(etree.QName(child).localname)
        if isinstance(value, dict):
            fill(child, value)
        elif value is not None:
            child.text = as_xml(value)


def text_of(value: Any) -> str:
    if isinstance(value, list):
        return (value[0].text or "") if value else ""
    return str(value)


def if_(_: Any, condition: Any, yes: Any, no: Any) -> Any:
    return yes if condition else no


def coalesce(_: Any, first: Any, second: Any) -> Any:
    return first if text_of(first) else second


def max_(_: Any, nodes: Any) -> float:
    return max((float(node.text) for node in nodes if node.text), default=float("nan"))


def libxml2(name: str) -> Callable[[], None]:
    """Every rule of the form, compiled, as one call over a built tree."""
    functions = {(None, "if"): if_, (None, "coalesce"): coalesce, (None, "max"): max_}
    plain = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", re.sub(r"\b(orx|jr|h):", "", instance_xml(name)))
    root = etree.ElementTree(etree.fromstring(plain))
    rules = []
    for bind in etree.fromstring(xform(name).encode()).iter(f"{XF}bind"):
        nodes = root.xpath(bind.get("nodeset"))
        for kind in ("calculate", "relevant", "constraint"):
            if bind.get(kind) and nodes:
                rules.append((etree.XPath(bind.get(kind), extensions=functions), nodes))

    def run() -> None:
        for rule, nodes in rules:
            for node in nodes:
                rule(node)

    return run


def median_ms(work: Callable[[], Any], least: float = 2.0) -> float:
    """Median of repeated runs for `least` seconds, in milliseconds."""
    taken = []
    end = time.perf_counter() + least
    while time.perf_counter() < end or len(taken) < 5:
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def main() -> None:
    clock = Clock(day_of(NOW), NOW)
    print("One complete evaluation on the server, median ms (one core)")
    print("  form    ours    goal  libxml2  ours/libxml2")
    for name in "SL":
        form, given = compile_workbook(forms.workbook(name)), forms.answers(name)
        ours, theirs = median_ms(lambda: evaluate(form, given, clock)), median_ms(libxml2(name))  # noqa: B023
        verdict = "" if ours <= GOALS[name] else f"   {ours / GOALS[name]:.1f} times the goal"
        print(f"  {name:4} {ours:7.2f} {GOALS[name]:7.1f} {theirs:8.2f} {ours / theirs:9.2f}{verdict}")
    text = forms.workbook("L")
    took = median_ms(lambda: json.dumps(compile_workbook(text).as_json()))
    print(f"  workbook L → bundle: {took:.0f} ms (goal 1000)")


if __name__ == "__main__":
    main()
