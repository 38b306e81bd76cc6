"""The app must come over 2G: what a phone downloads before its first interview stays within its budget."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from scripts.size import BUDGET, measure, shell, total
from survey.web.capture import PRIVATE, bare
from tests.gates.sources import ROOT

SCRIPTS = [*sorted((ROOT / "static" / "app").rglob("*.js")), ROOT / "static" / "sw.js"]


def altered(scripts: list[tuple[str, str, str]]) -> list[str]:
    """The names of the scripts that mean something else without their comments, judged by Node's own parser."""
    command = [ROOT / "scripts" / "node", "--expose-internals", ROOT / "scripts" / "same_syntax.cjs"]
    done = subprocess.run(command, input=json.dumps(scripts), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_a_script_that_goes_out_without_comments_means_the_same() -> None:
    sources = [(str(path.relative_to(ROOT)), path.read_text(), bare(path)) for path in SCRIPTS]
    assert len(sources) > 40
    assert not any(PRIVATE in before for _, before, _ in sources)
    assert any(len(after) < len(before) * 0.8 for _, before, after in sources), "nothing was stripped"
    assert altered(sources) == []


def test_a_script_that_would_be_damaged_is_found() -> None:
    fine, changed = ("fine", "a = 1 // one", "a=1"), ("changed", "a = 'b  c'", "a = 'b c'")
    cut = ("cut", "x = `a ${`b  //c`} d`", "x=`a ${`b")
    assert altered([fine, changed, cut]) == ["changed", "cut"]


def test_what_a_phone_downloads_stays_within_its_budget() -> None:
    files = measure()
    kinds = {kind for _, kind, _ in files}
    assert {"HTML", "CSS", "JavaScript", "form"} <= kinds, "the measure looks at too little to mean anything"
    assert total(files) <= BUDGET


def test_a_file_that_grows_is_counted() -> None:
    app = Flask("planted", static_folder=None)
    noise = "".join(chr(33 + (index * index * 7919) % 90) for index in range(400_000))
    app.add_url_rule("/sw.js", "sw", lambda: ('const FILES = ["/a.js"]', 200, {"Content-Type": "text/javascript"}))
    app.add_url_rule("/a.js", "a", lambda: (noise, 200, {"Content-Type": "text/javascript"}))
    assert total(shell(app)) > 0
    assert [path for path, _, _ in shell(app)] == ["/sw.js", "/a.js"]


def worker_lists(client: Any) -> tuple[list[str], list[str]]:
    worker = client.get("/sw.js").text
    files, kinds = (re.search(rf"^const {name} = (.*)$", worker, re.M) for name in ("FILES", "KINDS"))
    assert files and kinds
    return json.loads(files[1]), json.loads(kinds[1])


def test_what_only_some_forms_need_exists_and_is_not_in_the_shell(client: Any) -> None:
    files, kinds = worker_lists(client)
    named = re.findall(r'"(/[\w./-]+\.(?:js|css|html))"', (ROOT / "static/app/kinds.js").read_text())
    controls = re.findall(r'control\("(\w+)"\)', (ROOT / "static/app/kinds.js").read_text())
    wanted = {*named, *(f"/static/app/capture/kinds/{name}.js" for name in controls)}
    assert len(wanted) > 8
    assert wanted <= set(kinds)
    assert not set(files) & set(kinds)
    later = json.loads(re.findall(r'id="later">(.*?)</script>', client.get("/").text)[0])
    assert {"/language/en.html", "/later.html"} <= set(later) <= set(kinds)  # the worker keeps what the page asks for
    for address in kinds:
        with client.get(address) as answer:
            assert answer.status_code == 200, address


SHELL = [path for path in SCRIPTS if not {"kinds", "later"} & set(path.parts)]


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_the_shell_starts_without_what_comes_later(path: Path) -> None:
    static = re.findall(r"""^(?:import|export)\b[^;()]*?["']([^"']+)["']""", path.read_text(), re.M)
    assert not [name for name in static if "/kinds/" in name or "/later/" in name]
