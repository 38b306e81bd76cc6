"""The oldest browser that runs the app (docs/browsers.md): no script uses a word or a thing that is younger."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from survey.web.release import small
from tests.gates.sources import ROOT, files, relative

OLDEST = 87  # Chrome and Android's WebView
# Younger, and looked for before it is used; or without it something is only less pretty.
GUARDED = {
    ("static/app/shell/main.js", "userAgentData"),  # a fallback follows
    ("static/app/shell/controls/choice.js", "inert"),  # a row of labels that could be tapped, to no effect
}
# What this module brings where the browser lacks it.
OLDER = "static/app/older.js"
BROUGHT = {"at", "findLastIndex", "hasOwn"}
CLASSIC = {"static/sw.js", "static/plain/export.lazy.js"}
ES5 = {"static/plain/start.js"}  # it speaks to browsers of any age
WITHOUT_OLDER = ("static/desk", "static/plain", "static/sw.js")


def kind(path: str) -> str:
    return "es5" if path in ES5 else "script" if path in CLASSIC else "module"


def too_new_in_each(scripts: list[tuple[str, str]]) -> list[list[str]]:
    """Of each script `path:line: what`, for what the oldest browser cannot read or does not have."""
    given = json.dumps([[number, source, kind(path)] for number, (path, source) in enumerate(scripts)])
    command = [ROOT / "scripts" / "node", "--expose-internals", ROOT / "tests" / "gates" / "browsers.cjs"]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    said: list[list[str]] = [[] for _ in scripts]
    for number, line, what in json.loads(done.stdout):
        path, name = scripts[number][0], what.split(" ")[0]
        if (path, name) not in GUARDED and not (name in BROUGHT and not path.startswith(WITHOUT_OLDER)):
            said[number].append(f"{path}:{line}: {what}")
    return said


def too_new(scripts: list[tuple[str, str]]) -> list[str]:
    return [fault for said in too_new_in_each(scripts) for fault in said]


@cache
def of_short_ones() -> dict[str, list[str]]:
    """What is said of each script below, by one start of Node for all of them."""
    short = [*PLANTED, *FINE]
    return dict(zip(short, too_new_in_each([("static/app/planted.js", one) for one in short]), strict=True))


def test_no_script_uses_what_the_oldest_browser_does_not_have() -> None:
    scripts = [(relative(path), path.read_text()) for path in files("static/**/*.js")]
    assert len(scripts) > 80
    assert too_new(scripts) == []


@pytest.mark.thorough
def test_nor_does_any_script_as_it_goes_out() -> None:
    served = files("static/app/**/*.js", "static/plain/**/*.js", "static/sw.js")
    assert too_new([(relative(path), small(path)) for path in served]) == []


def test_what_older_browsers_lack_is_brought_before_all_else() -> None:
    first = re.findall(r"^import .*$", (ROOT / "static/app/shell/main.js").read_text(), re.M)[0]
    assert first == 'import "../older.js"'
    source = (ROOT / OLDER).read_text()
    assert {name for name in BROUGHT if f'"{name}"' in source} == BROUGHT


def test_the_documents_name_it() -> None:
    for document in ("README.md", "docs/browsers.md"):
        assert f"Chrome {OLDEST}" in (ROOT / document).read_text(encoding="utf-8")


PLANTED = [
    "class A { static { this.a = 1 } }",
    "class A { #x; has(o) { return #x in o } }",
    "const a = await import('./b.js')",
    "for await (const a of b) c(a)",
    "const a = /a/d.test('a')",
    "const a = /[a--b]/v.test('a')",
    "const signal = AbortSignal.timeout(5)",
    "const a = structuredClone(b)",
    "const a = crypto.randomUUID()",
    "const a = [1].findLast(Boolean)",
    "const a = Object.groupBy(b, c)",
    "const a = new Map().values().map((one) => one)",
    "const { promise } = Promise.withResolvers()",
    "element.checkVisibility()",
    "throw new Error('a', { cause: b })",
]
FINE = [
    "class A { #x = 1; static #y = 2; #m() { return (this.#x ??= 3) } }",
    "const a = { structuredClone: 1, at: 2 }",
    "const a = navigator.canShare?.({}) ?? b?.c",
    "const a = Object.entries(b).map((one) => one)",
    "const f = async () => { for await (const a of b) await a }",
    "const a = [1].at(-1)",
]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_novelty_is_found(planted: str) -> None:
    assert of_short_ones()[planted] != []


@pytest.mark.parametrize("fine", FINE)
def test_what_it_has_is_let_through(fine: str) -> None:
    assert of_short_ones()[fine] == []


def test_what_speaks_to_every_browser_is_es5_and_the_desk_brings_nothing() -> None:
    too_young = ("const a = 1", "var f = () => 1", "var a = `b`")
    *planted, fine, at_the_desk = too_new_in_each(
        [
            *(("static/plain/start.js", one) for one in too_young),
            ("static/plain/start.js", "var a = function () { return 1 }"),
            ("static/desk/planted.js", "const a = [1].at(-1)"),
        ]
    )
    assert len(planted) == 3
    assert all(planted)
    assert fine == []
    assert at_the_desk != []


def test_no_style_sheet_hides_its_rules_from_the_oldest_browser() -> None:
    """A block that it does not know is dropped as a whole: nesting, layers, containers."""
    assert [line for path in files("static/*.css") for line in novelties(path)] == []
    assert list(novelties_in("a { & b { color: red } }")) != []


def novelties(path: Path) -> list[str]:
    return [f"{relative(path)}: {found}" for found in novelties_in(path.read_text())]


def novelties_in(sheet: str) -> list[str]:
    code = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    return re.findall(r"@(?:layer|container|scope|starting-style)\b|(?<=[{;}\s])&|color-mix\(|light-dark\(", code)
