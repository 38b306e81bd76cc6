"""What is tried: by family, its seeds and what reads them in the process that serves. Each refuses in its own way; what
it raises beyond that is a fault and goes through."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

from survey.accounts.escrow import Escrow, make_key
from survey.canonical import canonical
from survey.carry import frames, sealed
from survey.collect import openrosa
from survey.files.media_types import judge_small
from survey.form.record import typed
from survey.form.values import days, text_number
from survey.intake.envelope import read_asked, read_envelope
from survey.problems import Problem
from survey.questionnaires.form_files import GivenFile, Refused, check_source
from survey.register import births, tables
from survey.register.csv_rows import CsvSheet, folded
from survey.register.tables import Unreadable
from survey.text import normal, without_tones
from tests.interviews import entry, envelope, outcome, small_form
from tests.pictures import picture


class Family(NamedTuple):
    """`attempt`: how many entries the input had; the time is shared among them."""

    name: str
    seeds: tuple[bytes, ...]
    attempt: Callable[[bytes], int]


def _envelope(data: bytes) -> int:
    try:
        entries = read_envelope(data).entries
    except Problem:
        entries = []
    with suppress(Problem):
        read_asked(data)
    return len(entries)


def _openrosa(data: bytes) -> int:
    try:
        sent = openrosa.parse(data)
    except openrosa.RefusedXml:
        return 1
    canonical(openrosa.read(sent, small_form()).answers)
    openrosa.read(sent, None)
    return 1


_ESCROW = Escrow(make_key())


def _bundle(data: bytes) -> int:
    bundle = sealed.Bundle("a", "b")
    with tempfile.TemporaryDirectory(dir=Path("/dev/shm") if Path("/dev/shm").exists() else None) as folder:
        for read in (
            lambda: sealed.open_bundle(io.BytesIO(data), _ESCROW, Path(folder), 8 << 20),
            lambda: sealed._read_parts(io.BytesIO(data), bundle, _ESCROW, Path(folder), 8 << 20),
            lambda: frames.read(frames.BUNDLE, data.decode("utf-8", "replace")),
        ):
            try:
                read()
            except Problem:
                continue
    return len(bundle.entries)


def _list(data: bytes) -> int:
    with suppress(Unreadable):
        tables.read(data[: tables.SHORT])  # a longer one is read by the child
    return 1


def _sheet(data: bytes) -> int:
    CsvSheet("a.csv", data, {"name": {"ho ten"}, "birth": {"ngay sinh"}}, {"name"})
    # Each line is an entry, however short; ten thousand of them, a commune's two lists, are taken for one here.
    return max(1, max(data.count(b"\n"), data.count(b"\r")) // 10_000)


def _questionnaire(data: bytes) -> int:
    for name in ("a.xlsx", "a.csv", "a.md"):
        try:
            check_source(GivenFile(name, data))
        except Refused:
            continue
    return 1


def _values(data: bytes) -> int:
    text = data.decode("utf-8", "replace")
    for kind in ("integer", "decimal", "date", "dateTime", "time", "geopoint", "geotrace", "geoshape"):
        typed(kind, text)
    text_number(text)
    days(text)
    births.read_birth(text[:20_000], folded(text[:20_000]), date(2026, 11, 22))
    normal("NFC", text)
    without_tones(text[:20_000])
    return 1


def _picture(data: bytes) -> int:
    judge_small(data, "image/jpeg")
    judge_small(data, "image/webp")
    return 1


_SENT = b"""<data id="phieu_thu" version="1" xmlns:orx="http://openrosa.org/xforms"><diem_b1>132</diem_b1>
<thanh_vien><ho_ten>L\xc3\xb2</ho_ten><tuoi>41</tuoi></thanh_vien><mang>khong</mang>
<orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>"""
_PUSH = json.dumps(envelope(entry(), outcome()), ensure_ascii=False).encode()
_LISTS = ("Họ tên;Ngày sinh\nLò Văn Đông;7/4/1965\n".encode(), b'a,b\n"x ""y""",2\n')
FAMILIES = (
    Family("envelope", (_PUSH, b'{"device": {"id": "a"}, "entries": [{"answers": {"a": [["x"]]}}]}'), _envelope),
    Family("openrosa", (_SENT,), _openrosa),
    Family(
        "bundle",
        (
            b'{"entries": [{"id": "a"}]}\n{"file": {"size": 3, "sha256": "a"}}\nabc',
            b"so-ho-bundle-1\n{}\n",
            b"SHB1:ABCDEFGH:1/2:0123ABCD:ABCDEFGH\n",
        ),
        _bundle,
    ),
    Family("list", _LISTS, _list),
    Family("sheet", _LISTS, _sheet),
    Family(
        "workbook",
        (b"| survey |\n| | type | name |\n| | text | a |\n", b"survey,type,name\n,text,a\n"),
        _questionnaire,
    ),
    Family(
        "values",
        (b"21.45 103.7 0 12;21.46 103.8 0 12", b"-12.5", b"2026-11-22T01:10:00.000+07:00", b" 1 "),
        _values,
    ),
    Family("picture", (picture("JPEG"), picture("WEBP"), picture("PNG")), _picture),
)
