"""The household questionnaire as ODK Collect gets it, in ODK's own engine (@getodk/xforms-engine 0.22), case by case.

    python -m bench.collect_forms

Every household of tests/cases/households.md is put into the Collect edition: its context comes from the row of
households.csv that the first question chooses, as on a phone. Class, points, the twelve indicators, the soft warnings
and the closing note must be what the server finds. ODK Validate (a Java program) is not reachable from here.
"""

from __future__ import annotations

import copy
import io
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from csv import DictWriter
from datetime import datetime
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from playwright.sync_api import Page, sync_playwright

from bench.phone_engines import HERE, Quiet
from survey.form.record import Clock, evaluate
from survey.form.xform import CHOSEN, OWN, collect_edition
from survey.poverty.assess import assess
from survey.submissions.collect import COLUMNS, entity_id
from tests.poverty.households import FILE, QUESTIONNAIRES, Case, household_form, read_cases
from tests.web.collect_client import XF, fill, local

PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body></body>
<script type="module" src="engine/collect.js"></script>"""
CONTEXT = ("ma_ho", "khu_vuc", "vung", "cach_b1", "phan_loai_nam_truoc")
HOUSEHOLD = entity_id("03757", "dot", "ho-1")


def list_of(answers: dict[str, Any]) -> str:
    """households.csv with the case's household and one of another form, which must not be offered."""
    row = dict.fromkeys(COLUMNS, "") | {
        "name": HOUSEHOLD, "label": "Lò Văn A · 001 · Bản Nà Ca", "__version": "3", "form_id": "ra_soat_ho",
        "title": "Lò Văn A", "state": "to_visit", "household_id": "ho-1", "round_id": "dot", "commune_id": "03757",
        **{name: answers.get(name) or "" for name in CONTEXT},
    }  # fmt: skip
    text = io.StringIO()
    writer = DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows([row, row | {"name": entity_id("03757", "dot", "ho-2"), "form_id": "khac"}])
    return text.getvalue()


def form_with(text: str, answers: dict[str, Any]) -> str:
    """The XForm with the household chosen and the answers in its primary instance; nothing of the context."""
    root = ElementTree.fromstring(text)
    data = next(root.iter(f"{XF}instance"))[0]
    given = {name: value for name, value in copy.deepcopy(answers).items() if name not in CONTEXT and value}
    fill(data, given)
    next(element for element in data.iter() if local(element) == CHOSEN).text = HOUSEHOLD
    return ElementTree.tostring(root, encoding="unicode")


def faults(page: Page, text: str, case: Case) -> Iterator[str]:
    """What ODK's engine makes otherwise of a case than the server."""
    form = household_form()
    moment = datetime.fromisoformat(f"{case.answers['ngay_ra_soat']}T09:00:00+07:00")
    page.clock.set_fixed_time(moment)
    files = {"households.csv": list_of(case.answers), "diem_b1.csv": (QUESTIONNAIRES / "diem_b1.csv").read_text()}
    done = page.evaluate("([form, files]) => opened(form, files)", [form_with(text, case.answers), files])
    if "error" in done:
        yield done["error"][:400]
        return
    if [name for name, _ in done["choices"]] != [HOUSEHOLD]:
        yield f"offered: {done['choices']}"
    evaluation = evaluate(form, case.answers, Clock(moment.date(), moment))
    ours = assess(form, evaluation)
    values: dict[str, str] = {key.removeprefix("/data/"): value for key, value in done["values"].items()}
    for name in CONTEXT:
        if values.get(name, "") != (case.answers.get(name) or ""):
            yield f"{name}: {values.get(name)!r}"
    if values.get("phan_loai", "") != (ours.household_class or ""):
        yield f"phan_loai: theirs {values.get('phan_loai')!r}, ours {ours.household_class!r}"
    for name, number in (("b1_tong", ours.b1), ("b2_tong", ours.b2)):
        theirs = values.get(name, "")
        if (float(theirs) if theirs else None) != number:
            yield f"{name}: theirs {theirs!r}, ours {number!r}"
    for item, result in zip(form.indicators, ours.indicators, strict=True):
        theirs = values.get(item.path, "")
        if theirs != ("" if result.deprived is None else str(int(result.deprived))):
            yield f"{item.path}: theirs {theirs!r}, ours {result.deprived!r}"
    said = {key.rpartition("/")[2] for key in done["labels"]}
    note = f"{OWN}_refused" if ours.refused else f"{OWN}_{ours.household_class or 'missing'}"
    if note not in said:
        yield f"no note {note}: {sorted(said)}"
    warnings = (problem.path for problem in evaluation.problems if problem.kind == "warning")
    warnings = (problem.path for problem in evaluation.problems if problem.kind == "warning")
    warned = {f"{OWN}_w_{path.rpartition('/')[2]}" for path in warnings}
    if warned != {name for name in said if name.startswith(f"{OWN}_w_")}:
        yield f"warnings: theirs {sorted(said)}, ours {sorted(warned)}"


def main() -> int:
    subprocess.run(["node", "build.mjs", "collect"], cwd=HERE, check=True)
    text = collect_edition((QUESTIONNAIRES / "ra_soat_ho.md").read_text(encoding="utf-8"))
    cases = read_cases(household_form(), FILE.read_text(encoding="utf-8"))
    found = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / "engine").symlink_to(HERE / "dist" / "collect")
        (Path(folder) / "index.html").write_text(PAGE)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(timezone_id="Asia/Ho_Chi_Minh").new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_function("window.ready")
        for case in cases:
            for fault in faults(page, text, case):
                found += 1
                print(f"{case.name}: {fault}")
        browser.close()
        server.shutdown()
    print(f"{len(cases)} households in @getodk/xforms-engine 0.22.0: {found} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
