"""Words for people are English in the source and Vietnamese in the catalog: no literal Vietnamese in Python.

What is data and not a message stays where it is used, in the places named below, each with its reason. Docstrings and
comments may quote. Scripts (`scripts/`) speak before there is an environment, and migrations are never edited: neither
is looked at.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gates.sources import PYTHON, files, relative

# File → the functions and constants at its top that hold Vietnamese; "*": the whole file.
KEPT = {
    "survey/terms.py": {"*"},  # the terms of the decrees, each in both languages: the law's words, not translations
    "survey/support_terms.py": {"*"},  # the same of the supports
    # Column titles of the data files: their codebook holds both languages side by side, whoever reads it.
    "survey/exports/fixed_columns.py": {"*"},
    # Labels that are put into a questionnaire, which carries each of its languages itself.
    "survey/collect/xform.py": {"_WORDS"},
    "survey/xlsform/rows.py": {"OTHER", "SPECIFY"},
    # A cell of the column `law` that a draft is made with: kept with the version, in the language of its papers.
    "survey/questionnaires/points_entry.py": {"next_version_with"},
    "survey/questionnaires/readings.py": {"BY", "next_version"},
    # Kinds of village as an office writes them into its list, and lists to begin from: what comes back in a file.
    "survey/register/list_villages.py": {"DIVISIONS", "BEGINS_WITH_ITS_KIND", "_OF_COMMUNES"},
    "survey/register/list_records.py": {"_TITLE_VILLAGE"},
    "survey/villages/former_tables.py": {"VILLAGES"},  # how a commune heads the columns of its own list
    "survey/register/layout.py": {"_TOTALS", "_TOTAL", "_VILLAGE"},
    "survey/register/importing.py": {"URBAN_DIVISIONS"},
    # The alphabets of fonts of before Unicode, letter beside letter.
    "survey/register/former_letters.py": {"*"},
    "survey/web/office/register_import.py": {"EXAMPLES"},
    "survey/names.py": {"_ALIKE"},  # the letters that pass for it
    "survey/text.py": {"without_tones"},  # đ is a letter of its own, not a d with a mark
    # The people of the demo: names, villages, what they said and wrote.
    "survey/demo/accounts.py": {"*"},
    "survey/demo/answers.py": {"*"},
    "survey/demo/names.py": {"*"},
    "survey/demo/work.py": {"*"},
}
NAMES = re.compile("Sổ Hộ|Tiếng Việt|đồng")  # of the program, of the language, of the money: they are never translated
_MARKS = set("\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323")


def is_vietnamese(text: str) -> bool:
    """Whether it has a letter that English has not, names apart."""
    letters = unicodedata.normalize("NFD", NAMES.sub("", unicodedata.normalize("NFC", text)))
    marked = (mark in _MARKS and letter.isascii() for letter, mark in zip(letters, letters[1:], strict=False))
    return any(marked) or not {"đ", "Đ"}.isdisjoint(letters)


def literals(source: str) -> Iterator[tuple[str, int, str]]:
    """Each string that is no docstring: (the name at the top of the file that it belongs to, line, text)."""
    for top in ast.parse(source).body:
        quoted = {id(node.value) for node in ast.walk(top) if isinstance(node, ast.Expr)}
        for node in ast.walk(top):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quoted:
                yield _name(top), node.lineno, node.value


def _name(top: ast.stmt) -> str:
    if isinstance(top, ast.FunctionDef | ast.ClassDef):
        return top.name
    target = top.targets[0] if isinstance(top, ast.Assign) else getattr(top, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


def faults(path: str, source: str) -> list[str]:
    kept = KEPT.get(path, set())
    return [
        f"{path}:{line}: {text!r} belongs into the catalog"
        for name, line, text in literals(source)
        if is_vietnamese(text) and not kept & {"*", name}
    ]


@pytest.mark.parametrize("path", files(*PYTHON), ids=relative)
def test_no_vietnamese_stands_in_the_source(path: Path) -> None:
    assert faults(relative(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", KEPT)
def test_what_is_kept_is_there(path: str) -> None:
    (file,) = files(path)
    found = {name for name, _, text in literals(file.read_text("utf-8")) if is_vietnamese(text)}
    assert found if KEPT[path] == {"*"} else found == KEPT[path]


@pytest.mark.parametrize(
    "source",
    [
        'print("Đã nạp.")',
        'print(f"{number} hộ")',
        "WORDS = {'a': 'câu'}",
        'def f():\n    """Says."""\n    return "chờ duyệt"',
        'X = "Sổ Hộ đã đóng"',
        'X = "ho\u0323"',  # the same, its letters taken apart
        'raise SystemExit("Thiếu khoá " + name)',
    ],
)
def test_planted_words_are_found(source: str) -> None:
    assert len(faults("survey/commands/server.py", source)) == 1
    assert faults("survey/terms.py", source) == []


def test_a_kept_name_keeps_nothing_beside_it() -> None:
    assert faults("survey/register/list_villages.py", 'DIVISIONS = ("Thôn",)') == []
    assert len(faults("survey/register/list_villages.py", 'DIVISIONS = ("Thôn",)\nOTHER = "Xóm"')) == 1


@pytest.mark.parametrize(
    "source",
    ['"""«households.csv, dòng 7»"""', "# chờ duyệt", 'X = "Sổ Hộ: sync, 5 đồng, “a” – b ≠ c …"', 'X = "minh_hoa"'],
)
def test_what_may_stand_is_not_found(source: str) -> None:
    assert faults("survey/commands/server.py", source) == []
