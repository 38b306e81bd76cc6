"""The household questionnaire as ODK Collect gets it, in ODK's engine for the web (@getodk/xforms-engine 0.22).

    python -m bench.collect_forms

Every household of tests/cases/households.md is put into the Collect edition and must come out as on the server
(`collect_cases.py`). The engine inside Collect itself is asked by `make oracle`.
"""

from __future__ import annotations

import copy
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import Page, sync_playwright

from bench.collect_cases import CASES, HOUSEHOLD, differences, edition, files_of, given, morning_of
from bench.phone_engines import HERE, Quiet
from survey.collect.xform import CHOSEN
from tests.chromium import BROWSER
from tests.poverty.households import Case
from tests.web.collect.collect_client import XF, fill, local

PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body></body>
<script type="module" src="engine/collect.js"></script>"""


def form_with(text: str, case: Case) -> str:
    """The XForm with the household chosen and the answers in its primary instance."""
    root = ElementTree.fromstring(text)
    data = next(root.iter(f"{XF}instance"))[0]
    fill(data, copy.deepcopy(given(case)))
    next(element for element in data.iter() if local(element) == CHOSEN).text = HOUSEHOLD
    return ElementTree.tostring(root, encoding="unicode")


def faults(page: Page, text: str, case: Case) -> Iterator[str]:
    """What ODK's engine makes otherwise of a case than the server."""
    page.clock.set_fixed_time(morning_of(case))
    done = page.evaluate("([form, files]) => opened(form, files)", [form_with(text, case), files_of(case)])
    if "error" in done:
        yield done["error"][:400]
        return
    if [name for name, _ in done["choices"]] != [HOUSEHOLD]:
        yield f"offered: {done['choices']}"
    values: dict[str, str] = {key.removeprefix("/data/"): value for key, value in done["values"].items()}
    yield from differences(case, values, {key.rpartition("/")[2] for key in done["labels"]})


def main() -> int:
    subprocess.run(["node", "build.mjs", "collect"], cwd=HERE, check=True)
    text = edition()
    found = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / "engine").symlink_to(HERE / "dist" / "collect")
        (Path(folder) / "index.html").write_text(PAGE)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_context(timezone_id="Asia/Ho_Chi_Minh").new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_function("window.ready")
        for case in CASES:
            for fault in faults(page, text, case):
                found += 1
                print(f"{case.name}: {fault}")
        browser.close()
        server.shutdown()
    print(f"{len(CASES)} households in @getodk/xforms-engine 0.22.0: {found} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
