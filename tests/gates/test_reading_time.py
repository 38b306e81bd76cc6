"""What strangers send is read in a time that grows with its length, whatever stands in it.

Patterns are held by tests/gates/test_patterns.py, which counts their steps. Most readers here work in C, where no step
can be counted: eight times the text may take thirty times the work at most, in the processor's time of this thread
alone. A reader that goes back to the beginning for each letter takes sixty-four times, and for these texts seconds. A
machine that is busy makes a time longer and never shorter, now the one and now the other: so it is tried again, and the
fault is one that shows each of TRIES times.
"""

from __future__ import annotations

import gc
import json
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from survey.accounts.accounts import fold
from survey.carry import frames
from survey.collect import openrosa
from survey.devices import receipt_check
from survey.form import expression
from survey.form.record import typed
from survey.intake.envelope import read_entries, read_envelope
from survey.problems import Problem
from survey.register import importing
from survey.register.csv_rows import CsvSheet
from survey.register.list_households import understand
from survey.register.questions import Asked
from survey.text import MOST_MARKS, normal, without_tones
from survey.xlsform.reader import WorkbookError, read_workbook
from survey.xlsform.rows import language_code
from survey.xlsform.tables import TableError, read_table

pytestmark = pytest.mark.thorough

TIMES, MOST_GROWTH, LEAST, TRIES = 8, 30, 0.004, 6
MARKS = "\u0301\u0327"  # in this order they must be sorted
READY = '{"device": {"id": "d"}, "entries": ['


def spent(work: Callable[[str], Any], text: str) -> float:
    """The least of three goes, the collector of what other tests left behind kept out of them."""
    gc.disable()
    try:
        return min(_once(work, text) for _ in range(3))
    finally:
        gc.enable()


def _once(work: Callable[[str], Any], text: str) -> float:
    begun = time.thread_time()
    with suppress(Problem, openrosa.RefusedXml, expression.ExpressionError, WorkbookError, TableError):
        work(text)
    return time.thread_time() - begun


def envelope(text: str) -> None:
    read_envelope(text.encode())


def submission(text: str) -> None:
    openrosa.read(openrosa.parse(text.encode()), None)


def sheet(text: str) -> None:
    CsvSheet(importing.HOUSEHOLDS, text.encode(), importing.HOUSEHOLD_COLUMNS, {"village"})


def office_list(text: str) -> None:
    asked = Asked({}, accepts=True)
    understand({"a.csv": text.encode()}, "03757", {}, False, None, {}, asked, date(2026, 11, 23))


def receipts(text: str) -> None:
    receipt_check.read_claims(text.encode())


def table(text: str) -> None:
    read_table("a.xml", text.encode())


def xml(inside: str) -> str:
    return f'<data id="f"><meta><instanceID>uuid:1</instanceID></meta>{inside}</data>'


HOSTILE: dict[str, tuple[Callable[[str], Any], Callable[[int], str], int]] = {
    "envelope: a string without end": (envelope, lambda n: READY + '"' + '\\"' * n, 4000),
    "envelope: quotes in what is deep": (envelope, lambda n: READY + "[" * 50 + '"\\"' * n, 4000),
    "envelope: one number": (envelope, lambda n: READY + "1" * n + "]}", 20_000),
    "envelope: marks in answers": (envelope, lambda n: READY + json.dumps({"id": "e" + MARKS * n}) + "]}", 4000),
    "line that was walked: spaces": (lambda text: typed("geotrace", text), lambda n: "1 1" + " " * n + "x", 2500),
    "line that was walked: points": (lambda text: typed("geotrace", text), lambda n: "1 1;" * n, 2500),
    "submission: marks": (submission, lambda n: xml(f"<ten>e{MARKS * n}</ten>"), 6000),
    "submission: one name again and again": (submission, lambda n: xml("<x>1</x>" * n), 6000),
    "name of an account": (fold, lambda n: "e" + MARKS * n, 6000),
    "search": (without_tones, lambda n: "e" + MARKS * n, 6000),
    "list of households: marks": (sheet, lambda n: f"thon\ne{MARKS * n}", 6000),
    "list of households: many columns": (sheet, lambda n: "thon" + "," * n + "\n1" * n, 1000),
    "list of an office: marks": (office_list, lambda n: f"thon,chu ho\nBản e{MARKS * n},A", 6000),
    "list of an office: many columns": (office_list, lambda n: "thon,chu ho" + "," * 150 + "\n1,A" * n, 500),
    "list of an office: a village each": (
        office_list, lambda n: "thon,chu ho" + "".join(map("\nB{0},A{0}".format, range(n))), 60
    ),
    "list of an office: one name": (office_list, lambda n: "thon,chu ho,ngay sinh\n" + "Nà,Lò Hoà,1/2/65\n" * n, 400),
    "receipts: a text of brackets": (receipts, lambda n: '{"a":' * 150 + "[" + "1," * n, 9000),
    "codes": (lambda text: frames.read(frames.BUNDLE, text), lambda n: "SHB1:" * n + "\n" * n, 4000),
    "rule: many words": (expression.parse, lambda n: "1" + " + 1" * n, 4000),
    "rule: a question without end": (expression.parse, lambda n: "${" + " " * n, 300),
    "heading": (language_code, lambda n: "(" * n, 5000),
    "workbook: blank lines": (read_workbook, lambda n: "\n" * n, 5000),
    "table: one long value": (table, lambda n: f"<root><item><a b='{'x' * n}", 500_000),
}  # fmt: skip


def growths(work: Callable[[str], Any], text: Callable[[int], str], size: int, tries: int = TRIES) -> Iterator[float]:
    """How many times the work TIMES the text took, try by try, each from what both took at least until then."""
    spent(work, text(10))  # what is made once
    many = float("inf")
    for _ in range(tries):
        few = max(*(spent(work, text(size)) for _ in range(2)), LEAST)
        many = min(many, spent(work, text(size * TIMES)))
        yield many / few


@pytest.mark.parametrize("family", HOSTILE)
def test_the_work_grows_with_the_text(family: str) -> None:
    assert any(growth < MOST_GROWTH for growth in growths(*HOSTILE[family]))


def test_a_reader_that_goes_back_to_the_beginning_is_found() -> None:
    def goes_back(text: str) -> None:  # and from there again: far enough from what is allowed for any busy machine
        for end in range(len(text)):
            for begin in range(end):
                sum(map(ord, text[begin:end]))

    assert not any(growth < MOST_GROWTH for growth in growths(goes_back, lambda n: "e" * n, 60, tries=1))


def test_a_text_that_people_write_is_spelt_as_unicode_says() -> None:
    for text in ("Lò Văn Đông", "Lo\u0300 Va\u0306n", "ạ\u0301", "e" + MARKS * 15, "ﬁ", "각"):
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert normal(form, text) == unicodedata.normalize(form, text)


def test_marks_without_end_are_kept_and_parted() -> None:
    spelt = normal("NFC", "x" + MARKS * 200)
    assert spelt.replace("\u034f", "").count("\u0327") == 200
    longest = max(len(run) for run in spelt.split("\u034f"))
    assert longest <= MOST_MARKS + 1


def test_a_line_of_a_bundle_with_too_many_entries_is_refused_before_they_are_read() -> None:
    line = json.dumps({"entries": [{}] * 11}).encode()
    assert len(read_entries(line, 11)) == 11
    with pytest.raises(Problem, match="too_large"):
        read_entries(line, 10)


def test_receipts_behind_stray_brackets_are_still_found() -> None:
    receipt = json.dumps({"body": "{}", "signature": "x"})
    assert len(receipt_check.read_claims(("Kính gửi {anh} { " * 60 + receipt).encode())) == 1
