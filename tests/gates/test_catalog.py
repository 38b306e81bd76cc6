"""No untranslated string: the Vietnamese catalogs hold what the sources say, all of it and nothing else."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from scripts.catalog import CATALOG, ROOT, extracted, faults, read_catalog, updated


def po(text: str) -> Catalog:
    return read_po(BytesIO(text.encode()), locale="vi")


SOURCES = po('msgid "Save"\nmsgstr ""\n\nmsgid "%(count)s left"\nmsgstr ""\n')
WHOLE = 'msgid "Save"\nmsgstr "Lưu"\n\nmsgid "%(count)s left"\nmsgstr "Còn %(count)s"\n'


@cache
def found() -> Catalog:
    """What Babel finds in the product: it reads every source, which takes seconds."""
    return extracted(ROOT)


def said(text: str) -> str:
    return "\n".join(faults(SOURCES, po(text)))


@pytest.mark.thorough
def test_every_message_has_a_vietnamese_translation_and_none_is_left_over() -> None:
    assert faults(found(), read_catalog(ROOT)) == []


@pytest.mark.thorough
def test_the_catalog_stands_as_an_update_writes_it_with_the_file_of_each_message() -> None:
    """So that a translator finds each where it is said, and a change of words is a change of its lines alone."""
    assert updated(found(), read_catalog(ROOT)) == (ROOT / CATALOG).read_bytes()
    assert [path.name for path in (ROOT / CATALOG).parent.glob("*.po")] == ["messages.po"]
    assert "#: survey/web/templates/phone/screens/home.html" in (ROOT / CATALOG).read_text(encoding="utf-8")


def test_an_update_keeps_what_is_translated_and_says_what_is_not() -> None:
    made = po(updated(SOURCES, po('msgid "Save"\nmsgstr "Lưu"\n\nmsgid "Old"\nmsgstr "Cũ"\n')).decode())
    assert {message.id: message.string for message in made if message.id} == {"Save": "Lưu", "%(count)s left": ""}


def test_the_gate_looks_at_something() -> None:
    assert len(found()) > 30


def test_planted_faults_are_found() -> None:
    assert said(WHOLE) == ""
    assert "has no translation" in said('msgid "Save"\nmsgstr "Lưu"\n')
    assert "has no translation" in said(WHOLE.replace("Lưu", ""))
    assert "is used nowhere" in said(WHOLE + '\nmsgid "Old"\nmsgstr "Cũ"\n')
    assert "fuzzy" in said("#, fuzzy\n" + WHOLE)
    assert "obsolete" in said(WHOLE + '\n#~ msgid "Old"\n#~ msgstr "Cũ"\n')
    assert "other placeholders" in said(WHOLE.replace("Còn %(count)s", "Còn %(cuont)s"))
    assert "not NFC" in said(WHOLE.replace("Lưu", "Lu\u031bu"))
