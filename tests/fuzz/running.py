"""Bends seeds, tries each, measures: processor time of this process, and how far its memory rises."""

from __future__ import annotations

import gc
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.targets import FAMILIES, Family

MOST_BYTES = 1_000_000
MOST_MS = 200.0  # of the processor, an entry
MOST_MB = 64.0
SHARP = [b" ", b"\t", b"\n", b'"', b"\\", b"[", b"{", b"(", b";", b",", b"|", b"-", b".", b"0", b"9", b"a", b"<", b"&",
         b"\x00", b"\xff", "\u0301".encode(), "ệ".encode(), b"1e9", b"</", b"${", b"::", b"=", b"'"]  # fmt: skip


class Found(NamedTuple):
    """An input that goes beyond a bound."""

    family: str
    why: str
    path: Path


@dataclass
class Report:
    inputs: int = 0
    worst_ms: float = 0.0
    worst_mb: float = 0.0
    found: list[Found] = field(default_factory=list)


def bent(seed: bytes, draw: random.Random) -> bytes:
    """One to four changes: something is repeated many times, cut, put in, put elsewhere, another byte."""
    data = bytearray(seed)
    for _ in range(draw.randint(1, 4)):
        at = draw.randint(0, len(data))
        way = draw.randrange(6)
        if way <= 1:  # a piece of it, or of what patterns and parsers mind, over and over
            piece = bytes(data[at : at + draw.randint(1, 40)]) if way else b""
            piece = piece or b"".join(draw.choices(SHARP, k=draw.randint(1, 3)))
            times = draw.choice([10, 1_000, 20_000, MOST_BYTES]) // len(piece) + 1
            data[at:at] = piece * times
        elif way == 2:
            del data[at : at + draw.randint(1, max(1, len(data) // 2))]
        elif way == 3:
            data[at:at] = draw.choice(SHARP)
        elif way == 4:
            end = draw.randint(0, len(data))
            data[end:end] = data[at : at + 200]
        elif data:
            data[at % len(data)] = draw.randrange(256)
        del data[MOST_BYTES:]
    return bytes(data)


def measured(act: Callable[[], int]) -> tuple[float, float]:
    """(milliseconds of the processor an entry, MB by which memory rose). `act`: returns how many entries there were."""
    gc.collect()
    held = _mark()
    before = time.process_time()
    entries = act()
    spent = (time.process_time() - before) * 1000 / max(1, entries)
    return spent, _peak() - held


def _mark() -> float:
    """Begin the high-water mark anew where the kernel can; what is held now, in MB."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return _peak()
    return _said("VmRSS")


def _peak() -> float:
    return _said("VmHWM")


def _said(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def inputs(family: Family, kept: Path, draw: random.Random) -> Iterator[bytes]:
    """What was kept of it, its seeds as they are, then bent ones without end."""
    old = [path.read_bytes() for path in sorted(kept.glob(f"{family.name}-*"))]
    yield from old
    yield from family.seeds
    while True:
        yield bent(draw.choice([*family.seeds, *old]), draw)


def run(seconds: float, seed: int, kept: Path, families: tuple[Family, ...] = FAMILIES) -> dict[str, Report]:
    """Try each family for its part of the time; what goes beyond a bound is written to `kept`."""
    reports = {}
    gc.collect()
    gc.freeze()  # what is loaded stays: looking through it before each input would take all the time
    for family in families:
        report = reports[family.name] = Report()
        # A number that hash() would make otherwise in each process.
        draw = random.Random(f"{seed} {family.name}")
        tries = inputs(family, kept, draw)
        until = time.monotonic() + seconds / len(families)
        least = len(list(kept.glob(f"{family.name}-*"))) + len(family.seeds)
        while time.monotonic() < until or report.inputs < least:
            data = next(tries)
            spent, rose = measured(partial(family.attempt, data))
            if report.inputs and spent > MOST_MS:  # a machine with other work: twice is no accident
                spent = min(spent, measured(partial(family.attempt, data))[0])
            report.inputs += 1
            if report.inputs == 1:
                continue  # what is loaded for the first time
            report.worst_ms, report.worst_mb = max(report.worst_ms, spent), max(report.worst_mb, rose)
            if spent > MOST_MS or rose > MOST_MB:
                path = kept / f"{family.name}-{hashlib.sha256(data).hexdigest()[:16]}"
                path.write_bytes(data)
                report.found.append(Found(family.name, f"{spent:.0f} ms, {rose:.0f} MB of {len(data)} bytes", path))
    return reports
