"""Phones under Node.js (tests/faults/phone/), told what to do line by line."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MODULES = Path(__file__).parent / "node_modules"
NODE = (str(ROOT / "scripts/node"), "--experimental-vm-modules", "--no-warnings", "tests/faults/phone/main.js")


class Died(Exception):
    """The tab died before it was done."""


class Failed(Exception):
    """What the app said when it could not; `kind` is the error's name."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class Phones:
    """One process with every phone of a seed."""

    async def start(self) -> None:
        if not MODULES.exists():
            raise SystemExit("tests/faults/node_modules is missing: run `make faults`, which installs it (npm ci).")
        self._process = await asyncio.create_subprocess_exec(
            *NODE, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=64 * 1024 * 1024
        )
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            told = json.loads(line)
            self._waiting.pop(told["id"]).set_result(told)
        for waiting in self._waiting.values():
            waiting.set_exception(RuntimeError("the phones' process ended"))

    async def do(self, what: str, phone: int = 0, tab: int = 0, **more: Any) -> Any:
        """What the app answered. Raises Died or Failed."""
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": number, "do": what, "phone": phone, "tab": tab, **more})
        assert self._process.stdin
        self._process.stdin.write(line.encode() + b"\n")
        told = await self._waiting[number]
        if told.get("died"):
            raise Died
        if "failed" in told:
            raise Failed(told["failed"], told["why"])
        return told["said"]
