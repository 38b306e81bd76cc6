"""The browser's own button for a file speaks the browser's language: everywhere a label of ours is the button."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.gates.sources import ROOT

TEMPLATES, CODE = ROOT / "survey/web/templates", ROOT / "survey/web"
OURS = re.compile(r"<(label|span)\b[^>]*\bclass=\"[^\"]*\bfile-(input|field)\b")
ITS_OWN = re.compile(r"from (flask_wtf\.file|wtforms\S*) import [^\n]*\b(Multiple)?FileField\b|FileInput\(")


def bare(text: str) -> list[str]:
    """The file inputs of a template before which none of our labels begins in its line."""
    inputs = re.finditer(r"^.*?type=\"?file\b.*$", text, re.MULTILINE)
    return [one[0].strip() for one in inputs if not OURS.search(one[0][: one[0].index("type=")])]


def unlabelled(paths: Iterable[Path]) -> list[str]:
    return [f"{path.name}: {one}" for path in paths for one in bare(path.read_text(encoding="utf-8"))]


def test_no_template_leaves_the_button_to_the_browser() -> None:
    assert unlabelled(sorted(TEMPLATES.rglob("*.html"))) == []
    assert bare('<input type="file" name="a">') == ['<input type="file" name="a">']
    assert bare('<label class="button file-input">Chọn tệp<input type="file"></label>') == []


def its_own(paths: Iterable[Path]) -> list[str]:
    return [path.name for path in paths if ITS_OWN.search(path.read_text(encoding="utf-8"))]


def test_forms_take_the_fields_that_bring_the_label() -> None:
    assert its_own(path for path in sorted(CODE.rglob("*.py")) if path != CODE / "forms.py") == []
    assert ITS_OWN.search("from flask_wtf.file import FileField, FileRequired")
    assert not ITS_OWN.search("from flask_wtf.file import FileRequired")
