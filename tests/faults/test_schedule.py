"""The few seeds of `make test` meet whatever the fifty of `make test` and `make further` together do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from tests.faults.schedule import FEW, FIRST, schedule


def met(seed: int) -> Iterator[str]:
    """What is done in a seed and what goes wrong meanwhile, each by its name."""
    for whole in schedule(seed)[1]:
        for step in (whole, *whole.get("steps", ())):
            yield step["do"]
            yield from (f"{step['do']}: {key}" for key in step if key not in ("do", "phone", "tab"))
            yield from (
                f"{key} {step[key]}" for key in ("when", "full", "release", "finish") if isinstance(step.get(key), str)
            )
            for on, what, _ in step.get("line", ()):
                yield f"{what} at {on}" if on == "push" or what.startswith("kill") else what


def all_met(seeds: Iterable[int]) -> set[str]:
    return {one for seed in seeds for one in met(seed)}


def test_the_few_meet_all_that_the_fifty_meet() -> None:
    assert set(FEW) < set(FIRST)
    assert all_met(FIRST) - all_met(FEW) == set()
    assert len(all_met(FIRST)) > 80


@pytest.mark.parametrize("seed", FEW)
def test_without_one_of_them_something_is_not_met(seed: int) -> None:
    assert all_met(FIRST) - all_met({*FEW} - {seed}) != set()
