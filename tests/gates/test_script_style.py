"""JavaScript is held as Python is: `make lint` sees what is out of style, and a property that a shape does not have."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gates.sources import ROOT, files, relative

TOOLS = ROOT / "scripts" / "lint" / "node_modules"
BIOME = ("@biomejs/biome/bin/biome", "check", "--error-on-warnings", "--vcs-enabled=false")
TSC = ("typescript/bin/tsc", "--pretty", "false", "-p")
LONGEST = 120
OURS = ("static/**/*.js", "tests/**/*.js", "tests/**/*.cjs", "bench/engines/*.*js", "scripts/*.cjs")
AS_IT_WAS = "tests/phone/worker_107c36a.js"  # a former release's worker, byte for byte
ESCAPES = re.compile(r"@ts-(?:ignore|nocheck|expect-error)|biome-ignore-all")

# file: (a shape, what stands there, the same with a property that the shape does not have)
PLANTED = {
    "static/app/interview/entry.js": ("Draft", "household_id: draft.household_id", "household_id: draft.household"),
    "static/app/interview/begin.js": ("Bundle", "version: bundle.version", "version: bundle.release"),
    "static/app/sync/outbox.js": ("Hello", "this.#greeting.offers?", "this.#greeting.offer?"),
    "static/app/sync/receipt.js": ("Receipt", "bytesOf(receipt.signature)", "bytesOf(receipt.signed)"),
    "static/app/store/store.js": (
        "Entry",
        "async finalise(draftId, item) {\n    const missing = item.entry.files.map",
        "async finalise(draftId, item) {\n    const missing = item.entry.photos.map",
    ),
    "static/app/shell/screens/sent.js": ("Outgoing", "= item.content_hash", "= item.hash"),
}


def node(script: str, *arguments: str | Path, cwd: Path = ROOT) -> tuple[int, str]:
    assert TOOLS.is_dir(), "run `make lint` once: it installs scripts/lint"
    command = [ROOT / "scripts" / "node", TOOLS / script, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def copied(folder: Path) -> Path:
    """What tsc reads, in `folder`."""
    for name in ("static", "types"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "tsconfig.json", folder)
    return folder


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} says {old!r} {text.count(old)} times, not once"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.thorough
def test_a_wrong_property_is_found_wherever_it_stands(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    for file, (_, old, new) in PLANTED.items():
        replaced(folder / file, old, new)
    code, said = node(*TSC, ".", cwd=folder)
    assert code != 0
    for file, (shape, _, new) in PLANTED.items():
        name = new.removesuffix(".map").rstrip("?)").rpartition(".")[2]
        assert re.search(rf"^{file}\(.*error TS\d+: .*'{name}'.*{shape}", said, re.MULTILINE), f"{file}: {said}"
    assert len(re.findall(r"error TS", said)) == len(PLANTED), said


@pytest.mark.thorough
def test_what_may_be_nothing_is_not_taken_for_something(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    replaced(folder / "static/app/shell/release.js", "this.#registration?.update()", "this.#registration.update()")
    code, said = node(*TSC, ".", cwd=folder)
    assert code != 0
    assert re.findall(r"^(\S+)\(.*possibly 'null'", said, re.MULTILINE) == ["static/app/shell/release.js"]


@pytest.mark.thorough
def test_the_worker_is_read_with_what_the_server_writes_in_front(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    assert node(*TSC, "types/worker", cwd=folder) == (0, "")
    replaced(folder / "static/sw.js", "self.clients.claim(),", "self.clients.claims(),")
    code, said = node(*TSC, "types/worker", cwd=folder)
    assert code != 0
    assert "'claims' does not exist on type 'Clients'" in said


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ("const a = 'b';\nf(a)\n", "format"),
        ("f(a,\n  b)\n", "format"),
        ("function f() {\n  const unused = 1\n}\nf()\n", "noUnusedVariables"),
        ("let a = 1\nf(a)\n", "useConst"),
        ("if (a == b) f()\n", "noDoubleEquals"),
        ("debugger\n", "noDebugger"),
    ],
)
def test_a_script_out_of_style_is_found(tmp_path: Path, planted: str, rule: str) -> None:
    shutil.copy(ROOT / "biome.json", tmp_path)
    script = tmp_path / "static" / "app" / "planted.js"
    script.parent.mkdir(parents=True)
    script.write_text("export const a = 1\n")
    code, said = node(*BIOME, ".", cwd=tmp_path)
    assert code == 0, said
    script.write_text(planted)
    code, said = node(*BIOME, ".", cwd=tmp_path)
    assert code != 0
    assert rule in said


def long_comments(path: str, source: str) -> list[str]:
    """The formatter breaks code, and leaves comments as they are."""
    lines = enumerate(source.splitlines(), start=1)
    return [f"{path}:{at}" for at, line in lines if len(line) > LONGEST and re.match(r"\s*(?://|/?\*)", line)]


@pytest.mark.parametrize("path", [path for path in files(*OURS) if relative(path) != AS_IT_WAS], ids=relative)
def test_comments_keep_to_the_line_and_nothing_escapes(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert long_comments(relative(path), source) == []
    assert ESCAPES.findall(source) == []


def test_planted_comments_and_escapes_are_found() -> None:
    assert long_comments("a.js", f"f()\n  // {'a' * 120}") == ["a.js:2"]
    assert long_comments("a.js", f" * {'a' * 120}") == ["a.js:1"]
    assert long_comments("a.js", f'f("{"a" * 120}")') == []
    assert ESCAPES.search("// @ts-ignore") and ESCAPES.search("// @ts-nocheck")


def test_before_a_commit_the_same_is_asked_and_nothing_fetched() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (\S+)", hooks) == ["local"]
    asked = re.findall(r"entry: (.+)", hooks)
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    for tool in ("ruff format", "ruff check", "mypy", "BIOME", "TSC) -p .", "TSC) -p types/worker"):
        assert tool in recipe, tool
    for tool in ("ruff format", "ruff check", "mypy", "biome check", "tsc -p .", "tsc -p types/worker"):
        assert [entry for entry in asked if tool in entry], tool
    for entry in asked:
        program = entry.split()[0]
        assert program.startswith(".venv/bin/") or (ROOT / program).is_file()
