"""Imports go one way, and each outside library and each browser power has its room (the table of the architecture)."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts.rooms import ROOMS, Room, room_of
from tests.gates.sources import PYTHON, SCRIPTS, files, javascript, relative

# Files that are stricter than their rooms, and the one that knows more: (rooms, libraries).
FILES = {
    "survey/submissions/lifecycle.py": Room(frozenset({"words"}), frozenset()),
    "survey/collect/openrosa.py": Room(frozenset({"words", "form", "xlsform"}), frozenset({"defusedxml"})),
    "survey/collect/xform.py": Room(frozenset({"words", "form", "xlsform"}), frozenset({"pyxform", "defusedxml"})),
    "survey/canonical.py": Room(frozenset(), frozenset({"rfc8785"})),
    "survey/lacks.py": Room(frozenset(), frozenset({"argon2", "cryptography", "sqlalchemy"})),
}
WORDS = Room(frozenset(), frozenset())  # every other file of them
# A pure room is handed its time, its text and its data: it reaches for none of them.
PURE = {"words", "form", "xlsform", "poverty"}
IMPURE_MODULES = {"socket", "ssl", "http", "urllib", "sqlite3", "subprocess", "threading", "asyncio", "tempfile", "os"}
WIDEST, LONGEST = 25, 600  # source files in a folder; lines of a file
KNOWS_LACKS = "survey/lacks.py"  # what each library says when the machine is out of something


def imported(tree: ast.AST) -> list[tuple[int, str]]:
    """Each absolute module name that a file imports, with its line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
    return found


def import_faults(path: str, source: str) -> list[str]:
    room = room_of(path)
    if room == "app":
        return []
    inside, outside = FILES.get(path) or (WORDS if room == "words" else ROOMS[room])
    said = []
    for line, module in imported(ast.parse(source)):
        top = module.split(".")[0]
        if top in {"survey", "models", "app", "migrations", "tests"}:
            target = room_of(module.replace(".", "/"))
            if target not in inside | {room}:
                said.append(f"{path}:{line}: {room} may not import {module}")
        elif top in sys.stdlib_module_names:
            if room in PURE and top in IMPURE_MODULES and path != KNOWS_LACKS:
                said.append(f"{path}:{line}: {room} is pure and may not import {module}")
        elif top not in outside:
            said.append(f"{path}:{line}: {room} may not import the library {top}")
    return said


def impure_calls(path: str, source: str) -> list[str]:
    """A clock read or a file opened in a pure room."""
    if room_of(path) not in PURE:
        return []
    said = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        call = ast.unparse(node.func)
        if call == "open" or re.fullmatch(r"(datetime\.|date\.|datetime\.date|time\.)+(now|today|utcnow|time)", call):
            said.append(f"{path}:{node.lineno}: {call}() in a pure room")
    return said


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The circles in `module → what it imports`."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> None:
        if module in way:
            found.append([*way[way.index(module) :], module])
        elif module not in done:
            for target in sorted(graph.get(module, ())):
                visit(target, [*way, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])
    return found


def module_name(path: Path) -> str:
    return relative(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("path", files(*PYTHON), ids=relative)
def test_imports_go_one_way(path: Path) -> None:
    assert import_faults(relative(path), path.read_text()) == []


@pytest.mark.parametrize("path", files("survey/*.py", *(f"survey/{room}/**/*.py" for room in PURE)), ids=relative)
def test_a_result_never_depends_on_when_or_where_it_is_computed(path: Path) -> None:
    assert impure_calls(relative(path), path.read_text()) == []


def test_no_module_imports_itself_by_a_detour() -> None:
    modules = {module_name(path): path for path in files(*PYTHON)}
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        names = {name for _, name in imported(ast.parse(path.read_text()))}
        graph[module] = {hit for name in names for hit in (name, name.rpartition(".")[0]) if hit in modules} - {module}
    assert cycles(graph) == []


def test_rooms_have_no_circle() -> None:
    assert cycles({name: set(room.may) for name, room in ROOMS.items()}) == []


def test_every_room_of_the_table_is_there_and_every_folder_is_in_the_table() -> None:
    folders = {f"survey/{path.parent.name}" for path in files("survey/*/__init__.py")}
    doors = {f"survey/web/{path.parent.name}" for path in files("survey/web/*/__init__.py")}
    named = {"models" if name == "models" else f"survey/{name}" for name in ROOMS if name != "words"}
    assert folders | doors | {"models"} == named


def test_no_room_is_a_hall_and_no_file_a_book() -> None:
    found = files(*PYTHON)
    held = Counter(path.parent for path in found)
    assert {relative(folder): number for folder, number in held.items() if number > WIDEST} == {}
    lengths = {relative(path): len(path.read_text().splitlines()) for path in found}
    assert {path: number for path, number in lengths.items() if number > LONGEST} == {}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("survey/form/record.py", "import flask"),
        ("survey/form/record.py", "from survey.web import session"),
        ("survey/form/record.py", "from survey.xlsform.compile import compile_workbook"),
        ("survey/form/record.py", "from socket import socket"),
        ("survey/poverty/assess.py", "from models import Household"),
        ("survey/terms.py", "import sqlalchemy"),
        ("survey/terms.py", "from survey.form.form import Form"),
        ("models/people.py", "from survey.intake.receive import receive"),
        ("survey/register/entries.py", "from survey.submissions.derive import derive"),
        ("survey/reports/report.py", "from survey.submissions.derive import derive"),
        ("survey/rounds/rounds.py", "from survey.intake.receive import receive"),
        ("survey/intake/receive.py", "from survey.review.decide import decide"),
        ("survey/web/phone/sync.py", "from app import create_app"),
        ("survey/web/desk/home.py", "from survey.web.phone.sync import push"),
        ("survey/web/office/rounds.py", "from survey.web.desk import home"),
        ("survey/web/session.py", "from survey.web.desk.home import open_desk"),
        ("survey/web/desk/exports.py", "from survey.commands.export import export_group"),
        ("survey/submissions/lifecycle.py", "from sqlalchemy import select"),
        ("survey/collect/openrosa.py", "from models import Account"),
    ],
)
def test_a_planted_import_is_found(path: str, source: str) -> None:
    assert import_faults(path, source) != []


def test_what_may_be_imported_is_not_found() -> None:
    assert import_faults("survey/submissions/lifecycle.py", "from survey.terms import Role") == []
    assert import_faults("survey/commands/form.py", "import click") == []
    assert impure_calls("survey/form/record.py", "from datetime import date\nx = date.today()") != []
    assert impure_calls("survey/poverty/flow.py", "import datetime\nx = datetime.datetime.now(UTC)") != []
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == [["a", "b", "c", "a"]]


# -- The phone's modules -----------------------------------------------------------------------------------------------

# A power of the browser: (what it looks like, which files may use it).
POWERS = {
    "IndexedDB": (r"\bindexedDB\b|\bIDB\w+", {
            "static/app/store.js", "static/app/database.js",
            "static/plain/later/export.js",  # what is left when no module of the app runs
        }),
    "the network": (
        r"(?<![\w.])fetch\s*\(|\bXMLHttpRequest\b|\bsendBeacon\b|\bWebSocket\b|\bEventSource\b",
        {"static/app/outbox.js", "static/sw.js"},
    ),
    "encryption": (r"\bsubtle\.(?!digest)\w+", {
            "static/app/vault.js", "static/app/later/rings.js", "static/app/receipt.js",
            "static/plain/later/export.js",
            "static/app/later/bundle.js",  # what leaves the phone by hand is sealed where it leaves, not in the vault
        }),
}
DOM = re.compile(r"(?<![\w.#$])(document|window|localStorage|sessionStorage|location|history)\b(?!\s*:)")
# Modules that compute: node runs them, and they import only one another.
PURE_SCRIPTS = {
    "expression", "functions", "values", "collect", "record", "search", "answers", "verdict", "preload", "markdown",
    "places", "digest", "kinds", "pace",
}  # fmt: skip


def is_shell(path: str) -> bool:
    """What may touch the screen: the capture shell on the phone, and the desk's scripts."""
    return path.startswith(("static/app/capture", "static/app/media", "static/desk", "static/plain"))


def power_faults(path: str, source: str) -> list[str]:
    code, _ = javascript(source)
    said = [
        f"{path}: {power} has another owner"
        for power, (pattern, owners) in POWERS.items()
        if path not in owners and re.search(pattern, code)
    ]
    if not is_shell(path) and (found := DOM.search(code)):
        said.append(f"{path}: {found[1]} belongs to the capture shell")
    return said


def script_import_faults(path: str, source: str) -> list[str]:
    """Nothing below the shell reaches up into it; the store knows no network; the worker imports nothing."""
    said = []
    for name in re.findall(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""", source):
        target = name.rpartition("/")[2].removesuffix(".js")
        if not name.startswith(("./", "../", "/")):
            said.append(f"{path}: imports {name}, which is not ours")
        elif path == "static/sw.js":
            said.append(f"{path}: the worker imports nothing, not {name}")
        elif not is_shell(path) and ("capture" in name or target == "media"):
            said.append(f"{path}: may not import the shell's {name}")
        elif Path(path).stem in PURE_SCRIPTS and target not in PURE_SCRIPTS:
            said.append(f"{path}: computes, and may not import {name}")
        elif Path(path).stem in {"store", "database"} and target == "outbox":
            said.append(f"{path}: may not import {name}")
    return said


@pytest.mark.parametrize("path", files(*SCRIPTS), ids=relative)
def test_each_power_of_the_browser_has_one_owner(path: Path) -> None:
    source = path.read_text()
    assert power_faults(relative(path), source) + script_import_faults(relative(path), source) == []


def test_a_planted_power_is_found() -> None:
    assert power_faults("static/app/capture.js", "const db = indexedDB.open('x')") != []
    assert power_faults("static/app/capture/page.js", "await fetch('/api')") != []
    assert power_faults("static/app/store.js", "document.title = 'x'") != []
    assert power_faults("static/app/record.js", "const a = window.x") != []
    assert power_faults("static/app/capture.js", "crypto.subtle.encrypt(a, b)") != []
    assert power_faults("static/app/record.js", "// document, fetch(), window\nconst a = 'document'") == []
    assert power_faults("static/app/outbox.js", "const a = await fetch(`/api/${id}`)") == []
    assert script_import_faults("static/app/record.js", "import { open } from './store.js'") != []
    assert script_import_faults("static/sw.js", "import { open } from './store.js'") != []
    assert script_import_faults("static/app/store.js", "import { push } from './outbox.js'") != []
    assert script_import_faults("static/app/outbox.js", "import { show } from './capture/home.js'") != []
    assert script_import_faults("static/app/capture.js", "import x from 'lodash'") != []
    assert script_import_faults("static/app/record.js", "import { walk } from './expression.js'") == []
