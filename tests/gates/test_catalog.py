"""No untranslated string: the Vietnamese catalogs hold what the sources say, all of it and nothing else."""

from __future__ import annotations

from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from scripts.catalog import ROOT, catalogs, extracted, faults


def po(text: str) -> Catalog:
    return read_po(BytesIO(text.encode()), locale="vi")


SOURCES = po('msgid "Save"\nmsgstr ""\n\nmsgid "%(count)s left"\nmsgstr ""\n')
WHOLE = 'msgid "Save"\nmsgstr "Lưu"\n\nmsgid "%(count)s left"\nmsgstr "Còn %(count)s"\n'


def said(text: str) -> str:
    return "\n".join(faults(SOURCES, {"vi.po": po(text)}))


def test_every_message_has_a_vietnamese_translation_and_none_is_left_over() -> None:
    assert faults(extracted(ROOT), catalogs(ROOT)) == []


def test_the_gate_looks_at_something() -> None:
    assert len(extracted(ROOT)) > 30


def test_planted_faults_are_found() -> None:
    assert said(WHOLE) == ""
    assert "has no translation" in said('msgid "Save"\nmsgstr "Lưu"\n')
    assert "has no translation" in said(WHOLE.replace("Lưu", ""))
    assert "is used nowhere" in said(WHOLE + '\nmsgid "Old"\nmsgstr "Cũ"\n')
    assert "fuzzy" in said("#, fuzzy\n" + WHOLE)
    assert "obsolete" in said(WHOLE + '\n#~ msgid "Old"\n#~ msgstr "Cũ"\n')
    assert "other placeholders" in said(WHOLE.replace("Còn %(count)s", "Còn %(cuont)s"))
    assert "not NFC" in said(WHOLE.replace("Lưu", "Lu\u031bu"))
    twice = {"a.po": po(WHOLE), "b.po": po('msgid "Save"\nmsgstr "Ghi"\n')}
    assert any("translated otherwise" in fault for fault in faults(SOURCES, twice))
