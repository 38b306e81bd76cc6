"""What people read in Vietnamese: 8 of the province's 75 communes are phường, and no text may take them for a xã."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
# «xã» alone; not in «xã, phường», not in a word or a name of an office of that level (cấp xã, UBND xã, xã hội).
ALONE = re.compile(r"(?<!cấp )(?<!UBND )(?<!\w)[Xx]ã(?!, phường| hội|\w)")


def alone(text: str) -> list[str]:
    return [text[max(0, found.start() - 30) : found.end() + 30] for found in ALONE.finditer(text)]


def catalogs() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "translations/vi/LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                texts = message.string if isinstance(message.string, tuple) else (message.string,)
                yield from ((path.name, text) for text in texts)


def sources() -> Iterator[tuple[str, str]]:
    """Every text in the Python of the product but docstrings, and the questionnaires that are shipped."""
    for path in sorted((ROOT / "survey").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs:
                yield path.name, node.value
    for path in sorted((ROOT / "survey/form/questionnaires").glob("*.md")):
        yield from ((path.name, line) for line in path.read_text(encoding="utf-8").splitlines() if line[:1] == "|")


def test_no_text_takes_every_commune_for_a_xa() -> None:
    said = [*catalogs(), *sources()]
    assert len(said) > 2000
    assert [f"{place}: {found}" for place, text in said for found in alone(text)] == []


def test_the_gate_sees_a_planted_one() -> None:
    assert alone("Hãy báo cán bộ xã.") and alone("Xã trả lại") and alone("Mã này thuộc xã {other}.")
    assert not alone("Báo cán bộ xã, phường; UBND xã; cấp xã; trợ cấp xã hội; Xã, phường chưa nhận")
