"""How long phones wait while a large list is imported: `python -m bench.import_beside_pushes [ROWS]`, else 30,000.

A server of the product's own with the demo commune (and, from the release on that has jobs, its worker) is started on
the loopback. A supervisor uploads an .xlsx of ROWS rows on the page, answers its questions with the proposals and
confirms it, while a phone pushes one interview after another. Limits: 60 s, 300 MB in any process, and no push that
waits longer than 0.5 s. Printed as shares of them, beside the slowest push of the same phone when nothing else is done.
"""

from __future__ import annotations

import io
import json
import re
import sys
import threading
import time
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from openpyxl import Workbook

from bench.intake import Phone, served, stamp
from survey.demo.accounts import COMMUNE, VILLAGES
from survey.demo.names import KINH, family_name, full_name

LIMIT_SECONDS, LIMIT_MB, LIMIT_WAIT = 60.0, 300.0, 0.5
QUIET = 10.0  # seconds of pushing before
SUPERVISOR, ENUMERATOR = "can-bo-xa", "ban-na-xa"


def workbook(rows: int) -> bytes:
    """A list as an office has it: four persons a household, in the demo's villages."""
    draw, book = Random("import"), Workbook(write_only=True)
    sheet = book.create_sheet("DS hộ")
    sheet.append(["Thôn, bản", "Mã hộ", "Họ và tên", "Quan hệ với chủ hộ", "Năm sinh", "Giới tính", "Phân loại"])
    for household in range(rows // 4):
        village = VILLAGES[household % len(VILLAGES)].name
        family = family_name(draw, KINH)
        taken: set[str] = set()
        for relation, sex, year in (
            ("Chủ hộ", "nam", 1975),
            ("Vợ", "nu", 1978),
            ("Con", "nam", 2001),
            ("Con", "nu", 2008),
        ):
            name = full_name(draw, KINH, sex, family, taken)
            taken.add(name)
            name = f"{name} {household}"  # nobody of the demo's
            spelt = "Nam" if sex == "nam" else "Nữ"
            sheet.append(
                [
                    village,
                    f"MOI-{household:05}",
                    name,
                    relation,
                    year,
                    spelt,
                    "Hộ nghèo" if relation == "Chủ hộ" else None,
                ]
            )
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


class Office(Phone):
    """A supervisor's browser."""

    def send(self, path: str, fields: dict[str, str], file: bytes | None = None) -> tuple[str, str]:
        """Post a form; returns (address, page) of where it leads, waiting for the job if it is one."""
        if file is None:
            status, body = self.ask("POST", path, urllib.parse.urlencode(fields), "application/x-www-form-urlencoded")
        else:
            edge = "edge-of-the-file"
            parts = [
                f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
            ]
            head = f'--{edge}\r\nContent-Disposition: form-data; name="households"; filename="a.xlsx"\r\n\r\n'
            whole = "".join(parts).encode() + head.encode() + file + f"\r\n--{edge}--\r\n".encode()
            status, body = self.ask("POST", path, whole, f"multipart/form-data; boundary={edge}")  # type: ignore[arg-type]
        return self.lead(path, status, body)

    def lead(self, path: str, status: int, body: bytes) -> tuple[str, str]:
        while status in (302, 303) or 'data-job="queued"' in body.decode() or 'data-job="running"' in body.decode():
            if status in (302, 303):
                found = re.search(r'href="([^"]+)"', body.decode())
                path = found[1] if found else path
            else:
                time.sleep(0.5)
            status, body = self.ask("GET", path)
        if status not in (200, 422):
            raise RuntimeError(f"{path}: {status} {body[:500]!r}")
        return path, body.decode()


def load(office: Office, file: bytes) -> float:
    """Seconds until the list is on the register."""
    began = time.perf_counter()
    _, page = office.send("/register/import/", {"commune": COMMUNE}, file)
    for _time in range(4):
        upload = re.search(r'name="upload" type="hidden" value="([\w-]+)"', page)
        if upload is None:
            raise RuntimeError(re.sub(r"<[^>]+>|\s+", " ", page)[-3000:])
        if "/confirm" in page:
            office.send("/register/import/confirm", {"upload": upload[1]})
            return time.perf_counter() - began
        given = dict(re.findall(r'name="(q:[^"]+)" value="([^"]+)" checked', page))
        for name, options in re.findall(r'<select name="(q:[^"]+)".*?>(.*?)</select>', page, re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', options)
            given[name] = chosen[1] if chosen else ""
        _, page = office.send("/register/import/answers", {"upload": upload[1], **given})
    raise RuntimeError("the list goes on asking")


def push(phone: Phone, form: dict[str, str], ended: threading.Event) -> list[float]:
    """Push one interview after another until told to end; how long each waited."""
    waits, at = [], 0
    while not ended.is_set():
        entry = phone.entry(phone.households[at % len(phone.households)], form)
        at += 1
        envelope = {"device": phone.device | {"clock": stamp(datetime.now(UTC))}, "unsent": [], "entries": [entry]}
        began = time.perf_counter()
        status, body = phone.ask("POST", "/api/v1/push", json.dumps(envelope))
        waits.append(time.perf_counter() - began)
        if status != 200 or "receipt" not in json.loads(body)["results"][0]:
            raise RuntimeError(f"push: {status} {body[:300]!r}")
        ended.wait(0.05)
    return waits


def pushing(phone: Phone, form: dict[str, str], meanwhile: Any) -> tuple[list[float], Any]:
    ended, waits = threading.Event(), []
    thread = threading.Thread(target=lambda: waits.extend(push(phone, form, ended)))
    thread.start()
    try:
        result = meanwhile()
    finally:
        ended.set()
        thread.join()
    return sorted(waits), result


def most_memory(parent: int) -> float:
    """MB that the server or a process it started held at most."""
    most = 0.0
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            said = path.read_text()
        except OSError:
            continue
        ids = {name: int(value) for name, value in re.findall(r"^(Pid|PPid|VmHWM):\s+(\d+)", said, re.MULTILINE)}
        if parent in (ids.get("Pid"), ids.get("PPid")):
            most = max(most, ids.get("VmHWM", 0) / 1024)
    return most


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    file = workbook(rows)
    with served() as (port, server):
        office, phone = Office(port, SUPERVISOR), Phone(port, ENUMERATOR)
        form = json.loads(phone.ask("GET", "/api/v1/hello")[1])["rounds"][-1]["form"]
        phone.pull()
        asked = {"id": form["id"], "version": form["version"]}
        quiet, _ = pushing(phone, asked, lambda: time.sleep(QUIET))
        waits, seconds = pushing(phone, asked, lambda: load(office, file))
        memory = most_memory(server)
    middle, slowest = waits[len(waits) // 2], waits[-1]
    print(f"{rows} rows ({len(file) / 1e6:.1f} MB .xlsx), uploaded, asked about, confirmed and loaded on the page")
    print(f"  {seconds:.1f} s: {seconds / LIMIT_SECONDS:.2f} of the limit")
    print(f"  {memory:.0f} MB at most in a process: {memory / LIMIT_MB:.2f} of the limit")
    of_limit = f"{slowest / LIMIT_WAIT:.2f} of the limit"
    print(f"  {len(waits)} pushes meanwhile: median {middle:.3f} s, slowest {slowest:.3f} s: {of_limit}")
    print(f"  {len(quiet)} pushes before: median {quiet[len(quiet) // 2]:.3f} s, slowest {quiet[-1]:.3f} s")
    return 0 if seconds <= LIMIT_SECONDS and memory <= LIMIT_MB and slowest <= LIMIT_WAIT else 1


if __name__ == "__main__":
    sys.exit(main())
