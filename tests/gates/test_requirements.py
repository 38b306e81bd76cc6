"""A clone made in a year installs what was tested today."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.gates.sources import PYTHON, ROOT, files

PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[(?P<extras>[a-z,]+)\])?==(?P<version>[0-9][0-9a-z.]*)")


def pins(text: str) -> dict[str, tuple[str, set[str]]]:
    """{canonical name: (version, extras)}; a line that is not an exact pin is a mistake."""
    found = {}
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if not line or line == "-r requirements.txt":
            continue
        match = PIN.fullmatch(line)
        if match is None:
            raise ValueError(f"not pinned exactly: {line}")
        found[canonicalize_name(match["name"])] = (match["version"], set((match["extras"] or "").split(",")) - {""})
    return found


def unpinned(given: dict[str, tuple[str, set[str]]]) -> set[str]:
    """What the pinned packages bring along (on this Python and system) without being pinned themselves."""
    brought = set()
    for name, (_, extras) in given.items():
        for text in requires(name) or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras | {""}):
                brought.add(canonicalize_name(needed.name))
    return brought - set(given)


RUNTIME = pins((ROOT / "requirements.txt").read_text())
TESTING = pins((ROOT / "requirements-dev.txt").read_text())


def test_every_requirement_is_pinned_with_all_it_brings() -> None:
    assert unpinned(RUNTIME) == set()
    assert unpinned(RUNTIME | TESTING) == set()


def test_the_tests_run_on_the_pinned_versions() -> None:
    assert {name: version(name) for name in RUNTIME} == {name: pinned for name, (pinned, _) in RUNTIME.items()}


def imported_libraries(paths: list[Path]) -> set[str]:
    tops = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                tops |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                tops.add((node.module or "").split(".")[0])
    distributions = packages_distributions()
    ours = {"survey", "models", "migrations", "scripts", "app"}
    return {canonicalize_name(distributions[top][0]) for top in tops - sys.stdlib_module_names - ours if top}


@pytest.mark.thorough
def test_the_server_needs_no_package_that_only_the_tests_install() -> None:
    served = files(*PYTHON, "migrations/**/*.py", "scripts/serve.py", "scripts/serving.py")
    assert imported_libraries(served) - set(RUNTIME) == set()


def test_planted_faults_are_found() -> None:
    for line in ("flask", "flask>=3", "flask~=3.1", "flask==3.*", "git+https://example.org/flask"):
        with pytest.raises(ValueError, match="not pinned"):
            pins(line)
    assert pins("psycopg[binary]==3.3.9  # remark") == {"psycopg": ("3.3.9", {"binary"})}
    assert "werkzeug" in unpinned({"flask": ("3.1.3", set())})
    assert "psycopg-binary" in unpinned({"psycopg": ("3.3.9", {"binary"})})
    with pytest.raises(PackageNotFoundError):
        version("a-package-that-is-not-here")
