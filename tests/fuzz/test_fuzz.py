"""The fuzz itself: what was found stays within the bounds, a planted fault is found and kept, a run can be repeated."""

from __future__ import annotations

import random
from functools import partial
from mmap import mmap
from pathlib import Path

import pytest

from tests.fuzz.__main__ import KEPT
from tests.fuzz.running import MOST_BYTES, MOST_MB, MOST_MS, bent, measured, run
from tests.fuzz.targets import FAMILIES, Family


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_seeds_and_what_was_found_stay_within_the_bounds(family: Family) -> None:
    for data in [path.read_bytes() for path in sorted(KEPT.glob(f"{family.name}-*"))] + list(family.seeds):
        family.attempt(data)  # what is loaded for the first time is no input's
        spent, rose = measured(partial(family.attempt, data))
        assert (min(spent, measured(partial(family.attempt, data))[0]) <= MOST_MS, rose <= MOST_MB) == (True, True)


@pytest.mark.parametrize("fault", ["time", "memory"])
def test_a_planted_fault_is_found_and_kept(tmp_path: Path, fault: str) -> None:
    def slow(data: bytes) -> int:
        return 1 if data.count(b" ") < 30 else sum(range(20_000_000)) > 0

    def large(data: bytes) -> int:
        if len(data) > 1000:
            with mmap(-1, 80 << 20) as fresh:  # what a long process has freed it would be given again
                fresh.write(bytes(80 << 20))
        return 1

    wrong = b"a" + b" " * 60 if fault == "time" else b"a" * 2000
    family = Family("planted", (b"a", wrong), slow if fault == "time" else large)
    report = run(1, 1, tmp_path, (family,))["planted"]
    assert report.found and report.found[0].path.read_bytes() == wrong, report


def test_the_same_seed_bends_alike_and_never_beyond_the_size() -> None:
    made = [[bent(b"21.45 103.7", draw) for _ in range(20)] for draw in (random.Random(7), random.Random(7))]
    assert made[0] == made[1]
    assert len(set(made[0])) > 10
    assert max(map(len, made[0])) <= MOST_BYTES
