"""An address of the app is built in one place: a screen that moves is sought at its old address by nobody."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.gates.sources import PYTHON, SCRIPTS, files, javascript, relative

OWNERS = {
    "static/app/shell/addresses.js",  # the phone's
    "survey/web/office/questionnaires.py",  # the one that a page of the server leads to: a questionnaire is tried out
}
ADDRESS = re.compile(r"#/(?!components)")  # of openapi.json: a place in the document itself


def spelt(path: str, source: str) -> list[str]:
    """The texts of a source in which an address of the app is spelt out."""
    if path in OWNERS:
        return []
    if path.endswith(".js"):
        strings = javascript(source)[1]
    else:
        strings = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return [f"{path}: {text!r}" for text in strings if isinstance(text, str) and ADDRESS.search(text)]


@pytest.mark.parametrize("path", files(*PYTHON, *SCRIPTS), ids=relative)
def test_an_address_of_the_app_is_built_in_one_place(path: Path) -> None:
    assert spelt(relative(path), path.read_text(encoding="utf-8")) == []


def test_a_planted_address_is_found() -> None:
    assert spelt("static/app/shell/screens/home.js", 'link.href = "#/room"') != []
    assert spelt("static/app/shell/screens/home.js", "app.go(`#/d/${id}`)") != []
    assert spelt("static/app/shell/screens/home.js", 'const hash = "/#/forgot/new" // elsewhere') != []
    assert spelt("survey/web/desk/home.py", 'address = f"/#/sent/{entry}"') != []
    assert spelt("static/app/shell/routes.js", '/** "#/d/<draft>" → a screen */\nhash.replace(/^#\\/?/, "")') == []
    assert spelt("survey/web/phone/openapi.py", 'x = f"#/components/schemas/{name}"') == []
