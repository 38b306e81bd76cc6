"""The house rules that a reader of one Python file can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gates.sources import PYTHON, ROOT, files, nodes, relative

# Where a day is made of a time: in Việt Nam; of one that is typed; of a cell, which knows no zone.
DAYS = {"survey/clocks.py", "survey/commands/days.py", "survey/register/tables.py"}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}


def nameless(path: str) -> bool:
    """A drawer for what had no place: any part of the path is called so."""
    return any(re.sub(r"^test_|\.\w+$", "", part) in NAMELESS for part in path.split("/"))


def methods_called(source: str, name: str, on: str = "") -> Iterator[int]:
    """The lines where `….name()` is called on something whose own name ends in `on`."""
    if name not in source:  # which is quicker to see than to take the file apart
        return
    for node in nodes(source):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != name:
            continue
        if ast.unparse(node.func.value).removesuffix("()").endswith(on):
            yield node.lineno


def commits(path: str, source: str) -> list[str]:
    """A transaction ends in one place of the web, and in commands."""
    if path == "survey/web/session.py" or path.endswith("commands.py"):
        return []
    return [f"{path}:{line}: commits" for line in methods_called(source, "commit")]


def flushes(path: str, source: str) -> list[str]:
    """A flush says why it is there, on its line or the one above."""
    lines = source.splitlines()
    return [
        f"{path}:{line}: flushes without a reason beside it"
        for line in methods_called(source, "flush", on="session")
        if "#" not in lines[line - 1] and not lines[line - 2].lstrip().startswith("#")
    ]


def waits(path: str, source: str) -> list[str]:
    """A test that sleeps is slow on a fast machine and fails on a slow one."""
    names = ("sleep", "wait_for_timeout")
    return [f"{path}:{line}: {name}()" for name in names for line in methods_called(source, name)]


def measures(path: str, source: str) -> list[str]:
    """A page's width is right once its styles are there: `tests.chromium.width_of` waits for them."""
    name = "documentElement." + "scrollWidth"
    return [f"{path}: measures a page by itself"] if name in source and path != "tests/chromium.py" else []


def inline_imports(path: str, source: str) -> list[str]:
    functions = [node for node in nodes(source) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [
        f"{path}:{node.lineno}: imports inside {function.name}()"
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def missing_docstring(path: str, source: str) -> list[str]:
    """A module says at its head what it is for (an empty one has nothing to say)."""
    tree = nodes(source)[0]
    assert isinstance(tree, ast.Module)
    return [f"{path}: says nowhere what it is for"] if tree.body and not ast.get_docstring(tree) else []


def days_elsewhere(path: str, source: str) -> list[str]:
    """A time is an instant in UTC, and its day is the one in Việt Nam (`survey.clocks.day_of`): `.date()` of it is
    yesterday until seven in the morning."""
    if path in DAYS:
        return []
    return [f"{path}:{line}: .date(), where day_of is meant" for line in methods_called(source, "date")]


RULES: list[Callable[[str, str], list[str]]] = [commits, days_elsewhere, flushes, inline_imports, missing_docstring]


@pytest.mark.parametrize("path", files(*PYTHON), ids=relative)
def test_a_source_keeps_the_house_rules(path: Path) -> None:
    assert [fault for rule in RULES for fault in rule(relative(path), path.read_text())] == []


@pytest.mark.parametrize("path", files("bench/*.py", "scripts/*.py"), ids=relative)
def test_a_tool_knows_the_day_in_viet_nam_too(path: Path) -> None:
    assert days_elsewhere(relative(path), path.read_text()) == []


@pytest.mark.parametrize("path", files("tests/**/*.py"), ids=relative)
def test_no_test_waits_for_the_clock(path: Path) -> None:
    assert waits(relative(path), path.read_text()) == []
    assert measures(relative(path), path.read_text()) == []


def test_no_file_is_a_drawer_for_what_had_no_place() -> None:
    everything = ("*.py", "survey/**/*", "models/**/*", "static/**/*", "tests/**/*", "scripts/*", "migrations/**/*")
    assert [relative(path) for path in files(*everything) if nameless(relative(path))] == []


def test_planted_faults_are_found() -> None:
    assert nameless("survey/web/utils.py")
    assert nameless("static/app/helpers.js")
    assert nameless("survey/common/dates.py")
    assert not nameless("survey/web/session.py")
    assert commits("survey/intake/receive.py", "session.commit()") != []
    assert commits("survey/web/session.py", "session.commit()") == []
    assert flushes("a.py", "x = 1\nsession.flush()") != []
    assert flushes("a.py", "x = 1\nget_session().flush()") != []
    assert flushes("a.py", "session.flush()  # the id is needed below") == []
    assert flushes("a.py", "file.flush()") == []
    assert waits("tests/a.py", "time.sleep(1)") != []
    assert measures("tests/a.py", "page.evaluate('document.documentElement." + "scrollWidth')") != []
    assert inline_imports("a.py", "def f():\n    import json") != []
    assert missing_docstring("a.py", "x = 1") != []
    assert days_elsewhere("survey/web/a.py", "names_in(session, communes, now().date())") != []
    assert days_elsewhere("survey/web/a.py", "today = datetime.now(UTC).date()") != []
    assert days_elsewhere("survey/clocks.py", "moment.astimezone(HERE).date()") == []
    assert days_elsewhere("survey/web/a.py", "day_of(now()), date(2026, 1, 1)") == []
    assert missing_docstring("a.py", "") == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("DTZ005", "from datetime import datetime\n\nnow = datetime.now()\n"),
        ("DTZ003", "from datetime import datetime\n\nnow = datetime.utcnow()\n"),
        ("DTZ011", "from datetime import date\n\ntoday = date.today()\n"),
        ("BLE001", "try:\n    x = 1\nexcept Exception:\n    x = 2\n"),
        ("PLC0415", "def f() -> None:\n    import json\n\n    json.dumps(1)\n"),
        ("S608", "def f(x: str) -> str:\n    return \"SELECT * FROM account WHERE id = '%s'\" % x\n"),
    ],
)
def test_the_linter_refuses_naive_times_and_their_like(rule: str, source: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise"]
    done = subprocess.run(
        [*command, "--stdin-filename=survey/submissions/planted.py", "-"],
        input=source,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert rule in done.stdout
