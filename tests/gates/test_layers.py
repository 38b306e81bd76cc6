"""Imports go one way, and each outside library and each browser power has its room (the table of the architecture)."""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts.rooms import ROOMS, TABLE, Room, read_script_rooms, room_of
from tests.gates.sources import JS_TOKEN, PYTHON, SCRIPTS, files, javascript, nodes, relative

# Files that are stricter than their rooms, and the one that knows more: (rooms, libraries).
FILES = {
    "survey/submissions/lifecycle.py": Room(frozenset({"words"}), frozenset()),
    "survey/register/ledger.py": Room(frozenset({"words"}), frozenset()),
    "survey/rounds/end_states.py": Room(frozenset({"words"}), frozenset()),
    "survey/register/persons.py": Room(frozenset({"words"}), frozenset()),
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
# Folders of tests/ that are no rooms: tables for both languages, and what is tried as a whole or beside the product.
BESIDE_ROOMS = {"cases", "faults", "fuzz", "gates", "phone", "scripts"}
TESTS = ("tests/**/test_*.py", "tests/**/*.test.js")
KNOWS_LACKS = "survey/lacks.py"  # what each library says when the machine is out of something


def imported(source: str) -> list[tuple[int, str]]:
    """Each absolute module name that a file imports, with its line."""
    found = []
    for node in nodes(source):
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
    for line, module in imported(source):
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
    for node in nodes(source):
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
        names = {name for _, name in imported(path.read_text())}
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


def misplaced(path: str, source: str) -> list[str]:
    """A test that stands in the folder of no room; one that opens Chromium where `make phone` does not look."""
    folder = path.removeprefix("tests/").rpartition("/")[0]
    on_the_phone = {"static", *(f"static/{room}" for room in SCRIPT_ROOMS if room)}
    stands = folder in (on_the_phone if path.endswith(".js") else ROOMS.keys()) or folder in BESIDE_ROOMS
    said = [] if stands else [f"{path}: {folder or 'tests'} is no room of docs/architecture.md"]
    if "mark.phone" in source and folder != "phone" and not path.endswith("_in_chromium.py"):
        said.append(f"{path}: opens Chromium, and is not called _in_chromium.py")
    return said


def test_a_test_stands_in_the_folder_of_its_room() -> None:
    found = [path for path in files(*TESTS) if path.parent.name != "gates"]  # these plant what they refuse
    assert [said for path in found for said in misplaced(relative(path), path.read_text(encoding="utf-8"))] == []


def test_a_planted_folder_of_tests_is_found() -> None:
    assert misplaced("tests/exchange/test_bundle.py", "") != []
    assert misplaced("tests/test_bundle.py", "") != []
    assert misplaced("tests/web/exchange/test_bundle.py", "") != []
    assert misplaced("tests/carry/frames.test.js", "") != []
    assert misplaced("tests/web/desk/test_pages.py", "pytestmark = pytest.mark.phone") != []
    assert misplaced("tests/web/desk/test_pages_in_chromium.py", "pytestmark = pytest.mark.phone") == []
    assert misplaced("tests/carry/test_qr.py", "") == []
    assert misplaced("tests/static/carry/frames.test.js", "") == []


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
        ("survey/reports/report.py", "from survey.intake.receive import receive"),
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
    "IndexedDB": (
        r"\bindexedDB\b|\bIDB\w+",
        {
            "static/app/store/database.js",
            "static/plain/export.lazy.js",  # what is left when no module of the app runs
        },
    ),
    "the network": (
        r"(?<![\w.])fetch\s*\(|\bXMLHttpRequest\b|\bsendBeacon\b|\bWebSocket\b|\bEventSource\b",
        {
            "static/app/sync/request.js",
            "static/sw.js",
            "static/desk/exchange.js",  # a file that is larger than a request, at the desk
        },
    ),
    "encryption": (
        r"\bsubtle\.(?!digest)\w+",
        {
            "static/app/vault/vault.js",
            "static/app/vault/rings.lazy.js",
            "static/app/vault/proof.js",  # signs that the vault is open
            "static/app/sync/receipt.js",
            "static/plain/export.lazy.js",
            "static/app/carry/sealed.lazy.js",  # what leaves by hand is sealed where it leaves, not in the vault
        },
    ),
}
DOM = re.compile(r"(?<![\w.#$])(document|window|localStorage|sessionStorage|location|history)\b(?!\s*:)")
# Folders of static/app → the folders they may import; "" is its root. The lower half computes, and node runs it.
SCRIPT_ROOMS = read_script_rooms(TABLE.read_text(encoding="utf-8"))
PURE_SCRIPTS = {"", "engine"}


def is_shell(path: str) -> bool:
    """What may touch the screen: the shell on the phone, and the desk's scripts."""
    return path.startswith(("static/app/shell/", "static/desk", "static/plain"))


def script_room(path: str) -> str:
    """static/app/shell/screens/home.js → shell, static/app/ids.js → "", static/sw.js → None-like "static"."""
    parts = path.split("/")
    return ("" if len(parts) == 3 else parts[2]) if parts[:2] == ["static", "app"] else parts[1]


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


IMPORTS = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'`]([^"'`]+)["'`]""")


def uncommented(source: str) -> str:
    """Types in comments import nothing."""
    return JS_TOKEN.sub(lambda match: " " if match["comment"] else match[0], source)


def script_imports(path: str, source: str) -> list[str]:
    """What a script imports, `import()` included, from the root; a name with a hole (`./${file}.js`) is each file."""
    found: list[str] = []
    for name in IMPORTS.findall(uncommented(source)):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        found += [target] if "${" not in target else map(relative, files(re.sub(r"\$\{\w+\}", "*", target)))
    return found


def script_import_faults(path: str, source: str) -> list[str]:
    """Nothing below the shell reaches up into it; the store knows no network; the worker imports nothing."""
    named = IMPORTS.findall(uncommented(source))
    said = [f"{path}: imports {name}, which is not ours" for name in named if name[0] not in "./"]
    if path == "static/sw.js" and named:
        said.append(f"{path}: the worker imports nothing")
    room = script_room(path)
    for target in script_imports(path, source):
        of = script_room(target)
        if room in SCRIPT_ROOMS and target.startswith("static/app/") and of not in SCRIPT_ROOMS[room] | {room}:
            said.append(f"{path}: {room or 'the root'} may not import {target}")
    return said


@pytest.mark.parametrize("path", files(*SCRIPTS), ids=relative)
def test_each_power_of_the_browser_has_one_owner(path: Path) -> None:
    source = path.read_text()
    assert power_faults(relative(path), source) + script_import_faults(relative(path), source) == []


def test_a_planted_power_is_found() -> None:
    assert power_faults("static/app/shell/main.js", "const db = indexedDB.open('x')") != []
    assert power_faults("static/app/shell/page.js", "await fetch('/api')") != []
    assert power_faults("static/app/store/store.js", "document.title = 'x'") != []
    assert power_faults("static/app/engine/record.js", "const a = window.x") != []
    assert power_faults("static/app/shell/main.js", "crypto.subtle.encrypt(a, b)") != []
    assert power_faults("static/app/engine/record.js", "// document, fetch(), window\nconst a = 'document'") == []
    assert power_faults("static/app/sync/request.js", "const a = await fetch(`/api/${id}`)") == []
    assert script_import_faults("static/app/engine/record.js", "import { open } from '../store/store.js'") != []
    assert script_import_faults("static/sw.js", "import { open } from './store.js'") != []
    assert script_import_faults("static/app/store/store.js", "import { push } from '../sync/outbox.js'") != []
    assert script_import_faults("static/app/store/store.js", "await import('../sync/outbox.js')") != []
    assert script_import_faults("static/app/sync/outbox.js", "import { show } from '../shell/screens/home.js'") != []
    assert script_import_faults("static/app/ids.js", "import { walk } from './engine/expression.js'") != []
    assert script_import_faults("static/app/shell/main.js", "import x from 'lodash'") != []
    assert script_import_faults("static/app/engine/record.js", "import { walk } from './expression.js'") == []


def script_graph(sources: dict[str, str]) -> dict[str, set[str]]:
    return {path: {*script_imports(path, source)} & {*sources} for path, source in sources.items()}


def test_no_script_imports_itself_by_a_detour() -> None:
    sources = {relative(path): path.read_text() for path in files(*SCRIPTS)}
    assert cycles(script_graph(sources)) == []
    assert cycles({room: set(may) for room, may in SCRIPT_ROOMS.items()}) == []


def test_a_planted_circle_of_scripts_is_found() -> None:
    planted = {"static/app/a.js": "import('./b/c.js')", "static/app/b/c.js": "import { a } from '../a.js'"}
    assert cycles(script_graph(planted)) == [["static/app/a.js", "static/app/b/c.js", "static/app/a.js"]]


def long_scripts(sources: dict[str, str]) -> dict[str, int]:
    """Scripts that nobody reads at a sitting, with their lines."""
    lengths = {path: len(source.splitlines()) for path, source in sources.items()}
    return {path: number for path, number in lengths.items() if number > LONGEST}


def test_no_script_is_a_book() -> None:
    assert long_scripts({relative(path): path.read_text() for path in files(*SCRIPTS)}) == {}
    assert long_scripts({"fine.js": "f()\n" * 600, "book.js": "f()\n" * 601}) == {"book.js": 601}


def test_what_computes_on_the_phone_is_below_what_keeps_and_sends() -> None:
    for room in PURE_SCRIPTS:
        assert SCRIPT_ROOMS[room] <= PURE_SCRIPTS
