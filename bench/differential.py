"""Our phone engine against ODK's own (@getodk/xforms-engine 0.22), in one Chromium: what they make of the same forms.

    make differences        or: python -m bench.differential [--examples 200]

The cases of tests/cases/expressions.md and expressions generated as tests/form/test_two_evaluators.py generates them.
Every difference is of a kind that `bench/differences.md` judges against the ODK documentation, or is printed as
unjudged.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import tempfile
import threading
import warnings
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree
from playwright.sync_api import Page, sync_playwright
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from bench.kinds import kind_of
from bench.phone_engines import HERE, Quiet
from bench.server_engine import XF, fill
from survey.form.form import Form
from survey.xlsform.compile import WorkbookError, compile_workbook
from tests.cases.compile_expressions import ANSWERS as CASE_ANSWERS
from tests.cases.compile_expressions import NOW, TABLE, TODAY, cases, workbook
from tests.chromium import BROWSER
from tests.form import test_two_evaluators as generated

PAGE = """<!doctype html><link rel="icon" href="data:,"><body></body>
<script type="module" src="engine/engine.js"></script>"""
BATCH = 8
CLOCK = {"today": TODAY, "now": NOW}
Case = tuple[list[str], str, dict[str, Any]]  # expressions, inside which repeat, answers


def batches(examples: int) -> Iterator[Case]:
    """The cases of the table one by one, then generated ones, eight to a form."""
    for case in cases():
        yield [case["expression"]], case["inside"], CASE_ANSWERS
    made: list[Case] = []

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(
        expressions=st.lists(
            st.one_of(generated.number(2), generated.text(2), generated.truth(2)), min_size=BATCH, max_size=BATCH
        ),
        answers=generated.ANSWERS,
    )
    def collect(expressions: list[str], answers: dict[str, Any]) -> None:
        if "chu" in answers:  # only what XML carries unchanged
            answers["chu"] = "".join(letter for letter in answers["chu"] if letter.isprintable()).strip()
        made.append((expressions, "", answers))

    collect()
    yield from made


def form_of(expressions: list[str], inside: str) -> str:
    """The form of the table with a calculation `ket_qua_N` for each expression."""
    rows = workbook("%s", inside).split("\n")
    at = next(number for number, row in enumerate(rows) if "ket_qua" in row)
    rows[at : at + 1] = [
        rows[at].replace("ket_qua", f"ket_qua_{n}").replace("%s", text.replace("|", "\\|"))
        for n, text in enumerate(expressions)
    ]
    return "\n".join(rows)


def xform(text: str, answers: dict[str, Any]) -> str:
    """pyxform's XForm, the answers standing in its primary instance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = etree.fromstring(convert(text, file_type=".md", validate=False).xform.encode())
    root = tree.find(f".//{XF}instance")[0]
    members = [child for child in root if etree.QName(child).localname == "tv"]
    place = root.index(members[0])
    for member in members:
        root.remove(member)
    for offset, one in enumerate(answers.get("tv", [])):
        copy = etree.fromstring(etree.tostring(members[-1]))
        fill(copy, one)
        root.insert(place + offset, copy)
    if not answers.get("tv"):
        root.insert(place, members[0])  # the template alone: no member
    fill(root, {key: value for key, value in answers.items() if key != "tv"})
    return str(etree.tostring(tree, encoding="unicode"))


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values as {reference: value}."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}/")
        elif isinstance(value, list):
            for index, one in enumerate(value, 1):
                found |= flat(one, f"{prefix}{key}[{index}]/")
        else:
            found[prefix + key] = value
    return found


def text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def same(ours: str, theirs: str) -> bool:
    """Equal, or the same number but for the last bits and the way it is written."""
    if ours == theirs:
        return True
    try:
        return math.isclose(float(ours), float(theirs), rel_tol=1e-12)
    except ValueError:
        return False


def compare(page: Page, case: Case) -> Iterator[tuple[str, str, str]]:
    """(expression, ours, theirs) of each value read; a fault of a whole form is sought expression by expression."""
    expressions, inside, answers = case
    text = form_of(expressions, inside)
    try:
        bundle = Form.for_engine(compile_workbook(text, {"bang.csv": TABLE}).as_json())
        xml = xform(text, answers)
    except (WorkbookError, PyXFormError) as fault:
        if len(expressions) == 1:
            yield expressions[0], *(("refused", "") if isinstance(fault, WorkbookError) else ("", "pyxform refuses"))
            return
        for one in expressions:
            yield from compare(page, ([one], inside, answers))
        return
    theirs = page.evaluate("([xml, table]) => theirs(xml, table)", [xml, TABLE.decode()])
    if "error" in theirs and len(expressions) > 1:
        for one in expressions:
            yield from compare(page, ([one], inside, answers))
        return
    ours = flat(page.evaluate("([bundle, answers, clock]) => ours(bundle, answers, clock)", [bundle, answers, CLOCK]))
    places = [f"tv[{n}]/ket_qua" for n in range(1, len(answers["tv"]) + 1)] if inside else ["ket_qua"]
    for number, expression in enumerate(expressions):
        for place in places:
            name = f"{place}_{number}"
            value = f"error: {theirs['error'][:80]}" if "error" in theirs else theirs.get(name, "")
            yield expression, text_of(ours.get(name)), value


def report(read: int, differences: list[tuple[str, str, str]]) -> None:
    by_kind: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for difference in differences:
        by_kind[kind_of(*difference)].append(difference)
    print("@getodk/xforms-engine 0.22.0 beside ours")
    print(f"{read} values read, {len(differences)} differ, in {len(by_kind)} kinds")
    for kind, found in sorted(by_kind.items(), key=lambda pair: -len(pair[1])):
        print(f"\n{kind}: {len(found)}")
        for expression, ours, theirs in found if kind == "unjudged" else found[:2]:
            print(f"    {expression}\n        ours {ours!r}, theirs {theirs!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    wanted = parser.parse_args()
    subprocess.run(["node", "build.mjs", "engine"], cwd=HERE, check=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / "engine").symlink_to(HERE / "dist" / "engine")
        (Path(folder) / "index.html").write_text(PAGE)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_context(timezone_id="UTC").new_page()
        page.clock.set_fixed_time(datetime(2026, 11, 23, 1, 30, tzinfo=UTC))
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_function("window.ready")
        read, differences = 0, []
        for case in batches(wanted.examples):
            for expression, ours, theirs in compare(page, case):
                read += 1
                if not same(ours, theirs):
                    differences.append((expression, ours, theirs))
        report(read, differences)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
