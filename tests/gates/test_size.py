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
from survey.web.minified import HIDDEN
from survey.web.release import small
from tests.gates.sources import ROOT

SCRIPTS = [*sorted((ROOT / "static" / "app").rglob("*.js")), ROOT / "static" / "sw.js"]


def altered(scripts: list[tuple[str, str, str]]) -> list[str]:
    """The names of the scripts that, once small, do not parse or have other imports and exports, by Node's parser."""
    command = [ROOT / "scripts" / "node", "--expose-internals", ROOT / "scripts" / "same_names.cjs"]
    done = subprocess.run(command, input=json.dumps(scripts), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_a_script_that_goes_out_small_parses_and_keeps_its_imports_and_exports() -> None:
    sources = [(str(path.relative_to(ROOT)), path.read_text(), small(path)) for path in SCRIPTS]
    assert len(sources) > 40
    assert not any(HIDDEN in text for _, before, after in sources for text in (before, after))
    assert any(len(after) < len(before) * 0.7 for _, before, after in sources), "nothing became small"
    assert altered(sources) == []


def test_a_script_that_would_be_damaged_is_found() -> None:
    fine = ("fine", "import { b } from './b.js'\nexport const a = b // one", "import{b}from'./b.js';export const a=b")
    lost = ("lost", "import { b } from './b.js'\nexport const a = b", "import{b}from'./b.js';const a=b")
    other = ("other", "import { b } from './b.js'\nexport const a = b", "import{c as b}from'./b.js';export const a=b")
    cut = ("cut", "x = `a ${`b  //c`} d`", "x=`a ${`b")
    assert altered([fine, lost, other, cut]) == ["lost", "other", "cut"]


def early(scripts: list[tuple[str, str]]) -> list[str]:
    """`script: name` of each const, let or class that is read above its declaration."""
    command = [ROOT / "scripts" / "node", "--expose-internals", ROOT / "tests" / "gates" / "early_names.cjs"]
    done = subprocess.run(command, input=json.dumps(scripts), capture_output=True, text=True, check=True)
    return [f"{script}: {name}" for script, name, _ in json.loads(done.stdout)]


@pytest.mark.thorough
def test_nothing_is_read_above_its_own_declaration() -> None:
    """The minifier may put `const [a] = (b.c)` above `const b`: what comes out parses, and throws when it is run."""
    everything = [*SCRIPTS, *sorted((ROOT / "static" / "plain").rglob("*.js"))]
    assert early([(path.name, path.read_text()) for path in everything]) == []
    assert early([(path.name, small(path)) for path in everything]) == []


@pytest.mark.thorough
def test_a_name_that_is_read_too_early_is_found(tmp_path: Path) -> None:
    written = "export function f(q) { const b = q.c; const [, a] = (b.exec(b)); return a + b }"
    (tmp_path / "a.js").write_text(written)
    assert early([("as written", written)]) == []
    assert early([("small", small(tmp_path / "a.js"))]) != []
    for planted in (
        "f(a); const a = 1",
        "const { b = a } = c, a = 1",
        "for (const a of b) { f(d); let d }",
        "const a = class extends B {}; class B {}",
        "export const a = a + 1",
        "switch (a) { case b: f(c); const c = 1 }",
    ):
        assert len(early([("planted", planted)])) == 1, planted
    for fine in (
        "const f = () => a; const a = 1",
        "f(); function f() {} g(h); var h",
        "const { a: b, c } = d; f({ a: b, c }, e.a)",
        "class A { b = c } const c = 1",
        "const a = 1; { const a = 2; f(a) } try { } catch (a) { f(a) }",
        "for (const [a, b] of Object.entries(c)) f(a, b)",
    ):
        assert early([("fine", fine)]) == [], fine


def test_arithmetic_goes_out_as_it_was_written(tmp_path: Path) -> None:
    values = "[NaN, Infinity, -Infinity, -0, 2 ** 40 + 0.5, -7.5, '', 'x', null, undefined]"
    calls = "x => [Math.trunc(x), Math.abs(x), Math.floor(x), Math.round(x), Math.pow(x, 3), +x, x === undefined]"
    script = tmp_path / "sums.js"
    script.write_text(f"const sums = {calls}\nconsole.log({values}.map(sums).map((one) => one.map(String)))")
    node = [ROOT / "scripts" / "node", "-e"]
    before, after = (subprocess.check_output([*node, text], text=True) for text in (script.read_text(), small(script)))
    assert before == after


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
    files = re.search(r"^const FILES = (.*)$", worker, re.M)
    assert files
    return json.loads(files[1]), list(client.get("/rest.json").json)


def test_what_only_some_forms_need_exists_and_is_not_in_the_shell(client: Any) -> None:
    files, kinds = worker_lists(client)
    files = [*files, *client.get("/modules.json").json]
    named = re.findall(r'"(/[\w./-]+\.(?:js|css|html))"', (ROOT / "static/app/delivery.js").read_text())
    controls = re.findall(r'control\("(\w+)"\)', (ROOT / "static/app/delivery.js").read_text())
    wanted = {*named, *(f"/static/app/shell/controls/{name}.rare.js" for name in controls)}
    assert len(wanted) > 8
    assert wanted <= set(kinds)
    assert not set(files) & set(kinds)
    later = json.loads(re.findall(r'id="later">(.*?)</script>', client.get("/").text)[0])
    assert {"/language/en.html", "/later.html"} <= set(later) <= set(kinds)  # the worker keeps what the page asks for
    for address in kinds:
        with client.get(address) as answer:
            assert answer.status_code == 200, address


SHELL = [path for path in SCRIPTS if not path.name.endswith((".rare.js", ".lazy.js"))]


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_the_shell_starts_without_what_comes_later(path: Path) -> None:
    static = re.findall(r"""^(?:import|export)\b[^;()]*?["']([^"']+)["']""", path.read_text(), re.M)
    assert not [name for name in static if name.endswith((".rare.js", ".lazy.js"))]
