"""How fast phones are taken in, against what a province needs.

    make bench                                  SQLite, in a temporary folder
    make bench DATABASE_URL=postgresql://…      an EMPTY database of yours: the demo commune is loaded into it

A server of the product's own (waitress, 8 threads) is started on the loopback with the demo commune. Every enumerator
of the demo is a phone: it signs in, pulls its register, and sends an interview for each household in batches of ten,
all phones at once. An interview is last year's answers of the household.

The limit it is held against: a province's evening. Sơn La has 75 communes; a highland commune sends 27 teams out, each
does about 12 households a day and comes back into the network in the same hour: 75 × 27 × 12 / 3600 = 6.75 interviews
a second. The ratio printed is what this machine took in, over that. One process, phones and server on the same cores:
read it as an order of magnitude.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any

from survey.demo.accounts import ACCOUNTS, COMMUNE, PASSWORD
from survey.terms import Role

NEED = 75 * 27 * 12 / 3600  # interviews a second
BATCH = 10


def uuid7(now: datetime) -> str:
    value = int(now.timestamp() * 1000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def stamp(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"


class Phone:
    """One enumerator's phone: a connection that stays open, a session, and how long each push took."""

    def __init__(self, port: int, username: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.device = {"id": secrets.token_hex(16), "label": "bench", "app_version": "bench", "in_progress": 0}
        self.pushes: list[float] = []
        page = self.ask("GET", "/login")[1].decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        form = {"username": username, "password": PASSWORD, "csrf_token": token[1] if token else ""}
        status, body = self.ask("POST", "/login", urllib.parse.urlencode(form), "application/x-www-form-urlencoded")
        if status not in (302, 303):
            raise RuntimeError(f"{username} cannot sign in: {status} {body[:200]!r}")
        self.csrf = json.loads(self.ask("GET", "/api/v1/hello")[1])["csrf"]

    def ask(
        self, method: str, path: str, body: str | None = None, media_type: str = "application/json"
    ) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": media_type, "X-CSRF-Token": getattr(self, "csrf", "")}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for value in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(value).items()}
        return answer.status, answer.read()

    def pull(self) -> None:
        self.households: list[dict[str, Any]] = []
        cursor, more = 0, True
        while more:
            chunk = json.loads(self.ask("GET", f"/api/v1/register?cursor={cursor}&limit=100")[1])
            cursor, more = chunk["cursor"], chunk["more"]
            self.households += [entry for entry in chunk["entries"] if entry.get("last_answers")]

    def entry(self, household: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "id": uuid7(now), "commune_id": COMMUNE, "round_id": household["round_id"],
            "household_id": household["household_id"], "form": form, "answers": household["last_answers"],
            "confirmed": {}, "outcome": {}, "files": [], "started_at": stamp(now), "finalised_at": stamp(now),
            "replaces": None, "new_household": None,
        }  # fmt: skip

    def push_all(self, form: dict[str, str]) -> None:
        entries = [self.entry(household, form) for household in self.households]
        for start in range(0, len(entries), BATCH):
            batch = entries[start : start + BATCH]
            envelope = {"device": self.device | {"clock": stamp(datetime.now(UTC))}, "unsent": [], "entries": batch}
            began = time.perf_counter()
            status, body = self.ask("POST", "/api/v1/push", json.dumps(envelope))
            self.pushes.append(time.perf_counter() - began)
            if status != 200 or any("receipt" not in result for result in json.loads(body)["results"]):
                raise RuntimeError(f"push: {status} {body[:300]!r}")


def all_at_once(phones: list[Phone], work: str, *arguments: Any) -> float:
    """Seconds until every phone has done it."""
    began = time.perf_counter()
    with ThreadPoolExecutor(len(phones)) as threads:
        for done in [threads.submit(getattr(phone, work), *arguments) for phone in phones]:
            done.result()
    return time.perf_counter() - began


@contextmanager
def served() -> Iterator[tuple[int, int]]:
    """A server of the product's own with the demo commune, in a folder that goes with it: its port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "INSTANCE": folder, "HOST": "127.0.0.1", "PORT": str(port)}
        server = subprocess.Popen(
            [sys.executable, "-m", "scripts.serve"], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            while (line := server.stdout.readline()) and str(port) not in line:  # type: ignore[union-attr]
                continue
            yield port, server.pid
        finally:
            server.terminate()
            server.wait()


def main() -> int:
    with served() as (port, _):
        phones = [Phone(port, account.username) for account in ACCOUNTS if account.role == Role.ENUMERATOR]
        form = json.loads(phones[0].ask("GET", "/api/v1/hello")[1])["rounds"][-1]["form"]
        pulled = all_at_once(phones, "pull")
        pushed = all_at_once(phones, "push_all", {"id": form["id"], "version": form["version"]})
    count = sum(len(phone.households) for phone in phones)
    took = sorted(seconds for phone in phones for seconds in phone.pushes)
    rate = count / pushed
    kind = os.environ.get("DATABASE_URL", "").partition(":")[0] or "SQLite"
    print(f"{kind}: {len(phones)} phones pulled {count} households in {pulled:.2f} s")
    print(f"{count} interviews in {pushed:.2f} s: {rate:.1f} a second")
    print(f"{rate / NEED:.1f} × a province's evening ({NEED:.2f} a second)")
    print(f"a push of {BATCH}: median {statistics.median(took):.2f} s, slowest {took[-1]:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
