"""A village questionnaire that shows each way of asking (`trung_bay.md`), with pictures, a sound and 3,000 markets."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook
from sqlalchemy.orm import Session

from survey.form.form import Form
from survey.questionnaires.published import Given, publish
from survey.register.entries import import_household
from survey.rounds.rounds import open_round
from survey.terms import SourceKind
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.phone import village

SOURCE = Path(__file__).with_name("trung_bay.md")
MARKETS = 3000


def picture(red: int, green: int, blue: int, width: int = 64, height: int = 48) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes((red, green, blue)) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def sound() -> bytes:
    """A second of silence."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 8000)
    return held.getvalue()


def workbook() -> bytes:
    """The Markdown as .xlsx, for a line of a Markdown table cannot hold a line break and a cell can."""
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("\\n", "\n") for cell in line.split("|")[1:-1]]
        if cells[0]:
            sheet = book.create_sheet(cells[0])
        else:
            sheet.append(cells[1:])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def attachments() -> dict[str, bytes]:
    markets = "".join(f"c{number},Chợ số {number}\n" for number in range(MARKETS))
    return {
        "cho.csv": ("name,label\n" + markets).encode(),
        "nha_san.png": picture(160, 110, 60),
        "nha_dat.png": picture(200, 170, 120),
        "nha_to.png": picture(120, 160, 60, 640, 480),
        "tieng.wav": sound(),
    }


def form() -> Form:
    return compile_workbook(workbook(), attachments())


def build(session: Session) -> None:
    """The world, and an open round over some households that is asked with this questionnaire."""
    world.build(session)
    now = datetime.now(UTC)
    given = Given("trung_bay.xlsx", SourceKind.XLSX, workbook(), attachments())
    published = publish(session, form(), "", now, given=given)
    for number in range(16):  # one for each test
        import_household(
            session,
            commune_id=world.COMMUNE,
            household_id=f"ho-{number}",
            village_id=world.VILLAGE,
            head_name=village.HEADS[number % 6],
            now=now,
        )
    open_round(
        session,
        round_id=village.ROUND,
        title="Khảo sát thôn 2026",
        year=2026,
        form=published,
        **world.season(session, now),
        now=now,
    )
