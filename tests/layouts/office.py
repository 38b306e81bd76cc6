"""A workbook worked out anew by LibreOffice, without the stored values: it cannot read back what we wrote."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook

OFFICE = shutil.which("soffice")


def without_values(content: bytes) -> bytes:
    done = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(done, "w") as again:
        for name in packed.namelist():
            part = packed.read(name)
            if name.startswith("xl/worksheets/"):
                part = re.sub(rb"</f><v>[^<]*</v>", b"</f>", part).replace(b' t="str"><f>', b"><f>")
            again.writestr(name, part)
    return done.getvalue()


def worked_out_again(content: bytes, folder: Path) -> bytes:
    (folder / "a.xlsx").write_bytes(without_values(content))
    command = [str(OFFICE), "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "xlsx",
               "--outdir", str(folder / "again"), str(folder / "a.xlsx")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (folder / "again" / "a.xlsx").read_bytes()


def assert_alike(content: bytes, again: bytes, sheets: Sequence[str]) -> None:
    """The same values in each cell of some sheets."""
    was, is_ = (load_workbook(io.BytesIO(one), data_only=True) for one in (content, again))
    for sheet in sheets:
        for before, after in zip(was[sheet].iter_rows(), is_[sheet].iter_rows(), strict=False):
            for one, other in zip(before, after, strict=False):
                if isinstance(one.value, float):
                    assert other.value == pytest.approx(one.value, abs=1e-9), (sheet, one.coordinate)
                else:
                    assert (other.value or "") == (one.value or ""), (sheet, one.coordinate)
