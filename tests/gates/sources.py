"""What the gates look at: the tracked sources, and a JavaScript file taken apart into code and strings.

A gate is a function from a source to its faults. Each has two kinds of test: the product has no fault, and a planted
fault is found; a gate that cannot fail is no gate.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".venv", ".git", "instance", "node_modules", "__pycache__"}


def files(*patterns: str) -> list[Path]:
    """The product's files that match any of the patterns (relative to the root), in order."""
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path for path in found if not SKIPPED & set(path.relative_to(ROOT).parts))


@lru_cache(maxsize=2)  # of one file every rule asks, one after the other
def nodes(source: str) -> tuple[ast.AST, ...]:
    """A Python file taken apart, the module first."""
    return tuple(ast.walk(ast.parse(source)))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


PYTHON = ("app.py", "survey/**/*.py", "models/**/*.py")
SCRIPTS = ("static/**/*.js",)
TEMPLATES = ("survey/web/templates/**/*.*",)

JS_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
    | (?P<regex>(?<=[=(,:;!&|?{}\[\n+])\s*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
    """,
    re.VERBOSE | re.DOTALL,
)


def javascript(source: str) -> tuple[str, list[str]]:
    """(the code without comments, strings and regular expressions; the strings without their quotes).

    What a template literal computes (`${…}`) counts as code.
    """
    strings: list[str] = []

    def take(match: re.Match[str]) -> str:
        text = match["string"]
        if text is None:
            return " "
        if text[0] != "`":
            strings.append(text[1:-1])
            return '""'
        strings.extend(re.split(r"\$\{[^}]*\}", text[1:-1]))
        return '"" ' + " ".join(re.findall(r"\$\{([^}]*)\}", text))

    return JS_TOKEN.sub(take, source), strings
